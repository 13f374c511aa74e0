/* What a client is sent: judged, and put where it belongs. */
#include "check.h"
#include "ws/peer_private.h"
#include "ws/rpc_private.h"

#include <string.h>

enum { SHOWN_BYTES = 200 };

static struct ws_sent_call *numbered(struct ws_client *client, const struct json *id)
{
    int64_t number;

    if (!json_as_integer(id, &number))
        return NULL;
    number -= client->base;
    if (number < 1 || (uint64_t)number > client->call_count)
        return NULL;
    struct ws_sent_call *call = &client->calls[number - 1];
    return call->id ? NULL : call;
}

static bool is_id_of(const struct ws_sent_call *call, const struct json *id)
{
    const struct json *own = call->id ? json_read(call->id, strlen(call->id), NULL) : NULL;
    bool equal = own && own->type == id->type && json_equal(own, id);

    json_free(own);
    return equal;
}

/* The first call with that id which has no answer; else one that has; else NULL. */
static struct ws_sent_call *call_with(struct ws_client *client, const struct json *id)
{
    struct ws_sent_call *found = numbered(client, id);

    for (size_t i = 0; client->has_other_ids && i < client->call_count && (!found || found->answered); i++)
        if (is_id_of(&client->calls[i], id))
            found = &client->calls[i];
    return found;
}

static void take_null(struct ws_client *client, const struct json *document)
{
    if (client->null_count == WS_NULLS_MAX)
        fail_case(WRONG, "one answer to each message that cannot be read", "more of them",
                  "more than %d answers have the id null", WS_NULLS_MAX);
    client->nulls[client->null_count++] = document;
}

static bool take_response(struct ws_client *client, const struct jsonrpc *message)
{
    struct ws_sent_call *call = call_with(client, message->id);

    if (!call && message->id->type == JSON_NULL) {
        take_null(client, message->root);
        return true;
    }
    int shown = (int)(message->root->raw_bytes < SHOWN_BYTES ? message->root->raw_bytes : SHOWN_BYTES);
    const char *raw = message->root->raw;

    expect(call, WRONG, "answers with the id of a call", "an answer to no call: %.*s", shown, raw);
    if (!call)
        return false;
    expect(!call->answered, WRONG, "one answer to each call", "a second answer: %.*s", shown, raw);
    call->answered = true;
    call->document = message->root;
    return true;
}

static bool take(struct ws_client *client, const struct jsonrpc *message, const char *shown)
{
    switch (message->kind) {
    case JSONRPC_RESULT:
    case JSONRPC_ERROR:
        return take_response(client, message);
    case JSONRPC_REQUEST:
        return ws_client_take_asked(client, message);
    case JSONRPC_NOTIFICATION:
        return ws_client_take_update(client, message);
    case JSONRPC_BATCH:
        fail_case(WRONG, "messages one by one", shown, "a batch came, though none was sent");
    case JSONRPC_BROKEN:
        break;
    }
    fail_case(WRONG, "JSON-RPC 2.0", shown, "what came is no JSON-RPC message: %s", message->fault);
}

static void take_message(struct ws_client *client, const struct ws_event *event)
{
    struct json_error error;

    if (event->opcode != WS_TEXT && !client->server->binary)
        fail_case(WRONG, "text frames", event->summary, "a message came in a binary frame");
    const struct json *document = json_read(event->bytes, event->count, &error);
    if (!document)
        fail_case(WRONG, "JSON", event->summary, "what came is not JSON: %s at byte %zu", error.text, error.offset);
    struct jsonrpc message = jsonrpc_look(document);
    if (!take(client, &message, event->summary))
        json_free(document);
}

/* A frame that was not finished in time is no end: the rest of it may be on its way. */
static bool is_end(const struct ws_client *client, enum ws_kind kind)
{
    const struct tcp *wire = &client->peer->wire;

    return kind != WS_SILENCE && (kind != WS_CUT || wire->over || wire->reset);
}

bool ws_client_read(struct ws_client *client, int64_t deadline_ns)
{
    if (client->ended)
        return false;
    struct ws_event event = ws_peer_read(client->peer, deadline_ns);

    if (event.kind == WS_GOT_MESSAGE) {
        take_message(client, &event);
        return true;
    }
    if (event.kind == WS_GARBLED)
        fail_case(WRONG, "well-formed frames", event.summary, "the server breaks a rule of framing: %s", event.fault);
    client->end = event;
    client->ended = is_end(client, event.kind);
    return false;
}
