/* The room's JSON-RPC client against servers that are right, and that are wrong in one way: what it keeps, what it
 * matches, and what FAILs a case wherever it is met. */
#include "tests/ws_plays.h"
#include "ws/rpc.h"

#include <inttypes.h>

enum { MESSAGE_BYTES = 1 << 16 };

/* --- an adapter that is right, but for `twist` --- */

struct adapter {
    int client;
    const char *method; /* of the request that is served */
    const char *id;     /* its id, JSON text */
    char message[MESSAGE_BYTES];
};

/* What it does before it answers a request; true: it has answered. */
static bool (*twist)(struct adapter *adapter);

static void say(struct adapter *adapter, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct adapter *adapter, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    play_say(adapter->client, WS_TEXT, message);
}

static void update(struct adapter *adapter, const char *sid, const char *kind, const char *text)
{
    say(adapter,
        "{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{\"sessionId\":\"%s\",\"update\":{"
        "\"sessionUpdate\":\"%s\",\"content\":{\"type\":\"text\",\"text\":\"%s\"}}}}",
        sid, kind, text);
}

static void result(struct adapter *adapter, const char *value)
{
    say(adapter, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}", adapter->id, value);
}

static bool is(const struct adapter *adapter, const char *method)
{
    return strcmp(adapter->method, method) == 0;
}

static void serve(struct adapter *adapter)
{
    if (is(adapter, "initialize"))
        result(adapter, "{\"protocolVersion\":1,\"agentCapabilities\":{\"loadSession\":true,"
                        "\"sessionCapabilities\":{\"resume\":{},\"close\":null,\"list\":false}}}");
    else if (is(adapter, "session/new"))
        result(adapter, "{\"sessionId\":\"s1\",\"_meta\":{\"resumeToken\":\"t1\"}}");
    else if (is(adapter, "session/prompt")) {
        update(adapter, "s1", "user_message_chunk", "you said");
        update(adapter, "s1", "agent_message_chunk", "one ");
        update(adapter, "s1", "agent_message_chunk", "two");
        result(adapter, "{\"stopReason\":\"end_turn\"}");
    } else
        say(adapter, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32601,\"message\":\"no\"}}", adapter->id);
}

/* The member of that name in a message of assay's own, whose members are in a known order: up to a comma or brace. */
static char *member(char *message, const char *name)
{
    char *at = strstr(message, name);

    if (!at)
        return NULL;
    at += strlen(name);
    at[*at == '"' ? strcspn(at + 1, "\"") + 2 : strcspn(at, ",}")] = '\0';
    return at;
}

static void adapt(int client)
{
    static struct adapter adapter;
    char copy[MESSAGE_BYTES];

    adapter.client = client;
    answer_101(client, "");
    while (take_frame(client, adapter.message) == 0x81) {
        char again[MESSAGE_BYTES];

        snprintf(copy, sizeof copy, "%s", adapter.message);
        snprintf(again, sizeof again, "%s", adapter.message);
        char *method = member(again, "\"method\":");
        adapter.id = member(copy, "\"id\":");
        adapter.method = method ? method + 1 : "";
        if (method)
            method[strlen(method) - 1] = '\0';
        if (twist && twist(&adapter))
            continue;
        if (adapter.id && method)
            serve(&adapter);
    }
}

static void expect_pass_with(bool (*with)(struct adapter *), void (*run)(void **))
{
    twist = with;
    expect_pass(adapt, run);
}

static void expect_fail_with(bool (*with)(struct adapter *), void (*run)(void **), const char *how, const char *actual)
{
    twist = with;
    expect_fail(adapt, run, how, actual);
}

/* --- twists: what no server may send --- */

static bool no_json(struct adapter *adapter)
{
    if (is(adapter, "session/prompt"))
        play_say(adapter->client, WS_TEXT, "{");
    return false;
}

static bool no_jsonrpc(struct adapter *adapter)
{
    if (is(adapter, "session/prompt"))
        play_say(adapter->client, WS_TEXT, "{\"jsonrpc\":\"2.0\",\"result\":1}");
    return false;
}

