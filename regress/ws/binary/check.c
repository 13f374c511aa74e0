/* The protocol is in text frames. What comes in binary ones is passed over, or refused, and harms nobody. */
#include "check.h"
#include "ws/expect.h"
#include "ws/framing.h"

#include <string.h>

static const char junk[] = "\xff\xfe\0\x01\xc0\x80 no text and no JSON";

static void send_binary(struct ws_peer *peer, const void *bytes, size_t count)
{
    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_BINARY, .payload = bytes, .payload_bytes = count});
}

/* Either nothing comes of it, and the next request is answered; or a Close 1003 comes. A target that serves binary
 * frames may answer what is in it, by an error. */
static void expect_ignored_or_1003(struct ws_target *server, struct ws_peer *peer)
{
    struct ws_probe probe = ws_send_probe(peer);
    struct ws_event event = ws_read(peer);

    if (event.kind == WS_GOT_CLOSE) {
        expect_integer(event.code, 1003, "the code of the Close;");
        return;
    }
    if (server->binary && event.kind == WS_GOT_MESSAGE && !strstr(event.bytes, probe.id))
        event = ws_read(peer);
    expect(event.kind == WS_GOT_MESSAGE && strstr(event.bytes, probe.id), event.kind == WS_SILENCE ? HANG : WRONG,
           "the answer to the next request, or Close 1003", "%s", event.summary);
}

/* A prompt in a binary frame: not a word of the agent's, unless the target serves such frames. */
static void a_request_in_a_binary_frame_is_not_served(void **state)
{
    struct ws_target *server = *state;
    struct ws_peer *peer = ws_peer_of(ws_join(server));
    struct ws_probe probe = ws_make_probe(0);

    if (server->binary)
        not_applicable("the target declares ws.binary=served");
    send_binary(peer, probe.text, probe.bytes);
    expect_ignored_or_1003(server, peer);
    ws_expect_alive(server);
}

static void what_is_no_text_does_no_harm(void **state)
{
    static const size_t sizes[] = {0, 1, 9, sizeof junk - 1};
    struct ws_target *server = *state;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct ws_peer *peer = ws_peer_of(ws_join(server));

        send_binary(peer, junk, sizes[i]);
        expect_ignored_or_1003(server, peer);
    }
    ws_expect_alive(server);
}

/* In fragments, with text and control frames around it: it is one message, and text that follows is text again. */
static void fragments_do_no_harm(void **state)
{
    struct ws_target *server = *state;
    struct ws_peer *peer = ws_peer_of(ws_join(server));

    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_BINARY, .more = true, .payload = junk, .payload_bytes = 3});
    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_PONG});
    ws_send_frame(peer, &(struct ws_frame){.payload = junk, .payload_bytes = sizeof junk - 1});
    expect_ignored_or_1003(server, peer);
    ws_expect_alive(server);
}

static void a_request_in_a_text_frame_is_served(void **state)
{
    struct ws_peer *peer = ws_peer_of(ws_join(*state));
    struct ws_probe probe = ws_send_probe(peer);

    ws_expect_answered(peer, &probe, "a request");
}

const struct check check = {
    .title = "What comes in a binary frame is passed over or refused, and harms nobody",
    .level = MUST,
    .origins = {"ACP Transports", "RFC 6455 7.4.1", "RFC 6455 5.6"},
    .cases =
        {
            CASE(a_request_in_a_binary_frame_is_not_served),
            CASE(what_is_no_text_does_no_harm),
            CASE(fragments_do_no_harm),
            CONTROL(a_request_in_a_text_frame_is_served),
        },
};
