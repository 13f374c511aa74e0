/* Reserved bits, opcodes, and how frames make messages: what breaks a rule ends the connection, what does not is
 * served. */
#include "check.h"
#include "ws/expect.h"
#include "ws/framing.h"

#include <string.h>

#define RSV                                                                                                      \
    "RFC 6455 5.2: \"If a nonzero value is received and none of the negotiated extensions defines the meaning\"" \
    " \"of such a nonzero value, the receiving endpoint MUST _Fail the WebSocket Connection_.\""
#define OPCODE                                                                                            \
    "RFC 6455 5.2: \"If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket\"" \
    " \"Connection_.\""
#define CONTROL_WHOLE "RFC 6455 5.5: \"All control frames … MUST NOT be fragmented.\""
#define INTERLEAVED                                                                                           \
    "RFC 6455 5.4: \"The fragments of one message MUST NOT be interleaved between the fragments of another\"" \
    " \"message\""
#define BEGINS                                                                                                     \
    "RFC 6455 5.4: \"A fragmented message consists of a single frame with the FIN bit clear and an opcode other\"" \
    " \"than 0, followed by\" continuations"
#define TEXT(string) .payload = (string), .payload_bytes = sizeof(string) - 1
#define ROWS(rows) rows, sizeof(rows) / sizeof *(rows)