static bool batch(struct adapter *adapter)
{
    if (is(adapter, "session/prompt"))
        play_say(adapter->client, WS_TEXT, "[{\"jsonrpc\":\"2.0\",\"method\":\"x\"}]");
    return false;
}

static bool binary(struct adapter *adapter)
{
    if (is(adapter, "session/prompt"))
        play_say(adapter->client, WS_BINARY, "{}");
    return false;
}

static bool masked(struct adapter *adapter)
{
    if (is(adapter, "session/prompt"))
        play_frame(adapter->client, &(struct ws_frame){.opcode = WS_TEXT, .payload = "{}", .payload_bytes = 2});
    return false;
}

static bool twice(struct adapter *adapter)
{
    if (is(adapter, "assay/nothing"))
        result(adapter, "1");
    return false;
}

static bool to_nobody(struct adapter *adapter)
{
    if (is(adapter, "session/prompt"))
        say(adapter, "{\"jsonrpc\":\"2.0\",\"id\":987654321,\"result\":1}");
    return false;
}

static bool other_type(struct adapter *adapter)
{
    if (is(adapter, "session/prompt"))
        say(adapter, "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":1}", adapter->id);
    return is(adapter, "session/prompt");
}

static bool update_of_nothing(struct adapter *adapter)
{
    if (is(adapter, "session/prompt"))
        say(adapter, "{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{\"sessionId\":7}}");
    return false;
}

/* --- twists: what is none of the client's business, what it waits for, and ends --- */

static bool chatter(struct adapter *adapter)
{
    if (is(adapter, "session/prompt"))
        say(adapter, "{\"jsonrpc\":\"2.0\",\"method\":\"x/y\"}");
    return false;
}

static bool of_another(struct adapter *adapter)
{
    if (is(adapter, "assay/nothing"))
        update(adapter, "s9", "agent_message_chunk", "not yours");
    return false;
}

static bool answer_null(struct adapter *adapter)
{
    if (strcmp(adapter->message, "{") != 0)
        return false;
    say(adapter, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"no\"}}");
    return true;
}

static bool close_at_a_prompt(struct adapter *adapter)
{
    if (is(adapter, "session/prompt"))
        play_frame(adapter->client,
                   &(struct ws_frame){.opcode = WS_CLOSE, .unmasked = true, .payload = "\x03\xf3", .payload_bytes = 2});
    return is(adapter, "session/prompt");
}

static bool silent_at_a_prompt(struct adapter *adapter)
{
    return is(adapter, "session/prompt");
}

static bool no_id_of_a_session(struct adapter *adapter)
{
    if (is(adapter, "session/new"))
        result(adapter, "{}");
    return is(adapter, "session/new");
}

/* Asks before it answers, and says what it was told. */
static bool asks(struct adapter *adapter)
{
    static char answer[MESSAGE_BYTES];
    static char id[64];

    if (!is(adapter, "session/prompt"))
        return false;
    snprintf(id, sizeof id, "%s", adapter->id);
    say(adapter, "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"fs/read_text_file\",\"params\":{\"path\":\"/a\"}}");
    take_frame(adapter->client, answer);
    update(adapter, "s1", "agent_message_chunk",
           strcmp(answer, "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"result\":{\"content\":\"c\"}}") == 0 ? "read"
                                                                                                    : "not read");
    say(adapter, "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"session/request_permission\",\"params\":{\"options\":["
                 "{\"optionId\":\"y\",\"kind\":\"allow_once\"},{\"optionId\":\"n\",\"kind\":\"reject_once\"}]}}");
    take_frame(adapter->client, answer);
    update(adapter, "s1", "agent_message_chunk", strstr(answer, "\"optionId\":\"y\"") ? " yes" : " no");
    say(adapter, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"x/z\"}");
    adapter->id = id;
    result(adapter, "{\"stopReason\":\"end_turn\"}");
    return true;
}

/* --- cases --- */

