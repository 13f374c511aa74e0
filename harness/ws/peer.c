/* The connection of a room's WebSocket client, and what goes out on it. */
#include "ws/peer.h"

#include "base/text.h"
#include "case/exchange.h"
#include "check.h"
#include "target/dial.h"
#include "ws/peer_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTE_MAX_BYTES = EXCHANGE_SHOWN_BYTES + 128 };

static struct ws_peer *open_peers;

/* --- evidence --- */

const char *ws_peer_opcode(unsigned opcode)
{
    static const char *const names[16] = {[WS_CONTINUATION] = "Continuation",
                                          [WS_TEXT] = "Text",
                                          [WS_BINARY] = "Binary",
                                          [WS_CLOSE] = "Close",
                                          [WS_PING] = "Ping",
                                          [WS_PONG] = "Pong"};

    return names[opcode & 15] ? names[opcode & 15] : "a frame with a reserved opcode";
}

void ws_peer_note(struct ws_peer *peer, bool sent, const char *what, const void *bytes, size_t count)
{
    struct text line;

    text_init(&line, NOTE_MAX_BYTES);
    text_addf(&line, "%s, %zu byte%s%s", what, count, count == 1 ? "" : "s", count ? ": " : "");
    text_add_bytes(&line, bytes, count);
    if (sent)
        exchange_to(peer->name, line.bytes, line.length);
    else
        exchange_from(peer->name, line.bytes, line.length);
    text_free(&line);
}

/* --- the connection --- */

static struct ws_peer *make_peer(struct ws_target *server)
{
    static unsigned dialled;
    struct ws_peer *peer = calloc(1, sizeof *peer);

    if (!peer)
        error_of_environment("no memory for a client");
    peer->server = server;
    peer->dialled_ns = now_ns();
    http_response_init(&peer->response, false);
    ws_reader_init(&peer->reader);
    text_init(&peer->summary, WS_SUMMARY_MAX_BYTES);
    snprintf(peer->name, sizeof peer->name, "connection %u", ++dialled);
    return peer;
}

struct ws_peer *ws_peer_reach(struct ws_target *server, int receive_window_bytes)
{
    struct ws_peer *peer = make_peer(server);

    dial_server(&peer->wire, &server->address, receive_window_bytes, deadline_after(WS_WAIT_MS), peer->name);
    peer->next = open_peers;
    open_peers = peer;
    return peer;
}

struct ws_peer *ws_connect(struct ws_target *server)
{
    return ws_peer_reach(server, 0);
}

struct ws_target *ws_peer_server(const struct ws_peer *peer)
{
    return peer->server;
}

static void free_peer(struct ws_peer *peer)
{
    struct ws_peer **link = &open_peers;

    while (*link != peer)
        link = &(*link)->next;
    *link = peer->next;
    http_response_free(&peer->response);
    ws_reader_free(&peer->reader);
    text_free(&peer->summary);
    free(peer->key);
    free(peer->extensions);
    free(peer->protocols);
    free(peer);
}

void ws_hang_up(struct ws_peer *peer)
{
    if (!peer)
        return;
    exchange_note(peer->name, "closed by assay");
    tcp_close(&peer->wire);
    free_peer(peer);
}

void ws_reset(struct ws_peer *peer)
{
    exchange_note(peer->name, "reset by assay");
    tcp_reset(&peer->wire);
    free_peer(peer);
}

void ws_hang_up_all(void)
{
    while (open_peers)
        ws_hang_up(open_peers);
}

void ws_half_close(struct ws_peer *peer)
{
    exchange_note(peer->name, "half-closed by assay");
    tcp_half_close(&peer->wire);
}

void ws_be_rude(struct ws_peer *peer)
{
    peer->rude = true;
}

void ws_read_slowly(struct ws_peer *peer, size_t read_bytes, int64_t pause_ms)
{
    peer->wire.deaf = true;
    peer->wire.read_bytes = read_bytes;
    peer->wire.read_pause_ms = pause_ms;
}

bool ws_pause(struct ws_peer *peer, int64_t pause_ms)
{
    tcp_pause(&peer->wire, pause_ms);
    return peer->wire.begin < peer->wire.end || peer->wire.over;
}

/* --- sending --- */

static bool put(struct ws_peer *peer, struct tcp_plan plan, const void *bytes, size_t count)
{
    size_t taken;
    enum tcp_result result = tcp_send(&peer->wire, bytes, count, &plan, deadline_after(WS_WAIT_MS), &taken);

    if (taken < count)
        exchange_note(peer->name, "only %zu of %zu bytes were taken", taken, count);
    return result == TCP_OK;
}

bool ws_send_chopped(struct ws_peer *peer, struct tcp_plan plan, const void *bytes, size_t count)
{
    requests_go_out(&peer->requests, bytes, count);
    exchange_to(peer->name, bytes, count);
    return put(peer, plan, bytes, count);
}

