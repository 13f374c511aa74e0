/* WebSocket frames (RFC 6455 5) as a decoder without I/O: bytes in, events out. The same core serves sockets, tests and
 * fuzzers, and its outcome does not depend on how the bytes were cut. No extension is ever negotiated.
 *
 * Strict on purpose: whatever the standard forbids fails the connection, at the first byte that shows it. The fragments
 * of a message are put together here, and text is checked as it comes. Memory is taken for payload that has come, at
 * most twice as much, and never for what a head announces; between messages nothing is kept.
 *
 * A decoder belongs to one thread at a time. */
#ifndef REF_WEBSOCKET_FRAME_H
#define REF_WEBSOCKET_FRAME_H

#include "base/buffer.h"
#include "websocket/utf8.h"

enum {
    WEBSOCKET_HEAD_MAX_BYTES = 14,     /* two bytes, eight of length, four of mask (5.2) */
    WEBSOCKET_CONTROL_MAX_BYTES = 125, /* payload of a control frame (5.5) */
    WEBSOCKET_MASK_BYTES = 4,
};

/* Who decodes. A server wants every frame masked, a client none (5.1). */
enum websocket_role { WEBSOCKET_SERVER, WEBSOCKET_CLIENT };

enum websocket_opcode {
    WEBSOCKET_OPCODE_CONTINUATION = 0x0,
    WEBSOCKET_OPCODE_TEXT = 0x1,
    WEBSOCKET_OPCODE_BINARY = 0x2,
    WEBSOCKET_OPCODE_CLOSE = 0x8,
    WEBSOCKET_OPCODE_PING = 0x9,
    WEBSOCKET_OPCODE_PONG = 0xa,
};

/* Close codes (7.4.1) that the decoder itself gives; applications have others. */
enum {
    WEBSOCKET_PROTOCOL_ERROR = 1002,
    WEBSOCKET_NO_CODE = 1005, /* never sent: a close frame came without a code */
    WEBSOCKET_NOT_UTF8 = 1007,
    WEBSOCKET_TOO_BIG = 1009,
    WEBSOCKET_NO_MEMORY = 1011,
};

enum websocket_event {
    WEBSOCKET_MORE,   /* all bytes were taken, and more are needed */
    WEBSOCKET_TEXT,   /* a whole message of valid UTF-8, in which there may be NULs */
    WEBSOCKET_BINARY, /* a whole message */
    WEBSOCKET_PING,   /* payload: what the pong has to bring back (5.5.3) */
    WEBSOCKET_PONG,
    WEBSOCKET_CLOSE,  /* close_code, and as payload the reason; whatever follows is taken and ignored (1.4) */
    WEBSOCKET_FAILED, /* close_code to close with, fault to log; every further call says the same */
};

enum websocket_state { WEBSOCKET_IS_OPEN, WEBSOCKET_IS_CLOSED, WEBSOCKET_HAS_FAILED };

struct websocket_decoder {
    enum websocket_role role;
    enum websocket_state state;
    unsigned char head[WEBSOCKET_HEAD_MAX_BYTES]; /* of the frame that is coming */
    size_t head_bytes;                            /* of which have come; 0: between frames */
    enum websocket_opcode opcode;                 /* of the frame */
    size_t frame_bytes;                           /* its payload, as its head says */
    size_t frame_taken;                           /* and how much of it has come */
    enum websocket_opcode message;                /* of the message's first frame; continuation: no message is open */
    struct buffer content;                        /* of the message */
    struct websocket_utf8 utf8;                   /* of the messages that are text; whole between them */
    char control[WEBSOCKET_CONTROL_MAX_BYTES + 1];
    const char *payload;  /* after an event that has one: until the next call; NUL-terminated behind payload_bytes */
    size_t payload_bytes; /* never more than the message's maximum */
    int close_code;       /* after WEBSOCKET_CLOSE (WEBSOCKET_NO_CODE: none was given) and WEBSOCKET_FAILED */
    const char *fault;    /* after WEBSOCKET_FAILED: why, a constant */
};

/* A message may have message_max_bytes in all its fragments; a longer one fails with 1009 as soon as that is announced.
 * Allocates nothing. */
void websocket_begin(struct websocket_decoder *decoder, enum websocket_role role, size_t message_max_bytes);

/* Frees what the decoder holds; websocket_begin() makes it usable again. */
void websocket_end(struct websocket_decoder *decoder);

/* Takes bytes up to and including the next event, and says in *consumed how many. Call again until WEBSOCKET_MORE or
 * WEBSOCKET_FAILED; after the latter the rest is nobody's. */
enum websocket_event websocket_decode(struct websocket_decoder *decoder, const char *bytes, size_t count,
                                      size_t *consumed);

/* True while a frame or a message is not whole: the peer owes bytes. */
bool websocket_is_reading(const struct websocket_decoder *decoder);

#endif
