/* One line, byte by byte, and a field line taken apart; CR LF ends a line and nothing else does. */
#include "http/line.h"

#include <string.h>

bool http_refuse(struct http_refusal *why, int status, const char *reason)
{
    *why = (struct http_refusal){status, reason};
    return false;
}

void http_line_begin(struct http_line *line, char *buffer, size_t max_bytes, struct http_refusal too_long)
{
    *line = (struct http_line){.bytes = buffer, .max_bytes = max_bytes, .too_long = too_long};
}

/* Which bytes may stand in a line at all: visible ASCII, space, tab, and obs-text (RFC 9110 5.5). */
static bool is_line_byte(unsigned char byte)
{
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

static bool add_byte(struct http_line *line, unsigned char byte, struct http_refusal *why)
{
    if (line->after_cr)
        return http_refuse(why, 400, "CR that no LF follows");
    if (byte == '\n')
        return http_refuse(why, 400, "LF without CR");
    if (!is_line_byte(byte))
        return http_refuse(why, 400, "control character in a line");
    if (line->count == line->max_bytes)
        return http_refuse(why, line->too_long.status, line->too_long.reason);
    line->bytes[line->count++] = (char)byte;
    return true;
}

enum http_line_state http_line_add(struct http_line *line, unsigned char byte, struct http_refusal *why)
{
    if (line->after_cr && byte == '\n') {
        line->bytes[line->count] = '\0';
        return HTTP_LINE_WHOLE;
    }
    if (!line->after_cr && byte == '\r') {
        line->after_cr = true;
        return HTTP_LINE_MORE;
    }
    return add_byte(line, byte, why) ? HTTP_LINE_MORE : HTTP_LINE_REFUSED;
}

bool http_is_token(const char *string)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    return *string && string[strspn(string, token)] == '\0';
}

static char *trim(char *string)
{
    string += strspn(string, " \t");
    size_t length = strlen(string);
    while (length > 0 && (string[length - 1] == ' ' || string[length - 1] == '\t'))
        length--;
    string[length] = '\0';
    return string;
}

bool http_line_field(char *line, struct http_field *field, struct http_refusal *why)
{
    if (*line == ' ' || *line == '\t')
        return http_refuse(why, 400, "white space before a field (RFC 9112 2.2, 5.2)");
    char *colon = strchr(line, ':');
    if (!colon)
        return http_refuse(why, 400, "field without a colon (RFC 9112 5)");
    *colon = '\0';
    /* White space before the colon is refused here too: one server's "Content-Length " is another's Content-Length. */
    if (!http_is_token(line))
        return http_refuse(why, 400, "field name that is no token (RFC 9112 5.1)");
    *field = (struct http_field){.name = line, .value = trim(colon + 1)};
    return true;
}