static void prompts(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    struct ws_reply reply = ws_prompt_and_wait(client, sid, "x");

    ws_expect_result(reply);
    ws_expect_stop_reason(client, reply, "end_turn");
    ws_leave(client);
}

static void keeps_what_comes(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    expect_text(ws_token_of(sid), "t1", "the token");
    ws_prompt_and_wait(client, sid, "x");
    expect_integer((int64_t)ws_updates(client, sid), 3, "updates");
    expect_integer((int64_t)ws_all_updates(client), 3, "updates of all sessions");
    expect_text(ws_said(client, sid), "one two", "what the agent said");
    expect_text(ws_heard(client, sid), "you said", "what the user said");
    expect_text(json_get_string(ws_update(client, sid, 2), "sessionUpdate"), "agent_message_chunk", "the third update");
    expect(!ws_update(client, sid, 3), WRONG, "no fourth one", "one");
    ws_forget(client, sid);
    expect(ws_updates(client, sid) == 0 && !*ws_said(client, sid), WRONG, "nothing", "something");
    ws_settle(client);
    ws_drop(client);
}

static void knows_what_the_server_can(void **state)
{
    struct ws_client *client = ws_join_as(*state, "{}");

    expect(ws_initialized(client), WRONG, "a result", "none");
    expect(ws_can(client, "loadSession") && ws_can(client, "sessionCapabilities.resume"), WRONG, "both", "not both");
    expect(!ws_can(client, "sessionCapabilities.close") && !ws_can(client, "sessionCapabilities.list") &&
               !ws_can(client, "sessionCapabilities.delete") && !ws_can(client, "x.y"),
           WRONG, "none of these", "some");
    ws_break(client);
}

/* Each half of what is mostly done at once. */
static void asks_and_waits(void **state)
{
    struct ws_client *client = ws_join(*state);
    size_t made = ws_ask_new(client), again = ws_ask_new(client);
    const char *sid = ws_await_new(client, made);

    expect_text(ws_await_new(client, again), sid, "a session that this adapter has no other of");
    size_t loaded = ws_ask_again(client, WS_LOAD, sid, ws_token_of(sid));
    size_t closed = ws_ask_session(client, WS_CLOSE_SESSION, sid, ",\"x\":1");
    ws_cancel(client, sid);
    ws_expect_error(ws_await(client, closed), -32601);
    ws_expect_error(ws_await(client, loaded), -32601);
    ws_expect_error(ws_call_again(client, WS_RESUME, sid, NULL), -32601);
    ws_expect_error(ws_call_session(client, WS_SET_MODE, sid, NULL), -32601);
    ws_expect_denied(client, ws_ask_session(client, WS_DELETE, sid, NULL), client, sid);
    expect(ws_server_of(client) == *state, WRONG, "the server", "another");
}

static void asks_out_of_turn(void **state)
{
    struct ws_client *client = ws_client_of(*state, ws_dial(*state));
    size_t first = ws_ask(client, "assay/a", "{}"), second = ws_ask_as(client, "\"x\"", "assay/b", NULL);
    size_t third = ws_ask_as(client, "\"x\"", "assay/c", "[]");

    ws_expect_error(ws_await(client, third), ws_unknown_method(*state));
    ws_expect_error(ws_await(client, first), 0);
    expect(ws_is_answered(client, second), WRONG, "an answer", "none");
    ws_expect_error(ws_await_within(client, second, 0), -32601);
    ws_expect_error_or_end(ws_call(client, "assay/d", NULL));
}

static void hears_nothing_of_another(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_nothing_for(client, "s9");
}

static void settles_twice(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_settle(client);
    ws_settle(client);
}

static void is_told_that_it_is_no_json(void **state)
{
    struct ws_client *client = ws_enter(*state);

    ws_send_text(ws_peer_of(client), "{");
    ws_expect_error(ws_await_null(client), -32700);
    ws_send_text(ws_peer_of(client), "{");
    ws_expect_refusal(client, "-32600 -32700", NULL);
}

