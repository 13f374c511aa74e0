/* $/cancel_request is a wish about one request of one client: that request is answered once, whatever becomes of it,
 * and no other one is touched. */
#include "check.h"
#include "ws/turn.h"

#include <stdio.h>

enum { TURN_MS = 400, PARAMS_BYTES = 256 };

/* The prompt has that id, as JSON text. */
static size_t work_as(struct ws_client *client, const char *sid, const char *id)
{
    const struct ws_target *server = ws_server_of(client);
    char params[PARAMS_BYTES];

    if (!ws_prompt_counts(server, "long"))
        not_applicable("the manifest's prompt \"long\" has no ${COUNT} milliseconds");
    snprintf(params, sizeof params, "{\"%s\":\"%s\",\"prompt\":[{\"type\":\"text\",\"text\":\"%s\"}]}",
             ws_member(server, WS_SESSION_ID), sid, ws_prompt_count(server, "long", scaled_ms(TURN_MS)));
    return ws_ask_as(client, id, ws_method(server, WS_PROMPT), params);
}

static void call_back(struct ws_client *client, const char *id)
{
    char params[PARAMS_BYTES];

    snprintf(params, sizeof params, "{\"requestId\":%s}", id);
    ws_notify(client, "$/cancel_request", params);
}

/* "A valid response with appropriate data", or the one error. A second answer would be found by ws_settle(). */
static void expect_one_answer(struct ws_client *client, size_t call)
{
    struct ws_reply reply = ws_await(client, call);

    expect(reply.outcome == WS_RESULT || (reply.outcome == WS_ERROR && reply.code == -32800),
           reply.outcome == WS_NO_REPLY ? HANG : WRONG, "a result, or the error -32800", "%s", reply.summary);
    ws_settle(client);
}

static void expect_untouched(struct ws_client *client, size_t call)
{
    ws_expect_stop_reason(client, ws_await(client, call), "end_turn");
    ws_settle(client);
}

static void what_is_called_back_is_answered_once(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    size_t call = work_as(client, sid, "7");

    ws_settle(client);
    call_back(client, "7");
    expect_one_answer(client, call);
    call = work_as(client, sid, "\"seven\"");
    call_back(client, "\"seven\""); /* right behind it */
    expect_one_answer(client, call);
    ws_expect_served(client, sid);
}

/* The answer is under way, or was read already. */
static void too_late_it_means_nothing(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    ws_expect_result(ws_await(client, work_as(client, sid, "7")));
    call_back(client, "7");
    ws_settle(client);
    ws_expect_served(client, sid);
}

/* Ids that nothing under way has, and ids that are no id at all. */
static void other_ids_mean_nothing(void **state)
{
    static const char *const ids[] = {"8", "\"7\"", "null", "7.5", "-7", "70", "\"\"", "[7]", "{}", "true"};
    struct ws_client *client = ws_join(*state);
    size_t call = work_as(client, ws_new_session(client), "7");

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        call_back(client, ids[i]);
    ws_notify(client, "$/cancel_request", "{}");
    ws_settle(client);
    expect_untouched(client, call);
}

/* Each client has ids of its own, and two may have the same. */
static void the_same_id_of_another_client_goes_on(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server), *other = ws_join(server);
    size_t call = work_as(client, ws_new_session(client), "7");

    ws_settle(client);
    call_back(other, "7");
    ws_settle(other);
    size_t others = work_as(other, ws_new_session(other), "7");
    call_back(other, "7");
    expect_one_answer(other, others);
    expect_untouched(client, call);
}

static void other_requests_of_the_client_go_on(void **state)
{
    struct ws_client *client = ws_join(*state);
    size_t call = work_as(client, ws_new_session(client), "7");
    size_t other = work_as(client, ws_new_session(client), "8");

    ws_settle(client);
    call_back(client, "8");
    expect_one_answer(client, other);
    expect_untouched(client, call);
}

static void what_nobody_calls_back_ends(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "Calling a request back answers it once, and touches no other request of anybody",
    .level = MUST,
    .origins = {"ACP cancellation", "JSON-RPC 2.0 4.1"},
    .cases =
        {
            CASE(what_is_called_back_is_answered_once),
            CASE(too_late_it_means_nothing),
            CASE(other_ids_mean_nothing),
            CASE(the_same_id_of_another_client_goes_on),
            CASE(other_requests_of_the_client_go_on),
            CONTROL(what_nobody_calls_back_ends),
        },
};
