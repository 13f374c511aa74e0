/* The opening handshake of a room's WebSocket client: its request, and what came back. */
#include "base/text.h"
#include "case/exchange.h"
#include "check.h"
#include "ws/peer_private.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_MAX_BYTES = 64 << 20 };

/* --- the request --- */

static char *copy(const char *string)
{
    char *copied = string ? strdup(string) : NULL;

    if (string && !copied)
        error_of_environment("no memory for a client");
    return copied;
}

/* What the room has left open is the server's own. */
static struct ws_request complete(struct ws_peer *peer, const struct ws_dialling *dialling, struct text *fields)
{
    struct ws_request request = dialling->request;
    char own_key[WS_KEY_BYTES];

    if (!dialling->stranger)
        text_add(fields, peer->server->fields);
    text_add(fields, request.fields ? request.fields : "");
    request.fields = fields->bytes;
    request.host = request.host ? request.host : peer->server->host;
    request.target = request.target ? request.target : peer->server->path;
    ws_handshake_key(own_key);
    peer->key = copy(request.key ? request.key : own_key);
    request.key = peer->key;
    peer->extensions = copy(request.extensions);
    peer->protocols = copy(request.protocols);
    peer->asked = (struct ws_request){.key = peer->key, .extensions = peer->extensions, .protocols = peer->protocols};
    return request;
}

struct ws_peer *ws_knock(struct ws_target *server, const struct ws_dialling *dialling)
{
    struct ws_peer *peer = ws_peer_reach(server, dialling->narrow ? 1 : dialling->window_bytes);
    struct text head, fields;

    text_init(&head, HEAD_MAX_BYTES);
    text_init(&fields, HEAD_MAX_BYTES);
    struct ws_request request = complete(peer, dialling, &fields);
    if (request.method && strcmp(request.method, "HEAD") == 0)
        http_response_init(&peer->response, true);
    ws_request_write(&request, &head);
    text_add_bytes(&head, dialling->glued, dialling->glued_bytes);
    ws_send_chopped(peer, dialling->plan, head.bytes, head.length);
    text_free(&fields);
    text_free(&head);
    return peer;
}

/* --- the answer --- */

static enum tcp_result read_response(struct ws_peer *peer)
{
    struct http_response *response = &peer->response;
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    struct tcp *wire = &peer->wire;

    while (response->progress == HTTP_READING) {
        enum tcp_result result = tcp_receive(wire, deadline_ns);

        if (result == TCP_FIN)
            http_response_end(response);
        if (result != TCP_OK)
            return result;
        size_t taken = http_response_feed(response, wire->buffer + wire->begin, wire->end - wire->begin);
        exchange_from(peer->name, wire->buffer + wire->begin, taken);
        wire->begin += taken;
    }
    return TCP_OK;
}

static void summarise_opening(struct ws_peer *peer, const struct ws_opening *opening, bool late)
{
    struct text *summary = &peer->summary;
    const struct http_response *response = &peer->response;

    text_clear(summary);
    if (opening->status)
        text_addf(summary, "%d after %lld ms%s%s", opening->status, (long long)opening->at_ms,
                  opening->fault ? ", but " : "", opening->fault ? opening->fault : "");
    else if (opening->fault)
        text_addf(summary, "no well-formed response: %s", opening->fault);
    else if (late)
        text_addf(summary, "%s, the connection still open after %lld ms",
                  response->started ? "a response that was not finished" : "silence", (long long)opening->at_ms);
    else
        text_addf(summary, "%s without a%s answer after %lld ms", peer->wire.reset ? "reset" : "closed",
                  response->started ? " whole" : "n", (long long)opening->at_ms);
}

struct ws_opening ws_read_opening(struct ws_peer *peer)
{
    enum tcp_result result = read_response(peer);
    const struct http_response *response = &peer->response;
    struct ws_opening opening = {.at_ms = ws_peer_at_ms(peer), .peer = peer, .fault = response->fault};

    ws_peer_note_end(peer);
    if (response->progress == HTTP_WHOLE)
        opening.status = response->status;
    if (opening.status == 101)
        opening.fault = ws_handshake_fault(&peer->asked, response);
    opening.open = opening.status == 101 && !opening.fault;
    opening.closed = !opening.status && (result == TCP_FIN || result == TCP_RESET);
    peer->reader.deflate = opening.open && http_response_field(response, "Sec-WebSocket-Extensions");
    summarise_opening(peer, &opening, result == TCP_LATE);
    opening.summary = peer->summary.bytes;
    requests_read(&peer->requests, true);
    return opening;
}

const char *ws_opening_field(const struct ws_opening *opening, const char *name)
{
    return http_response_field(&opening->peer->response, name);
}

/* --- both --- */

struct ws_peer *ws_dial_as(struct ws_target *server, const struct ws_dialling *dialling)
{
    struct ws_peer *peer = ws_knock(server, dialling);
    struct ws_opening opening = ws_read_opening(peer);

    expect(opening.open, opening.status || opening.closed ? WRONG : HANG, "101 Switching Protocols, and a right one",
           "%s", opening.summary);
    return peer;
}

struct ws_peer *ws_dial(struct ws_target *server)
{
    return ws_dial_as(server, &(struct ws_dialling){0});
}
