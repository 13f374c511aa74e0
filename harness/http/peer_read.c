/* What a room's HTTP client makes of what comes back: one answer at a time, whatever it is. */
#include "base/text.h"
#include "check.h"
#include "http/peer_private.h"

#include <string.h>

/* Feeds what has come to the response; true when something was there. */
static bool feed(struct http_peer *peer)
{
    struct tcp *wire = &peer->wire;
    const char *bytes = wire->buffer + wire->begin;
    size_t taken = http_response_feed(&peer->response, bytes, wire->end - wire->begin);

    http_peer_note(peer);
    text_add_bytes(&peer->first, bytes, taken);
    wire->begin += taken;
    peer->noted_bytes -= taken;
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
        http_peer_note(peer);
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
        text_add_visible(summary, response->body.bytes, response->body.length, HTTP_SHOWN_MAX_BYTES);
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
    text_add_visible(summary, peer->first.bytes, peer->first.length, HTTP_SHOWN_MAX_BYTES);
}

/* 101 is final: what follows it is no HTTP (RFC 9110 7.8). */
static bool is_final(int status)
{
    return status >= 200 || status == 101;
}

static struct http_answer answer(struct http_peer *peer, enum http_outcome outcome, unsigned interims)
{
    const struct http_response *response = &peer->response;
    int64_t at_ms = (now_ns() - peer->dialled_ns) / 1000000;

    summarise(peer, outcome, at_ms);
    requests_read(&peer->requests, outcome == HTTP_ANSWER && is_final(response->status));
    return (struct http_answer){
        .outcome = outcome,
        .status = outcome == HTTP_ANSWER ? response->status : 0,
        .body = response->body.bytes,
        .body_bytes = response->body.length,
        .interims = interims,
        .http_1_0 = outcome == HTTP_ANSWER && response->minor_version == 0,
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

static bool is_interim(const struct http_peer *peer, enum http_outcome outcome)
{
    return outcome == HTTP_ANSWER && !is_final(peer->response.status);
}

static struct http_answer read_final(struct http_peer *peer, bool to_head, int64_t timeout_ms)
{
    int64_t deadline = deadline_after(timeout_ms);
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
    return answer(peer, read_next(peer, false, deadline_after(HTTP_WAIT_MS)), 0);
}

struct http_answer http_read_until(struct http_peer *peer, const char *text, int64_t timeout_ms)
{
    const struct wanted wanted = {.text = text};

    return answer(peer, read_response(peer, &wanted, deadline_after(timeout_ms)), 0);
}

struct http_answer http_read_more(struct http_peer *peer, size_t seen_bytes, int64_t timeout_ms)
{
    const struct wanted wanted = {.seen_bytes = seen_bytes};

    return answer(peer, read_response(peer, &wanted, deadline_after(timeout_ms)), 0);
}

const char *http_answer_field(const struct http_answer *answer, const char *name)
{
    return http_response_field(&answer->peer->response, name);
}
