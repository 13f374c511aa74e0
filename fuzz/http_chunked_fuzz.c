/* A chunked body (RFC 9112 7.1): the decoder, which sees one byte at a time, and a reader that has all of it at once,
 * as long as this page, find the same content and the same end. */
#include "base/buffer.h"
#include "fuzz.h"
#include "http/chunked.h"

#include <ctype.h>
#include <string.h>

enum { BODY_MAX_BYTES = 64 }; /* few, so that an input can pass it */

/* The line at *at without its CR LF, cut out of the text, with *at moved behind it. NULL: there is no whole line, or it
 * holds what no line may. */
static char *cut_line(char **at, char *end)
{
    char *line = *at;
    char *newline = memmem(line, (size_t)(end - line), "\r\n", 2);

    if (!newline || newline - line > HTTP_CHUNK_LINE_MAX_BYTES)
        return NULL;
    for (char *c = line; c < newline; c++)
        if (iscntrl((unsigned char)*c) && *c != '\t')
            return NULL;
    *newline = '\0';
    *at = newline + 2;
    return line;
}

static bool is_trailer(const char *line)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t name = strspn(line, token);

    return name > 0 && line[name] == ':';
}

/* Where the body ends, or NULL if it is none or not whole; its content goes to out. Cuts text up. */
static const char *read_body(char *text, char *end, struct buffer *out)
{
    char *line;
    size_t size;

    do {
        line = cut_line(&text, end);
        size_t digits = line ? strspn(line, "0123456789abcdefABCDEF") : 0;
        if (digits == 0 || digits > HTTP_CHUNK_DIGITS_MAX)
            return NULL;
        const char *extension = line + digits + strspn(line + digits, " \t");
        size = strtoul(line, NULL, 16);
        if ((line[digits] && *extension != ';') || size > BODY_MAX_BYTES - out->bytes)
            return NULL;
        if (size > 0 && ((size_t)(end - text) < size + 2 || memcmp(text + size, "\r\n", 2) != 0))
            return NULL;
        buffer_add(out, text, size);
        text += size > 0 ? size + 2 : 0;
    } while (size > 0);
    while ((line = cut_line(&text, end)) && *line)
        if (!is_trailer(line))
            return NULL;
    return line ? text : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer content = buffer_new(BODY_MAX_BYTES), expected = buffer_new(BODY_MAX_BYTES);
    enum http_chunked_event event = HTTP_CHUNKED_MORE;
    struct http_chunked chunked;
    struct http_refusal why;
    const char *part;
    size_t used = 0, consumed, bytes;

    http_chunked_begin(&chunked, BODY_MAX_BYTES);
    for (; used < size && (event == HTTP_CHUNKED_MORE || event == HTTP_CHUNKED_BYTES); used += consumed) {
        event = http_chunked_decode(&chunked, (const char *)data + used, 1, &consumed, &part, &bytes, &why);
        if (event == HTTP_CHUNKED_BYTES)
            buffer_add(&content, part, bytes);
    }
    char *text = calloc(size + 1, 1);
    memcpy(text, data, size);
    const char *end = read_body(text, text + size, &expected);
    fuzz_require(!content.failed, "the content keeps its limit");
    fuzz_require((event == HTTP_CHUNKED_END) == (end != NULL), "both find an end, or neither");
    fuzz_require(!end || end == text + used, "both find the same end");
    fuzz_require(!end || content.bytes == expected.bytes, "both find as much content");
    fuzz_require(!end || !content.data || memcmp(content.data, expected.data, content.bytes) == 0, "and the same");
    free(text);
    buffer_free(&content);
    buffer_free(&expected);
    return 0;
}
