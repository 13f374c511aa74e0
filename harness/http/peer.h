/* The raw HTTP client of a room: writes whatever bytes it is told to, in whatever pieces, and reads strictly.
 *
 *     struct http_peer *peer = http_dial(server);
 *     http_send(peer, "POST %s HTTP/1.1\r\n%sContent-Length: 9\r\n\r\n{not-json", endpoint->path, server->fields);
 *     expect_status(http_read(peer), 400);
 *     http_hang_up(peer);
 *
 * Nothing here sends a byte that the room has not written. Every wait has a deadline (HTTP_WAIT_MS, scaled), and what
 * a hostile server can cost is bounded (wire/http_response.h, net/tcp.h). Functions named expect_… end the case as
 * FAIL. One thread uses a peer; the caller owns it and ends it with http_hang_up() or http_reset(). */
#ifndef ASSAY_HTTP_PEER_H
#define ASSAY_HTTP_PEER_H

#include "http/target.h"
#include "net/tcp_plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_WAIT_MS = 20000, /* for an answer, scaled */
    HTTP_INTERIM_MAX = 8, /* 1xx responses before a final one */
};

struct http_peer;

/* How a reading ended. Only HTTP_ANSWER has a response. */
enum http_outcome {
    HTTP_ANSWER,    /* one whole, well-formed response */
    HTTP_CLOSED,    /* FIN, before the first byte of a response */
    HTTP_RESET,     /* the connection was reset, before the first byte of a response */
    HTTP_SILENCE,   /* neither bytes nor an end until the deadline */
    HTTP_GARBLED,   /* bytes that are no HTTP/1.1 response, or one that breaks a limit of the reader */
    HTTP_TRUNCATED, /* a response was begun and not finished: the connection ended or the deadline passed */
};

/* Pointers live until the peer's next reading. */
struct http_answer {
    enum http_outcome outcome;
    int status; /* 0 unless HTTP_ANSWER */
    const char *body;
    size_t body_bytes;
    unsigned interims;   /* 1xx responses that came before */
    bool http_1_0;       /* the response is one of HTTP/1.0 */
    bool closes;         /* the response says that the server closes the connection now */
    bool reset;          /* the connection was reset, before the answer's end or behind it */
    int64_t at_ms;       /* when its last byte came, or the waiting ended: since http_dial() */
    const char *summary; /* the whole of it in one line, for people */
    const struct http_target *server;
    const struct http_peer *peer;
};

/* Connects; a server that cannot be reached is a FAIL. http_dial_narrow() advertises as small a receive window as the
 * system allows: for clients that do not read. */
struct http_peer *http_dial(struct http_target *server);
struct http_peer *http_dial_narrow(struct http_target *server);

/* Each sends, and enters what was sent as evidence. A server that takes no more, or has answered already, is no
 * failure here: the next reading tells. Returns true when all bytes were taken by the system. */
bool http_send(struct http_peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool http_send_bytes(struct http_peer *peer, const void *bytes, size_t count);
bool http_send_chopped(struct http_peer *peer, struct tcp_plan plan, const void *bytes, size_t count);

/* A request to the endpoint that is valid but for what the room adds: `lines` (whole ones, with CRLF) behind the fields
 * that every request carries, and `rest` behind the empty line. */
bool http_send_request(struct http_peer *peer, const struct http_endpoint *endpoint, const char *lines,
                       const char *rest);

/* A valid request to the endpoint with that body. */
bool http_send_json(struct http_peer *peer, const struct http_endpoint *endpoint, const char *body);

/* Sends `piece` over and over until about total_bytes were sent, the server takes no more, or an answer begins. Returns
 * how many bytes the system took. */
size_t http_flood(struct http_peer *peer, const char *piece, size_t total_bytes);

/* From now on reads at most read_bytes at a time with a pause after each, and only when told to read. */
void http_read_slowly(struct http_peer *peer, size_t read_bytes, int64_t pause_ms);

/* Listens for pause_ms without expecting anything; true when bytes have come that were not read yet, or the end. */
bool http_pause(struct http_peer *peer, int64_t pause_ms);

void http_half_close(struct http_peer *peer); /* FIN; the other half stays open for reading */
void http_hang_up(struct http_peer *peer);    /* closes and frees the peer; NULL is allowed */
void http_reset(struct http_peer *peer);      /* the same with a reset instead of a FIN */
void http_hang_up_all(void);                  /* every peer that a failed case has left behind */

/* The next response: the final one, any one (a 1xx too), the one to a HEAD request, or within another time. */
struct http_answer http_read(struct http_peer *peer);
struct http_answer http_read_interim(struct http_peer *peer);
struct http_answer http_read_to_head(struct http_peer *peer);
struct http_answer http_read_within(struct http_peer *peer, int64_t timeout_ms);

/* For a response that goes on and on, such as an event stream: HTTP_ANSWER as soon as its body holds `text`, else
 * HTTP_TRUNCATED. The answer's body is what has come so far. No other reading may follow than one of this kind, which
 * goes on where this one stopped and looks at the body's beginning again. */
struct http_answer http_read_until(struct http_peer *peer, const char *text, int64_t timeout_ms);

/* The same as soon as the body has more than seen_bytes. */
struct http_answer http_read_more(struct http_peer *peer, size_t seen_bytes, int64_t timeout_ms);

/* The value of the answer's first field of that name; NULL: it has none. */
const char *http_answer_field(const struct http_answer *answer, const char *name);

#endif
