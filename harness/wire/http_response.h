/* Reads one HTTP/1.1 response, strictly and within limits (RFC 9112). No I/O: the caller feeds bytes as they come, in
 * pieces of any size, and the same bytes give the same result however they were cut.
 *
 * What a server may never send is a fault, also where clients usually look away: a bare LF or CR, folded lines, a space
 * before a colon, two Content-Length, Content-Length beside Transfer-Encoding, a transfer coding other than chunked.
 * Memory is bounded by the limits below whatever comes. Not thread-safe; the caller owns the struct. */
#ifndef ASSAY_WIRE_HTTP_RESPONSE_H
#define ASSAY_WIRE_HTTP_RESPONSE_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_LINE_MAX_BYTES = 16 << 10, /* of a status, field or chunk line, without its CRLF */
    HTTP_FIELDS_MAX = 128,          /* of a response, and once more of its trailers */
    HTTP_BODY_MAX_BYTES = 16 << 20,
};

enum http_progress {
    HTTP_READING,   /* it needs more bytes, or the end of the stream */
    HTTP_WHOLE,     /* it is complete; the next byte belongs to another response */
    HTTP_MALFORMED, /* it broke a rule: `fault` says which */
};

struct http_response {
    enum http_progress progress;
    int status;        /* 100 .. 599; 0 until the status line was read */
    int minor_version; /* of HTTP/1.x */
    bool started;      /* a first byte has come */
    bool closes;       /* the server says, or HTTP/1.0 implies, that it closes afterwards (RFC 9112 9.3) */
    size_t field_count;
    struct text fields; /* name NUL value NUL, one pair after the other */
    struct text body;   /* decoded */
    const char *fault;  /* a static string; NULL unless MALFORMED */

    /* The decoder's own. */
    int step;
    bool no_body;
    bool chunked;
    bool counted;
    size_t trailer_count;
    uint64_t left_bytes; /* of the counted body or of the chunk */
    struct text line;
};

/* to_head: the request was a HEAD, so the response ends with its fields (RFC 9112 6.3, rule 1). */
void http_response_init(struct http_response *response, bool to_head);
void http_response_free(struct http_response *response);

/* Takes bytes until they, or the response, are at an end. Returns how many it took: fewer than count only when the
 * response is WHOLE or MALFORMED. */
size_t http_response_feed(struct http_response *response, const char *bytes, size_t count);

/* The stream has ended. A response whose body goes on to the end is WHOLE by this; any other that was still being read
 * stays READING, which is to say it was cut off. */
void http_response_end(struct http_response *response);

/* The value of the first field of that name (names in any case), without the white space around it; NULL: none.
 * Lives as long as the response. */
const char *http_response_field(const struct http_response *response, const char *name);

#endif
