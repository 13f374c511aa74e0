/* A Ping is answered by a Pong with its payload, wherever it comes; a Pong that nobody asked for by nothing. */
#include "check.h"
#include "base/text.h"
#include "ws/expect.h"
#include "ws/framing.h"

#include <string.h>

enum { TURN_MS = 1500 };

static void send_ping(struct ws_peer *peer, const void *payload, size_t count)
{
    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_PING, .payload = payload, .payload_bytes = count});
}

/* The same payload, whatever is in it and however much. */
static void a_pong_brings_the_payload_back(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 124, 125};
    struct ws_peer *peer = ws_peer_of(ws_join(*state));
    char payload[WS_CONTROL_MAX_BYTES];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t byte = 0; byte < sizes[i]; byte++)
            payload[byte] = (char)(byte * 37 + i * 2 - 8);
        send_ping(peer, payload, sizes[i]);
        ws_expect_pong(peer, payload, sizes[i]);
    }
}

/* Bytes that are no text, and a NUL, are payload like all others. */
static void it_need_not_be_text(void **state)
{
    static const char payload[] = {(char)0xff, 0, (char)0xfe, (char)0xc0, 0, 'x', (char)0x80};
    struct ws_peer *peer = ws_peer_of(ws_join(*state));

    send_ping(peer, payload, sizeof payload);
    ws_expect_pong(peer, payload, sizeof payload);
    ws_expect_open(peer);
}

/* RFC 6455 5.4: "Control frames … MAY be injected in the middle of a fragmented message." The Pong does not wait for
 * the message, and the message is not hurt. */
static void a_ping_within_a_message_is_answered(void **state)
{
    struct ws_peer *peer = ws_peer_of(ws_join(*state));
    struct ws_probe probe = ws_make_probe(200);
    size_t half = probe.bytes / 2;

    ws_send_frame(peer,
                  &(struct ws_frame){.opcode = WS_TEXT, .more = true, .payload = probe.text, .payload_bytes = half});
    send_ping(peer, "within", 6);
    ws_expect_pong(peer, "within", 6);
    ws_send_frame(peer, &(struct ws_frame){.payload = probe.text + half, .payload_bytes = probe.bytes - half});
    ws_expect_answered(peer, &probe, "a request with a Ping between its fragments");
}

static void a_ping_in_pieces_is_answered(void **state)
{
    struct ws_peer *peer = ws_peer_of(ws_join(*state));

    ws_send_frame_chopped(peer, tcp_plan_drip(1, 1),
                          &(struct ws_frame){.opcode = WS_PING, .payload = "pieces", .payload_bytes = 6});
    ws_expect_pong(peer, "pieces", 6);
}

/* 5.5.3: of several the latest has to be answered. They come in one segment. */
static void the_latest_of_many_is_answered(void **state)
{
    enum { PINGS = 50, ROOM_BYTES = 4096 };
    struct ws_peer *peer = ws_peer_of(ws_join(*state));
    struct text bytes;

    text_init(&bytes, ROOM_BYTES);
    for (int i = 1; i < PINGS; i++)
        ws_frame_write(&(struct ws_frame){.opcode = WS_PING, .payload = &(char){(char)i}, .payload_bytes = 1}, &bytes);
    ws_frame_write(&(struct ws_frame){.opcode = WS_PING, .payload = "latest", .payload_bytes = 6}, &bytes);
    ws_send_bytes(peer, bytes.bytes, bytes.length);
    text_free(&bytes);
    struct ws_event event = ws_read_any(peer);
    while (event.kind == WS_GOT_PONG && event.count == 1)
        event = ws_read_any(peer);
    expect(event.kind == WS_GOT_PONG && event.count == 6 && memcmp(event.bytes, "latest", 6) == 0,
           event.kind == WS_SILENCE ? HANG : WRONG, "Pongs, the last of them with the payload of the last Ping", "%s",
           event.summary);
}

/* While the agent works, too. */
static void a_ping_in_a_turn_is_answered(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *ends_with = ws_member(server, WS_STOP_REASON);

    if (!ws_has_prompt(server, "long") || !ws_prompt_counts(server, "long"))
        not_applicable("the manifest has no prompt \"long\" of ${COUNT} milliseconds");
    ws_ask_prompt(client, ws_new_session(client), ws_prompt_count(server, "long", scaled_ms(TURN_MS)));
    send_ping(ws_peer_of(client), "busy", 4);
    struct ws_event event = ws_read_any(ws_peer_of(client));
    while (event.kind == WS_GOT_PING || (event.kind == WS_GOT_MESSAGE && !strstr(event.bytes, ends_with)))
        event = ws_read_any(ws_peer_of(client));
    expect(event.kind == WS_GOT_PONG, event.kind == WS_SILENCE ? HANG : WRONG, "the Pong, before the turn is over",
           "%s", event.summary);
}

static void a_pong_that_nobody_asked_for_is_passed_over(void **state)
{
    static const char most[WS_CONTROL_MAX_BYTES] = "most";
    static const char rule[] = "RFC 6455 5.5.3: \"A response to an unsolicited Pong frame is not expected.\"";
    static const struct ws_row rows[] = {
        {"a Pong", rule, 1, {{.opcode = WS_PONG, .payload = "unasked", .payload_bytes = 7}}},
        {"a Pong without a byte", rule, 1, {{.opcode = WS_PONG}}},
        {"a Pong of 125 bytes", rule, 1, {{.opcode = WS_PONG, .payload = most, .payload_bytes = sizeof most}}},
        {"three Pongs", rule, 3, {{.opcode = WS_PONG}, {.opcode = WS_PONG}, {.opcode = WS_PONG}}},
    };

    ws_expect_passed_over(*state, rows, sizeof rows / sizeof *rows);
}

static void a_request_is_answered(void **state)
{
    struct ws_peer *peer = ws_peer_of(ws_join(*state));
    struct ws_probe probe = ws_send_probe(peer);

    ws_expect_answered(peer, &probe, "a request");
}

const struct check check = {
    .title = "A Ping is answered by a Pong with its payload, wherever it comes",
    .level = MUST,
    .origins = {"RFC 6455 5.5.2", "RFC 6455 5.5.3", "RFC 6455 5.4"},
    .cases =
        {
            CASE(a_pong_brings_the_payload_back),
            CASE(it_need_not_be_text),
            CASE(a_ping_within_a_message_is_answered),
            CASE(a_ping_in_pieces_is_answered),
            CASE(the_latest_of_many_is_answered),
            CASE(a_ping_in_a_turn_is_answered),
            CASE(a_pong_that_nobody_asked_for_is_passed_over),
            CONTROL(a_request_is_answered),
        },
};
