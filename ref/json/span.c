/* What can be done with text that json_check() has passed: it is well-formed, so nothing here checks it again. */
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && is_space(*at))
        at++;
    return at;
}

/* Behind the string that starts at `at`. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\')
            at++;
    }
    return at + 1;
}

/* Behind the value that starts at `at`: brackets are counted outside strings. */
static const char *skip_value(const char *at, const char *end)
{
    size_t depth = 0;

    do {
        if (*at == '"') {
            at = skip_string(at, end);
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        else if (*at == '}' || *at == ']')
            depth--;
        at++;
        /* A number or a literal outside brackets ends where something else begins. */
        if (depth == 0 && (at[-1] == '}' || at[-1] == ']'))
            break;
    } while (at < end && (depth > 0 || (*at != ',' && *at != '}' && *at != ']' && !is_space(*at))));
    return at;
}

static char first_byte(struct json_span value)
{
    const char *at = skip_space(value.at, value.at + value.bytes);

    return at < value.at + value.bytes ? *at : '\0';
}

bool json_is_object(struct json_span value)
{
    return first_byte(value) == '{';
}

bool json_is_string(struct json_span value)
{
    return first_byte(value) == '"';
}

bool json_next_member(struct json_span object, struct json_member *member)
{
    const char *end = object.at + object.bytes;
    const char *at;

    if (!json_is_object(object))
        return false;
    if (member->value.at)
        at = skip_space(member->value.at + member->value.bytes, end);
    else
        at = skip_space(object.at, end);
    if (*at == '}')
        return false;
    at = skip_space(at + 1, end); /* behind the brace or the comma */
    if (*at == '}')
        return false;
    member->name.at = at;
    at = skip_string(at, end);
    member->name.bytes = (size_t)(at - member->name.at);
    at = skip_space(skip_space(at, end) + 1, end);
    member->value.at = at;
    member->value.bytes = (size_t)(skip_value(at, end) - at);
    return true;
}

bool json_find(struct json_span object, const char *name, struct json_span *value)
{
    struct json_member member = {0};

    while (json_next_member(object, &member)) {
        if (json_string_is(member.name, name)) {
            *value = member.value;
            return true;
        }
    }
    return false;
}

static unsigned hex4(const char *digits)
{
    unsigned unit = 0;

    for (int i = 0; i < 4; i++)
        unit = unit * 16 + (unsigned)(digits[i] <= '9' ? digits[i] - '0' : (digits[i] | 0x20) - 'a' + 10);
    return unit;
}

static size_t encode_utf8(unsigned code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
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
    return encode_utf8(code, out);
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

bool json_integer(struct json_span value, int64_t *number)
{
    const char *end = value.at + value.bytes;
    const char *at = value.at;
    bool negative = at < end && *at == '-';
    int64_t sum = 0;

    for (at += negative; at < end; at++) {
        int digit = *at - '0';

        if (digit < 0 || digit > 9)
            return false;
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_sub_overflow(sum, digit, &sum))
            return false;
    }
    if (value.bytes == negative || (!negative && sum == INT64_MIN))
        return false;
    *number = negative ? sum : -sum; /* summed below zero, where there is room for one more */
    return true;
}

void json_add_compact(struct buffer *out, struct json_span value)
{
    const char *end = value.at + value.bytes;
    const char *at = value.at;

    while (at < end) {
        const char *begin = at = skip_space(at, end);

        while (at < end && !is_space(*at))
            at = *at == '"' ? skip_string(at, end) : at + 1;
        buffer_add(out, begin, (size_t)(at - begin));
    }
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

size_t json_utf8_bytes(const char *text, size_t bytes)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t need;
    unsigned char low = 0x80;  /* what the second byte may be; narrower where overlong forms, surrogates and */
    unsigned char high = 0xbf; /* numbers above U+10FFFF would be */

    if (bytes == 0)
        return 0;
    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    need = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] == 0xe0)
        low = 0xa0;
    else if (at[0] == 0xed)
        high = 0x9f;
    else if (at[0] == 0xf0)
        low = 0x90;
    else if (at[0] == 0xf4)
        high = 0x8f;
    if (bytes < need || at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++) {
        if (at[i] < 0x80 || at[i] > 0xbf)
            return 0;
    }
    return need;
}

/* Is there an escape \u0000 in a string? */
static bool has_nul(struct json_span text)
{
    const char *end = text.at + text.bytes;

    for (const char *at = text.at; at < end; at++) {
        if (*at != '\\')
            continue;
        if (end - at >= 6 && memcmp(at, "\\u0000", 6) == 0)
            return true;
        at++;
    }
    return false;
}

enum json_result json_parse(const char *text, size_t bytes, cJSON **root, struct error *err)
{
    enum json_result result = json_check(text, bytes, err);

    *root = NULL;
    if (result != JSON_OK)
        return result;
    if (has_nul((struct json_span){text, bytes})) {
        error_set(err, "a string holds \\u0000");
        return JSON_NUL;
    }
    *root = cJSON_ParseWithLength(text, bytes);
    if (!*root) {
        error_set(err, "out of memory");
        return JSON_NO_MEMORY;
    }
    return JSON_OK;
}
