/* Messages of a client go out, and its calls are written down. */
#include "base/xalloc.h"
#include "check.h"
#include "ws/rpc_private.h"

#include <stdio.h>
#include <string.h>

enum { ID_BYTES = 24 };

void ws_client_send(struct ws_client *client, const struct text *message)
{
    if (!client->peer)
        error_of_harness("a client that has left sends %.80s", message->bytes);
    if (message->cut)
        error_of_harness("a message of more than %d bytes", WS_MESSAGE_SENT_MAX_BYTES);
    ws_send_text_bytes(client->peer, message->bytes, message->length);
}

static void send_message(struct ws_client *client, const char *id, const char *method, const char *params)
{
    struct text message;

    text_init(&message, WS_MESSAGE_SENT_MAX_BYTES);
    jsonrpc_write(&message, id, method, params);
    ws_client_send(client, &message);
    text_free(&message);
}

static struct ws_sent_call *new_call(struct ws_client *client)
{
    if (client->call_count == WS_CALLS_MAX)
        error_of_harness("more than %d calls of one client", WS_CALLS_MAX);
    if (client->call_count == client->call_room) {
        client->call_room = client->call_room ? 2 * client->call_room : 16;
        client->calls = xalloc_resize(client->calls, client->call_room, sizeof *client->calls);
    }
    struct ws_sent_call *call = &client->calls[client->call_count++];
    *call = (struct ws_sent_call){.sent_ns = now_ns()};
    return call;
}

size_t ws_ask(struct ws_client *client, const char *method, const char *params)
{
    char id[ID_BYTES];

    new_call(client);
    snprintf(id, sizeof id, "%lld", (long long)client->base + (long long)client->call_count);
    send_message(client, id, method, params);
    return client->call_count;
}

size_t ws_ask_as(struct ws_client *client, const char *id, const char *method, const char *params)
{
    struct ws_sent_call *call = new_call(client);

    call->id = strdup(id);
    if (!call->id)
        error_of_environment("no memory for a call");
    client->has_other_ids = true;
    send_message(client, id, method, params);
    return client->call_count;
}

void ws_notify(struct ws_client *client, const char *method, const char *params)
{
    send_message(client, NULL, method, params);
}
