/* A client over TCP that sends what it is told to, right or wrong, and reads what an HTTP server makes of it. */
#include "http/peer.h"

#include "base/text.h"
#include "check.h"
#include "net/tcp.h"
#include "wire/http_response.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    REQUEST_MAX_BYTES = 64 << 20,
    SUMMARY_MAX_BYTES = 2048,
    SHOWN_MAX_BYTES = 240, /* of a body or of garbage, in a summary */
    FLOOD_BLOCK_BYTES = 16 << 10,
};

struct http_peer {
    struct http_peer *next; /* of those that are still connected */
    struct http_target *server;
    struct tcp wire;
    struct http_response response;
    struct text first; /* the first bytes of the response as they came, to be shown when it is none */
    struct text summary;
    int64_t dialled_ns;
};

static struct http_peer *open_peers;

static int64_t deadline_ns(int64_t timeout_ms)
{
    return now_ns() + scaled_ms(timeout_ms) * 1000000;
}

/* --- the connection --- */

static struct http_peer *dial(struct http_target *server, int receive_window_bytes)
{
    struct http_peer *peer = calloc(1, sizeof *peer);

    if (!peer)
        error_of_environment("no memory for a client");
    peer->server = server;
    peer->dialled_ns = now_ns();
    http_response_init(&peer->response, false);
    text_init(&peer->first, SHOWN_MAX_BYTES);
    text_init(&peer->summary, SUMMARY_MAX_BYTES);
    switch (tcp_dial(&peer->wire, (struct sockaddr *)&server->address.socket, server->address.socket_bytes,
                     receive_window_bytes, deadline_ns(HTTP_WAIT_MS))) {
    case TCP_OK:
        peer->next = open_peers;
        open_peers = peer;
        return peer;
    case TCP_LATE:
        fail_case(HANG, "the server accepts connections", "no connection before the deadline", "cannot connect to %s",
                  server->host);
    case TCP_ERROR:
        error_of_environment("cannot connect to %s: %s", server->host, strerror(errno));
    default:
        fail_case(CRASH, "the server goes on serving", "connection refused", "nobody listens at %s any more",
                  server->host);
    }
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
    tcp_close(&peer->wire);
    free_peer(peer);
}

void http_reset(struct http_peer *peer)
{
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
    return peer->wire.begin < peer->wire.end || peer->wire.over;
}

/* --- sending --- */

bool http_send_chopped(struct http_peer *peer, struct tcp_plan plan, const void *bytes, size_t count)
{
    sent_bytes(bytes, count);
    return tcp_send(&peer->wire, bytes, count, &plan, deadline_ns(HTTP_WAIT_MS), NULL) == TCP_OK;
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
    int64_t deadline = deadline_ns(HTTP_WAIT_MS);
    enum tcp_result result = TCP_OK;
    struct text block;
    size_t total = 0;

    sent("%s … (and on, up to %zu bytes)", piece, total_bytes);
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
    return total;
}

/* --- reading --- */

/* Feeds what has come to the response; true when something was there. */
static bool feed(struct http_peer *peer)
{
    struct tcp *wire = &peer->wire;
    const char *bytes = wire->buffer + wire->begin;
    size_t taken = http_response_feed(&peer->response, bytes, wire->end - wire->begin);

    text_add_bytes(&peer->first, bytes, taken);
    wire->begin += taken;
    return taken > 0;
}

/* What a reader of an endless body waits for: a text, or more bytes than it has seen. */
struct wanted {
    const char *text; /* may be NULL */
    size_t seen_bytes;
};

static bool holds(const struct text *body, const struct wanted *wanted)
{
    if (!wanted)
        return false;
    if (!wanted->text)
        return body->length > wanted->seen_bytes;
    return memmem(body->bytes, body->length, wanted->text, strlen(wanted->text)) != NULL;
}

/* Reads on until the response is whole, its body holds `wanted` (may be NULL), or nothing more will come. */
static enum http_outcome read_response(struct http_peer *peer, const struct wanted *wanted, int64_t deadline)
{
    struct http_response *response = &peer->response;

    for (;;) {
        while (response->progress == HTTP_READING && feed(peer))
            ;
        if (response->progress == HTTP_MALFORMED)
            return HTTP_GARBLED;
        if (response->progress == HTTP_WHOLE && !wanted)
            return HTTP_ANSWER;
        if (holds(&response->body, wanted))
            return HTTP_ANSWER;
        if (response->progress == HTTP_WHOLE)
            return HTTP_TRUNCATED;

        enum tcp_result result = tcp_receive(&peer->wire, deadline);
        if (result == TCP_OK)
            continue;
        if (result == TCP_FIN)
            http_response_end(response);
        if (response->progress == HTTP_WHOLE && !wanted)
            return HTTP_ANSWER;
        if (response->started)
            return HTTP_TRUNCATED;
        return result == TCP_FIN ? HTTP_CLOSED : result == TCP_LATE ? HTTP_SILENCE : HTTP_RESET;
    }
}

