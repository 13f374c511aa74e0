/* A client's life. */
#include "ws/rpc.h"

#include "base/xalloc.h"
#include "check.h"
#include "ws/peer_private.h"
#include "ws/rpc_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARAMS_MAX_BYTES = 64 << 10, CAPABILITY_BYTES = 64 };

static struct ws_client *clients;

struct ws_client *ws_client_of(struct ws_target *server, struct ws_peer *peer)
{
    static int64_t made;
    struct ws_client *client = xalloc_resize(NULL, 1, sizeof *client);

    *client = (struct ws_client){.server = server, .peer = peer, .next = clients, .base = made++ * WS_IDS_EACH};
    text_init(&client->summary, WS_SUMMARY_MAX_BYTES);
    clients = client;
    return client;
}

struct ws_client *ws_enter(struct ws_target *server)
{
    return ws_client_of(server, ws_dial(server));
}

static void initialize(struct ws_client *client, const char *capabilities)
{
    const struct ws_target *server = client->server;
    struct text params;

    text_init(&params, PARAMS_MAX_BYTES);
    text_addf(&params, "{\"%s\":1,\"%s\":%s}", ws_member(server, WS_PROTOCOL_VERSION),
              ws_member(server, WS_CLIENT_CAPABILITIES), capabilities);
    struct ws_reply reply = ws_call(client, ws_method(server, WS_INITIALIZE), params.bytes);
    text_free(&params);
    expect(reply.result, reply.outcome == WS_NO_REPLY ? HANG : WRONG, "a result of initialize", "%s", reply.summary);
    client->initialized = client->current;
    client->current = NULL;
}

static const char capable[] = "{\"fs\":{\"readTextFile\":true,\"writeTextFile\":true}}";

struct ws_client *ws_join_as(struct ws_target *server, const char *capabilities)
{
    struct ws_client *client = ws_enter(server);

    initialize(client, capabilities);
    return client;
}

struct ws_client *ws_join(struct ws_target *server)
{
    return ws_join_as(server, capable);
}

struct ws_client *ws_join_over(struct ws_target *server, struct ws_peer *peer)
{
    struct ws_client *client = ws_client_of(server, peer);

    initialize(client, capable);
    return client;
}

struct ws_peer *ws_peer_of(struct ws_client *client)
{
    return client->peer;
}

struct ws_target *ws_server_of(const struct ws_client *client)
{
    return client->server;
}

const struct json *ws_initialized(const struct ws_client *client)
{
    return json_get(client->initialized, "result");
}

bool ws_can(const struct ws_client *client, const char *capability)
{
    const struct json *value = ws_get(client->server, ws_initialized(client), WS_AGENT_CAPABILITIES);
    char name[CAPABILITY_BYTES];

    while (value && *capability) {
        size_t length = strcspn(capability, ".");

        snprintf(name, sizeof name, "%.*s", (int)length, capability);
        value = json_get(value, name);
        capability += length + (capability[length] == '.');
    }
    return value && value->type != JSON_FALSE && value->type != JSON_NULL;
}

static void forget_peer(struct ws_client *client)
{
    client->peer = NULL;
    client->ended = true;
    client->end = (struct ws_event){.kind = WS_GOT_FIN, .bytes = "", .summary = "this client has left"};
}

void ws_leave(struct ws_client *client)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);

    if (client->peer && !client->ended && ws_send_close(client->peer, 1000, ""))
        while (ws_client_read(client, deadline_ns))
            ;
    ws_drop(client);
}

void ws_drop(struct ws_client *client)
{
    ws_hang_up(client->peer);
    forget_peer(client);
}

void ws_break(struct ws_client *client)
{
    if (client->peer)
        ws_reset(client->peer);
    forget_peer(client);
}

static void free_client(struct ws_client *client)
{
    for (size_t i = 0; i < client->call_count; i++) {
        free(client->calls[i].id);
        json_free(client->calls[i].document);
    }
    for (size_t i = 0; i < client->null_count; i++)
        json_free(client->nulls[i]);
    json_free(client->current);
    json_free(client->initialized);
    ws_client_free_views(client);
    ws_client_free_asked(client);
    text_free(&client->summary);
    free(client->calls);
    free(client);
}

void ws_free_all(void)
{
    while (clients) {
        struct ws_client *client = clients;

        clients = client->next;
        free_client(client);
    }
    ws_client_free_sessions();
    ws_hang_up_all();
}
