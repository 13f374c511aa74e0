/* The chunked transfer coding (RFC 9112 7.1) as a decoder without I/O: bytes in, the body's bytes out.
 * Extensions and trailers are ignored, as the standard allows, but checked for form and bounded, since a sender can
 * put any amount of either between two bytes of content. */
#ifndef REF_HTTP_CHUNKED_H
#define REF_HTTP_CHUNKED_H

#include "http/line.h"

#include <stdint.h>

enum {
    HTTP_CHUNK_LINE_MAX_BYTES = 1024,       /* one size with its extensions, or one trailer field */
    HTTP_CHUNK_DIGITS_MAX = 16,             /* of a size, leading zeros included */
    HTTP_CHUNK_EXTENSIONS_MAX_BYTES = 4096, /* of all chunks of one body together */
    HTTP_TRAILERS_MAX_BYTES = 8192,         /* of all trailer fields together, with their CR LF */
};

enum http_chunked_state { HTTP_CHUNKED_SIZE, HTTP_CHUNKED_DATA, HTTP_CHUNKED_DATA_END, HTTP_CHUNKED_TRAILER };

struct http_chunked {
    enum http_chunked_state state;
    struct http_line line;
    char buffer[HTTP_CHUNK_LINE_MAX_BYTES + 1];
    uint64_t chunk_bytes; /* of the current chunk, still to come */
    uint64_t body_bytes;  /* still allowed */
    size_t extension_bytes;
    size_t trailer_bytes;
};

/* body_max_bytes bounds the content; a chunk that would pass it is refused with 413 on its size line already. */
void http_chunked_begin(struct http_chunked *chunked, uint64_t body_max_bytes);

enum http_chunked_event { HTTP_CHUNKED_MORE, HTTP_CHUNKED_BYTES, HTTP_CHUNKED_END, HTTP_CHUNKED_REFUSED };

/* Takes bytes up to and including the next event and says in *consumed how many.
 * HTTP_CHUNKED_BYTES: content, *data_bytes long at *data, which points into bytes. HTTP_CHUNKED_MORE: all was taken.
 * HTTP_CHUNKED_REFUSED: *why says why; feed no more. */
enum http_chunked_event http_chunked_decode(struct http_chunked *chunked, const char *bytes, size_t count,
                                            size_t *consumed, const char **data, size_t *data_bytes,
                                            struct http_refusal *why);

#endif
