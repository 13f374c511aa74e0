/* The reader of HTTP responses: a state machine without I/O, strict where a client can be deceived. */
#include "wire/http_response.h"

#include <string.h>
#include <strings.h>

enum step {
    STATUS_LINE,
    FIELD_LINE,
    BODY_COUNTED, /* Content-Length: left_bytes are missing */
    BODY_TO_END,
    CHUNK_SIZE,
    CHUNK_DATA,
    CHUNK_END, /* the CRLF after a chunk's data */
    TRAILER_LINE,
};

enum { CHUNK_DIGITS_MAX = 15, LENGTH_DIGITS_MAX = 18 };

void http_response_init(struct http_response *response, bool to_head)
{
    memset(response, 0, sizeof *response);
    response->no_body = to_head;
    response->step = STATUS_LINE;
    text_init(&response->fields, (HTTP_LINE_MAX_BYTES + 2) * HTTP_FIELDS_MAX);
    text_init(&response->body, HTTP_BODY_MAX_BYTES);
    text_init(&response->line, HTTP_LINE_MAX_BYTES + 2);
}

void http_response_free(struct http_response *response)
{
    text_free(&response->fields);
    text_free(&response->body);
    text_free(&response->line);
}

static void malformed(struct http_response *response, const char *fault)
{
    response->progress = HTTP_MALFORMED;
    response->fault = fault;
}

/* --- characters, RFC 9110 5.5 and 5.6.2 --- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_token_char(char c)
{
    char lower = c | 0x20;

    return is_digit(c) || (lower >= 'a' && lower <= 'z') || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* What may stand in a field value or a reason phrase: VCHAR, SP, HTAB and obs-text. */
static bool is_text_char(char c)
{
    unsigned char byte = (unsigned char)c;

    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

/* --- lines --- */

/* status-line = "HTTP/1." DIGIT SP 3DIGIT SP [ reason-phrase ], RFC 9112 4. The second space is not optional. */
static void take_status_line(struct http_response *response, const char *line)
{
    if (strncmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) || line[8] != ' ') {
        malformed(response, "the status line does not begin with HTTP/1.x and one space");
        return;
    }
    if (line[9] < '1' || line[9] > '5' || !is_digit(line[10]) || !is_digit(line[11])) {
        malformed(response, "the status code is not three digits from 100 to 599");
        return;
    }
    if (line[12] != ' ') {
        malformed(response, "the status code is not followed by a space");
        return;
    }
    response->minor_version = line[7] - '0';
    response->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    response->closes = response->minor_version == 0;
    response->step = FIELD_LINE;
}

/* Splits a field line in place into name and value; false when it is none. */
static bool split_field(struct http_response *response, char *line, const char **value)
{
    char *colon = line;
    char *end = line + strlen(line);

    while (is_token_char(*colon))
        colon++;
    if (colon == line || *colon != ':') {
        malformed(response,
                  is_blank(*line) ? "a field line is folded" : "a field line has no well-formed name and colon");
        return false;
    }
    *colon++ = '\0';
    while (is_blank(*colon))
        colon++;
    while (end > colon && is_blank(end[-1]))
        *--end = '\0';
    *value = colon;
    return true;
}

/* True and *out set when value is all digits, few enough not to overflow. */
static bool parse_length(const char *value, uint64_t *out)
{
    size_t digits = strspn(value, "0123456789");

    *out = 0;
    if (digits == 0 || digits > LENGTH_DIGITS_MAX || value[digits] != '\0')
        return false;
    for (const char *c = value; *c; c++)
        *out = *out * 10 + (uint64_t)(*c - '0');
    return true;
}

/* Connection is a list: looks for one option in it. */
static bool list_has(const char *list, const char *option)
{
    size_t length = strlen(option);

    for (const char *c = list; *c; c += strcspn(c, ",")) {
        c += strspn(c, ", \t");
        size_t item = strcspn(c, ", \t");
        if (item == length && strncasecmp(c, option, length) == 0)
            return true;
    }
    return false;
}

/* The three fields that decide where the response ends and what becomes of the connection. */
static void take_framing(struct http_response *response, const char *name, const char *value)
{
    if (strcasecmp(name, "content-length") == 0) {
        if (response->counted)
            malformed(response, "there are two Content-Length fields");
        else if (!parse_length(value, &response->left_bytes))
            malformed(response, "Content-Length is not a number");
        response->counted = true;
    } else if (strcasecmp(name, "transfer-encoding") == 0) {
        if (response->chunked)
            malformed(response, "there are two Transfer-Encoding fields");
        else if (strcasecmp(value, "chunked") != 0)
            malformed(response, "Transfer-Encoding is not chunked");
        response->chunked = true;
    } else if (strcasecmp(name, "connection") == 0) {
        if (list_has(value, "close"))
            response->closes = true;
        else if (response->minor_version == 0 && list_has(value, "keep-alive"))
            response->closes = false;
    }
}

static void take_field_line(struct http_response *response, char *line)
{
    const char *value;

    if (response->field_count == HTTP_FIELDS_MAX) {
        malformed(response, "there are more fields than this reader takes");
        return;
    }
    if (!split_field(response, line, &value))
        return;
    response->field_count++;
    text_add_bytes(&response->fields, line, strlen(line) + 1);
    text_add_bytes(&response->fields, value, strlen(value) + 1);
    take_framing(response, line, value);
}

