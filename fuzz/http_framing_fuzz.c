/* A head that is accepted says in one way only how long the body is (RFC 9112 6.3) and to which host the request goes
 * (3.2): else the next reader on the way would find another request behind it. */
#include "fuzz.h"
#include "http/request.h"

#include <string.h>
#include <strings.h>

enum { BODY_MAX_BYTES = 4096 };

static void check_length(const struct http_request *request)
{
    const char *length = http_field(request, "Content-Length");
    char number[32] = "";

    if (!length) {
        fuzz_require(request->content_length == 0, "no length is made up");
        return;
    }
    if (request->content_length > 0)
        snprintf(number, sizeof number, "%ju", (uintmax_t)request->content_length);
    fuzz_require(*length && strcmp(length + strspn(length, "0"), number) == 0,
                 "the length is the decimal that was sent");
    fuzz_require(request->content_length <= BODY_MAX_BYTES, "the body keeps its limit");
}

static void check_coding(const struct http_request *request)
{
    const char *coding = http_field(request, "Transfer-Encoding");

    fuzz_require(request->chunked == (coding != NULL), "no coding is ignored, or made up");
    fuzz_require(!coding || strcasecmp(coding, "chunked") == 0, "chunked is the only coding");
    fuzz_require(!coding || request->minor > 0, "HTTP/1.0 has no coding (RFC 9112 6.1)");
}

static void check_host(const struct http_request *request)
{
    size_t count = http_field_count(request, "Host");

    fuzz_require(count == 1 || (count == 0 && request->minor == 0), "the host is named once");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_decoder decoder;
    size_t consumed;

    http_begin(&decoder, BODY_MAX_BYTES);
    if (http_decode(&decoder, (const char *)data, size, &consumed) == HTTP_HEAD) {
        const struct http_request *request = http_request(&decoder);

        fuzz_require(http_field_count(request, "Transfer-Encoding") + http_field_count(request, "Content-Length") <= 1,
                     "the length is said once");
        check_length(request);
        check_coding(request);
        check_host(request);
    }
    http_end(&decoder);
    return 0;
}
