/* A transfer coding that the server does not know, or knows under another spelling, leaves the end of the body unknown:
 * the request is refused and the connection ends. */
#include "check.h"
#include "http/expect.h"

#include <string.h>

#define NEXT "GET /assay-smuggled HTTP/1.1\r\nHost: assay\r\n\r\n"
#define CHUNKS "2\r\n{}\r\n0\r\n\r\n" NEXT

static void expect_all_refused(struct http_target *server, const struct http_variant *variants)
{
    http_need_transfer_encoding(server);
    expect_variants_refused(server, variants, MAY_4XX | MAY_501, true);
}

static void an_unknown_coding_is_answered_501_or_400(void **state)
{
    static const struct http_variant variants[] = {
        {"Transfer-Encoding: foo\r\n", CHUNKS},      {"Transfer-Encoding: xchunked\r\n", CHUNKS},
        {"Transfer-Encoding: chunkedx\r\n", CHUNKS}, {"Transfer-Encoding: gzip, foo\r\n", CHUNKS},
        {"Transfer-Encoding: identity\r\n", CHUNKS}, {NULL, NULL},
    };

    expect_all_refused(*state, variants);
}

static void chunked_is_the_last_coding(void **state)
{
    static const struct http_variant variants[] = {
        {"Transfer-Encoding: chunked, identity\r\n", CHUNKS},
        {"Transfer-Encoding: chunked, foo\r\n", CHUNKS},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", CHUNKS},
        {NULL, NULL},
    };

    expect_all_refused(*state, variants);
}

/* Nobody may send these, and a server that reads one of them by its chunks is not misled about its end. */
static void chunked_comes_once_and_alone(void **state)
{
    static const struct http_variant variants[] = {
        {"Transfer-Encoding: chunked, chunked\r\n", CHUNKS},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNKS},
        {"Transfer-Encoding: identity, chunked\r\n", CHUNKS},
        {"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", CHUNKS},
        {NULL, NULL},
    };

    expect_all_refused(*state, variants);
}

/* What one reader takes for "chunked", another does not. */
static void disguised_codings_are_refused(void **state)
{
    static const struct http_variant variants[] = {
        {"Transfer-Encoding: \x0b"
         "chunked\r\n",
         CHUNKS},
        {"Transfer-Encoding: \"chunked\"\r\n", CHUNKS},
        {"Transfer-Encoding: Chunked;q=1\r\n", CHUNKS},
        {"Transfer-Encoding: chunked;\r\n", CHUNKS},
        {"Transfer-Encoding: ch\xc3\xbcnked\r\n", CHUNKS},
        {"Transfer-Encoding: chun\tked\r\n", CHUNKS},
        {"Transfer-Encoding:\r\n", CHUNKS},
        {NULL, NULL},
    };

    expect_all_refused(*state, variants);
}

/* RFC 9112 6.1: HTTP/1.0 has no transfer codings, so the framing is taken as faulty and the connection closed. */
static void http_1_0_has_no_transfer_codings(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;

    http_need_transfer_encoding(server);
    struct http_peer *peer = http_dial(server);
    http_send(peer, "%s %s HTTP/1.0\r\nConnection: keep-alive\r\n%sTransfer-Encoding: chunked\r\n\r\n" CHUNKS,
              endpoint->method, endpoint->path, server->fields);
    expect_refused_and_closed(peer, MAY_4XX | MAY_501 | MAY_CLOSE | http_leeway(server));
    http_hang_up(peer);
}

/* Names of codings are case-insensitive (RFC 9112 7). */
static void chunked_is_read_in_any_case(void **state)
{
    static const char *const lines[] = {"Transfer-Encoding: CHUNKED\r\n", "transfer-encoding: Chunked\r\n"};
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;

    http_need_chunked(server);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct http_peer *peer = http_dial(server);

        http_send(peer, "%s %s HTTP/1.1\r\n%s%s\r\n%zx\r\n%s\r\n0\r\n\r\n", endpoint->method, endpoint->path,
                  server->fields, lines[i], strlen(endpoint->body), endpoint->body);
        struct http_answer first = http_read(peer);
        expect_success(first);
        expect_in_step(peer, first);
        http_hang_up(peer);
    }
}

static void a_plain_request_is_served(void **state)
{
    expect_alive(*state);
}

const struct check check = {
    .title = "An unknown or disguised transfer coding is refused, and the connection ends",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 9112 6.1", "RFC 9112 6.3", "CVE-2022-32213", "CWE-444"},
    .cases =
        {
            CASE(an_unknown_coding_is_answered_501_or_400),
            CASE(chunked_is_the_last_coding),
            CASE(chunked_comes_once_and_alone, .level = SHOULD),
            CASE(disguised_codings_are_refused),
            CASE(http_1_0_has_no_transfer_codings),
            CASE(chunked_is_read_in_any_case),
            CONTROL(a_plain_request_is_served),
        },
};
