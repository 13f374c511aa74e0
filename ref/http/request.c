/* The request decoder: request line, fields, then a body that is counted or chunked. */
#include "http/request.h"

#include "http/framing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct http_head {
    struct http_request request;
    size_t used; /* of bytes: whole lines, each with its NUL */
    char bytes[HTTP_REQUEST_LINE_MAX_BYTES + 1 + HTTP_FIELDS_MAX_BYTES + 1];
};

static bool refuse(struct http_decoder *decoder, int status, const char *reason)
{
    return http_refuse(&decoder->refusal, status, reason);
}

void http_begin(struct http_decoder *decoder, uint64_t body_max_bytes)
{
    *decoder = (struct http_decoder){.state = HTTP_IN_REQUEST_LINE, .body_max_bytes = body_max_bytes};
}

void http_end(struct http_decoder *decoder)
{
    free(decoder->head);
    decoder->head = NULL;
}

const struct http_request *http_request(const struct http_decoder *decoder)
{
    return decoder->head ? &decoder->head->request : NULL;
}

bool http_is_reading(const struct http_decoder *decoder)
{
    if (decoder->state == HTTP_IN_REQUEST_LINE)
        return decoder->head && decoder->line.count > 0;
    return decoder->state != HTTP_ENDED;
}

/* The first byte of a request: its head needs a place, and its request line begins there. */
static bool begin_head(struct http_decoder *decoder)
{
    static const struct http_refusal too_long = {414, "request line too long"};

    decoder->head = malloc(sizeof *decoder->head);
    if (!decoder->head)
        return refuse(decoder, 503, "out of memory");
    decoder->head->used = 0;
    memset(&decoder->head->request, 0, sizeof decoder->head->request);
    http_line_begin(&decoder->line, decoder->head->bytes, HTTP_REQUEST_LINE_MAX_BYTES, too_long);
    return true;
}

/* The next line is a field, of at most what the earlier ones left of HTTP_FIELDS_MAX_BYTES. */
static void begin_field(struct http_decoder *decoder)
{
    static const struct http_refusal too_long = {431, "too many bytes of fields (RFC 6585 5)"};
    struct http_head *head = decoder->head;
    size_t left = HTTP_FIELDS_MAX_BYTES - decoder->fields_bytes;

    head->used += decoder->line.count + 1;
    http_line_begin(&decoder->line, head->bytes + head->used, left > 2 ? left - 2 : 0, too_long);
}

static bool read_version(struct http_decoder *decoder, const char *version)
{
    if (strncmp(version, "HTTP/", 5) != 0 || strlen(version) != 8 || version[6] != '.')
        return refuse(decoder, 400, "request line without a version (RFC 9112 2.3)");
    if (!strchr("0123456789", version[5]) || !strchr("0123456789", version[7]))
        return refuse(decoder, 400, "version that is no number (RFC 9112 2.3)");
    if (version[5] != '1')
        return refuse(decoder, 505, "another major version of HTTP");
    decoder->head->request.minor = version[7] - '0';
    return true;
}

/* http://authority/path?query: the authority is moved one byte to the front, to make room for a NUL behind it. */
static bool read_absolute(struct http_decoder *decoder, char *target)
{
    struct http_request *request = &decoder->head->request;
    char *authority = target + strlen("http://");
    size_t length = strcspn(authority, "/?");

    if (length == 0 || *authority == ':')
        return refuse(decoder, 400, "target without a host (RFC 9110 4.2.1)");
    request->path = authority[length] == '/' ? authority + length : "/";
    if (authority[length] == '?')
        request->query = authority + length + 1;
    memmove(authority - 1, authority, length);
    authority[length - 1] = '\0';
    request->host = authority - 1;
    if (!http_is_authority(request->host))
        return refuse(decoder, 400, "target whose host is no host (RFC 9112 3.2.2)");
    return true;
}

static bool read_target(struct http_decoder *decoder, char *target)
{
    struct http_request *request = &decoder->head->request;

    for (const char *c = target; *c; c++) {
        if (*c < 0x21 || *c > 0x7e || *c == '#') /* what is above 0x7e is negative or DEL, and refused as well */
            return refuse(decoder, 400, "byte that no target may hold (RFC 9112 3.2)");
    }
    if (strncasecmp(target, "http://", 7) == 0) {
        if (!read_absolute(decoder, target))
            return false;
    } else if (*target == '/' || (strcmp(target, "*") == 0 && strcmp(request->method, "OPTIONS") == 0)) {
        request->path = target;
    } else {
        return refuse(decoder, 400, "target of no known form (RFC 9112 3.2)");
    }
    char *question = strchr(request->path, '?');
    if (question) {
        *question = '\0';
        request->query = question + 1;
    }
    return true;
}

/* method SP request-target SP HTTP-version, with one space each (RFC 9112 3). */
static bool read_request_line(struct http_decoder *decoder)
{
    char *method = decoder->line.bytes;
    char *target = strchr(method, ' ');
    char *version = target ? strchr(target + 1, ' ') : NULL;

    if (!version)
        return refuse(decoder, 400, "request line of less than three parts (RFC 9112 3)");
    *target++ = '\0';
    *version++ = '\0';
    if (!http_is_token(method))
        return refuse(decoder, 400, "method that is no token (RFC 9110 9.1)");
    decoder->head->request.method = method;
    return read_version(decoder, version) && read_target(decoder, target);
}

