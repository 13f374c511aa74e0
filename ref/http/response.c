/* The statuses that exist here, and a response's bytes. */
#include "http/response.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

static const struct {
    int status;
    const char *phrase;
    const char *error;
} statuses[] = {
    {101, "Switching Protocols", ""},
    {200, "OK", ""},
    {400, "Bad Request", "bad_request"},
    {401, "Unauthorized", "unauthorized"},
    {403, "Forbidden", "forbidden"},
    {404, "Not Found", "not_found"},
    {405, "Method Not Allowed", "method_not_allowed"},
    {408, "Request Timeout", "request_timeout"},
    {413, "Content Too Large", "payload_too_large"},
    {414, "URI Too Long", "uri_too_long"},
    {417, "Expectation Failed", "expectation_failed"},
    {426, "Upgrade Required", "upgrade_required"},
    {429, "Too Many Requests", "rate_limited"},
    {431, "Request Header Fields Too Large", "fields_too_large"},
    {500, "Internal Server Error", "internal"},
    {501, "Unknown Transfer Coding", "unknown_transfer_coding"},
    {503, "Service Unavailable", "unavailable"},
    {505, "HTTP Version Not Supported", "version_not_supported"},
};

static_assert(sizeof statuses / sizeof *statuses == RESPONSE_STATUSES, "a status more or less");

int response_status(size_t index)
{
    return statuses[index].status;
}

size_t response_status_index(int status)
{
    size_t index = 0;

    while (index < RESPONSE_STATUSES - 1 && statuses[index].status != status)
        index++;
    return index;
}

struct response response_new(void)
{
    return (struct response){.status = 200, .type = "application/json", .body = buffer_new(RESPONSE_BODY_MAX_BYTES)};
}

void response_free(struct response *response)
{
    buffer_free(&response->body);
}

void response_error(struct response *response, int status, const char *name)
{
    response->status = status;
    response->stream = false;
    response->field[0] = '\0';
    response->type = "application/json";
    buffer_clear(&response->body);
    buffer_add_format(&response->body, "{\"error\":\"%s\"}",
                      name ? name : statuses[response_status_index(status)].error);
}

/* Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110 5.6.7); no locale was set, so names of days are English. */
static void add_date(struct buffer *out)
{
    time_t now = time(NULL);
    struct tm utc;
    char text[64];

    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
    buffer_add_text(out, text);
}

void response_write(const struct response *response, bool closing, bool head_only, struct buffer *out)
{
    buffer_add_format(out, "HTTP/1.1 %d %s\r\n", response->status,
                      statuses[response_status_index(response->status)].phrase);
    if (response->status == 101) {
        buffer_add_format(out, "%s\r\n", response->field);
        return;
    }
    add_date(out);
    buffer_add_format(out, "Content-Type: %s\r\n", response->type);
    buffer_add_text(out, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
    buffer_add_text(out, response->field);
    if (!response->stream)
        buffer_add_format(out, "Content-Length: %zu\r\n", response->body.bytes);
    buffer_add_text(out, closing || response->stream ? "Connection: close\r\n\r\n" : "\r\n");
    if (!head_only && response->body.bytes > 0)
        buffer_add(out, response->body.data, response->body.bytes);
}
