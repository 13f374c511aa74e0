/* What the decoder says of a request's head is what was sent, byte for byte but for blanks around values: nothing was
 * dropped, cut, trimmed or made up on the way to its meaning, and no other reader finds another line in it. */
#include "fuzz.h"
#include "http/request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *at; /* in what was sent, a string */

static void step(const char *text)
{
    fuzz_require(strncmp(at, text, strlen(text)) == 0, "the head is what was sent");
    at += strlen(text);
}

/* http://host/path?query, or /path?query; a path that was left out is "/" (RFC 9110 4.2.3). */
static void walk_target(const struct http_request *request)
{
    for (const char *c = at; *c && *c != ' '; c++)
        fuzz_require(isgraph((unsigned char)*c) && *c != '#', "a target is visible ASCII, without a fragment");
    if (strncasecmp(at, "http://", 7) == 0) {
        at += 7;
        step(request->host);
    }
    if (*at == '/' || *at == '*')
        step(request->path);
    else
        fuzz_require(strcmp(request->path, "/") == 0, "a path that was left out is /");
    if (request->query) {
        step("?");
        step(request->query);
    }
}

static void step_token(const char *text)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    fuzz_require(*text && !text[strspn(text, token)], "methods and names are tokens (RFC 9110 5.1, 9.1)");
    step(text);
}

static void walk_field(const struct http_field *field)
{
    for (const char *c = field->value; *c; c++)
        fuzz_require(!iscntrl((unsigned char)*c) || *c == '\t', "no control character is in a value (RFC 9110 5.5)");
    step_token(field->name);
    step(":");
    at += strspn(at, " \t");
    step(field->value);
    at += strspn(at, " \t");
    step("\r\n");
}

static void walk_head(const struct http_request *request)
{
    const char version[] = {' ', 'H', 'T', 'T', 'P', '/', '1', '.', (char)('0' + request->minor), '\0'};

    while (*at == '\r')
        step("\r\n");
    step_token(request->method);
    step(" ");
    walk_target(request);
    fuzz_require(request->minor >= 0 && request->minor <= 9, "the version has one digit");
    step(version);
    step("\r\n");
    for (size_t i = 0; i < request->field_count; i++)
        walk_field(&request->fields[i]);
    step("\r\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *sent = strndup((const char *)data, size);
    struct http_decoder decoder;
    size_t consumed;

    http_begin(&decoder, 0);
    if (http_decode(&decoder, (const char *)data, size, &consumed) == HTTP_HEAD) {
        at = sent;
        walk_head(http_request(&decoder));
        fuzz_require(at == sent + consumed, "the head ends where the decoder says");
    }
    http_end(&decoder);
    free(sent);
    return 0;
}
