/* A frame of a client is masked, with whatever key; one that is not ends the connection, and nothing of it is heard. */
#include "check.h"
#include "ws/expect.h"
#include "ws/framing.h"

#include <string.h>

#define MUST_CLOSE "RFC 6455 5.1: \"The server MUST close the connection upon receiving a frame that is not masked.\""
#define REQUEST "{\"jsonrpc\":\"2.0\",\"id\":\"unmasked\",\"method\":\"assay/none\"}"
#define TEXT(string) .payload = (string), .payload_bytes = sizeof(string) - 1

static void an_unmasked_message_ends_the_connection(void **state)
{
    static const struct ws_row rows[] = {
        {"an unmasked request", MUST_CLOSE, 1, {{.opcode = WS_TEXT, .unmasked = true, TEXT(REQUEST)}}},
        {"an unmasked text without a byte", MUST_CLOSE, 1, {{.opcode = WS_TEXT, .unmasked = true}}},
        {"an unmasked binary message", MUST_CLOSE, 1, {{.opcode = WS_BINARY, .unmasked = true, TEXT("binary")}}},
    };

    ws_expect_failed(*state, rows, sizeof rows / sizeof *rows, "1002");
}

/* A Close that is answered by its own code has been taken for a right one. */
static void so_does_an_unmasked_control_frame(void **state)
{
    static const struct ws_row rows[] = {
        {"an unmasked Ping", MUST_CLOSE, 1, {{.opcode = WS_PING, .unmasked = true, TEXT("ping")}}},
        {"an unmasked Ping without a byte", MUST_CLOSE, 1, {{.opcode = WS_PING, .unmasked = true}}},
        {"an unmasked Pong", MUST_CLOSE, 1, {{.opcode = WS_PONG, .unmasked = true, TEXT("pong")}}},
        {"an unmasked Close", MUST_CLOSE, 1, {{.opcode = WS_CLOSE, .unmasked = true, TEXT("\x03\xe8")}}},
    };

    ws_expect_failed(*state, rows, sizeof rows / sizeof *rows, "1002");
}

/* The mask of the first fragment says nothing of the next. */
static void so_does_an_unmasked_continuation(void **state)
{
    static const struct ws_row rows[] = {
        {"the unmasked end of a masked text",
         MUST_CLOSE,
         2,
         {{.opcode = WS_TEXT, .more = true, TEXT("{\"jsonrpc\":\"2.0\",")},
          {.unmasked = true, TEXT("\"id\":1,\"method\":\"assay/none\"}")}}},
    };

    ws_expect_failed(*state, rows, sizeof rows / sizeof *rows, "1002");
}

/* 5.3: "the masking key is a 32-bit value chosen at random by the client", and so it may be any. */
static void any_key_will_do(void **state)
{
    static const char keys[][5] = {"\0\0\0\0", "\xff\xff\xff\xff", "\x80\0\0\0", "\0\0\0\x01",
                                   "{\"js",    "\x81\x82\x83\x84"};
    struct ws_client *client = ws_join(*state);

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct ws_probe probe = ws_make_probe(200);

        ws_send_frame(
            ws_peer_of(client),
            &(struct ws_frame){.opcode = WS_TEXT, .key = keys[i], .payload = probe.text, .payload_bytes = probe.bytes});
        ws_expect_answered(ws_peer_of(client), &probe, "a request behind an odd key");
    }
}

/* The key goes round over the whole frame, wherever the network has cut it, and begins anew with each frame. */
static void the_key_goes_round_wherever_it_is_cut(void **state)
{
    struct ws_client *client = ws_join(*state);

    for (size_t piece = 1; piece <= 7; piece++) {
        struct ws_probe probe = ws_make_probe(120);
        size_t half = probe.bytes / 2 + piece;

        ws_send_frame_chopped(ws_peer_of(client), tcp_plan_drip(piece, 0),
                              &(struct ws_frame){.opcode = WS_TEXT,
                                                 .more = true,
                                                 .key = "\x01\x20\x03\x40",
                                                 .payload = probe.text,
                                                 .payload_bytes = half});
        ws_send_frame_chopped(ws_peer_of(client), tcp_plan_cut_at(7 + piece, 2),
                              &(struct ws_frame){.key = "\x50\x06\x70\x08",
                                                 .payload = probe.text + half,
                                                 .payload_bytes = probe.bytes - half});
        ws_expect_answered(ws_peer_of(client), &probe, "a request in pieces");
    }
}

static void a_masked_request_is_answered(void **state)
{
    struct ws_client *client = ws_join(*state);
    struct ws_probe probe = ws_send_probe(ws_peer_of(client));

    ws_expect_answered(ws_peer_of(client), &probe, "a masked request");
}

const struct check check = {
    .title = "A frame of a client is masked, and one that is not ends the connection",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 6455 5.1", "RFC 6455 5.3"},
    .cases =
        {
            CASE(an_unmasked_message_ends_the_connection),
            CASE(so_does_an_unmasked_control_frame),
            CASE(so_does_an_unmasked_continuation),
            CASE(any_key_will_do),
            CASE(the_key_goes_round_wherever_it_is_cut),
            CONTROL(a_masked_request_is_answered),
        },
};
