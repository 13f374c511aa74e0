/* The opening handshake (RFC 6455 4), both sides of it, after HTTP has read the message and before it writes one: what
 * the fields must say. No extension and no subprotocol is asked for or agreed to. No I/O; any thread. */
#ifndef REF_WEBSOCKET_HANDSHAKE_H
#define REF_WEBSOCKET_HANDSHAKE_H

#include "base/buffer.h"
#include "base/error.h"

enum {
    WEBSOCKET_NONCE_BYTES = 16,
    WEBSOCKET_KEY_BYTES = 25,    /* base64 of a nonce, and a NUL */
    WEBSOCKET_ACCEPT_BYTES = 29, /* base64 of a SHA-1, and a NUL */
};

/* A field of a message's head. Its value has no blanks around it; letter case does not count in names. */
struct websocket_field {
    const char *name;
    const char *value;
};

/* The server judges a request (4.2.1) with the version HTTP/1.http_minor; its Host is HTTP's business. 0: it may come
 * in, and accept is the answer's Sec-WebSocket-Accept, a string. Else the status to refuse with: 400, or 426, which
 * goes with Sec-WebSocket-Version: 13 (4.4). */
int websocket_judge(const char *method, int http_minor, const struct websocket_field *fields, size_t count,
                    char accept[WEBSOCKET_ACCEPT_BYTES]);

/* The client's key: base64 of a nonce, which is drawn by lot for each connection (4.1). */
void websocket_key(const unsigned char nonce[WEBSOCKET_NONCE_BYTES], char key[WEBSOCKET_KEY_BYTES]);

/* Adds the field lines that make a GET with its Host into a client's handshake. */
void websocket_add_request_fields(struct buffer *out, const char key[WEBSOCKET_KEY_BYTES]);

/* The client judges the answer to the handshake with its key (4.1). False: it has to fail the connection. */
bool websocket_judge_answer(int status, const struct websocket_field *fields, size_t count,
                            const char key[WEBSOCKET_KEY_BYTES], struct error *err);

#endif
