/* Members are spelt in camelCase on the wire, whichever language the server is written in. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32 };

/* Members whose content is not the protocol's but somebody else's, and keeps his names. */
static bool is_foreign(const char *name)
{
    static const char *const names[] = {"_meta", "rawInput", "rawOutput", "env", "headers", "data"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void expect_camel_case(const struct json *value, const char *where, int depth)
{
    for (const struct json *child = value ? value->child : NULL; child && depth < DEPTH_MAX; child = child->next) {
        if (child->name && is_foreign(child->name))
            continue;
        expect(!child->name || !strpbrk(child->name, "_-"), WRONG, "members in camelCase", "\"%s\" in %s: %.*s",
               child->name ? child->name : "", where, (int)(value->raw_bytes < 200 ? value->raw_bytes : 200),
               value->raw);
        expect_camel_case(child, where, depth + 1);
    }
}

static struct ws_client *join(struct ws_target *server)
{
    if (server->flat)
        not_applicable("the flat dialect is spelt in snake_case");
    return ws_join(server);
}

static void expect_result_in_camel_case(struct ws_reply reply, const char *where)
{
    ws_expect_result(reply);
    expect_camel_case(reply.result, where, 0);
}

/* The client itself demands sessionId and sessionUpdate of an update; the rest of it is looked at here. */
static void updates_are(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = join(server);
    const char *sid = ws_new_session(client);

    expect_result_in_camel_case(ws_prompt_and_wait(client, sid, ws_prompt(server, "echo", "snake_case is text")),
                                "a prompt's result");
    expect(ws_updates(client, sid) > 0, WRONG, "updates", "none");
    for (size_t i = 0; i < ws_updates(client, sid); i++)
        expect_camel_case(ws_update(client, sid, i), "an update", 0);
}

static void a_stop_reason_is(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = join(server);
    const char *sid = ws_new_session(client);

    for (int i = 0; i < 2; i++)
        ws_expect_stop_reason(client, ws_prompt_and_wait(client, sid, ws_prompt(server, "echo", "x")), NULL);
    ws_expect_served(client, sid);
}

static void what_is_said_of_the_agent_is(void **state)
{
    struct ws_client *client = join(*state);
    int64_t version;

    expect(json_get_integer(ws_initialized(client), "protocolVersion", &version), WRONG, "protocolVersion, an integer",
           "%.*s", (int)(ws_initialized(client)->raw_bytes < 300 ? ws_initialized(client)->raw_bytes : 300),
           ws_initialized(client)->raw);
    expect_camel_case(ws_initialized(client), "the answer to initialize", 0);
}

static void what_sets_up_a_session_is(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = join(server);
    struct ws_reply reply = ws_call(client, ws_method(server, WS_NEW), "{\"cwd\":\"/tmp\",\"mcpServers\":[]}");

    expect_result_in_camel_case(reply, "the answer to session/new");
    expect(json_get_string(reply.result, "sessionId"), WRONG, "sessionId", "%s", reply.summary);
}

static void other_results_are(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = join(server);
    const char *sid = ws_new_session(client);

    ws_expect_served(client, sid);
    if (ws_can(client, "sessionCapabilities.list"))
        expect_result_in_camel_case(ws_call(client, ws_method(server, WS_LIST), "{}"), "a list");
    else
        ws_settle(client);
    if (!ws_can(client, "loadSession"))
        return;
    ws_forget(client, sid);
    expect_result_in_camel_case(ws_call_again(client, WS_LOAD, sid, ws_token_of(sid)), "the answer to session/load");
    for (size_t i = 0; i < ws_updates(client, sid); i++)
        expect_camel_case(ws_update(client, sid, i), "an update of session/load", 0);
}

static void requests_of_the_agent_are(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = join(server);
    const char *sid = ws_new_session(client);
    size_t turn = ws_ask_prompt(client, sid, ws_prompt(server, "permit", "this"));
    struct ws_asked asked = ws_await_asked(client, WS_PERMISSION);

    expect(asked.number, HANG, "a request for permission", "none came");
    expect_camel_case(asked.params, "a request for permission", 0);
    expect(json_get_string(asked.params, "sessionId"), WRONG, "sessionId", "%.*s", (int)asked.params->raw_bytes,
           asked.params->raw);
    expect(json_get_string(json_get(asked.params, "toolCall"), "toolCallId"), WRONG, "toolCall with toolCallId", "%.*s",
           (int)asked.params->raw_bytes, asked.params->raw);
    ws_answer(client, &asked, "{\"outcome\":{\"outcome\":\"cancelled\"}}");
    expect_result_in_camel_case(ws_await(client, turn), "a prompt's result");
}

/* Both ways: what the client says in camelCase is understood. The agent asks for the file because readTextFile said it
 * may, and does what was permitted because optionId says so. */
static void camel_case_is_read(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = join(server);
    const char *sid = ws_new_session(client);
    const char *says;

    ws_answer_always(client, WS_READ_FILE, "{\"content\":\"what the file holds\"}");
    ws_expect_stop_reason(client, ws_prompt_and_wait(client, sid, ws_prompt(server, "read", "/tmp/x")), NULL);
    expect(ws_times_asked(client, WS_READ_FILE) > 0, WRONG, "a request for the file, since readTextFile is true",
           "none; the agent said \"%.200s\"", ws_said(client, sid));
    if (!ws_has_prompt(server, "permit"))
        return;
    ws_forget(client, sid);
    size_t turn = ws_ask_prompt(client, sid, ws_prompt(server, "permit", "it-all"));
    struct ws_asked asked = ws_await_asked(client, WS_PERMISSION);
    expect(asked.number, HANG, "a request for permission", "none came");
    char *allow = ws_permission_of_kind(&asked, "allow_once");
    if (!allow)
        not_applicable("the agent offers no option of the kind allow_once");
    ws_answer(client, &asked, allow);
    free(allow);
    ws_expect_stop_reason(client, ws_await(client, turn), NULL);
    says = ws_prompt_says(server, "permit", "it-all");
    if (says)
        expect(strstr(ws_said(client, sid), says), WRONG, says, "the agent said \"%.200s\"", ws_said(client, sid));
}

static void a_client_joins(void **state)
{
    ws_settle(join(*state));
    expect(true, WRONG, "an answer", "none");
}

const struct check check = {
    .title = "Members are spelt in camelCase on the wire",
    .level = MUST,
    .origins = {"P28C-5", "ACP Overview"},
    .cases =
        {
            CASE(updates_are, .promised = true),
            CASE(a_stop_reason_is, .promised = true),
            CASE(what_is_said_of_the_agent_is),
            CASE(what_sets_up_a_session_is),
            CASE(other_results_are),
            CASE(requests_of_the_agent_are),
            CASE(camel_case_is_read),
            CONTROL(a_client_joins),
        },
};
