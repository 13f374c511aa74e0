/* Content-Length is decimal digits and nothing else; what is not, or counts beyond any body, is refused. */
#include "check.h"
#include "base/text.h"
#include "http/expect.h"

#include <string.h>

#define BODY "{\"a\":1}" /* of seven bytes */
#define NEXT "GET /assay-next HTTP/1.1\r\nHost: assay\r\n\r\n"

static void what_is_no_decimal_number_is_answered_400(void **state)
{
    static const struct http_variant variants[] = {
        {"Content-Length: +7\r\n", BODY NEXT},
        {"Content-Length: -1\r\n", BODY NEXT},
        {"Content-Length: -7\r\n", BODY NEXT},
        {"Content-Length: 0x7\r\n", BODY NEXT},
        {"Content-Length: 7 7\r\n", BODY NEXT},
        {"Content-Length:\r\n", BODY NEXT},
        {"Content-Length: 7a\r\n", BODY NEXT},
        {"Content-Length: 7;\r\n", BODY NEXT},
        {"Content-Length: 0.7e1\r\n", BODY NEXT},
        {"Content-Length: 1e1\r\n", BODY "   " NEXT},
        {"Content-Length: \"7\"\r\n", BODY NEXT},
        {"Content-Length: \xd9\xa7\r\n", BODY NEXT}, /* an Arabic seven */
        {NULL, NULL},
    };

    expect_variants_refused(*state, variants, MAY_4XX, true);
}

/* RFC 9112 6.3, rule 5: a list whose members are all the same may be taken as one of them, and empty members of a list
 * count for nothing. */
static void an_empty_member_of_a_list_is_refused_or_ignored(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/1.1\r\n%sContent-Length: ,%zu\r\n\r\n%s", endpoint->method, endpoint->path,
              server->fields, strlen(endpoint->body), endpoint->body);
    expect_refused(peer, MAY_4XX | http_leeway(server));
    http_hang_up(peer);
}

/* In 64, 32 or 31 bits each of these wraps round to seven. Who can count so far may wait for as many bytes. */
static void a_number_beyond_all_bodies_is_not_seven(void **state)
{
    static const struct http_variant variants[] = {
        {"Content-Length: 18446744073709551623\r\n", BODY NEXT},
        {"Content-Length: 9223372036854775815\r\n", BODY NEXT},
        {"Content-Length: 4294967303\r\n", BODY NEXT},
        {"Content-Length: 2147483655\r\n", BODY NEXT},
        {"Content-Length: 9999999999999999999999999999999999999999\r\n", BODY NEXT},
        {NULL, NULL},
    };

    expect_variants_refused(*state, variants, MAY_4XX | MAY_WAIT, false);
}

/* 0100 is a hundred. Read as octal it is sixty-four: then white space, not a request, comes next on the connection. Who
 * ends the connection with its response is judged by the response alone. */
static void leading_zeros_are_decimal(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);
    struct text body;

    text_init(&body, 8192);
    text_add(&body, endpoint->body);
    size_t total = body.length < 64 ? 100 : 1000;
    while (body.length < total)
        text_add(&body, " ");
    http_send(peer, "%s %s HTTP/1.1\r\n%sContent-Length: 0%zu\r\n\r\n%s", endpoint->method, endpoint->path,
              server->fields, total, body.bytes);
    text_free(&body);
    http_send_json(peer, endpoint, endpoint->body);
    struct http_answer first = http_read(peer);
    expect_success(first);
    expect_next_success(peer, first);
    http_hang_up(peer);
}

static void a_decimal_number_is_taken(void **state)
{
    expect_alive(*state);
}

const struct check check = {
    .title = "A Content-Length that is no decimal number, or overflows, is refused",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 9110 8.6", "RFC 9112 6.3", "CWE-190"},
    .cases =
        {
            CASE(what_is_no_decimal_number_is_answered_400),
            CASE(an_empty_member_of_a_list_is_refused_or_ignored),
            CASE(a_number_beyond_all_bodies_is_not_seven),
            CASE(leading_zeros_are_decimal),
            CONTROL(a_decimal_number_is_taken),
        },
};
