/* A session that its owner has left, and that nobody wants again, goes when the grace period is over: by itself, with
 * its token, and with all that it took. */
#include "check.h"
#include "ws/session.h"
#include "ws/turn.h"

enum { GRACE_MS = 200, SESSIONS = 12, STEP_MS = 40, ROUNDS = 4, POLL_MS = 20 };

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
    int64_t deadline_ns = now_ns() + scaled_ms(WS_WAIT_MS) * 1000000;

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
            CASE(sessions_that_were_left_are_swept),
            CASE(past_the_grace_period_the_token_is_refused),
            CASE(their_room_is_free_again),
            CASE(what_is_in_use_stays),
            CONTROL(the_server_serves),
        },
};
