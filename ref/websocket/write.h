/* WebSocket frames (RFC 6455 5) put together: each is final, with its length in the shortest form. No I/O.
 *
 * What does not fit into the buffer, or finds no memory, leaves out->failed set and perhaps a part of a frame: then the
 * connection is lost. A client gives a mask of WEBSOCKET_MASK_BYTES, from a strong source of entropy and new for each
 * frame (5.3); a server gives NULL (5.1). */
#ifndef REF_WEBSOCKET_WRITE_H
#define REF_WEBSOCKET_WRITE_H

#include "websocket/frame.h"

/* Payload of a control frame has at most WEBSOCKET_CONTROL_MAX_BYTES, and must not lie in out. */
void websocket_add_frame(struct buffer *out, enum websocket_opcode opcode, const unsigned char *mask,
                         const void *payload, size_t bytes);

enum { WEBSOCKET_REASON_MAX_BYTES = WEBSOCKET_CONTROL_MAX_BYTES - 2 };

/* A close frame. WEBSOCKET_NO_CODE gives one without a body, so that whatever code has come can be sent back (5.5.1).
 * The reason is UTF-8; what is too long of it is cut off between characters. */
void websocket_add_close(struct buffer *out, const unsigned char *mask, int code, const char *reason);

#endif
