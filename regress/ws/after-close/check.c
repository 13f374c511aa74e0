/* What comes in one segment belongs to what is before it: a request behind the handshake is answered, one behind a
 * Close is not heard. */
#include "check.h"
#include "base/text.h"
#include "ws/expect.h"
#include "ws/framing.h"

#include <string.h>

enum { BATCH_MAX_BYTES = 1 << 20, LATE = 5 };

/* Requests that would be answered at once. */
static void add_late(struct text *out)
{
    for (int i = 0; i < LATE; i++) {
        struct ws_probe probe = ws_make_probe(0);

        ws_frame_write(&(struct ws_frame){.opcode = WS_TEXT, .payload = probe.text, .payload_bytes = probe.bytes}, out);
    }
}

static void add_close(struct text *out, unsigned code)
{
    char body[WS_CONTROL_MAX_BYTES];
    size_t count = ws_frame_close(code, "", body);

    ws_frame_write(&(struct ws_frame){.opcode = WS_CLOSE, .payload = body, .payload_bytes = count}, out);
}

/* RFC 6455 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame." */
static void what_comes_behind_a_close_is_not_heard(void **state)
{
    struct ws_client *client = ws_join(*state);
    struct text bytes;

    text_init(&bytes, BATCH_MAX_BYTES);
    add_close(&bytes, 1000);
    add_late(&bytes);
    ws_send_bytes(ws_peer_of(client), bytes.bytes, bytes.length);
    text_free(&bytes);
    ws_expect_close(ws_peer_of(client), "1000 none 1002 drop");
    ws_expect_alive(*state);
}

/* Nor is it judged any more: whatever it is, the Close that was sent first is answered. */
static void nor_is_what_breaks_a_rule(void **state)
{
    static const struct ws_frame late[] = {{.opcode = WS_TEXT, .unmasked = true, .payload = "{}", .payload_bytes = 2},
                                           {.opcode = 5},
                                           {.opcode = WS_PING, .payload = "late", .payload_bytes = 4},
                                           {.opcode = WS_CLOSE, .payload = "\x0f\xa0", .payload_bytes = 2}};
    struct ws_target *server = *state;

    for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
        struct ws_client *client = ws_join(*state);
        struct text bytes;

        text_init(&bytes, BATCH_MAX_BYTES);
        add_close(&bytes, 1001);
        ws_frame_write(&late[i], &bytes);
        ws_send_bytes(ws_peer_of(client), bytes.bytes, bytes.length);
        text_free(&bytes);
        ws_expect_close(ws_peer_of(client), server->strict ? "1001" : "1001 1000 none 1002 drop");
        ws_drop(client);
    }
    ws_expect_alive(*state);
}

/* The same of what comes behind a frame that fails the connection. */
static void nor_is_what_comes_behind_a_failure(void **state)
{
    struct ws_client *client = ws_join(*state);
    struct text bytes;

    text_init(&bytes, BATCH_MAX_BYTES);
    ws_frame_write(&(struct ws_frame){.opcode = WS_PING, .rsv = 2}, &bytes);
    add_late(&bytes);
    ws_send_bytes(ws_peer_of(client), bytes.bytes, bytes.length);
    text_free(&bytes);
    ws_expect_failing(ws_peer_of(client), "1002", "a Ping with RSV2, and requests behind it", "RFC 6455 7.1.7");
    ws_expect_alive(*state);
}

/* What was asked before the Close is answered before it, or, since nobody has to wait for it, not at all. */
static void what_comes_before_a_close_does_no_harm(void **state)
{
    struct ws_client *client = ws_join(*state);
    struct text bytes;

    text_init(&bytes, BATCH_MAX_BYTES);
    add_late(&bytes);
    add_close(&bytes, 1000);
    ws_send_bytes(ws_peer_of(client), bytes.bytes, bytes.length);
    text_free(&bytes);
    ws_expect_close_in_the_end(ws_peer_of(client), "1000 none");
    ws_expect_alive(*state);
}

/* The first message of a client that does not wait for the 101. It is a Ping or a request; the bytes of it are cut. */
static void expect_heard(struct ws_target *server, size_t first_bytes)
{
    struct text bytes;

    text_init(&bytes, BATCH_MAX_BYTES);
    ws_frame_write(&(struct ws_frame){.opcode = WS_PING, .payload = "glued", .payload_bytes = 5}, &bytes);
    ws_frame_write(&(struct ws_frame){.opcode = WS_TEXT, .payload = "{", .payload_bytes = 1}, &bytes);
    struct ws_peer *peer = ws_dial_as(
        server, &(struct ws_dialling){.glued = bytes.bytes,
                                      .glued_bytes = first_bytes < bytes.length ? first_bytes : bytes.length});
    if (first_bytes < bytes.length)
        ws_send_bytes(peer, bytes.bytes + first_bytes, bytes.length - first_bytes);
    text_free(&bytes);
    ws_expect_pong(peer, "glued", 5);
    struct ws_event event = ws_read(peer);
    expect(event.kind == WS_GOT_MESSAGE && strstr(event.bytes, "-32700"), event.kind == WS_SILENCE ? HANG : WRONG,
           "the error -32700 that answers a text which is no JSON", "%s", event.summary);
}

/* RFC 6455 4.1 lets a client send no frame before the server's answer; but bytes that have come are not lost. */
static void what_comes_with_the_handshake_is_heard(void **state)
{
    expect_heard(*state, SIZE_MAX);
    ws_expect_alive(*state);
}

static void so_it_is_when_it_is_cut(void **state)
{
    for (size_t bytes = 1; bytes < 18; bytes++)
        expect_heard(*state, bytes);
}

static void a_close_ends_the_connection(void **state)
{
    struct ws_peer *peer = ws_peer_of(ws_join(*state));

    ws_send_close(peer, 1000, "");
    ws_expect_close(peer, "1000 none");
}

const struct check check = {
    .title = "Nothing behind a Close is heard, and all that comes with the handshake is",
    .level = MUST,
    .origins = {"RFC 6455 5.5.1", "RFC 6455 1.4", "RFC 6455 4.1"},
    .cases =
        {
            CASE(what_comes_behind_a_close_is_not_heard),
            CASE(nor_is_what_breaks_a_rule),
            CASE(nor_is_what_comes_behind_a_failure),
            CASE(what_comes_before_a_close_does_no_harm),
            CASE(what_comes_with_the_handshake_is_heard, .level = SHOULD),
            CASE(so_it_is_when_it_is_cut, .level = SHOULD),
            CONTROL(a_close_ends_the_connection),
        },
};
