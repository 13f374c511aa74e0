/* HTTP/1.1 requests (RFC 9112) as a decoder without I/O: bytes in, events out. The same core serves sockets, tests
 * and fuzzers, and its outcome does not depend on how the bytes were cut.
 *
 * Strict on purpose. Where two readings of a request are possible, somebody in front of this server will choose the
 * other one, and then the end of one request is the beginning of another that nobody checked ("smuggling"). So
 * whatever is ambiguous is refused, and nothing is ever served after a refusal.
 *
 * A decoder belongs to one thread at a time. */
#ifndef REF_HTTP_REQUEST_H
#define REF_HTTP_REQUEST_H

#include "http/chunked.h"
#include "http/line.h"

enum {
    HTTP_REQUEST_LINE_MAX_BYTES = 8192, /* longer: 414 */
    HTTP_FIELDS_MAX_BYTES = 32768,      /* all field lines of a request with their CR LF; more: 431 */
    HTTP_FIELDS_MAX = 100,              /* more: 431 */
    HTTP_EMPTY_LINES_MAX = 4,           /* ignored before a request line (RFC 9112 2.2 asks for one); more: 400 */
};

/* What the head of a request says. Strings live in the decoder until the next request begins. */
struct http_request {
    const char *method;
    const char *path;  /* starts with '/', or is "*" (OPTIONS only); not percent-decoded */
    const char *query; /* what follows the '?'; NULL: there is none */
    const char *host;  /* of an absolute-form target, else of the Host field; NULL: an HTTP/1.0 request without */
    int minor;         /* HTTP/1.minor; 0 or at least 1 */
    bool close;        /* the connection ends after the response (RFC 9112 9.3) */
    bool expect_continue;
    bool chunked;
    uint64_t content_length; /* 0 when chunked */
    struct http_field fields[HTTP_FIELDS_MAX];
    size_t field_count;
};

enum http_state { HTTP_IN_REQUEST_LINE, HTTP_IN_FIELDS, HTTP_IN_BODY, HTTP_IN_CHUNKS, HTTP_ENDED, HTTP_FAILED };

struct http_head; /* the bytes of a head; about 40 KiB, allocated with its first byte, of which touched pages count */

struct http_decoder {
    enum http_state state;
    uint64_t body_max_bytes;
    struct http_line line;
    struct http_head *head; /* NULL between requests */
    struct http_chunked chunked;
    uint64_t body_bytes; /* of a body with Content-Length, still to come */
    size_t fields_bytes;
    int empty_lines;
    const char *body;            /* after HTTP_BODY: points into the caller's bytes */
    size_t body_count;           /* and how many there are */
    struct http_refusal refusal; /* after HTTP_REFUSED */
};

/* A body may have body_max_bytes; a longer one is refused with 413 as soon as its length is known. */
void http_begin(struct http_decoder *decoder, uint64_t body_max_bytes);

/* Frees what the decoder holds; http_begin() makes it usable again. */
void http_end(struct http_decoder *decoder);

enum http_event {
    HTTP_MORE,    /* all bytes were taken, and more are needed */
    HTTP_HEAD,    /* http_request() is complete */
    HTTP_BODY,    /* some content: decoder->body, decoder->body_count */
    HTTP_END,     /* the request is complete; the next byte begins another one and forgets this one's strings */
    HTTP_REFUSED, /* answer decoder->refusal.status and close; every further call says the same */
};

/* Takes bytes up to and including the next event, and says in *consumed how many. Every request gives HTTP_HEAD, any
 * number of HTTP_BODY, then HTTP_END; the last may come without another byte, so call again after HTTP_HEAD and
 * HTTP_BODY even when nothing is left. */
enum http_event http_decode(struct http_decoder *decoder, const char *bytes, size_t count, size_t *consumed);

/* The request whose head has come; valid from HTTP_HEAD until the first byte after HTTP_END, or http_end(). Before that
 * it is NULL or holds what has come: method is NULL until the request line is complete. */
const struct http_request *http_request(const struct http_decoder *decoder);

/* True from the first byte of a request until its end: the peer owes bytes. Empty lines begin nothing. */
bool http_is_reading(const struct http_decoder *decoder);

/* The value of the first field of that name (letter case does not count), and how many there are. */
const char *http_field(const struct http_request *request, const char *name);
size_t http_field_count(const struct http_request *request, const char *name);

/* host [":" port] as RFC 9110 4.2 has it, without user information; a host of no characters is allowed (7.2). */
bool http_is_authority(const char *string);

#endif
