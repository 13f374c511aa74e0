/* Sessions: made, named in calls, and brought back. */
#include "base/xalloc.h"
#include "check.h"
#include "ws/peer_private.h"
#include "ws/rpc_private.h"

#include <stdlib.h>
#include <string.h>

enum { PARAMS_MAX_BYTES = 72 << 20 };

/* Every session that was made, of whichever client. */
static struct session {
    struct session *next;
    char *sid;
    char *token; /* or NULL */
} * sessions;

static char *copy(const char *string)
{
    char *copied = strdup(string);

    if (!copied)
        error_of_environment("no memory for a session");
    return copied;
}

static const char *remember(const char *sid, const char *token)
{
    struct session *session = xalloc_resize(NULL, 1, sizeof *session);

    *session = (struct session){.next = sessions, .sid = copy(sid), .token = token ? copy(token) : NULL};
    sessions = session;
    return session->sid;
}

void ws_client_free_sessions(void)
{
    while (sessions) {
        struct session *session = sessions;

        sessions = session->next;
        free(session->sid);
        free(session->token);
        free(session);
    }
}

const char *ws_token_of(const char *sid)
{
    for (const struct session *session = sessions; session; session = session->next)
        if (strcmp(session->sid, sid) == 0)
            return session->token;
    return NULL;
}

/* --- calls --- */

/* The members that setting up a session takes, without braces. */
static void add_setup(const struct ws_target *server, struct text *params)
{
    text_addf(params, "\"cwd\":\"/tmp\",\"%s\":[]", ws_member(server, WS_MCP_SERVERS));
}

size_t ws_ask_new(struct ws_client *client)
{
    struct text params;

    text_init(&params, PARAMS_MAX_BYTES);
    text_add(&params, "{");
    add_setup(client->server, &params);
    text_add(&params, "}");
    size_t call = ws_ask(client, ws_method(client->server, WS_NEW), params.bytes);
    text_free(&params);
    return call;
}

const char *ws_await_new(struct ws_client *client, size_t call)
{
    struct ws_reply reply = ws_await(client, call);
    const struct ws_target *server = client->server;
    const char *sid = ws_get_string(server, reply.result, WS_SESSION_ID);
    const char *token = ws_get_string(server, json_get(reply.result, "_meta"), WS_RESUME_TOKEN);

    expect(sid && *sid, reply.outcome == WS_NO_REPLY ? HANG : WRONG, "a new session, with its id", "%s", reply.summary);
    return remember(sid, token);
}

const char *ws_new_session(struct ws_client *client)
{
    return ws_await_new(client, ws_ask_new(client));
}

static void open_params(const struct ws_client *client, const char *sid, struct text *params)
{
    struct json_writer writer;

    text_init(params, PARAMS_MAX_BYTES);
    writer = json_write(params);
    json_open(&writer, '{');
    json_member(&writer, ws_member(client->server, WS_SESSION_ID), sid);
}

/* Adds the closing brace, and sends. */
static size_t ask_with(struct ws_client *client, enum ws_method method, struct text *params)
{
    text_add(params, "}");
    if (params->cut)
        error_of_harness("parameters of more than %d bytes", PARAMS_MAX_BYTES);
    size_t call = ws_ask(client, ws_method(client->server, method), params->bytes);
    text_free(params);
    return call;
}

size_t ws_ask_session(struct ws_client *client, enum ws_method method, const char *sid, const char *more)
{
    struct text params;

    open_params(client, sid, &params);
    text_add(&params, more ? more : "");
    return ask_with(client, method, &params);
}

struct ws_reply ws_call_session(struct ws_client *client, enum ws_method method, const char *sid, const char *more)
{
    return ws_await(client, ws_ask_session(client, method, sid, more));
}

char *ws_prompt_params(const struct ws_client *client, const char *sid, const char *text)
{
    struct text params;

    open_params(client, sid, &params);
    text_add(&params, ",\"prompt\":[{\"type\":\"text\",");
    struct json_writer writer = json_write(&params);
    json_member(&writer, "text", text);
    text_add(&params, "}]}");
    if (params.cut)
        error_of_harness("parameters of more than %d bytes", PARAMS_MAX_BYTES);
    return text_take(&params);
}

size_t ws_ask_prompt(struct ws_client *client, const char *sid, const char *text)
{
    char *params = ws_prompt_params(client, sid, text);
    size_t call = ws_ask(client, ws_method(client->server, WS_PROMPT), params);

    free(params);
    return call;
}

struct ws_reply ws_prompt_and_wait(struct ws_client *client, const char *sid, const char *text)
{
    return ws_await(client, ws_ask_prompt(client, sid, text));
}

void ws_cancel(struct ws_client *client, const char *sid)
{
    struct text params;

    open_params(client, sid, &params);
    text_add(&params, "}");
    ws_notify(client, ws_method(client->server, WS_CANCEL), params.bytes);
    text_free(&params);
}

size_t ws_ask_again(struct ws_client *client, enum ws_method method, const char *sid, const char *token)
{
    struct text params;

    open_params(client, sid, &params);
    text_add(&params, ",");
    add_setup(client->server, &params);
    if (token) {
        text_add(&params, ",\"_meta\":");
        struct json_writer writer = json_write(&params);
        json_open(&writer, '{');
        json_member(&writer, ws_member(client->server, WS_RESUME_TOKEN), token);
        json_close(&writer, '}');
    }
    return ask_with(client, method, &params);
}

struct ws_reply ws_call_again(struct ws_client *client, enum ws_method method, const char *sid, const char *token)
{
    struct ws_reply reply = ws_await(client, ws_ask_again(client, method, sid, token));
    const char *next = ws_get_string(client->server, json_get(reply.result, "_meta"), WS_RESUME_TOKEN);

    if (next)
        remember(sid, next);
    return reply;
}