bool ws_send_bytes(struct ws_peer *peer, const void *bytes, size_t count)
{
    return ws_send_chopped(peer, tcp_plan_whole(), bytes, count);
}

/* "Text without FIN, RSV 4, unmasked, which declares 126": what is unusual about it, for people. */
static void describe(const struct ws_frame *frame, struct text *out)
{
    text_add(out, ws_peer_opcode(frame->opcode));
    if (!frame->opcode || frame->more)
        text_addf(out, " %s", frame->more ? "without FIN" : "with FIN");
    if (frame->opcode > WS_PONG || (frame->opcode > WS_BINARY && frame->opcode < WS_CLOSE))
        text_addf(out, " %u", frame->opcode);
    if (frame->rsv)
        text_addf(out, ", RSV %u", frame->rsv);
    if (frame->unmasked)
        text_add(out, ", unmasked");
    if (frame->length_bits)
        text_addf(out, ", its length in %u bits", frame->length_bits);
    if (frame->declares)
        text_addf(out, ", which declares %llu bytes", (unsigned long long)frame->declared_bytes);
}

/* A plain text is shown as what it says, any other frame by its name, too. */
static void note_frame(struct ws_peer *peer, const struct ws_frame *frame)
{
    struct text what;

    text_init(&what, NOTE_MAX_BYTES);
    describe(frame, &what);
    ws_peer_note(peer, true, what.bytes, frame->payload, frame->payload_bytes);
    if (strcmp(what.bytes, ws_peer_opcode(WS_TEXT)) == 0) {
        requests_go_out(&peer->requests, frame->payload, frame->payload_bytes);
    } else {
        text_addf(&what, "%s", frame->payload_bytes ? ": " : "");
        text_add_bytes(&what, frame->payload, frame->payload_bytes);
        requests_go_out(&peer->requests, what.bytes, what.length);
    }
    text_free(&what);
}

bool ws_send_frame_chopped(struct ws_peer *peer, struct tcp_plan plan, const struct ws_frame *frame)
{
    struct text bytes;

    text_init(&bytes, WS_SENT_MAX_BYTES);
    note_frame(peer, frame);
    ws_frame_write(frame, &bytes);
    if (bytes.cut)
        error_of_harness("a frame of more than %d bytes", WS_SENT_MAX_BYTES);
    peer->close_sent |= frame->opcode == WS_CLOSE;
    bool taken = put(peer, plan, bytes.bytes, bytes.length);
    text_free(&bytes);
    return taken;
}

bool ws_send_frame(struct ws_peer *peer, const struct ws_frame *frame)
{
    return ws_send_frame_chopped(peer, tcp_plan_whole(), frame);
}

bool ws_send_text_bytes(struct ws_peer *peer, const void *bytes, size_t count)
{
    return ws_send_frame(peer, &(struct ws_frame){.opcode = WS_TEXT, .payload = bytes, .payload_bytes = count});
}

bool ws_send_text(struct ws_peer *peer, const char *format, ...)
{
    struct text message;
    va_list arguments;

    text_init(&message, WS_SENT_MAX_BYTES);
    va_start(arguments, format);
    text_vaddf(&message, format, arguments);
    va_end(arguments);
    bool taken = ws_send_text_bytes(peer, message.bytes, message.length);
    text_free(&message);
    return taken;
}

bool ws_send_close(struct ws_peer *peer, unsigned code, const char *reason)
{
    char payload[WS_CONTROL_MAX_BYTES];
    size_t count = ws_frame_close(code, reason, payload);

    return ws_send_frame(peer, &(struct ws_frame){.opcode = WS_CLOSE, .payload = payload, .payload_bytes = count});
}

/* Each time until the earlier of both deadlines. */
static size_t flood(struct ws_peer *peer, const void *bytes, size_t count, size_t times, int64_t patience_ms)
{
    const struct tcp_plan whole = tcp_plan_whole();
    int64_t end_ns = deadline_after(WS_WAIT_MS);
    enum tcp_result result = TCP_OK;
    size_t done = 0;

    requests_go_out(&peer->requests, bytes, count);
    exchange_to(peer->name, bytes, count);
    while (result == TCP_OK && done < times && !peer->wire.over) {
        int64_t patient_ns = deadline_after(patience_ms);

        result = tcp_send(&peer->wire, bytes, count, &whole, patient_ns < end_ns ? patient_ns : end_ns, NULL);
        done += result == TCP_OK;
    }
    exchange_note(peer->name, "over and over, %zu times in all", done);
    return done;
}

size_t ws_flood(struct ws_peer *peer, const void *bytes, size_t count, size_t times)
{
    return flood(peer, bytes, count, times, WS_WAIT_MS);
}

size_t ws_flood_patiently(struct ws_peer *peer, const void *bytes, size_t count, size_t times, int64_t patience_ms)
{
    return flood(peer, bytes, count, times, patience_ms);
}
