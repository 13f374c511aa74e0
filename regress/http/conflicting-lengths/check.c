/* Two ways to tell where a body ends are one too many: the request is refused, or answered once, and the connection
 * ends. What a front end may have taken for a second request is never served. */
#include "check.h"
#include "http/expect.h"

#define SMUGGLED "GET /assay-smuggled HTTP/1.1\r\nHost: assay\r\n\r\n"
#define CHUNKED_OBJECT "2\r\n{}\r\n0\r\n\r\n"

/* RFC 9112 6.1 lets a server go by Transfer-Encoding alone, if it closes afterwards. */
static void content_length_then_transfer_encoding(void **state)
{
    static const struct http_variant variants[] = {
        {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" SMUGGLED},
        {"Content-Length: 12\r\nTransfer-Encoding: chunked\r\n", CHUNKED_OBJECT SMUGGLED},
        {"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", CHUNKED_OBJECT SMUGGLED},
        {NULL, NULL},
    };

    http_need_transfer_encoding(*state);
    expect_variants_refused(*state, variants, MAY_4XX | MAY_CLOSE | http_leeway(*state), true);
}

static void transfer_encoding_then_content_length(void **state)
{
    static const struct http_variant variants[] = {
        {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" SMUGGLED},
        {"Transfer-Encoding: chunked\r\nContent-Length: 12\r\n", CHUNKED_OBJECT SMUGGLED},
        {"Transfer-Encoding: chunked\r\nX-Between: a\r\ncontent-length: 0\r\n", CHUNKED_OBJECT SMUGGLED},
        {NULL, NULL},
    };

    http_need_transfer_encoding(*state);
    expect_variants_refused(*state, variants, MAY_4XX | MAY_CLOSE | http_leeway(*state), true);
}

/* Each of the two lengths ends a body that is JSON, and both leave a request behind. */
static void two_different_content_lengths(void **state)
{
    static const struct http_variant variants[] = {
        {"Content-Length: 2\r\nContent-Length: 7\r\n", "{}     " SMUGGLED},
        {"Content-Length: 7\r\nContent-Length: 2\r\n", "{}     " SMUGGLED},
        {"Content-Length: 2\r\nX-Between: a\r\nCONTENT-LENGTH: 7\r\n", "{}     " SMUGGLED},
        {"Content-Length: 2, 7\r\n", "{}     " SMUGGLED},
        {"Content-Length: 7,2\r\n", "{}     " SMUGGLED},
        {NULL, NULL},
    };

    expect_variants_refused(*state, variants, MAY_4XX, true);
}

/* A list of equal lengths may be taken as one of them (RFC 9112 6.3, rule 5), never as something else. */
static void equal_content_lengths_are_one_or_none(void **state)
{
    static const char *const lines[] = {
        "Content-Length: 2\r\nContent-Length: 2\r\n",
        "Content-Length: 2, 2\r\n",
    };
    struct http_target *server = *state;

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct http_peer *peer = http_dial(server);

        http_send_request(peer, server->json_endpoints, lines[i], "{}");
        expect_refused(peer, MAY_4XX | MAY_2XX);
        http_hang_up(peer);
    }
}

/* With one length each, both requests are served: nothing but the conflict is wrong with those above. */
static void one_length_is_served_and_so_is_what_follows(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);

    http_send_json(peer, server->json_endpoints, server->json_endpoints->body);
    struct http_answer first = http_read(peer);
    expect_success(first);
    expect_in_step(peer, first);
    http_hang_up(peer);
}

const struct check check = {
    .title = "Conflicting body lengths end the connection, and nothing behind them is served",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 9112 6.1", "RFC 9112 6.3", "CWE-444"},
    .cases =
        {
            CASE(content_length_then_transfer_encoding),
            CASE(transfer_encoding_then_content_length),
            CASE(two_different_content_lengths),
            CASE(equal_content_lengths_are_one_or_none),
            CONTROL(one_length_is_served_and_so_is_what_follows),
        },
};
