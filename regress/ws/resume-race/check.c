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

/* Both are listened to, so that what goes to the wrong one is found at once. */
static bool is_served(struct ws_client *client, struct ws_client *other, const char *sid)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    size_t call = ws_ask_prompt(client, sid, ws_prompt(ws_server_of(client), "echo", "is it mine?"));
    size_t before = ws_all_updates(other);

    while (!ws_is_answered(client, call) && now_ns() < deadline_ns)
        ws_listen(other, 1);
    ws_settle(other);
    expect(ws_all_updates(other) == before, WRONG, "updates for the one that has prompted", "some came to the other");
    struct ws_reply reply = ws_await_within(client, call, 0);
    expect(reply.outcome != WS_NO_REPLY, HANG, "a result, or an error", "%s", reply.summary);
    return reply.outcome == WS_RESULT;
}

/* Two come with the token at once: however it goes, one of them has the session in the end, and the other is told
 * nothing of it. */
static void of_two_that_come_back_one_has_it(void **state)
{
    struct ws_client *owner = ws_join(*state), *clients[] = {ws_join(*state), ws_join(*state)};
    const char *sid = ws_new_session(owner);
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    size_t calls[2], accepted = 0;

    ws_need(owner, WS_RESUME);
    ws_expect_served(owner, sid);
    ws_leave(owner);
    do { /* until the server has noticed that the owner left */
        for (size_t i = 0; i < 2; i++)
            calls[i] = ws_ask_again(clients[i], WS_RESUME, sid, ws_token_of(sid));
        for (size_t i = 0; i < 2; i++)
            accepted += ws_await(clients[i], calls[i]).outcome == WS_RESULT;
    } while (accepted == 0 && now_ns() < deadline_ns && ws_listen(clients[0], 1));
    expect(accepted > 0, WRONG, "a result for one of the two", "both are refused");
    bool first = is_served(clients[0], clients[1], sid), second = is_served(clients[1], clients[0], sid);
    expect(first != second, WRONG, "one of the two is served", "%s", first ? "both are" : "neither is");
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
    ws_expect_resume(*state);
}

const struct check check = {
    .title = "What was resumed is neither swept nor taken along by the old socket",
    .level = MUST,
    .origins = {"P28C-9", "P28S-8", "CWE-362"},
    .cases =
        {
            CASE(a_late_end_of_the_old_socket_takes_nothing_along),
            CASE(who_comes_back_at_once_has_it),
            CASE(of_two_that_come_back_one_has_it),
            CASE(near_its_end_it_is_resumed_for_good_or_refused, .promised = true),
            CONTROL(a_resume_is_served),
        },
};
