/* The connection of a room's HTTP client, and what goes out on it. */
#include "http/peer.h"

#include "base/text.h"
#include "case/exchange.h"
#include "check.h"
#include "http/peer_private.h"
#include "target/dial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REQUEST_MAX_BYTES = 64 << 20,
    FLOOD_BLOCK_BYTES = 16 << 10,
};

static struct http_peer *open_peers;

/* --- the connection --- */

void http_peer_note(struct http_peer *peer)
{
    struct tcp *wire = &peer->wire;
    size_t held = wire->end - wire->begin;

    if (held > peer->noted_bytes)
        exchange_from(peer->name, wire->buffer + wire->begin + peer->noted_bytes, held - peer->noted_bytes);
    peer->noted_bytes = held;
    if ((wire->over || wire->reset) && !peer->end_noted) {
        exchange_note(peer->name, wire->reset ? "reset by the server" : "closed by the server");
        peer->end_noted = true;
    }
}

static struct http_peer *dial(struct http_target *server, int receive_window_bytes)
{
    static unsigned dialled;
    struct http_peer *peer = calloc(1, sizeof *peer);

    if (!peer)
        error_of_environment("no memory for a client");
    peer->server = server;
    peer->dialled_ns = now_ns();
    http_response_init(&peer->response, false);
    text_init(&peer->first, HTTP_SHOWN_MAX_BYTES);
    text_init(&peer->summary, HTTP_SUMMARY_MAX_BYTES);
    snprintf(peer->name, sizeof peer->name, "connection %u", ++dialled);
    dial_server(&peer->wire, &server->address, receive_window_bytes, deadline_after(HTTP_WAIT_MS), peer->name);
    peer->next = open_peers;
    open_peers = peer;
    return peer;
}

struct http_peer *http_dial(struct http_target *server)
{
    return dial(server, 0);
}

struct http_peer *http_dial_narrow(struct http_target *server)
{
    return dial(server, 1);
}

static void free_peer(struct http_peer *peer)
{
    struct http_peer **link = &open_peers;

    while (*link != peer)
        link = &(*link)->next;
    *link = peer->next;
    http_response_free(&peer->response);
    text_free(&peer->first);
    text_free(&peer->summary);
    free(peer);
}

void http_hang_up(struct http_peer *peer)
{
    if (!peer)
        return;
    http_peer_note(peer);
    exchange_note(peer->name, "closed by assay");
    tcp_close(&peer->wire);
    free_peer(peer);
}

void http_reset(struct http_peer *peer)
{
    http_peer_note(peer);
    exchange_note(peer->name, "reset by assay");
    tcp_reset(&peer->wire);
    free_peer(peer);
}

void http_hang_up_all(void)
{
    while (open_peers)
        http_hang_up(open_peers);
}

void http_half_close(struct http_peer *peer)
{
    exchange_note(peer->name, "half-closed by assay");
    tcp_half_close(&peer->wire);
}

void http_read_slowly(struct http_peer *peer, size_t read_bytes, int64_t pause_ms)
{
    peer->wire.deaf = true;
    peer->wire.read_bytes = read_bytes;
    peer->wire.read_pause_ms = pause_ms;
}

bool http_pause(struct http_peer *peer, int64_t pause_ms)
{
    tcp_pause(&peer->wire, pause_ms);
    http_peer_note(peer);
    return peer->wire.begin < peer->wire.end || peer->wire.over;
}

/* --- sending --- */

static void note_sending(struct http_peer *peer, const void *bytes, size_t count)
{
    requests_go_out(&peer->requests, bytes, count);
    exchange_to(peer->name, bytes, count);
}

bool http_send_chopped(struct http_peer *peer, struct tcp_plan plan, const void *bytes, size_t count)
{
    size_t taken;

    note_sending(peer, bytes, count);
    enum tcp_result result = tcp_send(&peer->wire, bytes, count, &plan, deadline_after(HTTP_WAIT_MS), &taken);
    if (taken < count)
        exchange_note(peer->name, "only %zu of these bytes were taken", taken);
    http_peer_note(peer);
    return result == TCP_OK;
}

bool http_send_bytes(struct http_peer *peer, const void *bytes, size_t count)
{
    return http_send_chopped(peer, tcp_plan_whole(), bytes, count);
}

bool http_send(struct http_peer *peer, const char *format, ...)
{
    struct text request;
    va_list arguments;

    text_init(&request, REQUEST_MAX_BYTES);
    va_start(arguments, format);
    text_vaddf(&request, format, arguments);
    va_end(arguments);
    if (request.cut)
        error_of_harness("a request of more than %d bytes: http_flood() is for those", REQUEST_MAX_BYTES);
    bool taken = http_send_bytes(peer, request.bytes, request.length);
    text_free(&request);
    return taken;
}

bool http_send_request(struct http_peer *peer, const struct http_endpoint *endpoint, const char *lines,
                       const char *rest)
{
    return http_send(peer, "%s %s HTTP/1.1\r\n%s%s\r\n%s", endpoint->method, endpoint->path, peer->server->fields,
                     lines, rest);
}

bool http_send_json(struct http_peer *peer, const struct http_endpoint *endpoint, const char *body)
{
    return http_send(peer, "%s %s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", endpoint->method, endpoint->path,
                     peer->server->fields, strlen(body), body);
}

size_t http_flood(struct http_peer *peer, const char *piece, size_t total_bytes)
{
    const struct tcp_plan whole = tcp_plan_whole();
    struct tcp *wire = &peer->wire;
    int64_t deadline = deadline_after(HTTP_WAIT_MS);
    enum tcp_result result = TCP_OK;
    struct text block;
    size_t total = 0;

    note_sending(peer, piece, strlen(piece));
    text_init(&block, FLOOD_BLOCK_BYTES + strlen(piece));
    while (block.length < FLOOD_BLOCK_BYTES)
        text_add(&block, piece);
    while (result == TCP_OK && total < total_bytes && wire->begin == wire->end && !wire->over) {
        size_t taken;

        result = tcp_send(wire, block.bytes, block.length, &whole, deadline, &taken);
        total += taken;
        tcp_pause(wire, 0);
    }
    text_free(&block);
    exchange_note(peer->name, "over and over, %zu bytes in all", total);
    http_peer_note(peer);
    sent("%s … (over and over, %zu bytes in all)", piece, total);
    return total;
}