static void begin_counted(struct http_response *response)
{
    response->step = BODY_COUNTED;
    if (response->left_bytes > HTTP_BODY_MAX_BYTES)
        malformed(response, "the body is larger than this reader takes");
    else if (response->left_bytes == 0)
        response->progress = HTTP_WHOLE;
}

/* The empty line has come: what follows, by the order of RFC 9112 6.3. */
static void end_fields(struct http_response *response)
{
    bool informational = response->status < 200;

    if (response->chunked && response->counted)
        malformed(response, "Content-Length stands beside Transfer-Encoding");
    else if ((informational || response->status == 204) && (response->chunked || response->counted))
        malformed(response, "a response that has no body gives a length of one");
    else if (response->no_body || informational || response->status == 204 || response->status == 304)
        response->progress = HTTP_WHOLE;
    else if (response->chunked)
        response->step = CHUNK_SIZE;
    else if (response->counted)
        begin_counted(response);
    else {
        response->step = BODY_TO_END;
        response->closes = true;
    }
}

/* chunk-size [ chunk-ext ], RFC 9112 7.1. Extensions are skipped. */
static void take_chunk_size(struct http_response *response, const char *line)
{
    uint64_t size = 0;
    int digits = 0;

    for (; hex_value(line[digits]) >= 0; digits++) {
        if (digits == CHUNK_DIGITS_MAX) {
            malformed(response, "a chunk size has too many digits");
            return;
        }
        size = size * 16 + (uint64_t)hex_value(line[digits]);
    }
    const char *extension = line + digits + strspn(line + digits, " \t");
    if (digits == 0 || (*extension != '\0' && *extension != ';') || (*extension == '\0' && extension != line + digits))
        malformed(response, "a chunk does not begin with its size in hexadecimal");
    else if (size > HTTP_BODY_MAX_BYTES - response->body.length)
        malformed(response, "the body is larger than this reader takes");
    else {
        response->left_bytes = size;
        response->step = size == 0 ? TRAILER_LINE : CHUNK_DATA;
    }
}

static void take_trailer_line(struct http_response *response, char *line)
{
    const char *value;

    if (response->trailer_count++ == HTTP_FIELDS_MAX)
        malformed(response, "there are more trailers than this reader takes");
    else
        split_field(response, line, &value);
}

static void take_line(struct http_response *response)
{
    char *line = response->line.bytes;

    switch (response->step) {
    case STATUS_LINE:
        take_status_line(response, line);
        break;
    case FIELD_LINE:
        if (*line == '\0')
            end_fields(response);
        else
            take_field_line(response, line);
        break;
    case CHUNK_SIZE:
        take_chunk_size(response, line);
        break;
    case CHUNK_END:
        if (*line != '\0')
            malformed(response, "a chunk's data is not followed by CRLF");
        response->step = CHUNK_SIZE;
        break;
    default:
        if (*line == '\0')
            response->progress = HTTP_WHOLE;
        else
            take_trailer_line(response, line);
        break;
    }
    text_clear(&response->line);
}

/* One more byte of a line. A CR is kept as the line's last byte until its LF comes. */
static void take_line_byte(struct http_response *response, char c)
{
    struct text *line = &response->line;
    bool after_cr = line->length > 0 && line->bytes[line->length - 1] == '\r';

    if (after_cr && c != '\n')
        malformed(response, "a CR stands without its LF");
    else if (c == '\n' && !after_cr)
        malformed(response, "a line ends in a bare LF");
    else if (c == '\n') {
        line->bytes[--line->length] = '\0';
        take_line(response);
    } else if (c != '\r' && !is_text_char(c))
        malformed(response, "there is a control character in a line");
    else if (c != '\r' && line->length == HTTP_LINE_MAX_BYTES)
        malformed(response, "a line is longer than this reader takes");
    else
        text_add_bytes(line, &c, 1);
}

/* --- bodies --- */

static size_t take_counted(struct http_response *response, const char *bytes, size_t count)
{
    size_t taken = count < response->left_bytes ? count : (size_t)response->left_bytes;

    text_add_bytes(&response->body, bytes, taken);
    response->left_bytes -= taken;
    if (response->left_bytes == 0 && response->step == BODY_COUNTED)
        response->progress = HTTP_WHOLE;
    else if (response->left_bytes == 0)
        response->step = CHUNK_END;
    return taken;
}

static size_t take_to_end(struct http_response *response, const char *bytes, size_t count)
{
    text_add_bytes(&response->body, bytes, count);
    if (response->body.cut)
        malformed(response, "the body is larger than this reader takes");
    return count;
}

size_t http_response_feed(struct http_response *response, const char *bytes, size_t count)
{
    size_t taken = 0;

    while (taken < count && response->progress == HTTP_READING) {
        response->started = true;
        if (response->step == BODY_COUNTED || response->step == CHUNK_DATA)
            taken += take_counted(response, bytes + taken, count - taken);
        else if (response->step == BODY_TO_END)
            taken += take_to_end(response, bytes + taken, count - taken);
        else
            take_line_byte(response, bytes[taken++]);
    }
    return taken;
}

void http_response_end(struct http_response *response)
{
    if (response->progress == HTTP_READING && response->step == BODY_TO_END)
        response->progress = HTTP_WHOLE;
}

/* --- fields --- */

const char *http_response_field(const struct http_response *response, const char *name)
{
    const char *field = response->fields.bytes;
    const char *end = field + response->fields.length;

    while (field < end) {
        const char *value = field + strlen(field) + 1;

        if (strcasecmp(field, name) == 0)
            return value;
        field = value + strlen(value) + 1;
    }
    return NULL;
}
