/* A message has a limit, in one frame or in many; what is longer is refused before it takes memory. */
#include "check.h"
#include "base/text.h"
#include "ws/expect.h"
#include "ws/framing.h"

#include <string.h>

#define RULE                                                                                                           \
    "RFC 6455 10.4: \"Implementations that have … limitations regarding the frame size or total message size after " \
    "reassembly … MUST protect themselves against exceeding those limits.\""

enum { LIMIT_BYTES = 256 << 10, PIECE_BYTES = 16 << 10, CLIENTS = 80, SLACK_BYTES = 8 << 20, ROUNDS = 5 };

static const uint64_t terabyte = 1ULL << 40;

struct bounded {
    struct ws_target *server;
    size_t limit_bytes;
};

static struct bounded bounded_server(void **state)
{
    struct bounded bounded = {.server = *state};

    bounded.limit_bytes = (size_t)ws_restart_with_limit(bounded.server, "ws.message_bytes", LIMIT_BYTES);
    return bounded;
}

/* Payload without end behind what has been announced, until the server takes no more. */
static void flood(struct ws_peer *peer, size_t bytes)
{
    char piece[PIECE_BYTES];

    memset(piece, ' ', sizeof piece);
    ws_flood(peer, piece, sizeof piece, bytes / sizeof piece + 1);
}

/* Announces so many bytes in a frame of that kind, and sends none of them to a strict server: that is enough to refuse.
 * Another may wait for as many as it has room for. */
static void expect_too_big(struct bounded bounded, struct ws_peer *peer, unsigned opcode, uint64_t bytes,
                           const char *what)
{
    ws_send_frame(peer, &(struct ws_frame){.opcode = opcode,
                                           .key = "\0\0\0\0",
                                           .declares = true,
                                           .declared_bytes = bytes,
                                           .length_bits = bytes > UINT16_MAX ? 64 : 16});
    if (!bounded.server->strict)
        flood(peer, bounded.limit_bytes + PIECE_BYTES);
    ws_expect_failing(peer, "1009", what, RULE);
}

static void an_announced_terabyte_is_refused(void **state)
{
    static const unsigned opcodes[] = {WS_TEXT, WS_BINARY};
    struct bounded bounded = bounded_server(state);
    const uint64_t lengths[] = {terabyte, INT64_MAX, UINT32_MAX, 1ULL << 32, (1ULL << 32) + 2};

    for (size_t i = 0; i < 2 * sizeof lengths / sizeof *lengths; i++)
        expect_too_big(bounded, ws_dial(bounded.server), opcodes[i % 2], lengths[i / 2],
                       "a message of up to 2^63 bytes");
    ws_expect_alive(bounded.server);
}

static void one_byte_over_the_limit_is_too_much(void **state)
{
    struct bounded bounded = bounded_server(state);
    struct ws_peer *peer = ws_peer_of(ws_join(bounded.server));
    struct ws_probe probe = ws_make_probe(bounded.limit_bytes + 1);

    ws_send_text_bytes(peer, probe.text, probe.bytes);
    ws_expect_failing(peer, "1009", "a message of one byte over the limit", RULE);
    ws_expect_alive(bounded.server);
}

/* Each of them is within the limit, and they add up beyond it; the last never comes. */
static void fragments_that_add_up_are_too_much(void **state)
{
    struct bounded bounded = bounded_server(state);
    struct ws_peer *peer = ws_peer_of(ws_join(bounded.server));
    char piece[PIECE_BYTES];

    memset(piece, ' ', sizeof piece);
    for (size_t sent_bytes = 0; sent_bytes <= bounded.limit_bytes; sent_bytes += sizeof piece)
        ws_send_frame(peer, &(struct ws_frame){.opcode = sent_bytes ? WS_CONTINUATION : WS_TEXT,
                                               .more = true,
                                               .payload = piece,
                                               .payload_bytes = sizeof piece});
    ws_expect_failing(peer, "1009", "fragments that add up", RULE);
    ws_expect_alive(bounded.server);
}

/* So they are when the last one is the large one, and when adding them up overflows 64 bits. */
static void so_is_a_large_fragment_behind_small_ones(void **state)
{
    struct bounded bounded = bounded_server(state);
    const uint64_t lengths[] = {bounded.limit_bytes, terabyte, INT64_MAX};

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct ws_peer *peer = ws_dial(bounded.server);

        ws_send_frame(peer, &(struct ws_frame){.opcode = WS_TEXT, .more = true, .payload = " ", .payload_bytes = 1});
        expect_too_big(bounded, peer, WS_CONTINUATION, lengths[i], "a large fragment behind a small one");
    }
    ws_expect_alive(bounded.server);
}

