/* A chunk is its size in hexadecimal, CRLF, that many bytes, CRLF. Whatever else comes is refused. */
#include "check.h"
#include "http/expect.h"

#include <string.h>

#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define BODY "{\"a\":1}" /* of seven bytes */
#define NEXT "GET /assay-smuggled HTTP/1.1\r\nHost: assay\r\n\r\n"
#define END "0\r\n\r\n" NEXT

/* The plainest of them, on which all that is asked of chunks rests. Who speaks HTTP/1.0 need not know it: that is said
 * here, once, and is no fault. */
static void a_chunked_body_is_read(void **state)
{
    struct http_peer *peer = http_dial(*state);
    struct http_answer answer = http_ask_in_chunks(peer);

    if (answer.status == 411)
        not_applicable("the server takes no chunked request: it answers 411 (RFC 9112 6.3)");
    if (answer.http_1_0) {
        expect_at(INFO);
        expect(false, WRONG, "HTTP/1.1, so that chunks may be sent at all (RFC 9112 6.1)", "a response of HTTP/1.0: %s",
               answer.summary);
    }
    expect_success(answer);
    expect_in_step(peer, answer);
    http_hang_up(peer);
}

static void expect_all_refused(struct http_target *server, const struct http_variant *variants)
{
    http_need_chunked(server);
    expect_variants_refused(server, variants, MAY_4XX | MAY_CLOSE, true);
}

static void a_size_is_hexadecimal_digits(void **state)
{
    static const struct http_variant variants[] = {
        {CHUNKED, "\r\n\r\n" NEXT},
        {CHUNKED, ";a\r\n\r\n" NEXT},
        {CHUNKED, "0x7\r\n" BODY "\r\n" END},
        {CHUNKED, "-7\r\n" BODY "\r\n" END},
        {CHUNKED, "+7\r\n" BODY "\r\n" END},
        {CHUNKED, " 7\r\n" BODY "\r\n" END},
        {CHUNKED, "\r\n" BODY "\r\n" END},
        {CHUNKED, "g\r\n" BODY "\r\n" END},
        {CHUNKED, "7g\r\n" BODY "\r\n" END},
        {CHUNKED, "7_\r\n" BODY "\r\n" END},
        {CHUNKED, ";a\r\n" BODY "\r\n" END},
        {CHUNKED, "7 7\r\n" BODY "\r\n" END},
        {NULL, NULL},
    };

    expect_all_refused(*state, variants);
}

/* Sixteen digits are 64 bits; with a seventeenth, this size wraps round to seven. Who can count so far may wait for as
 * many bytes, unless it declares to be strict. */
static void a_size_does_not_overflow(void **state)
{
    static const struct http_variant variants[] = {
        {CHUNKED, "10000000000000007\r\n" BODY "\r\n" END},
        {CHUNKED, "fffffffffffffffff\r\n" BODY "\r\n" END},
        {NULL, NULL},
    };
    static const struct http_variant in_64_bits[] = {
        {CHUNKED, "8000000000000007\r\n" BODY "\r\n" END},
        {CHUNKED, "ffffffffffffffff\r\n" BODY "\r\n" END},
        {NULL, NULL},
    };
    struct http_target *server = *state;

    http_need_chunked(server);
    expect_variants_refused(server, variants, MAY_4XX | MAY_CLOSE | (server->strict ? 0 : MAY_WAIT), true);
    if (server->strict)
        expect_all_refused(server, in_64_bits);
}

static void data_ends_with_crlf(void **state)
{
    static const struct http_variant variants[] = {
        {CHUNKED, "7\r\n" BODY "XX" END},    {CHUNKED, "7\r\n" BODY END},
        {CHUNKED, "7\r\n" BODY "\n" END},    {CHUNKED, "7\r\n" BODY "\r\r" END},
        {CHUNKED, "7\r\n" BODY "X\r\n" END}, {CHUNKED, "6\r\n" BODY "\r\n" END},
        {CHUNKED, "7\r\n" BODY " \r\n" END}, {NULL, NULL},
    };

    expect_all_refused(*state, variants);
}

/* A line of a chunk ends with CRLF. Front ends that disagree here see two different requests (RFC 9112 erratum 7633).
 */
static void lines_of_chunks_end_with_crlf(void **state)
{
    static const struct http_variant variants[] = {
        {CHUNKED, "7\n" BODY "\r\n" END},
        {CHUNKED, "7\r;a\r\n" BODY "\r\n" END},
        {CHUNKED, "7\r" BODY "\r\n" END},
        {CHUNKED, "7;a\n" BODY "\r\n" END},
        {CHUNKED, "7;a\rb\r\n" BODY "\r\n" END},
        {CHUNKED, "7\r\r\n" BODY "\r\n" END},
        {NULL, NULL},
    };

    expect_all_refused(*state, variants);
}

/* White space in front of the endpoint's valid body, so that there are sizes of all forms. */
static void chunks_of_all_sizes_are_read(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;

    http_need_chunked(server);
    struct http_peer *peer = http_dial(server);
    http_send(peer,
              "%s %s HTTP/1.1\r\n%s" CHUNKED
              "\r\n1\r\n \r\n0A\r\n          \r\n00a\r\n          \r\n%08zX\r\n%s\r\n00\r\n\r\n",
              endpoint->method, endpoint->path, server->fields, strlen(endpoint->body), endpoint->body);
    struct http_answer first = http_read(peer);
    expect_success(first);
    expect_in_step(peer, first);
    http_hang_up(peer);
}

static void a_counted_body_is_read(void **state)
{
    expect_alive(*state);
}

const struct check check = {
    .title = "Chunks that are not framed as they must be are refused",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 9112 7.1", "RFC 9112 erratum 7633", "CWE-444"},
    .cases =
        {
            CASE(a_chunked_body_is_read),
            CASE(a_size_is_hexadecimal_digits),
            CASE(a_size_does_not_overflow),
            CASE(data_ends_with_crlf),
            CASE(lines_of_chunks_end_with_crlf),
            CASE(chunks_of_all_sizes_are_read),
            CONTROL(a_counted_body_is_read),
        },
};
