/* A session that its owner has left, and that nobody wants again, goes when the grace period is over: by itself, with
 * its token, and with all that it took. */
#include "check.h"
#include "ws/session.h"
#include "ws/turn.h"

enum { GRACE_MS = 200, SESSIONS = 12, STEP_MS = 40, ROUNDS = 4, POLL_MS = 20, STORIES = 100, STORY_BYTES = 50000 };

/* Nobody asks for them, and they are gone. */
static void sessions_that_were_left_are_swept(void **state)
{
    ws_restart_with_time(*state, "ws.grace_ms", GRACE_MS);
    int64_t before = ws_metric(*state, "assay_sessions");

    for (int i = 0; i < 3; i++) {
        struct ws_client *owner = ws_join(*state);

        for (int j = 0; j < SESSIONS; j++)
            ws_new_session(owner);
        if (i == 0)
            ws_break(owner);
        else
            ws_leave(owner);
    }
    ws_expect_metric(*state, "assay_sessions", before);
    ws_expect_alive(*state);
}

/* When one has been refused the period was over, and all that were left at the same moment are refused. The pauses
 * grow, so that a slow machine has time. */
static void past_the_grace_period_the_token_is_refused(void **state)
{
    const char *sids[SESSIONS];
    bool refused = false;

    if (((const struct ws_target *)*state)->open_resume)
        not_applicable("by its id a session may be had from a history at any time");
    ws_restart_with_time(*state, "ws.grace_ms", GRACE_MS);
    struct ws_client *owner = ws_join(*state), *client = ws_join(*state);
    ws_need(owner, WS_RESUME);
    for (size_t i = 0; i < SESSIONS; i++)
        sids[i] = ws_new_session(owner);
    ws_leave(owner);
    ws_listen(client, GRACE_MS + STEP_MS);
    for (size_t i = 0; i < SESSIONS; i++) {
        struct ws_reply reply = ws_call_again(client, WS_RESUME, sids[i], ws_token_of(sids[i]));

        if (refused || i == SESSIONS - 1)
            ws_expect_error(reply, 0);
        refused = reply.outcome == WS_ERROR;
        expect(reply.outcome != WS_NO_REPLY, HANG, "a result, or an error", "%s", reply.summary);
        if (!refused)
            ws_listen(client, STEP_MS * (int64_t)(i * i + 1));
    }
    ws_expect_served(client, ws_new_session(client));
}

/* Where the sessions of all clients are limited, those that were swept count no more. */
static void their_room_is_free_again(void **state)
{
    struct ws_target *server = *state;
    struct server_settings settings = {
        .limits = {{"ws.grace_ms", scaled_ms(GRACE_MS)}, {"ws.sessions", SESSIONS}},
    };
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);

    ws_restart(server, &settings);
    for (int made = 0; made < ROUNDS * SESSIONS;) {
        struct ws_client *owner = ws_join(server);
        struct ws_reply reply = ws_await(owner, ws_ask_new(owner));

        made += reply.outcome == WS_RESULT;
        expect(reply.outcome != WS_NO_REPLY && now_ns() < deadline_ns, HANG,
               "a new session as soon as others were swept", "%s, after %d sessions", reply.summary, made);
        if (reply.outcome == WS_ERROR)
            ws_listen(owner, POLL_MS);
        ws_drop(owner);
    }
}

static int64_t leave_long_stories(struct ws_target *server)
{
    int64_t before = ws_metric(server, "assay_sessions");
    struct ws_client *owner = ws_join(server);

    for (int i = 0; i < STORIES; i++) {
        const char *sid = ws_new_session(owner);

        ws_expect_stop_reason(owner, ws_prompt_and_wait(owner, sid, ws_prompt_count(server, "big", STORY_BYTES)), NULL);
        ws_forget(owner, sid);
    }
    ws_leave(owner);
    ws_expect_metric(server, "assay_sessions", before);
    return ws_usage(server).resident_bytes;
}

/* Two rounds warm up; from then on each would add some megabytes if what was said in the sessions stayed. */
static void their_memory_comes_back(void **state)
{
    int64_t warm = 0, last = 0;

    ws_prompt_count(*state, "big", STORY_BYTES);
    ws_restart_with_time(*state, "ws.grace_ms", 1);
    for (int i = 0; i < 2 + ROUNDS; i++) {
        last = leave_long_stories(*state);
        if (i == 1)
            warm = last;
    }
    remark("%lld bytes more", (long long)(last - warm));
    expect(last - warm < (int64_t)ROUNDS * STORIES * STORY_BYTES / 2, LEAK, "about as much memory as before",
           "%lld bytes more after %d times %d sessions of %d bytes", (long long)(last - warm), ROUNDS, STORIES,
           STORY_BYTES);
}

/* What is swept is what was left, and not what is in use. */
static void what_is_in_use_stays(void **state)
{
    ws_restart_with_time(*state, "ws.grace_ms", GRACE_MS);
    struct ws_client *owner = ws_join(*state), *other = ws_join(*state);
    const char *sid = ws_new_session(owner);

    ws_new_session(other);
    ws_leave(other);
    ws_listen(owner, 2 * GRACE_MS);
    ws_expect_served(owner, sid);
    ws_expect_served(owner, sid);
}

static void the_server_serves(void **state)
{
    ws_expect_alive(*state);
}

const struct check check = {
    .title = "Sessions that nobody comes back for are swept",
    .level = MUST,
    .origins = {"P28S-8", "CWE-772"},
    .cases =
        {
            CASE(past_the_grace_period_the_token_is_refused),
            CASE(sessions_that_were_left_are_swept),
            CASE(their_room_is_free_again),
            MEASURE(their_memory_comes_back),
            CASE(what_is_in_use_stays),
            CONTROL(the_server_serves),
        },
};
