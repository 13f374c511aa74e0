/* Sessions: made, named in calls, and what comes of them. */
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

size_t ws_ask_prompt(struct ws_client *client, const char *sid, const char *text)
{
    struct text params;

    open_params(client, sid, &params);
    text_add(&params, ",\"prompt\":[{\"type\":\"text\",");
    struct json_writer writer = json_write(&params);
    json_member(&writer, "text", text);
    text_add(&params, "}]");
    return ask_with(client, WS_PROMPT, &params);
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

/* --- updates --- */

static struct ws_view *find_view(const struct ws_client *client, const char *sid)
{
    for (size_t i = client->view_count; i > 0; i--)
        if (strcmp(client->views[i - 1].sid, sid) == 0)
            return &client->views[i - 1];
    return NULL;
}

static struct ws_view *view_of(struct ws_client *client, const char *sid)
{
    struct ws_view *view = find_view(client, sid);

    if (view)
        return view;
    if (client->view_count == client->view_room) {
        client->view_room = client->view_room ? 2 * client->view_room : 4;
        client->views = xalloc_resize(client->views, client->view_room, sizeof *client->views);
    }
    view = &client->views[client->view_count++];
    *view = (struct ws_view){.sid = copy(sid)};
    text_init(&view->said, WS_SAID_MAX_BYTES);
    text_init(&view->heard, WS_SAID_MAX_BYTES);
    return view;
}

/* False: there is enough already. */
static bool keep(struct ws_view *view, const struct json *document)
{
    size_t bytes = json_memory_bytes(document);

    if (view->kept == WS_UPDATES_KEPT_MAX || view->kept_bytes + bytes > WS_UPDATES_KEPT_BYTES)
        return false;
    if (view->kept == view->kept_room) {
        view->kept_room = view->kept_room ? 2 * view->kept_room : 16;
        view->documents = xalloc_resize(view->documents, view->kept_room, sizeof *view->documents);
    }
    view->documents[view->kept++] = document;
    view->kept_bytes += bytes;
    return true;
}

bool ws_client_take_update(struct ws_client *client, const struct jsonrpc *message)
{
    const struct ws_target *server = client->server;
    const struct json *update = json_get(message->params, "update");
    const char *sid = ws_get_string(server, message->params, WS_SESSION_ID);
    const char *kind = ws_get_string(server, update, WS_SESSION_UPDATE);
    const struct json *text = json_get(json_get(update, "content"), "text");

    if (strcmp(message->method, ws_method(server, WS_UPDATE)) != 0)
        return false; /* other notifications are nobody's business */
    expect(sid && kind, WRONG, "an update with the id of its session, and its kind", "%.*s",
           (int)(message->root->raw_bytes < 200 ? message->root->raw_bytes : 200), message->root->raw);
    struct ws_view *view = view_of(client, sid);
    view->count++;
    client->update_count++;
    if (text && text->string && strcmp(kind, "agent_message_chunk") == 0)
        text_add_bytes(&view->said, text->string, text->string_bytes);
    else if (text && text->string && strcmp(kind, "user_message_chunk") == 0)
        text_add_bytes(&view->heard, text->string, text->string_bytes);
    return keep(view, message->root);
}

size_t ws_updates(const struct ws_client *client, const char *sid)
{
    const struct ws_view *view = find_view(client, sid);

    return view ? view->count : 0;
}

const char *ws_said(const struct ws_client *client, const char *sid)
{
    const struct ws_view *view = find_view(client, sid);

    return view ? view->said.bytes : "";
}

const char *ws_heard(const struct ws_client *client, const char *sid)
{
    const struct ws_view *view = find_view(client, sid);

    return view ? view->heard.bytes : "";
}

const struct json *ws_update(const struct ws_client *client, const char *sid, size_t n)
{
    const struct ws_view *view = find_view(client, sid);

    return view && n < view->kept ? json_get(json_get(view->documents[n], "params"), "update") : NULL;
}

size_t ws_all_updates(const struct ws_client *client)
{
    return client->update_count;
}

static void clear_view(struct ws_view *view)
{
    for (size_t i = 0; i < view->kept; i++)
        json_free(view->documents[i]);
    view->kept = view->kept_bytes = view->count = 0;
    text_clear(&view->said);
    text_clear(&view->heard);
}

void ws_forget(struct ws_client *client, const char *sid)
{
    struct ws_view *view = find_view(client, sid);

    if (view)
        clear_view(view);
}

void ws_client_free_views(struct ws_client *client)
{
    for (size_t i = 0; i < client->view_count; i++) {
        struct ws_view *view = &client->views[i];

        clear_view(view);
        text_free(&view->said);
        text_free(&view->heard);
        free(view->documents);
        free(view->sid);
    }
    free(client->views);
}

bool ws_await_updates(struct ws_client *client, const char *sid, size_t count)
{
    int64_t deadline_ns = ws_peer_deadline_ns(WS_WAIT_MS);

    while (ws_updates(client, sid) < count)
        if (!ws_client_read(client, deadline_ns))
            return false;
    return true;
}
