/* The code of an error says what was wrong: the method, its parameters, or something of the server's own. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <string.h>

enum { PARAMS_BYTES = 2048 };

/* Where a reader looks a name up in a table of its own language, the names of that table's own members are found. */
static const char *const unknown[] = {
    "no/such/method", "Initialize",  "INITIALIZE",   "initialise",     "session",       "session/",  "session/newer",
    "session/ne",     "session new", "session/new ", " session/new",   "session/new/x", "__proto__", "constructor",
    "toString",       "__class__",   "__init__",     "hasOwnProperty", "_assay/x",      "$/nothing", "../initialize",
    "session\\/new",  "*",
};

/* A prompt's parameters that no agent can make a turn of; %s is where "sessionId":"…" stands. */
static const char *const no_prompts[] = {
    "{%s}",
    "{%s,\"prompt\":null}",
    "{%s,\"prompt\":5}",
    "{%s,\"prompt\":\"text\"}",
    "{%s,\"prompt\":{\"type\":\"text\",\"text\":\"x\"}}",
};

/* An array, whose elements are no content blocks. */
static const char *const no_blocks[] = {
    "{%s,\"prompt\":[5]}",
    "{%s,\"prompt\":[null]}",
    "{%s,\"prompt\":[[]]}",
    "{%s,\"prompt\":[{\"type\":\"text\"}]}",
    "{%s,\"prompt\":[{\"type\":\"text\",\"text\":5}]}",
    "{%s,\"prompt\":[{\"type\":5,\"text\":\"x\"}]}",
    "{%s,\"prompt\":[{\"text\":\"x\"}]}",
};

/* A path that is none, or servers that are no list. */
static const char *const no_setups[] = {
    "{}",
    "{\"cwd\":\"/tmp\"}",
    "{\"%s\":[]}",
    "{\"cwd\":5,\"%s\":[]}",
    "{\"cwd\":null,\"%s\":[]}",
    "{\"cwd\":\"not/absolute\",\"%s\":[]}",
    "{\"cwd\":\"/tmp\",\"%s\":{}}",
    "{\"cwd\":\"/tmp\",\"%s\":\"x\"}",
    "{\"cwd\":\"/tmp\",\"%s\":5}",
};

static struct ws_reply prompt_badly(struct ws_client *client, const char *sid, const char *format)
{
    char member[PARAMS_BYTES / 2], params[PARAMS_BYTES];
    const char *gap = strstr(format, "%s");

    snprintf(member, sizeof member, "\"%s\":\"%.900s\"", ws_member(ws_server_of(client), WS_SESSION_ID), sid);
    snprintf(params, sizeof params, "%.*s%s%s", (int)(gap - format), format, member, gap + 2);
    return ws_call(client, ws_method(ws_server_of(client), WS_PROMPT), params);
}

static struct ws_reply set_up_badly(struct ws_client *client, const char *format)
{
    const char *gap = strstr(format, "%s");
    char params[PARAMS_BYTES];

    if (gap)
        snprintf(params, sizeof params, "%.*s%s%s", (int)(gap - format), format,
                 ws_member(ws_server_of(client), WS_MCP_SERVERS), gap + 2);
    else
        snprintf(params, sizeof params, "%s", format);
    return ws_call(client, ws_method(ws_server_of(client), WS_NEW), params);
}

static void expect_bad_params(struct ws_reply reply, bool flat)
{
    if (flat) /* the older dialect has one code for whatever a handler throws */
        ws_expect_error(reply, 0);
    else
        ws_expect_error(reply, -32602);
}

static void an_unknown_method_is_not_found(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    char method[64];

    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        ws_expect_error(ws_call(client, unknown[i], "{}"), ws_unknown_method(server));
    snprintf(method, sizeof method, "%s2", ws_method(server, WS_PROMPT));
    ws_expect_error(ws_call(client, method, "{}"), ws_unknown_method(server));
    ws_expect_served(client, sid);
}

/* What the agent calls and its client serves is no method of the agent's. */
static void nor_is_a_method_of_the_other_side(void **state)
{
    static const enum ws_method theirs[] = {WS_READ_FILE, WS_WRITE_FILE, WS_PERMISSION, WS_UPDATE};
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
        ws_expect_error(ws_call_session(client, theirs[i], sid, ",\"path\":\"/etc/passwd\""),
                        ws_unknown_method(server));
    ws_expect_served(client, sid);
}

