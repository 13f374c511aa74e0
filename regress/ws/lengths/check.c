/* A length is written in the fewest bytes, fits into 63 bits, and of a control frame is at most 125; messages and
 * answers on both sides of each border are whole. */
#include "check.h"
#include "base/text.h"
#include "ws/expect.h"
#include "ws/framing.h"

#include <string.h>

#define MINIMAL "RFC 6455 5.2: \"in all cases, the minimal number of bytes MUST be used to encode the length\""
#define TOP_BIT "RFC 6455 5.2: \"the most significant bit MUST be 0\""
#define SHORT "RFC 6455 5.5: \"All control frames MUST have a payload length of 125 bytes or less\""
#define OF(string) .payload = (string), .payload_bytes = sizeof(string) - 1
#define ROWS(rows) rows, sizeof(rows) / sizeof *(rows)

static const char zeros[70000];

/* A MUST for whoever sends; of who receives 10.7 says that it MAY drop the connection. */
static void lengths_in_too_many_bytes_fail(void **state)
{
    static const struct ws_row rows[] = {
        {"a text of 2 bytes, the length in 16 bits", MINIMAL, 1, {{.opcode = WS_TEXT, .length_bits = 16, OF("{}")}}},
        {"a text of 2 bytes, the length in 64 bits", MINIMAL, 1, {{.opcode = WS_TEXT, .length_bits = 64, OF("{}")}}},
        {"no byte, in 16 bits", MINIMAL, 1, {{.opcode = WS_TEXT, .length_bits = 16}}},
        {"125 bytes in 16 bits",
         MINIMAL,
         1,
         {{.opcode = WS_BINARY, .length_bits = 16, .payload = zeros, .payload_bytes = 125}}},
        {"126 bytes in 64 bits",
         MINIMAL,
         1,
         {{.opcode = WS_BINARY, .length_bits = 64, .payload = zeros, .payload_bytes = 126}}},
        {"65535 bytes in 64 bits",
         MINIMAL,
         1,
         {{.opcode = WS_BINARY, .length_bits = 64, .payload = zeros, .payload_bytes = 65535}}},
        {"a continuation's, in 16 bits",
         MINIMAL,
         2,
         {{.opcode = WS_BINARY, .more = true}, {.length_bits = 16, OF("x")}}},
        {"a Ping of 4 bytes, the length in 16 bits", MINIMAL, 1, {{.opcode = WS_PING, .length_bits = 16, OF("ping")}}},
        {"a Ping of 4 bytes, the length in 64 bits", MINIMAL, 1, {{.opcode = WS_PING, .length_bits = 64, OF("ping")}}},
        {"a Close of 2 bytes, the length in 16 bits",
         MINIMAL,
         1,
         {{.opcode = WS_CLOSE, .length_bits = 16, OF("\x03\xe8")}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1002");
}

/* A length of 2^63 and more is a negative number to some. Nothing follows it, so the connection must end for it alone.
 */
static void a_length_with_its_first_bit_set_fails(void **state)
{
    static const uint64_t lengths[] = {1ULL << 63, UINT64_MAX, (1ULL << 63) + 2, UINT64_MAX - 13};
    struct ws_row rows[2 * sizeof lengths / sizeof *lengths];

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        rows[2 * i] =
            (struct ws_row){"a text of 2^63 bytes or more",
                            TOP_BIT,
                            1,
                            {{.opcode = WS_TEXT, .length_bits = 64, .declares = true, .declared_bytes = lengths[i]}}};
        rows[2 * i + 1] = (struct ws_row){"a continuation of so many",
                                          TOP_BIT,
                                          2,
                                          {{.opcode = WS_TEXT, .more = true, OF("{")},
                                           {.length_bits = 64, .declares = true, .declared_bytes = lengths[i]}}};
    }
    ws_expect_failed(*state, ROWS(rows), "1002");
}

static void control_frames_of_more_than_125_bytes_fail(void **state)
{
    static const struct ws_row rows[] = {
        {"a Ping of 126 bytes", SHORT, 1, {{.opcode = WS_PING, .payload = zeros, .payload_bytes = 126}}},
        {"a Ping of 65536 bytes", SHORT, 1, {{.opcode = WS_PING, .payload = zeros, .payload_bytes = 65536}}},
        {"a Pong of 126 bytes", SHORT, 1, {{.opcode = WS_PONG, .payload = zeros, .payload_bytes = 126}}},
        {"a Pong of 2^40 bytes",
         SHORT,
         1,
         {{.opcode = WS_PONG, .length_bits = 64, .declares = true, .declared_bytes = 1ULL << 40}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1002");
}

static void so_does_a_close_of_more(void **state)
{
    static const char body[126] = "\x03\xe8 a reason that is longer than a control frame may be";
    static const struct ws_row rows[] = {
        {"a Close of 126 bytes", SHORT, 1, {{.opcode = WS_CLOSE, .payload = body, .payload_bytes = sizeof body}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1002");
}

static const size_t borders[] = {124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536, 65537};

static void messages_of_every_length_are_read(void **state)
{
    struct ws_peer *peer = ws_peer_of(ws_join(*state));

    for (size_t i = 0; i < sizeof borders / sizeof *borders; i++) {
        struct ws_probe probe = ws_make_probe(borders[i]);

        ws_send_text_bytes(peer, probe.text, probe.bytes);
        ws_expect_answered(peer, &probe, "a request of a certain length");
    }
}

/* A message without a byte is one, and no JSON. */
static void a_message_without_a_byte_is_read(void **state)
{
    struct ws_client *client = ws_join(*state);
    struct ws_peer *peer = ws_peer_of(client);

    ws_send_text(peer, "%s", "");
    ws_expect_refusal(client, "-32700 -32600", NULL);
    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_TEXT, .more = true});
    ws_send_frame(peer, &(struct ws_frame){.more = true});
    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_CONTINUATION});
    ws_expect_refusal(client, "-32700 -32600", NULL);
    ws_expect_open(peer);
}

/* Each cut within the head is tried, with a pause that makes the server read what is before it alone. */
static void a_head_may_be_cut_anywhere(void **state)
{
    static const size_t sizes[] = {100, 126, 65536};
    struct ws_peer *peer = ws_peer_of(ws_join(*state));

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t cut = 1; cut <= WS_HEADER_MAX_BYTES; cut++) {
            struct ws_probe probe = ws_make_probe(sizes[i]);

            ws_send_frame_chopped(
                peer, tcp_plan_cut_at(cut, 3),
                &(struct ws_frame){.opcode = WS_TEXT, .payload = probe.text, .payload_bytes = probe.bytes});
            ws_expect_answered(peer, &probe, "a request that is cut in its head");
        }
}

/* Calls with an id of so many bytes, and returns how long the answer was, which holds the id. A server that says how
 * long an id may be, by a Close or by an error without one, does not write such answers. */
static size_t answer_to(struct ws_peer *peer, size_t id_bytes)
{
    struct text request;

    text_init(&request, 1 << 20);
    text_add(&request, "{\"jsonrpc\":\"2.0\",\"method\":\"assay/none\",\"id\":\"");
    size_t begin = request.length;
    for (size_t i = 0; i < id_bytes; i++)
        text_add(&request, i % 2 ? "d" : "i");
    text_add(&request, "\"}");
    ws_send_text_bytes(peer, request.bytes, request.length);
    struct ws_event event = ws_read(peer);
    request.bytes[begin + id_bytes] = '\0';
    bool whole = event.kind == WS_GOT_MESSAGE && strstr(event.bytes, request.bytes + begin) && strstr(event.bytes, "}");
    text_free(&request);
    if (event.kind == WS_GOT_CLOSE || (event.kind == WS_GOT_MESSAGE && strstr(event.bytes, "\"id\":null")))
        not_applicable("an id of %zu bytes is too long for the server: %s", id_bytes, event.summary);
    expect(whole, event.kind == WS_SILENCE ? HANG : WRONG, "an error that holds the id", "with %zu bytes of id: %s",
           id_bytes, event.summary);
    return event.count;
}

static void expect_answers_around(struct ws_target *server, size_t border)
{
    struct ws_peer *peer = ws_peer_of(ws_join(server));
    size_t around = answer_to(peer, 1) - 1;

    if (around + 3 > border)
        not_applicable("the server's shortest error has %zu bytes", around + 1);
    for (size_t bytes = border - 2; bytes <= border + 2; bytes++)
        expect_integer((int64_t)answer_to(peer, bytes - around), (int64_t)bytes, "the length of the answer;");
}

/* What the server writes is read strictly: the answer to a call has the id, and so any length. */
static void answers_of_125_to_127_bytes_are_whole(void **state)
{
    expect_answers_around(*state, 126);
}

/* Where the length goes over into 64 bits. No standard says how long an id may be. */
static void so_are_answers_around_65536_bytes(void **state)
{
    expect_answers_around(*state, 65536);
}

static void a_short_request_is_answered(void **state)
{
    struct ws_peer *peer = ws_peer_of(ws_join(*state));
    struct ws_probe probe = ws_send_probe(peer);

    ws_expect_answered(peer, &probe, "a request");
}

const struct check check = {
    .title = "Lengths have one form and a limit, and messages on both sides of each border are whole",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 6455 5.2", "RFC 6455 5.5", "CWE-130"},
    .cases =
        {
            CASE(lengths_in_too_many_bytes_fail, .level = SHOULD),
            CASE(a_length_with_its_first_bit_set_fails),
            CASE(control_frames_of_more_than_125_bytes_fail),
            CASE(so_does_a_close_of_more),
            CASE(messages_of_every_length_are_read),
            CASE(a_message_without_a_byte_is_read),
            CASE(a_head_may_be_cut_anywhere),
            CASE(answers_of_125_to_127_bytes_are_whole),
            CASE(so_are_answers_around_65536_bytes, .level = SHOULD),
            CONTROL(a_short_request_is_answered),
        },
};
