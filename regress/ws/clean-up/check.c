/* Where the end of one session fails, the rest of the clean-up comes all the same, and so does the next one. */
#include "check.h"
#include "ws/session.h"
#include "ws/turn.h"

enum { GRACE_MS = 200, SESSIONS = 3 };

/* A session of which the end will fail. */
static void spoil(struct ws_client *client, const char *sid)
{
    ws_expect_stop_reason(client, ws_prompt_and_wait(client, sid, ws_prompt(ws_server_of(client), "fail-close", "")),
                          NULL);
}

/* Of a client's sessions, the n-th one will fail to end. */
static struct ws_client *join_with_a_bad_one(struct ws_target *server, size_t bad)
{
    struct ws_client *client = ws_join(server);

    for (size_t i = 0; i < SESSIONS; i++) {
        const char *sid = ws_new_session(client);

        if (i == bad)
            spoil(client, sid);
        else
            ws_expect_served(client, sid);
    }
    return client;
}

static void the_rest_is_freed(void **state)
{
    struct ws_target *server = *state;

    ws_prompt(server, "fail-close", "");
    ws_restart_with_time(server, "ws.grace_ms", GRACE_MS);
    int64_t sessions = ws_metric(server, "assay_sessions"), clients = ws_metric(server, "assay_clients");
    for (size_t bad = 0; bad < SESSIONS; bad++) {
        struct ws_client *client = join_with_a_bad_one(server, bad);

        if (bad == 0)
            ws_break(client);
        else
            ws_leave(client);
    }
    ws_expect_metric(server, "assay_sessions", sessions);
    ws_expect_metric(server, "assay_clients", clients);
    ws_expect_alive(server);
}

/* What failed once has not ended the sweeper. */
static void the_next_are_swept_as_well(void **state)
{
    struct ws_target *server = *state;

    ws_prompt(server, "fail-close", "");
    ws_restart_with_time(server, "ws.grace_ms", GRACE_MS);
    int64_t sessions = ws_metric(server, "assay_sessions");
    for (int i = 0; i < 2; i++) {
        ws_leave(join_with_a_bad_one(server, SESSIONS - 1)); /* the last one fails, so that nothing is left behind it */
        ws_expect_metric(server, "assay_sessions", sessions);
    }
}

/* session/close of such a one is answered, by an error or not, and leaves the client its other sessions. */
static void closing_it_by_hand_costs_no_other(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *good = ws_new_session(client), *bad = ws_new_session(client);

    ws_need(client, WS_CLOSE_SESSION);
    ws_expect_served(client, good);
    spoil(client, bad);
    struct ws_reply reply = ws_call_session(client, WS_CLOSE_SESSION, bad, NULL);
    expect(reply.outcome != WS_NO_REPLY, reply.end.kind == WS_SILENCE ? HANG : WRONG, "an answer to session/close",
           "%s", reply.summary);
    ws_expect_error(ws_prompt_and_wait(client, bad, ws_prompt(*state, "echo", "is it gone?")), 0);
    ws_expect_served(client, good);
    ws_expect_served(client, ws_new_session(client));
}

static void a_session_is_closed(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    ws_expect_served(client, sid);
    ws_call_session(client, WS_CLOSE_SESSION, sid, NULL);
    ws_settle(client);
}

const struct check check = {
    .title = "A failure in the clean-up stops no more of it",
    .level = MUST,
    .origins = {"P28C-17", "CWE-460"},
    .cases =
        {
            CASE(the_rest_is_freed),
            CASE(the_next_are_swept_as_well),
            CASE(closing_it_by_hand_costs_no_other),
            CONTROL(a_session_is_closed),
        },
};
