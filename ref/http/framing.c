/* Where a request ends and whether the connection lives on, read from the fields of its head; each way in which
 * senders and receivers have been led to disagree about it is refused by name. */
#include "http/framing.h"

#include "base/list.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool read_host(struct http_request *request, struct http_refusal *why)
{
    size_t count = http_field_count(request, "Host");
    const char *host = http_field(request, "Host");

    if (count == 0 && request->minor >= 1)
        return http_refuse(why, 400, "no Host (RFC 9112 3.2)");
    if (count > 1)
        return http_refuse(why, 400, "more than one Host (RFC 9112 3.2)");
    if (host && !http_is_authority(host))
        return http_refuse(why, 400, "Host is no host (RFC 9112 3.2)");
    if (!request->host) /* else the target was absolute, and Host is to be ignored (RFC 9112 3.2.2) */
        request->host = host;
    return true;
}

static bool read_coding(struct http_request *request, struct http_refusal *why)
{
    const char *coding = http_field(request, "Transfer-Encoding");

    if (!coding)
        return true;
    if (request->minor == 0)
        return http_refuse(why, 400, "Transfer-Encoding in HTTP/1.0 (RFC 9112 6.1)");
    if (http_field_count(request, "Content-Length") > 0)
        return http_refuse(why, 400, "Transfer-Encoding and Content-Length (RFC 9112 6.1)");
    if (http_field_count(request, "Transfer-Encoding") > 1)
        return http_refuse(why, 400, "more than one Transfer-Encoding");
    if (list_has(coding, "chunked") && strcasecmp(coding, "chunked") != 0)
        return http_refuse(why, 400, "chunked is not the only transfer coding (RFC 9112 6.3)");
    if (strcasecmp(coding, "chunked") != 0)
        return http_refuse(why, 501, "unknown transfer coding (RFC 9112 6.1)");
    request->chunked = true;
    return true;
}

/* 1*DIGIT (RFC 9110 8.6): neither sign nor prefix nor exponent, and leading zeros are decimal. A list is refused even
 * if its members agree, which RFC 9112 6.3 leaves to the recipient. */
static bool read_length(struct http_request *request, uint64_t body_max_bytes, struct http_refusal *why)
{
    const char *digits = http_field(request, "Content-Length");

    if (!digits)
        return true;
    if (http_field_count(request, "Content-Length") > 1)
        return http_refuse(why, 400, "more than one Content-Length (RFC 9112 6.3)");
    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return http_refuse(why, 400, "Content-Length is no decimal number (RFC 9110 8.6)");
    for (; *digits; digits++) {
        uint64_t digit = (uint64_t)(*digits - '0');

        if (request->content_length > (UINT64_MAX - digit) / 10)
            return http_refuse(why, 413, "Content-Length of more than 64 bits");
        request->content_length = request->content_length * 10 + digit;
    }
    if (request->content_length > body_max_bytes)
        return http_refuse(why, 413, "Content-Length over the limit");
    return true;
}

static bool read_expectation(struct http_request *request, struct http_refusal *why)
{
    const char *expectation = http_field(request, "Expect");

    if (!expectation || request->minor == 0) /* HTTP/1.0 knew none: RFC 9110 10.1.1 */
        return true;
    if (strcasecmp(expectation, "100-continue") != 0)
        return http_refuse(why, 417, "unknown expectation (RFC 9110 10.1.1)");
    request->expect_continue = request->chunked || request->content_length > 0;
    return true;
}

static void read_connection(struct http_request *request)
{
    request->close = request->minor == 0;
    for (size_t i = 0; i < request->field_count; i++) {
        const struct http_field *field = &request->fields[i];

        if (strcasecmp(field->name, "Connection") == 0 && list_has(field->value, "close"))
            request->close = true;
    }
}

bool http_framing(struct http_request *request, uint64_t body_max_bytes, struct http_refusal *why)
{
    read_connection(request);
    return read_host(request, why) && read_coding(request, why) && read_length(request, body_max_bytes, why) &&
           read_expectation(request, why);
}

const char *http_field(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++) {
        if (strcasecmp(request->fields[i].name, name) == 0)
            return request->fields[i].value;
    }
    return NULL;
}

size_t http_field_count(const struct http_request *request, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < request->field_count; i++)
        count += strcasecmp(request->fields[i].name, name) == 0;
    return count;
}

/* What follows the host: nothing, or a colon and decimal digits. */
static bool is_port(const char *string)
{
    return *string == '\0' || (*string == ':' && string[1 + strspn(string + 1, "0123456789")] == '\0');
}

bool http_is_authority(const char *string)
{
    static const char ip_literal[] = "0123456789abcdefABCDEF:.";
    static const char reg_name[] = "-._~!$&'()*+,;=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    if (*string == '[') {
        size_t length = strspn(string + 1, ip_literal);

        return length > 0 && string[1 + length] == ']' && is_port(string + length + 2);
    }
    for (; *string && *string != ':'; string++) {
        bool escape = *string == '%' && isxdigit((unsigned char)string[1]) && isxdigit((unsigned char)string[2]);

        if (!escape && !strchr(reg_name, *string))
            return false;
    }
    return is_port(string);
}