static void ends_with_an_error_or_the_connection(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_error_or_end(ws_prompt_and_wait(client, ws_new_session(client), "x"));
    expect(!ws_listen(client, 10), WRONG, "the end", "more");
}

static void answers_what_it_is_asked(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    size_t turn = ws_ask_prompt(client, sid, "x");

    struct ws_asked asked = ws_await_asked(client, WS_READ_FILE);
    expect_text(json_get_string(asked.params, "path"), "/a", "the path");
    ws_answer(client, &asked, "{\"content\":\"c\"}");
    asked = ws_await_asked(client, WS_PERMISSION);
    expect(!ws_permission_of_kind(&asked, "allow_always"), WRONG, "no such option", "one");
    char *permitted = ws_permission_of_kind(&asked, "allow_once");
    ws_answer(client, &asked, permitted);
    free(permitted);
    ws_expect_result(ws_await(client, turn));
    expect_text(ws_said(client, sid), "read yes", "what the agent said");
    expect_integer((int64_t)ws_times_asked(client, WS_READ_FILE), 1, "times");
}

static void answers_always_and_by_errors(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    ws_answer_always(client, WS_READ_FILE, "{\"content\":\"c\"}");
    size_t turn = ws_ask_prompt(client, sid, "x");
    struct ws_asked asked = ws_await_asked(client, WS_PERMISSION);
    ws_answer_error(client, &asked, -1, "no");
    expect(ws_await_updates(client, sid, 2), HANG, "two updates", "fewer");
    ws_expect_result(ws_await(client, turn));
    expect_text(ws_said(client, sid), "read no", "what the agent said");
}

/* --- tests --- */

static void right_servers_pass(void **state)
{
    (void)state;
    expect_pass_with(NULL, prompts);
    expect_pass_with(NULL, keeps_what_comes);
    expect_pass_with(NULL, knows_what_the_server_can);
    expect_pass_with(NULL, asks_and_waits);
    expect_pass_with(NULL, asks_out_of_turn);
    expect_pass_with(NULL, hears_nothing_of_another);
    expect_pass_with(chatter, prompts);
    expect_pass_with(answer_null, is_told_that_it_is_no_json);
    expect_pass_with(close_at_a_prompt, ends_with_an_error_or_the_connection);
}

static void what_no_server_may_send_fails(void **state)
{
    (void)state;
    expect_fail_with(no_json, prompts, "wrong", "Text of 1 bytes");
    expect_fail_with(no_jsonrpc, prompts, "wrong", "Text of");
    expect_fail_with(batch, prompts, "wrong", "Text of");
    expect_fail_with(binary, prompts, "wrong", "Binary of 2 bytes");
    expect_fail_with(masked, prompts, "wrong", "RFC 6455 5.1");
    expect_fail_with(twice, settles_twice, "wrong", "a second answer");
    expect_fail_with(to_nobody, prompts, "wrong", "an answer to no call");
    expect_fail_with(other_type, prompts, "wrong", "an answer to no call");
    expect_fail_with(update_of_nothing, prompts, "wrong", "session/update");
    expect_fail_with(of_another, hears_nothing_of_another, "wrong", "not yours");
}

static void ends_and_silence_are_told_apart(void **state)
{
    (void)state;
    expect_fail_with(silent_at_a_prompt, prompts, "hang", "silence");
    expect_fail_with(close_at_a_prompt, prompts, "wrong", "Close 1011");
    expect_fail_with(no_id_of_a_session, prompts, "wrong", "\"result\":{}");
    expect_fail_with(NULL, is_told_that_it_is_no_json, "hang", "silence");
}

static void what_the_agent_asks_is_answered(void **state)
{
    (void)state;
    expect_pass_with(asks, answers_what_it_is_asked);
    expect_pass_with(asks, answers_always_and_by_errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_servers_pass),
        cmocka_unit_test(what_no_server_may_send_fails),
        cmocka_unit_test(ends_and_silence_are_told_apart),
        cmocka_unit_test(what_the_agent_asks_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