/* Whatever the parameters are: that the method is unknown comes first, or that they are none. */
static void nor_is_it_found_with_other_params(void **state)
{
    static const char *const params[] = {NULL, "[]", "[1,2]", "{\"a\":{\"b\":[]}}"};
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);

    for (size_t i = 0; i < sizeof params / sizeof *params; i++)
        ws_expect_error(ws_call(client, "no/such/method", params[i]), ws_unknown_method(server));
    ws_expect_served(client, ws_new_session(client));
}

static void params_that_make_no_prompt_are_32602(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    static const char prompt[] = "{\"prompt\":[{\"type\":\"text\",\"text\":\"x\"}]}";

    for (size_t i = 0; i < sizeof no_prompts / sizeof *no_prompts; i++)
        expect_bad_params(prompt_badly(client, sid, no_prompts[i]), server->flat);
    expect_bad_params(ws_call(client, ws_method(server, WS_PROMPT), prompt), server->flat);
    expect_bad_params(ws_call(client, ws_method(server, WS_PROMPT), "{}"), server->flat);
    ws_expect_served(client, sid);
}

/* Who takes what is no block for an empty one is lenient, and tells nobody what was lost. */
static void blocks_that_are_none_are_32602(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    for (size_t i = 0; i < sizeof no_blocks / sizeof *no_blocks; i++)
        expect_bad_params(prompt_badly(client, sid, no_blocks[i]), server->flat);
    ws_expect_served(client, sid);
}

/* By position, or not at all: no session is named then. */
static void params_in_another_form_are_an_error(void **state)
{
    static const enum ws_method methods[] = {WS_PROMPT, WS_LOAD, WS_RESUME};
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        ws_expect_error(ws_call(client, ws_method(server, methods[i]), NULL), 0);
        ws_expect_error(ws_call(client, ws_method(server, methods[i]), "[]"), 0);
        ws_expect_error(ws_call(client, ws_method(server, methods[i]), "[5,null,{}]"), 0);
    }
    ws_expect_served(client, sid);
}

static void params_that_set_up_no_session_are_32602(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);

    for (size_t i = 0; i < sizeof no_setups / sizeof *no_setups; i++)
        expect_bad_params(set_up_badly(client, no_setups[i]), server->flat);
    ws_expect_served(client, ws_new_session(client));
}

/* From -32768 up to -32000 the standard has given out five codes, and the hundred down from -32000 to servers. */
static void expect_free_code(struct ws_reply reply)
{
    static const int64_t given[] = {-32700, -32600, -32601, -32602, -32603};
    bool is_given = reply.code < -32768 || reply.code >= -32099;

    ws_expect_error(reply, 0);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        is_given = is_given || reply.code == given[i];
    expect(is_given, WRONG, "one of the five codes of JSON-RPC 5.1, or one that is the server's to give", "%s",
           reply.summary);
}

static void reserved_codes_are_not_used(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    expect_free_code(ws_call(client, "no/such/method", "{}"));
    expect_free_code(prompt_badly(client, sid, no_prompts[0]));
    expect_free_code(prompt_badly(client, "no-such-session", "{%s,\"prompt\":[]}"));
    expect_free_code(ws_call_again(client, WS_RESUME, "no-such-session", "no-such-token"));
    expect_free_code(ws_call_again(client, WS_LOAD, "no-such-session", NULL));
    ws_send_text(ws_peer_of(client), "{");
    expect_free_code(ws_await_null(client));
    ws_send_text(ws_peer_of(client), "[]");
    expect_free_code(ws_await_null(client));
}

static void what_is_right_is_answered_by_results(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "The code of an error says whether the method, its parameters or the server was wrong",
    .level = MUST,
    .origins = {"JSON-RPC 2.0 5.1", "ACP Overview", "ACP Extensibility"},
    .cases =
        {
            CASE(an_unknown_method_is_not_found),
            CASE(nor_is_a_method_of_the_other_side),
            CASE(nor_is_it_found_with_other_params),
            CASE(params_that_make_no_prompt_are_32602),
            CASE(blocks_that_are_none_are_32602, .level = SHOULD),
            CASE(params_in_another_form_are_an_error),
            CASE(params_that_set_up_no_session_are_32602, .level = SHOULD),
            CASE(reserved_codes_are_not_used),
            CONTROL(what_is_right_is_answered_by_results),
        },
};
