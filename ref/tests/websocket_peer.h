/* What the tests of WebSockets share: a client on a real socket that speaks frames and ACP. Every wait ends after
 * CLIENT_WAIT_S, as a failure. */
#ifndef REF_TESTS_WEBSOCKET_PEER_H
#define REF_TESTS_WEBSOCKET_PEER_H

#include "tests/client.h"
#include "websocket/write.h"

enum { PEER_MESSAGE_MAX_BYTES = 8 << 20, PEER_TEXT_BYTES = 1024 };

/* The end of the connection, beside what websocket_decode() says. */
enum { PEER_GONE = 1000 };

#define PEER_HANDSHAKE                                                                                                 \
    "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
#define PEER_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" /* of that key: RFC 6455 1.3 */

#define PEER_INITIALIZE                                                                          \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":1," \
    "\"clientCapabilities\":{\"fs\":{\"readTextFile\":true}}}}"
#define PEER_NEW \
    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"session/new\",\"params\":{\"cwd\":\"/\",\"mcpServers\":[]}}"

struct peer {
    int fd;
    struct websocket_decoder decoder;
    char in[64 << 10];
    size_t at, end; /* of in, not decoded yet */
    char session[64];
};

static inline struct peer *peer_begin(int fd)
{
    struct peer *peer = calloc(1, sizeof *peer);

    assert_non_null(peer);
    peer->fd = fd;
    websocket_begin(&peer->decoder, WEBSOCKET_CLIENT, PEER_MESSAGE_MAX_BYTES);
    return peer;
}

static inline struct peer *peer_dial(const struct rig *rig, const char *path)
{
    static struct answer answer;
    char request[PEER_TEXT_BYTES];
    int fd = dial(rig);

    snprintf(request, sizeof request, PEER_HANDSHAKE, path);
    say(fd, request);
    hear_head(fd, &answer);
    assert_int_equal(answer.status, 101);
    assert_string_equal(field_of(&answer, "Sec-WebSocket-Accept"), PEER_ACCEPT);
    return peer_begin(fd);
}

static inline void peer_end(struct peer *peer)
{
    close(peer->fd);
    websocket_end(&peer->decoder);
    free(peer);
}

static inline void peer_reset(struct peer *peer)
{
    reset(peer->fd);
    websocket_end(&peer->decoder);
    free(peer);
}

static inline struct buffer peer_frame(enum websocket_opcode opcode, const void *payload, size_t bytes)
{
    struct buffer frame = buffer_new(SIZE_MAX);

    websocket_add_frame(&frame, opcode, (const unsigned char *)"mask", payload, bytes);
    assert_false(frame.failed);
    return frame;
}

static inline void peer_send(struct peer *peer, enum websocket_opcode opcode, const void *payload, size_t bytes)
{
    struct buffer frame = peer_frame(opcode, payload, bytes);

    say_bytes(peer->fd, frame.data, frame.bytes);
    buffer_free(&frame);
}

static inline void peer_say(struct peer *peer, const char *text)
{
    peer_send(peer, WEBSOCKET_OPCODE_TEXT, text, strlen(text));
}

static inline void peer_close(struct peer *peer, int code)
{
    struct buffer frame = buffer_new(SIZE_MAX);

    websocket_add_close(&frame, (const unsigned char *)"mask", code, "");
    say_bytes(peer->fd, frame.data, frame.bytes);
    buffer_free(&frame);
}

/* What comes next: an event of the decoder, or PEER_GONE. */
static inline int peer_hear(struct peer *peer)
{
    for (;;) {
        size_t consumed;
        enum websocket_event event =
            websocket_decode(&peer->decoder, peer->in + peer->at, peer->end - peer->at, &consumed);

        peer->at += consumed;
        if (event != WEBSOCKET_MORE)
            return (int)event;
        ssize_t count = recv(peer->fd, peer->in, sizeof peer->in, 0);
        if (count == 0 || (count < 0 && errno == ECONNRESET))
            return PEER_GONE;
        assert_true(count > 0);
        peer->at = 0;
        peer->end = (size_t)count;
    }
}

/* A text comes next, and has that in it. */
static inline const char *peer_expect(struct peer *peer, const char *part)
{
    assert_int_equal(peer_hear(peer), WEBSOCKET_TEXT);
    const char *text = peer->decoder.payload ? peer->decoder.payload : "nothing";
    if (!strstr(text, part))
        fail_msg("%s, but %s was to come", text, part);
    return text;
}

static inline void peer_expect_close(struct peer *peer, int code)
{
    assert_int_equal(peer_hear(peer), WEBSOCKET_CLOSE);
    assert_int_equal(peer->decoder.close_code, code);
}

/* Initializes, and begins a session. */
static inline void peer_open(struct peer *peer)
{
    peer_say(peer, PEER_INITIALIZE);
    peer_expect(peer, "\"protocolVersion\":1");
    peer_say(peer, PEER_NEW);
    const char *id = strstr(peer_expect(peer, "\"sessionId\":\""), "\"sessionId\":\"") + strlen("\"sessionId\":\"");
    snprintf(peer->session, sizeof peer->session, "%.*s", (int)strcspn(id, "\""), id);
}

static inline void peer_prompt(struct peer *peer, int id, const char *text)
{
    char message[PEER_TEXT_BYTES];

    snprintf(message, sizeof message,
             "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"session/prompt\",\"params\":{\"sessionId\":\"%s\","
             "\"prompt\":[{\"type\":\"text\",\"text\":\"%s\"}]}}",
             id, peer->session, text);
    peer_say(peer, message);
}

/* The gauge becomes that value. */
static inline void wait_for_clients(struct rig *rig, int64_t clients)
{
    int64_t end_ms = now_ms() + CLIENT_WAIT_S * 1000;

    while (adapter_gauges(rig->adapter).clients != clients)
        if (now_ms() > end_ms)
            fail_msg("%lld clients", (long long)adapter_gauges(rig->adapter).clients);
}

#endif
