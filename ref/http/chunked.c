/* Chunk by chunk: a state machine over lines (sizes, trailers) and counted bytes (data). */
#include "http/chunked.h"

#include <string.h>

static void enter(struct http_chunked *chunked, enum http_chunked_state state)
{
    static const struct http_refusal long_size = {400, "chunk size line too long"};
    static const struct http_refusal long_trailer = {431, "trailer field too long"};
    static const struct http_refusal no_end = {400, "chunk data not followed by CR LF (RFC 9112 7.1)"};

    chunked->state = state;
    if (state == HTTP_CHUNKED_SIZE)
        http_line_begin(&chunked->line, chunked->buffer, HTTP_CHUNK_LINE_MAX_BYTES, long_size);
    if (state == HTTP_CHUNKED_DATA_END)
        http_line_begin(&chunked->line, chunked->buffer, 0, no_end);
    if (state == HTTP_CHUNKED_TRAILER)
        http_line_begin(&chunked->line, chunked->buffer, HTTP_CHUNK_LINE_MAX_BYTES, long_trailer);
}

void http_chunked_begin(struct http_chunked *chunked, uint64_t body_max_bytes)
{
    chunked->chunk_bytes = 0;
    chunked->body_bytes = body_max_bytes;
    chunked->extension_bytes = 0;
    chunked->trailer_bytes = 0;
    enter(chunked, HTTP_CHUNKED_SIZE);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* chunk-size [ chunk-ext ]: neither sign nor prefix nor white space, all of which strtol() would take. */
static bool take_size(struct http_chunked *chunked, struct http_refusal *why)
{
    const char *end = chunked->line.bytes;
    uint64_t size = 0;
    int digits = 0;

    for (; hex_digit(*end) >= 0; end++) {
        if (++digits > HTTP_CHUNK_DIGITS_MAX)
            return http_refuse(why, 400, "chunk size of too many digits");
        size = size << 4 | (uint64_t)hex_digit(*end);
    }
    if (digits == 0)
        return http_refuse(why, 400, "chunk size is no hexadecimal number");
    if (*end && end[strspn(end, " \t")] != ';')
        return http_refuse(why, 400, "chunk size is followed by no extension");
    chunked->extension_bytes += strlen(end);
    if (chunked->extension_bytes > HTTP_CHUNK_EXTENSIONS_MAX_BYTES)
        return http_refuse(why, 400, "too many bytes of chunk extensions");
    if (size > chunked->body_bytes)
        return http_refuse(why, 413, "chunked body over the limit");
    chunked->chunk_bytes = size;
    chunked->body_bytes -= size;
    enter(chunked, size > 0 ? HTTP_CHUNKED_DATA : HTTP_CHUNKED_TRAILER);
    return true;
}

/* A trailer must have a field's form, and then is forgotten: it never changes how the request is read. */
static bool take_trailer(struct http_chunked *chunked, struct http_refusal *why)
{
    struct http_field forgotten;

    chunked->trailer_bytes += chunked->line.count + 2;
    if (chunked->trailer_bytes > HTTP_TRAILERS_MAX_BYTES)
        return http_refuse(why, 431, "too many bytes of trailers");
    if (!http_line_field(chunked->line.bytes, &forgotten, why))
        return false;
    enter(chunked, HTTP_CHUNKED_TRAILER);
    return true;
}

static enum http_chunked_event take_line(struct http_chunked *chunked, struct http_refusal *why)
{
    bool taken = true;

    if (chunked->state == HTTP_CHUNKED_TRAILER && chunked->line.count == 0)
        return HTTP_CHUNKED_END;
    if (chunked->state == HTTP_CHUNKED_SIZE)
        taken = take_size(chunked, why);
    else if (chunked->state == HTTP_CHUNKED_TRAILER)
        taken = take_trailer(chunked, why);
    else
        enter(chunked, HTTP_CHUNKED_SIZE);
    return taken ? HTTP_CHUNKED_MORE : HTTP_CHUNKED_REFUSED;
}

static enum http_chunked_event take_data(struct http_chunked *chunked, size_t available, size_t *data_bytes)
{
    *data_bytes = available < chunked->chunk_bytes ? available : (size_t)chunked->chunk_bytes;
    chunked->chunk_bytes -= *data_bytes;
    if (chunked->chunk_bytes == 0)
        enter(chunked, HTTP_CHUNKED_DATA_END);
    return HTTP_CHUNKED_BYTES;
}

enum http_chunked_event http_chunked_decode(struct http_chunked *chunked, const char *bytes, size_t count,
                                            size_t *consumed, const char **data, size_t *data_bytes,
                                            struct http_refusal *why)
{
    enum http_chunked_event event = HTTP_CHUNKED_MORE;
    size_t at = 0;

    while (at < count && event == HTTP_CHUNKED_MORE) {
        if (chunked->state == HTTP_CHUNKED_DATA) {
            *data = bytes + at;
            event = take_data(chunked, count - at, data_bytes);
            at += *data_bytes;
            continue;
        }
        switch (http_line_add(&chunked->line, (unsigned char)bytes[at++], why)) {
        case HTTP_LINE_MORE:
            break;
        case HTTP_LINE_WHOLE:
            event = take_line(chunked, why);
            break;
        case HTTP_LINE_REFUSED:
            event = HTTP_CHUNKED_REFUSED;
        }
    }
    *consumed = at;
    return event;
}
