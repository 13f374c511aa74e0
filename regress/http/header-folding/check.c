/* A field line that begins with white space is refused, or joined to the line before by a space: never a line of its
 * own, and never lost in silence where it changes the meaning. */
#include "check.h"
#include "http/expect.h"

#include <string.h>

#define SMUGGLED "GET /assay-smuggled HTTP/1.1\r\nHost: assay\r\n\r\n"

static void a_folded_field_is_refused_or_joined(void **state)
{
    static const struct http_variant variants[] = {
        {"X-Folded: a\r\n b\r\n", NULL},
        {"X-Folded: a\r\n\tb\r\n", NULL},
        {"X-Folded:\r\n \r\n", NULL},
        {"X-Folded: a\r\n X-Smuggled: b\r\n", NULL},
        {NULL, NULL},
    };

    expect_variants_refused(*state, variants, MAY_4XX | http_leeway(*state), false);
}

/* Who does not read chunks at all serves the second request for that reason, so it is not judged here. Joined, the line
 * is Transfer-Encoding beside Content-Length; dropped, it is a body of five bytes and a second request. */
static void a_folded_transfer_encoding_hides_nothing(void **state)
{
    static const struct http_variant variants[] = {
        {"Content-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n" SMUGGLED},
        {"Content-Length: 5\r\nTransfer-Encoding:\r\n\tchunked\r\n", "0\r\n\r\n" SMUGGLED},
        {NULL, NULL},
    };

    http_need_chunked(*state);
    expect_variants_refused(*state, variants, MAY_4XX | MAY_501 | http_leeway(*state), true);
}

/* RFC 9112 2.2: refused, or the whole line is dropped. */
static void white_space_before_the_first_field_is_refused_or_dropped(void **state)
{
    static const char *const first[] = {" X: y\r\n", "\tX: y\r\n", " \r\n", " Content-Length: 40\r\n"};
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;

    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        struct http_peer *peer = http_dial(server);

        http_send(peer, "%s %s HTTP/1.1\r\n%s%sContent-Length: 2\r\n\r\n{}", endpoint->method, endpoint->path, first[i],
                  server->fields);
        expect_refused(peer, MAY_4XX | http_leeway(server));
        http_hang_up(peer);
    }
}

static void white_space_within_a_field_is_fine(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/1.1\r\n%sX-Spaced: \t a  b\tc \t\r\nX-Empty:\r\nContent-Length: %zu\r\n\r\n%s",
              endpoint->method, endpoint->path, server->fields, strlen(endpoint->body), endpoint->body);
    struct http_answer first = http_read(peer);
    expect_success(first);
    expect_in_step(peer, first);
    http_hang_up(peer);
}

static void unfolded_fields_are_read(void **state)
{
    expect_alive(*state);
}

const struct check check = {
    .title = "Folded header lines are refused or joined, and smuggle nothing",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 9112 5.2", "RFC 9112 2.2", "CWE-444"},
    .cases =
        {
            CASE(a_folded_field_is_refused_or_joined),
            CASE(a_folded_transfer_encoding_hides_nothing),
            CASE(white_space_before_the_first_field_is_refused_or_dropped),
            CASE(white_space_within_a_field_is_fine),
            CONTROL(unfolded_fields_are_read),
        },
};
