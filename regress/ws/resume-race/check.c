/* A session that was resumed is the new socket's: neither the end of the old one nor the sweep of those that were left
 * takes it away again. */
#include "check.h"
#include "ws/session.h"

enum { ROUNDS = 15, ROUNDS_LONG = 500, GRACE_MS = 300, SESSIONS = 12, STEP_MS = 35, PAST_MS = 150 };

static void (*const ends[])(struct ws_client *client) = {ws_leave, ws_drop, ws_break};

/* The old socket is still there when somebody comes with the token: he takes over, or is refused and then, when it has
 * gone, is not. Either way the old one's end comes late for one of the two. */
static void a_late_end_of_the_old_socket_takes_nothing_along(void **state)
{
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct ws_client *owner = ws_join(*state), *client = ws_join(*state);
        const char *sid = ws_new_session(owner);

        ws_need(owner, WS_RESUME);
        struct ws_reply reply = ws_call_again(client, WS_RESUME, sid, ws_token_of(sid));
        expect(reply.outcome != WS_NO_REPLY, HANG, "a result, or an error", "%s", reply.summary);
        ends[i](owner);
        ws_join(*state); /* by when the server may have noticed */
        if (reply.outcome == WS_ERROR)
            ws_expect_again(client, WS_RESUME, sid);
        ws_expect_served(client, sid);
        ws_expect_served(client, sid);
    }
}

/* Gone, and back at once, from socket to socket. */
static void who_comes_back_at_once_has_it(void **state)
{
    struct ws_client *owner = ws_join(*state);
    const char *sid = ws_new_session(owner);
    int rounds = long_run() ? ROUNDS_LONG : ROUNDS;

    ws_need(owner, WS_RESUME);
    for (int i = 0; i < rounds; i++) {
        struct ws_client *next = ws_join(*state);

        ends[i % 3](owner);
        ws_expect_again(next, WS_RESUME, sid);
        ws_expect_served(next, sid);
        ws_expect_served(next, sid);
        owner = next;
    }
}

/* Sessions that were left at the same moment are resumed one by one until the grace period is over, and beyond. Each is
 * refused, or resumed for good. */
static void near_its_end_it_is_resumed_for_good_or_refused(void **state)
{
    struct ws_target *server = *state;
    const char *sids[SESSIONS], *resumed[SESSIONS];
    size_t count = 0;

    ws_restart_with_time(server, "ws.grace_ms", GRACE_MS);
    struct ws_client *owner = ws_join(server), *client = ws_join(server);
    ws_need(owner, WS_RESUME);
    for (size_t i = 0; i < SESSIONS; i++)
        sids[i] = ws_new_session(owner);
    int64_t left_ns = now_ns();
    ws_leave(owner);
    for (size_t i = 0; i < SESSIONS; i++) {
        struct ws_reply reply = ws_call_again(client, WS_RESUME, sids[i], ws_token_of(sids[i]));

        expect(reply.outcome != WS_NO_REPLY, HANG, "a result, or an error", "%s", reply.summary);
        if (reply.outcome == WS_RESULT)
            resumed[count++] = sids[i];
        while (now_ns() < left_ns + scaled_ms(STEP_MS) * 1000000 * (int64_t)i && ws_listen(client, 1))
            ;
    }
    ws_listen(client, PAST_MS);
    for (size_t i = 0; i < count; i++) {
        ws_expect_served(client, resumed[i]);
        ws_expect_served(client, resumed[i]);
    }
    remark("%zu of %d were resumed", count, SESSIONS);
}

static void a_resume_is_served(void **state)
{
    struct ws_client *owner = ws_join(*state), *client = ws_join(*state);
    const char *sid = ws_new_session(owner);

    ws_need(owner, WS_RESUME);
    ws_leave(owner);
    ws_expect_again(client, WS_RESUME, sid);
    ws_expect_served(client, sid);
}

const struct check check = {
    .title = "What was resumed is neither swept nor taken along by the old socket",
    .level = MUST,
    .origins = {"P28C-9", "P28S-8", "CWE-362"},
    .cases =
        {
            CASE(a_late_end_of_the_old_socket_takes_nothing_along),
            CASE(who_comes_back_at_once_has_it),
            CASE(near_its_end_it_is_resumed_for_good_or_refused),
            CONTROL(a_resume_is_served),
        },
};
