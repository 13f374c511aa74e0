/* What a room's WebSocket client makes of what comes back: one frame at a time. */
#include "base/text.h"
#include "case/exchange.h"
#include "check.h"
#include "ws/peer_private.h"

#include <string.h>

int64_t ws_peer_at_ms(const struct ws_peer *peer)
{
    return (now_ns() - peer->dialled_ns) / 1000000;
}

void ws_peer_note_end(struct ws_peer *peer)
{
    if ((peer->wire.over || peer->wire.reset) && !peer->end_noted) {
        exchange_note(peer->name, peer->wire.reset ? "reset by the server" : "closed by the server");
        peer->end_noted = true;
    }
}

static enum ws_kind kind_of(const struct ws_reader *reader)
{
    switch (reader->opcode) {
    case WS_CLOSE:
        return WS_GOT_CLOSE;
    case WS_PING:
        return WS_GOT_PING;
    case WS_PONG:
        return WS_GOT_PONG;
    default:
        return reader->ends ? WS_GOT_MESSAGE : WS_GOT_FRAGMENT;
    }
}

/* Reads until a frame is whole, or nothing more will come. */
static enum ws_kind read_frame(struct ws_peer *peer, int64_t deadline_ns)
{
    struct ws_reader *reader = &peer->reader;
    struct tcp *wire = &peer->wire;

    ws_reader_next(reader);
    for (;;) {
        wire->begin += ws_reader_feed(reader, wire->buffer + wire->begin, wire->end - wire->begin);
        if (reader->progress == WS_MALFORMED)
            return WS_GARBLED;
        if (reader->progress == WS_WHOLE)
            return kind_of(reader);
        enum tcp_result result = tcp_receive(wire, deadline_ns);
        if (result == TCP_OK)
            continue;
        if (result == TCP_RESET)
            return WS_GOT_RESET;
        if (reader->started)
            return WS_CUT;
        return result == TCP_FIN ? WS_GOT_FIN : WS_SILENCE;
    }
}

static void note_frame(struct ws_peer *peer, enum ws_kind kind)
{
    const struct ws_reader *reader = &peer->reader;

    if (kind == WS_GARBLED)
        exchange_note(peer->name, "what came is malformed: %s", reader->fault);
    else if (kind == WS_GOT_CLOSE)
        exchange_note(peer->name, "Close %u from the server", reader->close_code);
    else if (kind == WS_GOT_PING || kind == WS_GOT_PONG)
        ws_peer_note(peer, false, ws_peer_opcode(reader->opcode), reader->control, reader->control_bytes);
    else if (kind == WS_GOT_MESSAGE)
        ws_peer_note(peer, false, ws_peer_opcode(reader->message_opcode), reader->message.bytes,
                     reader->message.length);
    ws_peer_note_end(peer);
}

/* The courtesies of RFC 6455 5.5.1 and 5.5.2. They are no request of the room's. */
static void be_polite(struct ws_peer *peer, enum ws_kind kind)
{
    const struct ws_reader *reader = &peer->reader;
    const struct tcp_plan whole = tcp_plan_whole();
    struct text bytes;

    if (peer->rude || peer->close_sent || (kind != WS_GOT_PING && kind != WS_GOT_CLOSE))
        return;
    const struct ws_frame answer = {.opcode = kind == WS_GOT_PING ? WS_PONG : WS_CLOSE,
                                    .payload = reader->control,
                                    .payload_bytes = reader->control_bytes};
    text_init(&bytes, WS_HEADER_MAX_BYTES + WS_CONTROL_MAX_BYTES + 1);
    ws_frame_write(&answer, &bytes);
    ws_peer_note(peer, true, ws_peer_opcode(answer.opcode), answer.payload, answer.payload_bytes);
    tcp_send(&peer->wire, bytes.bytes, bytes.length, &whole, deadline_after(WS_WAIT_MS), NULL);
    peer->close_sent = kind == WS_GOT_CLOSE;
    text_free(&bytes);
}

