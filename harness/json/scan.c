/* Tokens of RFC 8259: white space, strings while they are decoded, numbers and words. */
#include "base/utf8.h"
#include "json/json_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool json_fail(struct json_cursor *cursor, const char *at, const char *format, ...)
{
    va_list arguments;

    if (!cursor->error)
        return false;
    cursor->error->offset = (size_t)(at - cursor->begin);
    va_start(arguments, format);
    vsnprintf(cursor->error->text, sizeof cursor->error->text, format, arguments);
    va_end(arguments);
    return false;
}

/* RFC 8259 2: space, tab, line feed and carriage return, and nothing else that Unicode calls white. */
void json_skip_space(struct json_cursor *cursor)
{
    while (cursor->at < cursor->end &&
           (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\n' || *cursor->at == '\r'))
        cursor->at++;
}

/* Reads the four digits behind \u. */
static bool scan_hex(struct json_cursor *cursor, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++, cursor->at++) {
        char c = cursor->at < cursor->end ? *cursor->at : '\0';
        uint32_t digit;

        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            digit = (uint32_t)(c - 'A' + 10);
        else
            return json_fail(cursor, cursor->at, "\\u needs four hexadecimal digits");
        *value = *value << 4 | digit;
    }
    return true;
}

/* One escape, or two that make one character outside the basic plane (RFC 8259 7). The grammar would allow half a
 * pair, but it stands for no character (section 8.2): only events may hold one, see json_read_event(). */
static bool scan_unicode_escape(struct json_cursor *cursor, const char *backslash)
{
    uint32_t code_point;
    uint32_t low;

    if (!scan_hex(cursor, &code_point))
        return false;
    const char *behind = cursor->at;
    bool first_half = code_point >= 0xD800 && code_point <= 0xDBFF;
    if (first_half && cursor->end - behind >= 2 && behind[0] == '\\' && behind[1] == 'u') {
        cursor->at += 2;
        if (!scan_hex(cursor, &low))
            return false;
        if (low >= 0xDC00 && low <= 0xDFFF)
            code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
        else
            cursor->at = behind;
    }
    if (code_point >= 0xD800 && code_point <= 0xDFFF && !cursor->half_pairs)
        return json_fail(cursor, backslash,
                         first_half ? "half a surrogate pair" : "the second half of a surrogate pair comes first");
    cursor->decoded += utf8_encode(code_point, cursor->decoded);
    return true;
}

static bool scan_escape(struct json_cursor *cursor)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *backslash = cursor->at++;

    if (cursor->at == cursor->end)
        return json_fail(cursor, backslash, "the text ends inside a string");
    char letter = *cursor->at++;
    if (letter == 'u')
        return scan_unicode_escape(cursor, backslash);
    const char *known = letter ? strchr(letters, letter) : NULL;
    if (!known)
        return json_fail(cursor, backslash, "no such escape");
    *cursor->decoded++ = meanings[known - letters];
    return true;
}

/* What stands for itself: everything from U+0020 but quotation mark and backslash, in well-formed UTF-8. */
static bool scan_character(struct json_cursor *cursor)
{
    unsigned char byte = (unsigned char)*cursor->at;
    uint32_t unused;

    if (byte < 0x20)
        return json_fail(cursor, cursor->at, "the control character 0x%02x stands unescaped in a string", byte);
    size_t length = byte < 0x80 ? 1 : utf8_decode(cursor->at, (size_t)(cursor->end - cursor->at), &unused);
    if (length == 0)
        return json_fail(cursor, cursor->at, "not UTF-8");
    for (size_t i = 0; i < length; i++)
        *cursor->decoded++ = *cursor->at++;
    return true;
}

bool json_scan_string(struct json_cursor *cursor, const char **string, size_t *bytes)
{
    char *decoded = cursor->decoded;

    cursor->at++;
    while (cursor->at < cursor->end && *cursor->at != '"') {
        if (!(*cursor->at == '\\' ? scan_escape(cursor) : scan_character(cursor)))
            return false;
    }
    if (cursor->at == cursor->end)
        return json_fail(cursor, cursor->at, "the text ends inside a string");
    cursor->at++;
    *string = decoded;
    *bytes = (size_t)(cursor->decoded - decoded);
    *cursor->decoded++ = '\0';
    return true;
}

/* Skips digits; false if there is not one. */
static bool skip_digits(struct json_cursor *cursor)
{
    const char *first = cursor->at;

    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
        cursor->at++;
    return cursor->at > first;
}

static bool skip_one_of(struct json_cursor *cursor, const char *characters)
{
    if (cursor->at == cursor->end || *cursor->at == '\0' || !strchr(characters, *cursor->at))
        return false;
    cursor->at++;
    return true;
}

/* number = [ minus ] int [ frac ] [ exp ] (RFC 8259 6) */
bool json_scan_number(struct json_cursor *cursor)
{
    skip_one_of(cursor, "-");
    bool zero = skip_one_of(cursor, "0");
    if (zero && cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
        return json_fail(cursor, cursor->at, "a number with a leading zero");
    if (!zero && !skip_digits(cursor))
        return json_fail(cursor, cursor->at, "a number needs a digit here");
    if (skip_one_of(cursor, ".") && !skip_digits(cursor))
        return json_fail(cursor, cursor->at, "a number needs a digit behind its point");
    if (skip_one_of(cursor, "eE")) {
        skip_one_of(cursor, "+-");
        if (!skip_digits(cursor))
            return json_fail(cursor, cursor->at, "an exponent needs a digit");
    }
    return true;
}

bool json_scan_word(struct json_cursor *cursor, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0)
        return json_fail(cursor, cursor->at, "a word that is not true, false or null");
    cursor->at += length;
    return true;
}
