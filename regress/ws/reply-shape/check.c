/* Every answer is whole: its version, its id, a result or an error; and an error has its code, its words and its data.
 */
#include "check.h"
#include "wire/jsonrpc.h"
#include "ws/expect.h"

#include <stdio.h>
#include <string.h>

enum { RATE = 20, TICK_MS = 20, FLOOD_MAX = 4000, DEPTH_MAX = 16, LONG_BYTES = 2000, PARAMS_BYTES = 256 };

/* Whether some string in there holds the text. */
static bool holds(const struct json *value, const char *text, int depth)
{
    if (!value || depth > DEPTH_MAX)
        return false;
    if (value->string && strstr(value->string, text))
        return true;
    for (const struct json *child = value->child; child; child = child->next)
        if (holds(child, text, depth + 1))
            return true;
    return false;
}

static struct ws_reply fail_with(struct ws_client *client, const char *sid, const char *text)
{
    return ws_prompt_and_wait(client, sid, ws_prompt(ws_server_of(client), "fail", text));
}

static void expect_kept(struct ws_client *client, const char *sid, const char *text)
{
    const char *says = ws_prompt_says(ws_server_of(client), "fail", text);
    struct ws_reply reply = fail_with(client, sid, text);

    ws_expect_error(reply, ws_prompt_code(ws_server_of(client)));
    if (says)
        expect(holds(reply.error, says, 0), WRONG, says, "%s", reply.summary);
}

static void the_agents_error_keeps_its_code_and_words(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    char text[LONG_BYTES + 1];

    expect_kept(client, sid, "the disk is full");
    expect_kept(client, sid, "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80");
    expect_kept(client, sid, "with \"quotes\", \\ and {braces}");
    expect_kept(client, sid, "100%s %n %d");
    memset(text, 'e', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    expect_kept(client, sid, text);
    ws_expect_served(client, sid);
}

/* What the agent attaches is for whoever has to find out what happened. */
static void the_agents_error_keeps_its_data(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    struct ws_reply reply = ws_prompt_and_wait(client, sid, ws_prompt(server, "fail-data", "what it was doing"));

    ws_expect_error(reply, 0);
    expect(holds(json_get(reply.error, "data"), "what it was doing", 0), WRONG, "an error with its data", "%s",
           reply.summary);
}

/* The other way round: what the client's error said reaches the agent. Where the agent quotes it, that is seen. */
static void so_does_the_clients_error(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    size_t turn = ws_ask_prompt(client, sid, ws_prompt(server, "read", "/tmp/this"));
    struct ws_asked asked = ws_await_asked(client, WS_READ_FILE);

    expect(asked.number, HANG, "a request for the file", "none came");
    ws_send_text(ws_peer_of(client),
                 "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"error\":{\"code\":-32055,\"message\":\"no such file here\","
                 "\"data\":{\"errno\":\"ENOENT\"}}}",
                 (int)asked.id->raw_bytes, asked.id->raw);
    expect(ws_await(client, turn).outcome != WS_NO_REPLY, HANG, "an answer to the prompt", "none came");
    const char *said = ws_said(client, sid);
    if (!strstr(said, "no such file here"))
        not_applicable("the agent does not say what its client's error said");
    expect(strstr(said, "-32055"), WRONG, "the error's code, -32055", "the agent said \"%.300s\"", said);
    expect(strstr(said, "ENOENT"), WRONG, "the error's data, ENOENT", "the agent said \"%.300s\"", said);
    ws_expect_served(client, sid);
}

/* The prompt fails, and nothing else: the next one in the session is served, and so is another session. */
static void the_agents_error_ends_the_prompt_alone(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client), *other = ws_new_session(client);

    for (int i = 0; i < 5; i++)
        ws_expect_error(fail_with(client, sid, "again"), 0);
    ws_expect_served(client, other);
    ws_expect_served(client, sid);
}

/* --- what is whole --- */

/* Of a message that is well-formed, as the client has found: members that are not the protocol's. */
static void expect_members(const struct json *object, const char *const *names, const char *expected)
{
    for (const struct json *member = object ? object->child : NULL; member; member = member->next) {
        bool known = false;

        for (size_t i = 0; names[i]; i++)
            known = known || strcmp(member->name, names[i]) == 0;
        expect(known, WRONG, expected, "a member \"%s\"", member->name);
    }
}

/* The next message that is no notification. */
static const struct json *read_answer(struct ws_client *client, struct ws_event *event)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);

    while (now_ns() < deadline_ns) {
        *event = ws_read(ws_peer_of(client));
        const struct json *document =
            event->kind == WS_GOT_MESSAGE ? json_read(event->bytes, event->count, NULL) : NULL;
        if (!document || !json_get(document, "method"))
            return document;
        json_free(document);
    }
    return NULL;
}