static void summarise(struct http_peer *peer, enum http_outcome outcome, int64_t at_ms)
{
    struct http_response *response = &peer->response;
    struct text *summary = &peer->summary;

    text_clear(summary);
    switch (outcome) {
    case HTTP_ANSWER:
        text_addf(summary, "%d after %lld ms, %zu bytes: ", response->status, (long long)at_ms, response->body.length);
        text_add_visible(summary, response->body.bytes, response->body.length, SHOWN_MAX_BYTES);
        return;
    case HTTP_CLOSED:
        text_addf(summary, "closed without an answer after %lld ms", (long long)at_ms);
        return;
    case HTTP_RESET:
        text_addf(summary, "reset without an answer after %lld ms", (long long)at_ms);
        return;
    case HTTP_SILENCE:
        text_addf(summary, "silence, the connection still open after %lld ms", (long long)at_ms);
        return;
    case HTTP_GARBLED:
        text_add_bytes(&peer->first, peer->wire.buffer + peer->wire.begin, peer->wire.end - peer->wire.begin);
        text_addf(summary, "no well-formed response (%s): ", response->fault);
        break;
    case HTTP_TRUNCATED:
        text_addf(summary, "a response that was not finished after %lld ms: ", (long long)at_ms);
        break;
    }
    text_add_visible(summary, peer->first.bytes, peer->first.length, SHOWN_MAX_BYTES);
}

static struct http_answer answer(struct http_peer *peer, enum http_outcome outcome, unsigned interims)
{
    const struct http_response *response = &peer->response;
    int64_t at_ms = (now_ns() - peer->dialled_ns) / 1000000;

    summarise(peer, outcome, at_ms);
    return (struct http_answer){
        .outcome = outcome,
        .status = outcome == HTTP_ANSWER ? response->status : 0,
        .body = response->body.bytes,
        .body_bytes = response->body.length,
        .interims = interims,
        .closes = response->closes,
        .reset = peer->wire.reset,
        .at_ms = at_ms,
        .summary = peer->summary.bytes,
        .server = peer->server,
        .peer = peer,
    };
}

static enum http_outcome read_next(struct http_peer *peer, bool to_head, int64_t deadline)
{
    http_response_free(&peer->response);
    http_response_init(&peer->response, to_head);
    text_clear(&peer->first);
    return read_response(peer, NULL, deadline);
}

/* 101 is final: what follows it is no HTTP (RFC 9110 7.8). */
static bool is_interim(const struct http_peer *peer, enum http_outcome outcome)
{
    int status = peer->response.status;

    return outcome == HTTP_ANSWER && status < 200 && status != 101;
}

static struct http_answer read_final(struct http_peer *peer, bool to_head, int64_t timeout_ms)
{
    int64_t deadline = deadline_ns(timeout_ms);
    enum http_outcome outcome = read_next(peer, to_head, deadline);
    unsigned interims = 0;

    while (is_interim(peer, outcome) && interims < HTTP_INTERIM_MAX) {
        interims++;
        outcome = read_next(peer, to_head, deadline);
    }
    if (is_interim(peer, outcome)) {
        peer->response.fault = "too many 1xx responses before the final one";
        outcome = HTTP_GARBLED;
    }
    return answer(peer, outcome, interims);
}

struct http_answer http_read(struct http_peer *peer)
{
    return read_final(peer, false, HTTP_WAIT_MS);
}

struct http_answer http_read_to_head(struct http_peer *peer)
{
    return read_final(peer, true, HTTP_WAIT_MS);
}

struct http_answer http_read_within(struct http_peer *peer, int64_t timeout_ms)
{
    return read_final(peer, false, timeout_ms);
}

struct http_answer http_read_interim(struct http_peer *peer)
{
    return answer(peer, read_next(peer, false, deadline_ns(HTTP_WAIT_MS)), 0);
}

struct http_answer http_read_until(struct http_peer *peer, const char *text, int64_t timeout_ms)
{
    const struct wanted wanted = {.text = text};

    return answer(peer, read_response(peer, &wanted, deadline_ns(timeout_ms)), 0);
}

struct http_answer http_read_more(struct http_peer *peer, size_t seen_bytes, int64_t timeout_ms)
{
    const struct wanted wanted = {.seen_bytes = seen_bytes};

    return answer(peer, read_response(peer, &wanted, deadline_ns(timeout_ms)), 0);
}

const char *http_answer_field(const struct http_answer *answered, const char *name)
{
    return http_response_field(&answered->peer->response, name);
}