static void expect_growth(struct ws_target *server, int64_t before_bytes, const char *what)
{
    ws_expect_alive(server);
    int64_t growth = ws_usage(server).resident_bytes - before_bytes;
    expect(growth < SLACK_BYTES, LEAK, "less than 8 MiB more", "%lld bytes more after %s", (long long)growth, what);
}

/* A message is begun, and its head says how long it will be. */
static struct ws_peer *announce(struct bounded bounded, uint64_t bytes)
{
    struct ws_peer *peer = ws_dial(bounded.server);

    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_TEXT,
                                           .length_bits = 64,
                                           .declares = true,
                                           .declared_bytes = bytes,
                                           .key = "\0\0\0\0",
                                           .payload = " ",
                                           .payload_bytes = 1});
    return peer;
}

/* Memory is taken for what has come, and not for what is said to come. */
static void what_is_announced_takes_no_memory(void **state)
{
    struct bounded bounded = bounded_server(state);

    ws_hang_up(announce(bounded, bounded.limit_bytes));
    ws_expect_alive(bounded.server);
    int64_t before_bytes = ws_usage(bounded.server).resident_bytes;
    for (int i = 0; i < CLIENTS; i++)
        announce(bounded, i % 4 == 3 ? terabyte : bounded.limit_bytes);
    expect_growth(bounded.server, before_bytes, "messages that are announced and do not come");
}

static void leave_in_the_middle(struct bounded bounded, int clients)
{
    for (int i = 0; i < clients; i++) {
        struct ws_peer *peer = announce(bounded, bounded.limit_bytes);

        flood(peer, bounded.limit_bytes / 4 * 3);
        ws_expect_alive(bounded.server);
        ws_hang_up(peer);
    }
}

/* What a collector has not come to is no leak: that grows with each round. */
static void what_has_come_is_given_back(void **state)
{
    struct bounded bounded = bounded_server(state);
    int64_t before_bytes = 0;

    leave_in_the_middle(bounded, 3);
    for (int round = 0; round < ROUNDS; round++) {
        before_bytes = ws_usage(bounded.server).resident_bytes;
        leave_in_the_middle(bounded, CLIENTS);
        if (ws_usage(bounded.server).resident_bytes - before_bytes < SLACK_BYTES)
            return;
    }
    expect_growth(bounded.server, before_bytes, "messages that were broken off, the fifth time");
}

static void a_message_at_the_limit_is_read(void **state)
{
    struct bounded bounded = bounded_server(state);
    struct ws_peer *peer = ws_peer_of(ws_join(bounded.server));
    struct ws_probe probe = ws_make_probe(bounded.limit_bytes);

    ws_send_text_bytes(peer, probe.text, probe.bytes);
    ws_expect_answered(peer, &probe, "a message as long as the limit");
}

/* Each message counts by itself, its fragments together, and control frames not at all. */
static void each_message_counts_by_itself(void **state)
{
    struct bounded bounded = bounded_server(state);
    struct ws_peer *peer = ws_peer_of(ws_join(bounded.server));

    for (int i = 0; i < 4; i++) {
        struct ws_probe probe = ws_make_probe(bounded.limit_bytes / 4 * 3);
        size_t half = probe.bytes / 2;

        ws_send_frame(
            peer, &(struct ws_frame){.opcode = WS_TEXT, .more = true, .payload = probe.text, .payload_bytes = half});
        for (int n = 0; n < 20; n++)
            ws_send_frame(peer, &(struct ws_frame){.opcode = WS_PONG, .payload = probe.text, .payload_bytes = 125});
        ws_send_frame(peer, &(struct ws_frame){.payload = probe.text + half, .payload_bytes = probe.bytes - half});
        ws_expect_answered(peer, &probe, "a message of three quarters of the limit");
    }
}

static void a_short_message_is_read(void **state)
{
    struct ws_peer *peer = ws_peer_of(ws_join(*state));
    struct ws_probe probe = ws_make_probe(1000);

    ws_send_text_bytes(peer, probe.text, probe.bytes);
    ws_expect_answered(peer, &probe, "a message of 1,000 bytes");
}

const struct check check = {
    .title = "A message over the limit is refused before it takes memory, in one frame or in many",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 6455 10.4", "RFC 6455 7.4.1", "CWE-770", "CWE-789"},
    .cases =
        {
            CASE(an_announced_terabyte_is_refused),
            CASE(one_byte_over_the_limit_is_too_much),
            CASE(fragments_that_add_up_are_too_much),
            CASE(so_is_a_large_fragment_behind_small_ones),
            MEASURE(what_is_announced_takes_no_memory),
            MEASURE(what_has_come_is_given_back),
            CASE(a_message_at_the_limit_is_read),
            CASE(each_message_counts_by_itself),
            CONTROL(a_short_message_is_read),
        },
};
