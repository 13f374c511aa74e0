/* Walking along checked text: it is well-formed, so nothing here checks it again. */
#include "json/span.h"

#include "json/string.h"

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

/* Behind the string that starts at `at`. It ends at the first quotation mark that no backslash escapes, that is, behind
 * an even number of them. Most strings hold none and are passed at the speed of memchr(3). */
static const char *skip_string(const char *at, const char *end)
{
    for (;;) {
        const char *quote = memchr(at + 1, '"', (size_t)(end - at - 1));
        size_t backslashes = 0;

        if (!quote)
            return end;
        while (*(quote - 1 - backslashes) == '\\')
            backslashes++;
        if (backslashes % 2 == 0)
            return quote + 1;
        at = quote;
    }
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

bool json_next_element(struct json_span array, struct json_span *element)
{
    const char *end = array.at + array.bytes;
    const char *at;

    if (first_byte(array) != '[')
        return false;
    at = skip_space(element->at ? element->at + element->bytes : array.at, end);
    if (*at == ']')
        return false;
    at = skip_space(at + 1, end); /* behind the bracket or the comma */
    if (*at == ']')
        return false;
    element->at = at;
    element->bytes = (size_t)(skip_value(at, end) - at);
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
