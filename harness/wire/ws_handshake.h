/* The opening handshake of a WebSocket (RFC 6455 4): the client's request, right or with whatever is to be wrong about
 * it, and a strict look at the server's 101. No I/O; thread-safe. */
#ifndef ASSAY_WIRE_WS_HANDSHAKE_H
#define ASSAY_WIRE_WS_HANDSHAKE_H

#include "base/text.h"

enum {
    WS_KEY_BYTES = 25,    /* 16 bytes in base64, and a NUL */
    WS_ACCEPT_BYTES = 29, /* 20 bytes in base64, and a NUL */
};

struct http_response;

/* NULL is what is right, "" leaves the field out. */
struct ws_request {
    const char *method;     /* "GET" */
    const char *target;     /* "/" */
    const char *version;    /* "HTTP/1.1" */
    const char *host;       /* needed, or "" */
    const char *upgrade;    /* "websocket" */
    const char *connection; /* "Upgrade" */
    const char *key;        /* of ws_handshake_key(), or "" */
    const char *ws_version; /* "13" */
    const char *origin;     /* NULL: none */
    const char *extensions; /* NULL: none are offered */
    const char *protocols;  /* NULL: none are offered */
    const char *fields;     /* more of them, whole lines with CRLF; NULL: none */
};

/* Adds the request, its empty line too. */
void ws_request_write(const struct ws_request *request, struct text *out);

/* A key that was not there before: 16 random bytes in base64. */
void ws_handshake_key(char key[WS_KEY_BYTES]);

/* What a server makes of a key (RFC 6455 4.2.2, item 5.4). */
void ws_handshake_accept(const char *key, char accept[WS_ACCEPT_BYTES]);

/* What is wrong with a 101 that answers the request (RFC 6455 4.1, 4.2.2), as a static string with its section: an
 * Upgrade or Connection field that says something else, another or a second Sec-WebSocket-Accept, an extension or a
 * subprotocol that was not offered, more than one subprotocol. NULL: nothing. */
const char *ws_handshake_fault(const struct ws_request *request, const struct http_response *response);

#endif
