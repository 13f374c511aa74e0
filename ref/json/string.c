/* Strings of checked text, decoded byte by byte without a copy, and new ones written. */
#include "json/string.h"

#include "json/utf8.h"

#include <stdlib.h>
#include <string.h>

static unsigned hex4(const char *digits)
{
    unsigned unit = 0;

    for (int i = 0; i < 4; i++)
        unit = unit * 16 + (unsigned)(digits[i] <= '9' ? digits[i] - '0' : (digits[i] | 0x20) - 'a' + 10);
    return unit;
}

/* Decodes one character of a string's inside to UTF-8 and says how many bytes that took; *at moves behind it. */
static size_t decode(const char **at, char out[4])
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char decoded[] = "\"\\/\b\f\n\r\t";
    const char *from = *at;
    unsigned code;

    if (*from != '\\') {
        *out = *from;
        *at = from + 1;
        return 1;
    }
    if (from[1] != 'u') {
        *out = decoded[strchr(escapes, from[1]) - escapes];
        *at = from + 2;
        return 1;
    }
    code = hex4(from + 2);
    from += 6;
    if (code >= 0xd800 && code <= 0xdbff) {
        code = 0x10000 + ((code - 0xd800) << 10) + (hex4(from + 2) - 0xdc00);
        from += 6;
    }
    *at = from;
    return json_utf8_encode(code, out);
}

/* A string's decoded bytes, one by one, without a copy of it. */
struct decoder {
    const char *at;
    const char *end;
    char pending[4];
    size_t pending_bytes;
    size_t pending_at;
};

static struct decoder decoder_new(struct json_span string)
{
    return (struct decoder){.at = string.at + 1, .end = string.at + string.bytes - 1};
}

/* The next byte, or -1 at the end. */
static int next_byte(struct decoder *decoder)
{
    if (decoder->pending_at == decoder->pending_bytes) {
        if (decoder->at == decoder->end)
            return -1;
        decoder->pending_bytes = decode(&decoder->at, decoder->pending);
        decoder->pending_at = 0;
    }
    return (unsigned char)decoder->pending[decoder->pending_at++];
}

int json_compare_strings(struct json_span a, struct json_span b)
{
    struct decoder left = decoder_new(a);
    struct decoder right = decoder_new(b);
    int difference;
    int byte;

    do {
        byte = next_byte(&left);
        difference = byte - next_byte(&right);
    } while (difference == 0 && byte >= 0);
    return difference;
}

bool json_string_is(struct json_span value, const char *text)
{
    struct decoder decoder;
    int byte;

    if (value.bytes == 0 || *value.at != '"')
        return false;
    decoder = decoder_new(value);
    while ((byte = next_byte(&decoder)) >= 0) {
        if (byte == 0 || byte != (unsigned char)*text)
            return false;
        text++;
    }
    return *text == '\0';
}

char *json_string(struct json_span value, size_t *bytes)
{
    struct decoder decoder;
    char *text;
    int byte;

    *bytes = 0;
    if (value.bytes == 0 || *value.at != '"')
        return NULL;
    text = malloc(value.bytes); /* decoding never makes it longer */
    if (!text)
        return NULL;
    decoder = decoder_new(value);
    while ((byte = next_byte(&decoder)) >= 0)
        text[(*bytes)++] = (char)byte;
    text[*bytes] = '\0';
    return text;
}

void json_add_string(struct buffer *out, const char *text, size_t bytes)
{
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char escapes[] = "\"\\bfnrt";
    const char *end = text + bytes;

    buffer_add(out, "\"", 1);
    while (text < end) {
        const char *escape = *text ? strchr(plain, *text) : NULL;
        const char *begin = text;
        size_t run;

        /* A run of bytes that need nothing goes in at once. */
        while (text < end && (unsigned char)*text >= 0x20 && *text != '"' && *text != '\\' &&
               (run = json_utf8_bytes(text, (size_t)(end - text))) > 0)
            text += run;
        if (text > begin) {
            buffer_add(out, begin, (size_t)(text - begin));
            continue;
        }
        if (escape)
            buffer_add(out, (char[]){'\\', escapes[escape - plain]}, 2);
        else if ((unsigned char)*text < 0x20)
            buffer_add_format(out, "\\u%04x", (unsigned char)*text);
        else
            buffer_add_text(out, "\xef\xbf\xbd");
        text++;
    }
    buffer_add(out, "\"", 1);
}
