/* A message without an id is never answered: not when it is unknown, not when it is wrong, not when it is too much. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 300, MANY_LONG = 10000, RATE = 40, PARAMS_BYTES = 256, TURN_MS = 60000 };

/* Everything that was sent so far has been read, and nothing came of it that answers it. What has an id that nobody
 * gave, or none, is found by the client itself. */
static void expect_no_answer(struct ws_client *client)
{
    ws_settle(client);
    expect(ws_nulls(client) == 0, WRONG, "no answer to a notification", "%zu answers with the id null",
           ws_nulls(client));
}

static void unknown_ones_are_not_answered(void **state)
{
    static const char *const params[] = {NULL, "{}", "[]", "{\"sessionId\":5}"};
    static const char *const methods[] = {"no/such/method", "_assay/event", "$/nothing", "Session/Cancel", "rpc.x"};
    struct ws_client *client = ws_join(*state);

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        for (size_t j = 0; j < sizeof params / sizeof *params; j++)
            ws_notify(client, methods[i], params[j]);
    expect_no_answer(client);
    ws_expect_served(client, ws_new_session(client));
}

/* Methods that are requests, sent without an id: whether they are served or not, nobody is told. */
static void nor_are_requests_without_an_id(void **state)
{
    static const enum ws_method methods[] = {WS_NEW,           WS_PROMPT, WS_LOAD, WS_RESUME,    WS_SET_MODE,
                                             WS_CLOSE_SESSION, WS_DELETE, WS_LIST, WS_INITIALIZE};
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        ws_notify(client, ws_method(server, methods[i]), NULL);
        ws_notify(client, ws_method(server, methods[i]), "{}");
        ws_notify(client, ws_method(server, methods[i]), "[5]");
    }
    expect_no_answer(client);
    ws_expect_served(client, sid);
}

/* Good parameters, so that it may well be served: its result goes nowhere, then or later. */
static void nor_are_good_requests_without_an_id(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    char params[PARAMS_BYTES];

    snprintf(params, sizeof params, "{\"cwd\":\"/tmp\",\"%s\":[]}", ws_member(server, WS_MCP_SERVERS));
    ws_notify(client, ws_method(server, WS_NEW), params);
    char *prompt = ws_prompt_params(client, sid, "x");
    ws_notify(client, ws_method(server, WS_PROMPT), prompt);
    free(prompt);
    snprintf(params, sizeof params, "{\"%s\":1,\"%s\":{}}", ws_member(server, WS_PROTOCOL_VERSION),
             ws_member(server, WS_CLIENT_CAPABILITIES));
    ws_notify(client, ws_method(server, WS_INITIALIZE), params);
    expect_no_answer(client);
    ws_expect_served(client, sid);
    expect_no_answer(client);
}

static void nor_are_cancels_that_make_no_sense(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    static const char *const values[] = {"null", "5", "[]", "{}", "\"\"", "\"no-such-session\"", "true"};
    char params[PARAMS_BYTES];

    ws_notify(client, ws_method(server, WS_CANCEL), NULL);
    ws_notify(client, ws_method(server, WS_CANCEL), "{}");
    ws_notify(client, ws_method(server, WS_CANCEL), "[]");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        snprintf(params, sizeof params, "{\"%s\":%s}", ws_member(server, WS_SESSION_ID), values[i]);
        ws_notify(client, ws_method(server, WS_CANCEL), params);
        snprintf(params, sizeof params, "{\"requestId\":%s}", values[i]);
        ws_notify(client, "$/cancel_request", params);
    }
    ws_cancel(client, sid); /* nothing is under way there */
    expect_no_answer(client);
    ws_expect_served(client, sid);
}

/* While a turn is under way the turn is what is answered, and nothing else. */
static void nor_are_those_during_a_turn(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    size_t turn = ws_ask_prompt(client, sid, ws_prompt_count(server, "long", TURN_MS));

    ws_notify(client, "no/such/method", "{}");
    ws_notify(client, ws_method(server, WS_CANCEL), "{}");
    ws_notify(client, ws_method(server, WS_NEW), "{}");
    expect_no_answer(client);
    ws_cancel(client, sid);
    expect(ws_await(client, turn).outcome != WS_NO_REPLY, HANG, "an answer to the prompt that was cancelled",
           "none came");
    expect_no_answer(client);
}

/* Whoever has not initialized may be shown the door for it, but is not answered. */
static void nor_are_those_before_initialize(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_enter(server);

    ws_notify(client, "no/such/method", "{}");
    ws_notify(client, ws_method(server, WS_NEW), "{}");
    ws_notify(client, ws_method(server, WS_CANCEL), "{}");
    struct ws_reply reply = ws_call(client, "no/such/method", "{}");
    expect(reply.outcome != WS_NO_REPLY || reply.end.kind != WS_SILENCE, HANG,
           "an answer to the request that came last, or the end of the connection", "%s", reply.summary);
    expect(ws_nulls(client) == 0, WRONG, "no answer to a notification", "%zu answers with the id null",
           ws_nulls(client));
    ws_expect_alive(server);
}

static void nor_are_many(void **state)
{
    struct ws_client *client = ws_join(*state);
    int count = long_run() ? MANY_LONG : MANY;

    for (int i = 0; i < count; i++)
        ws_notify(client, i % 2 ? "no/such/method" : ws_method(*state, WS_CANCEL), "{}");
    expect_no_answer(client);
    ws_expect_served(client, ws_new_session(client));
}

/* That there are too many of them is no reason to answer either; the connection may end for it. */
static void nor_are_those_over_the_rate(void **state)
{
    struct ws_target *server = *state;
    int64_t rate = ws_restart_with_limit(server, "ws.rate_per_s", RATE);
    struct ws_client *client = ws_join(server);

    for (int64_t i = 0; i < 4 * rate && i < MANY_LONG; i++)
        ws_notify(client, i % 2 ? "no/such/method" : ws_method(server, WS_PROMPT), "{}");
    struct ws_reply reply = ws_call(client, "no/such/method", "{}");
    expect(reply.outcome != WS_NO_REPLY || reply.end.kind != WS_SILENCE, HANG,
           "an answer to the request behind them, or the end of the connection", "%s", reply.summary);
    expect(ws_nulls(client) == 0, WRONG, "no answer to a notification", "%zu answers with the id null",
           ws_nulls(client));
}

static void a_request_is_answered(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_error(ws_call(client, "no/such/method", "{}"), 0);
    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "A notification is never answered",
    .level = MUST,
    .origins = {"JSON-RPC 2.0 4.1", "ACP Overview"},
    .cases =
        {
            CASE(unknown_ones_are_not_answered),
            CASE(nor_are_requests_without_an_id),
            CASE(nor_are_good_requests_without_an_id),
            CASE(nor_are_cancels_that_make_no_sense),
            CASE(nor_are_those_during_a_turn),
            CASE(nor_are_those_before_initialize),
            CASE(nor_are_many),
            CASE(nor_are_those_over_the_rate),
            CONTROL(a_request_is_answered),
        },
};