static void reserved_bits_of_a_message_fail(void **state)
{
    static const struct ws_row rows[] = {
        {"a text with RSV1", RSV, 1, {{.opcode = WS_TEXT, .rsv = 4, TEXT("{}")}}},
        {"a text with RSV2", RSV, 1, {{.opcode = WS_TEXT, .rsv = 2, TEXT("{}")}}},
        {"a text with RSV3", RSV, 1, {{.opcode = WS_TEXT, .rsv = 1, TEXT("{}")}}},
        {"a text with all of them", RSV, 1, {{.opcode = WS_TEXT, .rsv = 7, TEXT("{}")}}},
        {"a binary message with RSV3", RSV, 1, {{.opcode = WS_BINARY, .rsv = 1}}},
        {"a continuation with RSV1", RSV, 2, {{.opcode = WS_TEXT, .more = true}, {.rsv = 4, TEXT("{}")}}},
        {"a continuation with RSV2", RSV, 2, {{.opcode = WS_TEXT, .more = true}, {.rsv = 2, TEXT("{}")}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1002");
}

static void reserved_bits_of_a_control_frame_fail(void **state)
{
    static const struct ws_row rows[] = {
        {"a Ping with RSV1", RSV, 1, {{.opcode = WS_PING, .rsv = 4, TEXT("x")}}},
        {"a Ping with RSV2", RSV, 1, {{.opcode = WS_PING, .rsv = 2}}},
        {"a Pong with RSV3", RSV, 1, {{.opcode = WS_PONG, .rsv = 1}}},
        {"a Close with RSV2", RSV, 1, {{.opcode = WS_CLOSE, .rsv = 2, TEXT("\x03\xe8")}}},
        {"a Ping with RSV3 within a message",
         RSV,
         2,
         {{.opcode = WS_TEXT, .more = true, TEXT("{")}, {.opcode = WS_PING, .rsv = 1}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1002");
}

static void reserved_opcodes_fail(void **state)
{
    static const unsigned opcodes[] = {3, 4, 5, 6, 7};
    struct ws_row rows[2 * sizeof opcodes / sizeof *opcodes];

    for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++) {
        rows[2 * i] = (struct ws_row){"a data frame without a meaning", OPCODE, 1, {{.opcode = opcodes[i]}}};
        rows[2 * i + 1] = (struct ws_row){
            "one within a message", OPCODE, 2, {{.opcode = WS_TEXT, .more = true}, {.opcode = opcodes[i], TEXT("x")}}};
    }
    ws_expect_failed(*state, ROWS(rows), "1002");
}

static void reserved_control_opcodes_fail(void **state)
{
    static const unsigned opcodes[] = {11, 12, 13, 14, 15};
    struct ws_row rows[2 * sizeof opcodes / sizeof *opcodes];

    for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++) {
        rows[2 * i] = (struct ws_row){"a control frame without a meaning", OPCODE, 1, {{.opcode = opcodes[i]}}};
        rows[2 * i + 1] = (struct ws_row){
            "one within a message", OPCODE, 2, {{.opcode = WS_TEXT, .more = true}, {.opcode = opcodes[i], TEXT("x")}}};
    }
    ws_expect_failed(*state, ROWS(rows), "1002");
}

static void control_frames_in_fragments_fail(void **state)
{
    static const struct ws_row rows[] = {
        {"a Ping without FIN", CONTROL_WHOLE, 1, {{.opcode = WS_PING, .more = true, TEXT("ping")}}},
        {"a Ping in two", CONTROL_WHOLE, 2, {{.opcode = WS_PING, .more = true, TEXT("pi")}, {TEXT("ng")}}},
        {"a Pong without FIN", CONTROL_WHOLE, 1, {{.opcode = WS_PONG, .more = true}}},
        {"a Close in two", CONTROL_WHOLE, 2, {{.opcode = WS_CLOSE, .more = true, TEXT("\x03")}, {TEXT("\xe8")}}},
        {"a Ping without FIN within a message",
         CONTROL_WHOLE,
         2,
         {{.opcode = WS_TEXT, .more = true}, {.opcode = WS_PING, .more = true}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1002");
}

static void a_continuation_of_nothing_fails(void **state)
{
    static const struct ws_row rows[] = {
        {"a continuation first", BEGINS, 1, {{TEXT("{}")}}},
        {"one without a byte", BEGINS, 1, {{.opcode = WS_CONTINUATION}}},
        {"one without FIN", BEGINS, 1, {{.more = true, TEXT("{")}}},
        {"one behind a whole binary message", BEGINS, 2, {{.opcode = WS_BINARY, TEXT("b")}, {TEXT("{}")}}},
        {"one behind a Ping", BEGINS, 2, {{.opcode = WS_PONG}, {TEXT("{}")}}},
        {"one behind a message in fragments",
         BEGINS,
         3,
         {{.opcode = WS_BINARY, .more = true, TEXT("b")}, {TEXT("b")}, {TEXT("{}")}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1002 1003");
}

static void a_message_within_a_message_fails(void **state)
{
    static const struct ws_row rows[] = {
        {"a text within a text",
         INTERLEAVED,
         2,
         {{.opcode = WS_TEXT, .more = true, TEXT("{")}, {.opcode = WS_TEXT, TEXT("}")}}},
        {"a binary message within a text",
         INTERLEAVED,
         2,
         {{.opcode = WS_TEXT, .more = true, TEXT("{")}, {.opcode = WS_BINARY}}},
        {"a text within a binary message",
         INTERLEAVED,
         2,
         {{.opcode = WS_BINARY, .more = true}, {.opcode = WS_TEXT, TEXT("{}")}}},
        {"a text behind a continuation without FIN",
         INTERLEAVED,
         3,
         {{.opcode = WS_TEXT, .more = true, TEXT("{")}, {.more = true}, {.opcode = WS_TEXT, TEXT("}")}}},
        {"a text without FIN, again",
         INTERLEAVED,
         2,
         {{.opcode = WS_TEXT, .more = true}, {.opcode = WS_TEXT, .more = true}}},
        {"a text behind a Ping within a text",
         INTERLEAVED,
         3,
         {{.opcode = WS_TEXT, .more = true}, {.opcode = WS_PONG}, {.opcode = WS_TEXT, TEXT("{}")}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1002 1003");
}

/* Sends only the first bytes of a frame, and waits: what is wrong shows already. */
static void expect_failed_early(struct ws_target *server, const void *bytes, size_t count, const char *what,
                                const char *rule)
{
    struct ws_client *client = ws_join(server);

    ws_send_bytes(ws_peer_of(client), bytes, count);
    ws_expect_failing(ws_peer_of(client), "1002", what, rule);
    ws_drop(client);
}

static void what_breaks_a_rule_fails_at_once(void **state)
{
    struct ws_target *server = *state;

    if (!server->strict)
        not_applicable("the target does not declare ws.framing=strict, and a frame may be waited for");
    expect_failed_early(server, "\xc1", 1, "the first byte of a text with RSV1", RSV);
    expect_failed_early(server, "\x83", 1, "the first byte of a frame without a meaning", OPCODE);
    expect_failed_early(server, "\x09", 1, "the first byte of a Ping without FIN", CONTROL_WHOLE);
    expect_failed_early(server, "\x80", 1, "the first byte of a continuation of nothing", BEGINS);
    expect_failed_early(server, "\x81\x02", 2, "the first two bytes of an unmasked text", "RFC 6455 5.1");
    expect_failed_early(server, "\x89\xfe", 2, "the first two bytes of a long Ping", "RFC 6455 5.5");
    expect_failed_early(server, "\x81\xfe\0\x7d", 4, "a length in too many bytes, and no key yet", "RFC 6455 5.2");
    ws_expect_alive(server);
}

/* A text in so many fragments, the first and the last of them empty, with a Pong between each two. */
static void send_in_fragments(struct ws_peer *peer, const struct ws_probe *probe, size_t fragments,
                              struct tcp_plan plan)
{
    size_t each = probe->bytes / fragments + 1, at = 0;

    ws_send_frame_chopped(peer, plan, &(struct ws_frame){.opcode = WS_TEXT, .more = true});
    while (at < probe->bytes) {
        size_t count = probe->bytes - at < each ? probe->bytes - at : each;

        ws_send_frame_chopped(peer, plan,
                              &(struct ws_frame){.more = true, .payload = probe->text + at, .payload_bytes = count});
        ws_send_frame_chopped(peer, plan, &(struct ws_frame){.opcode = WS_PONG, TEXT("unasked")});
        at += count;
    }
    ws_send_frame_chopped(peer, plan, &(struct ws_frame){.opcode = WS_CONTINUATION});
}

static void fragments_make_one_message(void **state)
{
    static const size_t counts[] = {1, 2, 3, 10, 150};
    struct ws_client *client = ws_join(*state);

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct ws_probe probe = ws_make_probe(160 + i);

        send_in_fragments(ws_peer_of(client), &probe, counts[i], tcp_plan_whole());
        ws_expect_answered(ws_peer_of(client), &probe, "a request in fragments");
    }
}

static void so_they_do_byte_by_byte(void **state)
{
    struct ws_client *client = ws_join(*state);
    struct ws_probe probe = ws_make_probe(100);

    send_in_fragments(ws_peer_of(client), &probe, 4, tcp_plan_drip(1, 1));
    ws_expect_answered(ws_peer_of(client), &probe, "a request in fragments, byte by byte");
}

/* Several frames in one segment are as many messages. */
static void frames_that_come_together_are_all_heard(void **state)
{
    enum { TOGETHER = 20 };
    struct ws_client *client = ws_join(*state);
    struct ws_probe probes[TOGETHER];
    struct text bytes;

    text_init(&bytes, 1 << 20);
    for (int i = 0; i < TOGETHER; i++) {
        probes[i] = ws_make_probe(0);
        ws_frame_write(
            &(struct ws_frame){.opcode = WS_TEXT, .payload = probes[i].text, .payload_bytes = probes[i].bytes}, &bytes);
        ws_frame_write(&(struct ws_frame){.opcode = WS_PONG, TEXT("between")}, &bytes);
    }
    ws_send_bytes(ws_peer_of(client), bytes.bytes, bytes.length);
    text_free(&bytes);
    for (int i = 0; i < TOGETHER; i++)
        ws_expect_answered(ws_peer_of(client), &probes[i], "a request of many in one segment");
}

static void a_request_in_one_frame_is_answered(void **state)
{
    struct ws_client *client = ws_join(*state);
    struct ws_probe probe = ws_send_probe(ws_peer_of(client));

    ws_expect_answered(ws_peer_of(client), &probe, "a request");
}

const struct check check = {
    .title = "Frames that break a rule end the connection, and frames that do not make messages",
    .level = MUST,
    .origins = {"RFC 6455 5.2", "RFC 6455 5.4", "RFC 6455 5.5"},
    .cases =
        {
            CASE(reserved_bits_of_a_message_fail),
            CASE(reserved_bits_of_a_control_frame_fail),
            CASE(reserved_opcodes_fail),
            CASE(reserved_control_opcodes_fail),
            CASE(control_frames_in_fragments_fail),
            CASE(a_continuation_of_nothing_fails),
            CASE(a_message_within_a_message_fails),
            CASE(what_breaks_a_rule_fails_at_once),
            CASE(fragments_make_one_message),
            CASE(so_they_do_byte_by_byte),
            CASE(frames_that_come_together_are_all_heard),
            CONTROL(a_request_in_one_frame_is_answered),
        },
};
