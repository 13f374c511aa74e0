/* What comes of sessions, kept session by session. */
#include "base/xalloc.h"
#include "check.h"
#include "ws/rpc_private.h"

#include <stdlib.h>
#include <string.h>

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
    *view = (struct ws_view){.sid = strdup(sid)};
    if (!view->sid)
        error_of_environment("no memory for a session");
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
