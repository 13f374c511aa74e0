/* An answer has the id of its request, of the same type and value, whatever the answer is and whenever it comes. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_BYTES = 10 << 10, TURN_MS = 300, LONG_MS = 60000, TICK_MS = 10, AGAIN = 20, PARAMS_BYTES = 256 };

static const char *const ids[] = {
    "\"\"",
    "\"a\"",
    "\"7\"",
    "7",
    "0",
    "-1",
    "\"null\"",
    "\"0\"",
    "\"\\u0041\"",
    "\"with \\\"quotes\\\" and \\\\\"",
    "\"\\n\"",
    "\"%s%n\"",
    "2147483648",
    "\"ä日😀\"",
    "9007199254740991",
    "\" \"",
    "\"{\\\"id\\\":1}\"",
};

static void expect_answer(struct ws_reply reply, const char *what)
{
    expect(reply.outcome != WS_NO_REPLY, reply.end.kind == WS_SILENCE ? HANG : SILENT, what, "%s", reply.summary);
}

static size_t prompt_as(struct ws_client *client, const char *id, const char *sid, const char *text)
{
    char *params = ws_prompt_params(client, sid, text);
    size_t call = ws_ask_as(client, id, ws_method(ws_server_of(client), WS_PROMPT), params);

    free(params);
    return call;
}

/* By an error at once, by a result at once, by a result that comes later, and by an error that does. Whatever has
 * another id is found by the client: it answers no call. */
static void expect_echoed(struct ws_client *client, const char *sid, const char *id)
{
    struct ws_target *server = ws_server_of(client);
    char params[PARAMS_BYTES];

    ws_expect_error(ws_await(client, ws_ask_as(client, id, "no/such/method", "{}")), 0);
    snprintf(params, sizeof params, "{\"cwd\":\"/tmp\",\"%s\":[]}", ws_member(server, WS_MCP_SERVERS));
    ws_expect_result(ws_await(client, ws_ask_as(client, id, ws_method(server, WS_NEW), params)));
    ws_expect_error(ws_await(client, ws_ask_as(client, id, ws_method(server, WS_PROMPT), "{}")), 0);
    if (ws_has_prompt(server, "echo"))
        ws_expect_result(ws_await(client, prompt_as(client, id, sid, ws_prompt(server, "echo", "x"))));
    if (ws_has_prompt(server, "fail"))
        ws_expect_error(ws_await(client, prompt_as(client, id, sid, ws_prompt(server, "fail", "x"))), 0);
}

static void an_id_comes_back_as_it_went(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        expect_echoed(client, sid, ids[i]);
}

/* Whether they can be read is open; when they are answered, they come back. */
static void expect_back_or_refused(struct ws_client *client, const char *id)
{
    size_t call = ws_ask_as(client, id, "no/such/method", "{}");

    ws_settle(client);
    if (!ws_is_answered(client, call) && ws_nulls(client) > 0)
        ws_expect_error(ws_await_null(client), 0);
    else
        ws_expect_error(ws_await(client, call), 0);
}

/* They fit into 64 bits, and are more than a double keeps apart: one that is a little less is another request's. */
static void so_do_large_numbers(void **state)
{
    static const char *const large[] = {"9007199254740993", "-9007199254740993", "9223372036854775807",
                                        "-9223372036854775808"};
    struct ws_client *client = ws_join(*state);

    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        expect_back_or_refused(client, large[i]);
    ws_expect_served(client, ws_new_session(client));
}

/* A server may say how long an id is at most, by a Close or by an error without the id; what it must not do is to
 * answer with a part of it. */
static bool is_too_long(struct ws_client *client, const char *id)
{
    size_t call = ws_ask_as(client, id, "no/such/method", "{}");
    struct ws_reply next = ws_call(client, "no/such/method", "{}");

    if (next.outcome == WS_NO_REPLY)
        return next.end.kind == WS_GOT_CLOSE;
    return !ws_is_answered(client, call) && ws_nulls(client) > 0;
}

/* Some write it into a buffer of a fixed length. */
static void so_does_a_long_string(void **state)
{
    static const size_t lengths[] = {63, 64, 255, 256, 1023, 1024, 4096, LONG_BYTES};
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    char id[LONG_BYTES + 3];

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        memset(id, 'i', sizeof id);
        id[0] = id[lengths[i] + 1] = '"';
        id[lengths[i] + 2] = '\0';
        if (is_too_long(client, id))
            break;
        expect_echoed(client, sid, id);
    }
    ws_expect_alive(*state);
}

static void fractions_come_back_or_are_refused(void **state)
{
    static const char *const numbers[] = {"1.5", "-0.25", "1e3", "1.0"};
    struct ws_client *client = ws_join(*state);

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        expect_back_or_refused(client, numbers[i]);
    ws_expect_served(client, ws_new_session(client));
}

