/* The check: one pass over the bytes, with a stack of its own, so that depth costs no C stack. */
#include "json/check.h"

#include "json/span.h"
#include "json/string.h"
#include "json/utf8.h"

#include <stdlib.h>
#include <string.h>

enum expect { EXPECT_VALUE, EXPECT_FIRST_ELEMENT, EXPECT_FIRST_NAME, EXPECT_NAME, EXPECT_COMMA_OR_END };

struct checker {
    const char *begin;
    const char *at;
    const char *end;
    struct error *err;
    struct json_span *names; /* of the members of all objects that are open, innermost last */
    size_t name_count;
    size_t name_room;
    size_t depth;
    struct {
        bool object;
        size_t first_name; /* index into names */
    } open[JSON_DEPTH_MAX];
};

static enum json_result refuse(struct checker *c, enum json_result result, const char *why)
{
    error_set(c->err, "%s at byte %zu", why, (size_t)(c->at - c->begin));
    return result;
}

static void skip_space(struct checker *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

static bool accept(struct checker *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

/* True if there was at least one digit. */
static bool skip_digits(struct checker *c)
{
    const char *begin = c->at;

    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return c->at > begin;
}

static enum json_result check_number(struct checker *c)
{
    accept(c, '-');
    if (!accept(c, '0') && !skip_digits(c))
        return refuse(c, JSON_SYNTAX, "a number without digits");
    if (accept(c, '.') && !skip_digits(c))
        return refuse(c, JSON_SYNTAX, "a fraction without digits");
    if (accept(c, 'e') || accept(c, 'E')) {
        if (!accept(c, '+'))
            accept(c, '-');
        if (!skip_digits(c))
            return refuse(c, JSON_SYNTAX, "an exponent without digits");
    }
    return JSON_OK;
}

static enum json_result check_literal(struct checker *c, const char *literal)
{
    size_t bytes = strlen(literal);

    if ((size_t)(c->end - c->at) < bytes || memcmp(c->at, literal, bytes) != 0)
        return refuse(c, JSON_SYNTAX, "not a value");
    c->at += bytes;
    return JSON_OK;
}

/* Four hexadecimal digits; -1 if they are not. */
static long read_hex4(struct checker *c)
{
    long unit = 0;

    for (int i = 0; i < 4; i++) {
        char digit = c->at < c->end ? *c->at : '\0';

        if (digit >= '0' && digit <= '9')
            unit = unit * 16 + digit - '0';
        else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
            unit = unit * 16 + (digit | 0x20) - 'a' + 10;
        else
            return -1;
        c->at++;
    }
    return unit;
}

/* Behind "\u". Surrogates come in pairs, high then low (RFC 8259 section 7). */
static enum json_result check_unicode_escape(struct checker *c)
{
    long unit = read_hex4(c);

    if (unit < 0)
        return refuse(c, JSON_SYNTAX, "not four hexadecimal digits");
    if (unit < 0xd800 || unit > 0xdfff)
        return JSON_OK;
    if (unit <= 0xdbff && accept(c, '\\') && accept(c, 'u')) {
        unit = read_hex4(c);
        if (unit >= 0xdc00 && unit <= 0xdfff)
            return JSON_OK;
    }
    return refuse(c, JSON_ENCODING, "a lone surrogate");
}

static enum json_result check_escape(struct checker *c)
{
    if (accept(c, 'u'))
        return check_unicode_escape(c);
    if (c->at == c->end || *c->at == '\0' || !strchr("\"\\/bfnrt", *c->at))
        return refuse(c, JSON_SYNTAX, "an unknown escape");
    c->at++;
    return JSON_OK;
}

/* Printable ASCII, which most of most strings is. */
static void skip_plain(struct checker *c)
{
    while (c->at < c->end && *c->at >= ' ' && *c->at <= '~' && *c->at != '"' && *c->at != '\\')
        c->at++;
}

static enum json_result check_string(struct checker *c)
{
    enum json_result result = JSON_OK;

    if (!accept(c, '"'))
        return refuse(c, JSON_SYNTAX, "a string should stand here,");
    while (result == JSON_OK) {
        size_t bytes;

        skip_plain(c);
        if (c->at == c->end)
            return refuse(c, JSON_SYNTAX, "a string without an end");
        if (accept(c, '"'))
            return JSON_OK;
        if ((unsigned char)*c->at < 0x20)
            return refuse(c, JSON_SYNTAX, "a raw control character");
        if (accept(c, '\\')) {
            result = check_escape(c);
            continue;
        }
        bytes = json_utf8_bytes(c->at, (size_t)(c->end - c->at));
        if (bytes == 0)
            return refuse(c, JSON_ENCODING, "invalid UTF-8");
        c->at += bytes;
    }
    return result;
}

static int compare_names(const void *a, const void *b)
{
    return json_compare_strings(*(const struct json_span *)a, *(const struct json_span *)b);
}

static enum json_result keep_name(struct checker *c, struct json_span name)
{
    if (c->name_count == c->name_room) {
        size_t room = c->name_room ? c->name_room * 2 : 64;
        struct json_span *names = realloc(c->names, room * sizeof *names);

        if (!names)
            return refuse(c, JSON_NO_MEMORY, "out of memory");
        c->names = names;
        c->name_room = room;
    }
    c->names[c->name_count++] = name;
    return JSON_OK;
}

/* A name and its colon. */
static enum json_result check_name(struct checker *c)
{
    const char *begin = c->at;
    enum json_result result = check_string(c);

    if (result == JSON_OK)
        result = keep_name(c, (struct json_span){begin, (size_t)(c->at - begin)});
    if (result != JSON_OK)
        return result;
    skip_space(c);
    return accept(c, ':') ? JSON_OK : refuse(c, JSON_SYNTAX, "a colon is missing");
}

/* At the end of an object all its names are known: sorted, the same ones stand side by side. */
static enum json_result check_duplicates(struct checker *c, size_t first_name)
{
    size_t count = c->name_count - first_name;
    struct json_span *names;

    c->name_count = first_name;
    if (count < 2) /* and without a single name there is no array yet */
        return JSON_OK;
    names = c->names + first_name;
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++) {
        if (compare_names(&names[i - 1], &names[i]) == 0)
            return refuse(c, JSON_DUPLICATE, "one name twice in the object that ends");
    }
    return JSON_OK;
}

static enum json_result open_level(struct checker *c, bool object, enum expect *expect)
{
    if (c->depth == JSON_DEPTH_MAX)
        return refuse(c, JSON_TOO_DEEP, "nested too deeply");
    c->at++;
    c->open[c->depth].object = object;
    c->open[c->depth].first_name = c->name_count;
    c->depth++;
    *expect = object ? EXPECT_FIRST_NAME : EXPECT_FIRST_ELEMENT;
    return JSON_OK;
}

static enum json_result close_level(struct checker *c, enum expect *expect)
{
    bool object = c->open[c->depth - 1].object;

    if (!accept(c, object ? '}' : ']'))
        return refuse(c, JSON_SYNTAX, "a comma or a closing bracket is missing");
    c->depth--;
    *expect = EXPECT_COMMA_OR_END;
    return object ? check_duplicates(c, c->open[c->depth].first_name) : JSON_OK;
}

static enum json_result check_value(struct checker *c, enum expect *expect)
{
    *expect = EXPECT_COMMA_OR_END;
    switch (c->at < c->end ? *c->at : '\0') {
    case '{':
        return open_level(c, true, expect);
    case '[':
        return open_level(c, false, expect);
    case '"':
        return check_string(c);
    case 't':
        return check_literal(c, "true");
    case 'f':
        return check_literal(c, "false");
    case 'n':
        return check_literal(c, "null");
    default:
        return check_number(c);
    }
}

static enum json_result check_next(struct checker *c, enum expect *expect)
{
    bool empty_ends = c->at < c->end && (*c->at == '}' || *c->at == ']');

    switch (*expect) {
    case EXPECT_FIRST_ELEMENT:
        return empty_ends ? close_level(c, expect) : check_value(c, expect);
    case EXPECT_FIRST_NAME:
        if (empty_ends)
            return close_level(c, expect);
        *expect = EXPECT_VALUE;
        return check_name(c);
    case EXPECT_NAME:
        *expect = EXPECT_VALUE;
        return check_name(c);
    case EXPECT_COMMA_OR_END:
        if (!accept(c, ','))
            return close_level(c, expect);
        *expect = c->open[c->depth - 1].object ? EXPECT_NAME : EXPECT_VALUE;
        return JSON_OK;
    case EXPECT_VALUE:
        break;
    }
    return check_value(c, expect);
}

enum json_result json_check(const char *text, size_t bytes, struct error *err)
{
    struct checker c = {.begin = text, .at = text, .end = text + bytes, .err = err};
    enum expect expect = EXPECT_VALUE;
    enum json_result result;

    do {
        skip_space(&c);
        result = check_next(&c, &expect);
    } while (result == JSON_OK && (c.depth > 0 || expect != EXPECT_COMMA_OR_END));
    skip_space(&c);
    if (result == JSON_OK && c.at < c.end)
        result = refuse(&c, JSON_SYNTAX, "something after the value,");
    free(c.names);
    return result;
}
