/* Pings without end cost a server neither memory nor its other clients. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <string.h>

enum {
    PIECE_BYTES = 60 << 10,
    PINGS = 150000,
    PINGS_LONG = 1000000,
    PAYLOAD_BYTES = 125, /* the most that a control frame holds */
    PATIENCE_MS = 200,
    GROWTH_MAX_BYTES = 8 << 20,
    LOOK_EVERY = 16, /* pieces */
    FEW = 2000,
};

/* A piece full of frames; returns how many. */
static size_t fill(struct text *piece, unsigned opcode)
{
    static char payload[PAYLOAD_BYTES];
    size_t count = 0;

    memset(payload, 'p', sizeof payload);
    text_init(piece, PIECE_BYTES + 1024);
    for (; piece->length < PIECE_BYTES; count++)
        ws_frame_write(&(struct ws_frame){.opcode = opcode, .payload = payload, .payload_bytes = sizeof payload},
                       piece);
    return count;
}

static struct ws_peer *dial_deaf(struct ws_target *server)
{
    struct ws_peer *peer = ws_dial_as(server, &(struct ws_dialling){.narrow = true});

    ws_read_slowly(peer, 1, 0);
    return peer;
}

/* A flood of which nobody reads the answers; somebody else is served meanwhile. Ends early when the server reads no
 * more, or has closed. */
static void flood(struct ws_target *server, size_t pings, int64_t growth_max_bytes)
{
    struct ws_client *other = ws_join(server);
    const char *own = ws_new_session(other);
    struct text piece;
    size_t in_piece = fill(&piece, WS_PING), sent_pings = 0, taken = LOOK_EVERY;

    ws_expect_served(other, own);
    int64_t before_bytes = ws_usage(server).resident_bytes;
    struct ws_peer *peer = dial_deaf(server);
    for (; sent_pings < pings && taken == LOOK_EVERY; sent_pings += taken * in_piece) {
        taken = ws_flood_patiently(peer, piece.bytes, piece.length, LOOK_EVERY, PATIENCE_MS);
        ws_expect_served(other, own);
        int64_t grown_bytes = ws_usage(server).resident_bytes - before_bytes;
        expect(!growth_max_bytes || grown_bytes <= growth_max_bytes, LEAK, "at most 8 MiB for pings",
               "the server has grown by %lld KiB, after %zu pings", (long long)grown_bytes >> 10, sent_pings);
    }
    remark("%zu pings were taken", sent_pings);
    text_free(&piece);
}

static void others_are_served_meanwhile(void **state)
{
    flood(*state, (size_t)(long_run() ? PINGS_LONG : PINGS) / 4, 0);
    ws_expect_alive(*state);
}

static void pongs_do_not_pile_up(void **state)
{
    flood(*state, (size_t)(long_run() ? PINGS_LONG : PINGS), GROWTH_MAX_BYTES);
}

/* Those before may go without a Pong (RFC 6455 5.5.3), the last one may not. */
static void the_last_ping_is_answered(void **state)
{
    static const char *const names[] = {"the last but one", "the last"};
    struct ws_peer *peer = ws_dial(*state);
    struct ws_event event;
    struct text piece;
    size_t in_piece = fill(&piece, WS_PING);

    for (size_t i = 0; i < FEW; i += in_piece)
        ws_send_bytes(peer, piece.bytes, piece.length);
    text_clear(&piece);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) /* in one packet */
        ws_frame_write(&(struct ws_frame){.opcode = WS_PING, .payload = names[i], .payload_bytes = strlen(names[i])},
                       &piece);
    ws_send_bytes(peer, piece.bytes, piece.length);
    do
        event = ws_read_any(peer);
    while (event.kind == WS_GOT_PING || (event.kind == WS_GOT_PONG && strcmp(event.bytes, "the last") != 0));
    expect(event.kind == WS_GOT_PONG, event.kind == WS_SILENCE ? HANG : WRONG, "a Pong for the last Ping", "%s",
           event.summary);
    text_free(&piece);
}

/* Pongs that nobody has asked for are legal, and not answered. */
static void pongs_are_passed_over(void **state)
{
    struct ws_client *client = ws_join(*state);
    struct text piece;
    size_t in_piece = fill(&piece, WS_PONG);

    for (size_t i = 0; i < FEW; i += in_piece)
        ws_send_bytes(ws_peer_of(client), piece.bytes, piece.length);
    ws_settle(client);
    ws_expect_open(ws_peer_of(client));
    text_free(&piece);
}

static void a_ping_is_answered(void **state)
{
    ws_expect_open(ws_peer_of(ws_join(*state)));
}

const struct check check = {
    .title = "Pings without end cost a server neither memory nor its other clients",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28C-12", "RFC 6455 5.5.2", "RFC 6455 5.5.3", "CWE-770"},
    .cases =
        {
            CASE(others_are_served_meanwhile),
            CASE(the_last_ping_is_answered),
            CASE(pongs_are_passed_over),
            MEASURE(pongs_do_not_pile_up),
            CONTROL(a_ping_is_answered),
        },
};