static bool read_field(struct http_decoder *decoder)
{
    struct http_request *request = &decoder->head->request;

    if (request->field_count == HTTP_FIELDS_MAX)
        return refuse(decoder, 431, "too many fields (RFC 6585 5)");
    if (!http_line_field(decoder->line.bytes, &request->fields[request->field_count], &decoder->refusal))
        return false;
    request->field_count++;
    decoder->fields_bytes += decoder->line.count + 2;
    return true;
}

static bool read_empty_line(struct http_decoder *decoder)
{
    if (++decoder->empty_lines > HTTP_EMPTY_LINES_MAX)
        return refuse(decoder, 400, "too many empty lines before a request");
    http_line_begin(&decoder->line, decoder->head->bytes, decoder->line.max_bytes, decoder->line.too_long);
    return true;
}

/* The empty line after the fields: from here on it is known how the body ends. */
static bool end_head(struct http_decoder *decoder)
{
    const struct http_request *request = &decoder->head->request;

    if (!http_framing(&decoder->head->request, decoder->body_max_bytes, &decoder->refusal))
        return false;
    decoder->body_bytes = request->content_length;
    decoder->state = request->chunked ? HTTP_IN_CHUNKS : HTTP_IN_BODY;
    if (request->chunked)
        http_chunked_begin(&decoder->chunked, decoder->body_max_bytes);
    return true;
}

/* A whole line of the head. HTTP_MORE: go on with the next one. */
static enum http_event take_line(struct http_decoder *decoder)
{
    bool empty = decoder->line.count == 0;

    if (decoder->state == HTTP_IN_FIELDS && empty)
        return end_head(decoder) ? HTTP_HEAD : HTTP_REFUSED;
    if (decoder->state == HTTP_IN_REQUEST_LINE && empty)
        return read_empty_line(decoder) ? HTTP_MORE : HTTP_REFUSED;
    if (!(decoder->state == HTTP_IN_REQUEST_LINE ? read_request_line(decoder) : read_field(decoder)))
        return HTTP_REFUSED;
    decoder->state = HTTP_IN_FIELDS;
    begin_field(decoder);
    return HTTP_MORE;
}

static enum http_event decode_head(struct http_decoder *decoder, const char *bytes, size_t count, size_t *consumed)
{
    enum http_event event = HTTP_MORE;

    if (count > 0 && !decoder->head && !begin_head(decoder))
        return HTTP_REFUSED;
    while (*consumed < count && event == HTTP_MORE) {
        switch (http_line_add(&decoder->line, (unsigned char)bytes[(*consumed)++], &decoder->refusal)) {
        case HTTP_LINE_MORE:
            break;
        case HTTP_LINE_WHOLE:
            event = take_line(decoder);
            break;
        case HTTP_LINE_REFUSED:
            event = HTTP_REFUSED;
        }
    }
    return event;
}

static enum http_event decode_body(struct http_decoder *decoder, const char *bytes, size_t count, size_t *consumed)
{
    if (decoder->body_bytes == 0)
        return HTTP_END;
    if (count == 0)
        return HTTP_MORE;
    decoder->body = bytes;
    decoder->body_count = count < decoder->body_bytes ? count : (size_t)decoder->body_bytes;
    decoder->body_bytes -= decoder->body_count;
    *consumed = decoder->body_count;
    return HTTP_BODY;
}

static enum http_event decode_chunks(struct http_decoder *decoder, const char *bytes, size_t count, size_t *consumed)
{
    switch (http_chunked_decode(&decoder->chunked, bytes, count, consumed, &decoder->body, &decoder->body_count,
                                &decoder->refusal)) {
    case HTTP_CHUNKED_MORE:
        return HTTP_MORE;
    case HTTP_CHUNKED_BYTES:
        return HTTP_BODY;
    case HTTP_CHUNKED_END:
        return HTTP_END;
    case HTTP_CHUNKED_REFUSED:
        break;
    }
    return HTTP_REFUSED;
}

static enum http_event decode(struct http_decoder *decoder, const char *bytes, size_t count, size_t *consumed)
{
    switch (decoder->state) {
    case HTTP_ENDED:
        if (count == 0)
            return HTTP_MORE;
        http_end(decoder);
        http_begin(decoder, decoder->body_max_bytes);
        return decode_head(decoder, bytes, count, consumed);
    case HTTP_IN_REQUEST_LINE:
    case HTTP_IN_FIELDS:
        return decode_head(decoder, bytes, count, consumed);
    case HTTP_IN_BODY:
        return decode_body(decoder, bytes, count, consumed);
    case HTTP_IN_CHUNKS:
        return decode_chunks(decoder, bytes, count, consumed);
    case HTTP_FAILED:
        break;
    }
    return HTTP_REFUSED;
}

enum http_event http_decode(struct http_decoder *decoder, const char *bytes, size_t count, size_t *consumed)
{
    *consumed = 0;
    enum http_event event = decode(decoder, bytes, count, consumed);
    if (event == HTTP_END)
        decoder->state = HTTP_ENDED;
    if (event == HTTP_REFUSED)
        decoder->state = HTTP_FAILED;
    return event;
}
