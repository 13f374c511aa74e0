/* WebSocket frames (RFC 6455): a writer that writes whatever it is told to, and a strict reader of what a server sends.
 * No I/O: the caller sends what was written, and feeds what came in pieces of any size. Not thread-safe; the caller
 * owns the structs. */
#ifndef ASSAY_WIRE_WS_FRAME_H
#define ASSAY_WIRE_WS_FRAME_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WS_MESSAGE_MAX_BYTES = 32 << 20, /* of a message from the server, all fragments together */
    WS_CONTROL_MAX_BYTES = 125,      /* RFC 6455 5.5 */
    WS_HEADER_MAX_BYTES = 14,
};

enum ws_opcode { WS_CONTINUATION = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

/* --- writing --- */

/* What is left out is right: {.opcode = WS_TEXT, .payload = "hello", .payload_bytes = 5} is a whole message, masked, of
 * the length that it has, which is written in the least number of bytes. */
struct ws_frame {
    unsigned opcode;         /* 0 to 15 */
    bool more;               /* FIN is 0: further fragments follow */
    unsigned rsv;            /* RSV1 is 4, RSV2 is 2, RSV3 is 1 */
    bool unmasked;           /* neither the bit nor the key */
    const char *key;         /* four bytes; NULL: a key of assay's own that is not zero */
    unsigned length_bits;    /* 7, 16 or 64; 0: as few as will do */
    bool declares;           /* declared_bytes stands for the length, whatever the payload has */
    uint64_t declared_bytes; /* cut to the bits that are written */
    const void *payload;
    size_t payload_bytes;
};

/* Adds the frame. A text that is too short for it is cut, and says so. */
void ws_frame_write(const struct ws_frame *frame, struct text *out);

/* The payload of a Close: the code in network byte order, then the reason (RFC 6455 5.5.1). Returns how many bytes of
 * `out` it takes; what is more than a control frame holds is left out. */
size_t ws_frame_close(unsigned code, const char *reason, char out[WS_CONTROL_MAX_BYTES]);

/* --- reading --- */

enum ws_progress {
    WS_READING,   /* it needs more bytes */
    WS_WHOLE,     /* a frame is complete; ws_reader_next() goes on */
    WS_MALFORMED, /* the server broke a rule: `fault` says which */
};

struct ws_reader {
    enum ws_progress progress;
    const char *fault; /* a static string that ends with its section, "… (RFC 6455 5.1)"; NULL unless MALFORMED */
    bool deflate;      /* set by the caller: permessage-deflate was negotiated, so RSV1 may begin a message, of which
                        * the bytes are handed on as they came (RFC 7692 6.1) */
    bool started;      /* a first byte of the frame has come */

    /* Of the frame that is WHOLE. */
    unsigned opcode;
    bool fin;
    bool rsv1;
    char control[WS_CONTROL_MAX_BYTES + 1]; /* the payload of a control frame, and a NUL */
    size_t control_bytes;
    unsigned close_code; /* of a Close: 0 when it has none (RFC 6455 7.1.5) */

    /* Of the message: its bytes so far. It is whole when a data frame is, and is the last (`ends`). */
    struct text message;
    unsigned message_opcode; /* WS_TEXT or WS_BINARY */
    bool message_deflated;
    size_t fragments;
    bool ends;

    /* The reader's own. */
    bool in_message, closed;
    unsigned char header[WS_HEADER_MAX_BYTES];
    size_t header_held;
    uint64_t left_bytes;
};

void ws_reader_init(struct ws_reader *reader);
void ws_reader_free(struct ws_reader *reader);

/* Takes bytes until they, or the frame, are at an end. Returns how many it took: fewer than count only when WHOLE or
 * MALFORMED. The same bytes give the same result however they were cut.
 *
 * What a server may never send is a fault, named with its section: a masked frame; RSV bits without an extension; an
 * unknown opcode; a length that is not written in the least number of bytes; a control frame that is fragmented or has
 * more than 125 bytes; a continuation of nothing, a new message inside another; text that is not UTF-8 (judged when the
 * message is whole); a Close with one byte, a code that is not to be sent, or a reason that is not UTF-8; data behind a
 * Close. So is a message of more than WS_MESSAGE_MAX_BYTES, by assay's own measure. */
size_t ws_reader_feed(struct ws_reader *reader, const char *bytes, size_t count);

/* On to the next frame, when one is WHOLE; the last message is forgotten if it was at its end. */
void ws_reader_next(struct ws_reader *reader);

#endif