/* It answers what was sent last. */
static void expect_whole(struct ws_client *client, enum jsonrpc_kind kind)
{
    static const char *const members[] = {"jsonrpc", "id", "result", "error", NULL};
    static const char *const of_error[] = {"code", "message", "data", NULL};
    struct ws_event event = {.kind = WS_SILENCE, .summary = "nothing but notifications"};
    const struct json *document = read_answer(client, &event);

    expect(document, event.kind == WS_SILENCE ? HANG : WRONG, "a JSON-RPC message", "%s", event.summary);
    struct jsonrpc message = jsonrpc_look(document);
    expect(message.kind == kind, WRONG, kind == JSONRPC_ERROR ? "an error, and whole" : "a result, and whole", "%s%s%s",
           event.summary, message.fault ? ": " : "", message.fault ? message.fault : "");
    if (!ws_server_of(client)->flat) {
        expect_members(document, members, "jsonrpc, id, and result or error (ACP, Extensibility)");
        expect_members(message.error, of_error, "code, message and data (ACP, Extensibility)");
    }
    expect(!message.error || *message.message, WRONG, "an error with words", "%s", event.summary);
    json_free(document);
}

static void errors_at_once_are_whole(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const struct {
        const char *id, *method, *params;
    } calls[] = {
        {"\"a\"", "no/such/method", "{}"},
        {"1", ws_method(server, WS_PROMPT), "{}"},
        {"2", ws_method(server, WS_RESUME), "[]"},
        {"3", ws_method(server, WS_LOAD), "{}"},
        {"4", ws_method(server, WS_PROMPT), "\"x\""},
        {"true", ws_method(server, WS_PROMPT), "{}"},
    };
    static const char *const broken[] = {"{", "[]", "5", "null", "{}", "{\"jsonrpc\":\"2.0\",\"id\":6,\"method\":1}"};

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        ws_send_text(ws_peer_of(client), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"%s\",\"params\":%s}", calls[i].id,
                     calls[i].method, calls[i].params);
        expect_whole(client, JSONRPC_ERROR);
    }
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        ws_send_text(ws_peer_of(client), "%s", broken[i]);
        expect_whole(client, JSONRPC_ERROR);
    }
}

/* Methods that have nothing to say answer by an empty result, which is one. */
static void results_are_whole(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    if (ws_can(client, "sessionCapabilities.list"))
        ws_expect_result(ws_call(client, ws_method(server, WS_LIST), "{}"));
    ws_expect_served(client, sid);
    if (ws_can(client, "loadSession"))
        ws_expect_result(ws_call_again(client, WS_LOAD, sid, ws_token_of(sid)));
    if (ws_can(client, "sessionCapabilities.close"))
        ws_expect_result(ws_call_session(client, WS_CLOSE_SESSION, sid, NULL));
    if (ws_can(client, "sessionCapabilities.delete"))
        ws_expect_result(ws_call_session(client, WS_DELETE, sid, NULL));
}

/* Blocks until the call is answered, the connection has ended, or something came that answers nothing. */
static void await_here(struct ws_client *client, size_t call)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);

    while (!ws_is_answered(client, call) && ws_nulls(client) == 0 && now_ns() < deadline_ns)
        if (!ws_listen(client, TICK_MS))
            break;
    expect(ws_nulls(client) == 0, WRONG, "errors with the ids of their requests", "%zu of them have the id null",
           ws_nulls(client));
}

/* Too many of them: each is served or refused under its own id, or the connection ends. */
static void errors_of_a_limit_are_whole(void **state)
{
    struct ws_target *server = *state;
    int64_t rate = ws_restart_with_limit(server, "ws.rate_per_s", RATE);
    struct ws_client *client = ws_join(server);
    int64_t count = 4 * rate < FLOOD_MAX ? 4 * rate : FLOOD_MAX;
    size_t last = 0;

    for (int64_t i = 0; i < count; i++)
        last = ws_ask(client, "no/such/method", "{}");
    await_here(client, last);
    for (size_t call = last; call > last - (size_t)count; call--) {
        struct ws_reply reply = ws_await(client, call);

        ws_expect_error_or_end(reply);
        if (reply.outcome == WS_NO_REPLY)
            break;
    }
}

static void a_session_is_made(void **state)
{
    struct ws_client *client = ws_join(*state);

    expect(ws_new_session(client), WRONG, "a session", "none");
}

const struct check check = {
    .title = "An answer is a result or an error, and an error keeps its code, its words and its data",
    .level = MUST,
    .origins = {"P28S-15", "JSON-RPC 2.0 5", "JSON-RPC 2.0 5.1", "ACP Extensibility"},
    .cases =
        {
            CASE(the_agents_error_keeps_its_code_and_words, .promised = true),
            CASE(the_agents_error_keeps_its_data, .promised = true),
            CASE(so_does_the_clients_error, .promised = true),
            CASE(the_agents_error_ends_the_prompt_alone),
            CASE(errors_at_once_are_whole),
            CASE(results_are_whole),
            CASE(errors_of_a_limit_are_whole),
            CONTROL(a_session_is_made),
        },
};
