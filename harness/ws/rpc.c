/* A client's life, its calls, and their answers. */
#include "ws/rpc.h"

#include "base/xalloc.h"
#include "check.h"
#include "ws/peer_private.h"
#include "ws/rpc_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_BYTES = 24, PARAMS_MAX_BYTES = 64 << 10, CAPABILITY_BYTES = 64 };

static struct ws_client *clients;

/* --- life --- */

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
    int64_t deadline_ns = ws_peer_deadline_ns(WS_WAIT_MS);

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

/* --- sending --- */

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

/* --- waiting --- */

/* The document becomes the client's current one; NULL: none came. */
static struct ws_reply make_reply(struct ws_client *client, const struct json *document, int64_t since_ns)
{
    struct ws_reply reply = {.outcome = WS_NO_REPLY, .ms = (now_ns() - since_ns) / 1000000};

    json_free(client->current);
    client->current = document;
    text_clear(&client->summary);
    if (document) {
        struct jsonrpc message = jsonrpc_look(document);

        reply.outcome = message.kind == JSONRPC_RESULT ? WS_RESULT : WS_ERROR;
        reply.result = message.result;
        reply.error = message.error;
        reply.code = message.code;
        text_addf(&client->summary, "after %lld ms: ", (long long)reply.ms);
        text_add_visible(&client->summary, document->raw, document->raw_bytes, WS_SHOWN_MAX_BYTES);
    } else {
        reply.end = client->end;
        text_addf(&client->summary, "no answer, but %s", client->end.summary);
    }
    reply.summary = client->summary.bytes;
    return reply;
}

static struct ws_sent_call *call_of(struct ws_client *client, size_t number)
{
    if (number == 0 || number > client->call_count)
        error_of_harness("there is no call %zu", number);
    return &client->calls[number - 1];
}

struct ws_reply ws_await_within(struct ws_client *client, size_t number, int64_t timeout_ms)
{
    int64_t deadline_ns = ws_peer_deadline_ns(timeout_ms);
    struct ws_sent_call *call = call_of(client, number);

    while (!call->answered && ws_client_read(client, deadline_ns))
        ;
    const struct json *document = call->document;
    call->document = NULL;
    return make_reply(client, document, call->sent_ns);
}

struct ws_reply ws_await(struct ws_client *client, size_t call)
{
    return ws_await_within(client, call, WS_WAIT_MS);
}

bool ws_is_answered(struct ws_client *client, size_t call)
{
    while (!call_of(client, call)->answered && ws_client_read(client, now_ns()))
        ;
    return call_of(client, call)->answered;
}

struct ws_reply ws_call(struct ws_client *client, const char *method, const char *params)
{
    return ws_await(client, ws_ask(client, method, params));
}

struct ws_reply ws_await_null(struct ws_client *client)
{
    int64_t since_ns = now_ns();
    int64_t deadline_ns = ws_peer_deadline_ns(WS_WAIT_MS);
    const struct json *document = NULL;

    while (client->null_count == 0 && ws_client_read(client, deadline_ns))
        ;
    if (client->null_count > 0) {
        document = client->nulls[0];
        memmove(client->nulls, client->nulls + 1, --client->null_count * sizeof *client->nulls);
    }
    return make_reply(client, document, since_ns);
}

bool ws_listen(struct ws_client *client, int64_t timeout_ms)
{
    int64_t deadline_ns = ws_peer_deadline_ns(timeout_ms);

    while (ws_client_read(client, deadline_ns))
        ;
    return !client->ended;
}

void ws_settle(struct ws_client *client)
{
    struct ws_reply reply = ws_call(client, "assay/nothing", "{}");

    expect(reply.outcome != WS_NO_REPLY, reply.end.kind == WS_SILENCE ? HANG : SILENT,
           "an answer to a request of an unknown method", "%s", reply.summary);
}