/* Null is discouraged as an id, and is one. */
static void null_is_an_id_and_no_notification(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    char params[PARAMS_BYTES];

    expect_answer(ws_await(client, ws_ask_as(client, "null", "no/such/method", "{}")), "an answer with the id null");
    expect_answer(ws_await(client, ws_ask_as(client, "null", ws_method(server, WS_PROMPT), "{}")),
                  "an answer with the id null");
    snprintf(params, sizeof params, "{\"cwd\":\"/tmp\",\"%s\":[]}", ws_member(server, WS_MCP_SERVERS));
    expect_answer(ws_await(client, ws_ask_as(client, "null", ws_method(server, WS_NEW), params)),
                  "an answer with the id null");
    ws_settle(client);
    expect(ws_nulls(client) == 0, WRONG, "one answer to each", "%zu more answers with the id null", ws_nulls(client));
    ws_expect_served(client, sid);
}

static void what_cannot_be_an_id_is_refused(void **state)
{
    static const char *const values[] = {"{}", "[]", "[1]", "{\"id\":1}", "true", "false"};
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        ws_send_text(ws_peer_of(client), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"no/such/method\"}", values[i]);
        ws_expect_refusal(client, "-32600", NULL);
        ws_send_text(ws_peer_of(client), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"%s\",\"params\":{}}", values[i],
                     ws_method(server, WS_PROMPT));
        ws_expect_refusal(client, "-32600", NULL);
    }
    ws_expect_served(client, ws_new_session(client));
}

/* An id is used again as soon as it is answered. */
static void an_id_may_be_used_again(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    for (int i = 0; i < AGAIN; i++)
        expect_echoed(client, sid, "7");
}

/* Both are answered, or the second is refused; and "7" is not 7. */
static void the_same_id_twice_in_flight_is_answered_twice(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *first = ws_new_session(client), *second = ws_new_session(client);
    const char *text = ws_prompt_count(server, "long", scaled_ms(TURN_MS));
    size_t calls[] = {prompt_as(client, "7", first, text), prompt_as(client, "7", second, text),
                      prompt_as(client, "\"7\"", second, text)};

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        expect_answer(ws_await(client, calls[i]), "an answer to each of the calls");
    ws_settle(client);
    ws_expect_served(client, first);
    ws_expect_served(client, second);
}

/* The second's call is answered, and meanwhile the first's is not. */
static void expect_own_answer(struct ws_client *second, size_t call, struct ws_client *first, size_t of_first)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);

    while (!ws_is_answered(second, call) && now_ns() < deadline_ns && ws_listen(second, TICK_MS))
        expect(!ws_is_answered(first, of_first), WRONG, "no answer to a call that is still under way",
               "the other client, whose call has the same id, was answered");
    expect_answer(ws_await_within(second, call, 0), "an answer to whom it belongs");
    expect(!ws_is_answered(first, of_first), WRONG, "no answer to a call that is still under way",
           "both clients were answered");
}

/* Clients do not know of each other, so their ids are the same all the time. */
static void the_same_id_of_two_clients_is_two_requests(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *a = ws_join(server), *b = ws_join(server);
    const char *sid_a = ws_new_session(a), *sid_b = ws_new_session(b);

    if (!ws_prompt_counts(server, "long"))
        not_applicable("the manifest's prompt \"long\" has no ${COUNT} milliseconds");
    size_t of_a = prompt_as(a, "7", sid_a, ws_prompt_count(server, "long", scaled_ms(LONG_MS)));
    ws_settle(a);
    expect_own_answer(b, ws_ask_as(b, "7", "no/such/method", "{}"), a, of_a);
    expect_own_answer(b, prompt_as(b, "7", sid_b, ws_prompt_count(server, "long", 1)), a, of_a);
    if (ws_has_prompt(server, "fail"))
        expect_own_answer(b, prompt_as(b, "7", sid_b, ws_prompt(server, "fail", "this is b's")), a, of_a);
    ws_cancel(a, sid_a);
    expect_answer(ws_await(a, of_a), "an answer to the prompt that was cancelled");
    ws_settle(a);
    ws_settle(b);
}

static void numbers_that_rise_come_back(void **state)
{
    struct ws_client *client = ws_join(*state);

    for (int i = 0; i < 3; i++)
        expect(ws_new_session(client), WRONG, "a session", "none");
}

const struct check check = {
    .title = "An answer has the id of its request, of the same type and value",
    .level = MUST,
    .origins = {"JSON-RPC 2.0 4", "JSON-RPC 2.0 5", "ACP Schema RequestId"},
    .cases =
        {
            CASE(an_id_comes_back_as_it_went),
            CASE(so_do_large_numbers, .level = SHOULD),
            CASE(so_does_a_long_string, .level = SHOULD),
            CASE(fractions_come_back_or_are_refused),
            CASE(null_is_an_id_and_no_notification),
            CASE(what_cannot_be_an_id_is_refused),
            CASE(an_id_may_be_used_again),
            CASE(the_same_id_twice_in_flight_is_answered_twice),
            CASE(the_same_id_of_two_clients_is_two_requests),
            CONTROL(numbers_that_rise_come_back),
        },
};