static void summarise(struct ws_peer *peer, const struct ws_event *event)
{
    struct text *summary = &peer->summary;
    long ms = (long)event->at_ms;

    text_clear(summary);
    switch (event->kind) {
    case WS_GOT_CLOSE:
        text_addf(summary, "Close %u%s after %ld ms: ", event->code, event->code ? "" : " (no code)", ms);
        break;
    case WS_GOT_FIN:
        text_addf(summary, "the connection closed after %ld ms", ms);
        return;
    case WS_GOT_RESET:
        text_addf(summary, "the connection reset after %ld ms", ms);
        return;
    case WS_SILENCE:
        text_addf(summary, "silence, the connection still open after %ld ms", ms);
        return;
    case WS_CUT:
        text_addf(summary, "a frame that was not finished after %ld ms", ms);
        return;
    case WS_GARBLED:
        text_addf(summary, "a malformed frame: %s", event->fault);
        return;
    default:
        text_addf(summary, "%s of %zu bytes after %ld ms: ", ws_peer_opcode(event->opcode), event->count, ms);
    }
    text_add_visible(summary, event->bytes, event->count, WS_SHOWN_MAX_BYTES);
}

static struct ws_event event_of(struct ws_peer *peer, enum ws_kind kind)
{
    const struct ws_reader *reader = &peer->reader;
    bool is_close = kind == WS_GOT_CLOSE;
    size_t skipped = is_close && reader->control_bytes >= 2 ? 2 : 0;
    struct ws_event event = {.kind = kind, .at_ms = ws_peer_at_ms(peer), .fault = reader->fault, .bytes = ""};

    if (kind == WS_GOT_MESSAGE || kind == WS_GOT_FRAGMENT) {
        event.opcode = reader->message_opcode;
        event.bytes = reader->message.bytes;
        event.count = reader->message.length;
        event.fragments = reader->fragments;
        event.deflated = reader->message_deflated;
    } else if (is_close || kind == WS_GOT_PING || kind == WS_GOT_PONG) {
        event.opcode = reader->opcode;
        event.bytes = reader->control + skipped;
        event.count = reader->control_bytes - skipped;
        event.code = is_close ? reader->close_code : 0;
    }
    summarise(peer, &event);
    event.summary = peer->summary.bytes;
    return event;
}

static struct ws_event read_any(struct ws_peer *peer, int64_t deadline_ns)
{
    enum ws_kind kind = read_frame(peer, deadline_ns);

    note_frame(peer, kind);
    be_polite(peer, kind);
    return event_of(peer, kind);
}

static bool is_by_the_way(const struct ws_event *event)
{
    return event->kind == WS_GOT_FRAGMENT || event->kind == WS_GOT_PING || event->kind == WS_GOT_PONG;
}

/* A server that sends nothing but Pings for ever is silent, too. */
struct ws_event ws_peer_read(struct ws_peer *peer, int64_t deadline_ns)
{
    struct ws_event event = read_any(peer, deadline_ns);

    while (is_by_the_way(&event) && now_ns() < deadline_ns)
        event = read_any(peer, deadline_ns);
    if (is_by_the_way(&event))
        event = event_of(peer, event.kind == WS_GOT_FRAGMENT ? WS_CUT : WS_SILENCE);
    requests_read(&peer->requests, event.kind == WS_GOT_MESSAGE);
    return event;
}

struct ws_event ws_read_within(struct ws_peer *peer, int64_t timeout_ms)
{
    return ws_peer_read(peer, deadline_after(timeout_ms));
}

struct ws_event ws_read(struct ws_peer *peer)
{
    return ws_read_within(peer, WS_WAIT_MS);
}

struct ws_event ws_read_any_within(struct ws_peer *peer, int64_t timeout_ms)
{
    struct ws_event event = read_any(peer, deadline_after(timeout_ms));

    requests_read(&peer->requests, event.kind == WS_GOT_MESSAGE);
    return event;
}

struct ws_event ws_read_any(struct ws_peer *peer)
{
    return ws_read_any_within(peer, WS_WAIT_MS);
}
