/* Field names are tokens that a colon follows at once; values hold no control characters; only CRLF ends a line. */
#include "check.h"
#include "base/text.h"
#include "http/expect.h"

#include <stdio.h>
#include <string.h>

#define LENGTH "Content-Length: 2\r\n"

static void no_white_space_before_the_colon(void **state)
{
    static const struct http_variant variants[] = {
        {"Content-Length : 2\r\n", "{}"},
        {"Content-Length\t: 2\r\n", "{}"},
        {"X-A : b\r\n", NULL},
        {NULL, NULL},
    };

    expect_variants_refused(*state, variants, MAY_4XX, false);
}

static void a_name_is_a_token_and_a_colon(void **state)
{
    static const struct http_variant variants[] = {
        {"X-A\r\n", NULL},    {": b\r\n", NULL},    {"X(A: b\r\n", NULL},   {"X[]: b\r\n", NULL},
        {"X A: b\r\n", NULL}, {"X@A: b\r\n", NULL}, {"\"X\": b\r\n", NULL}, {"X\xc3\xa9: b\r\n", NULL},
        {"{}: b\r\n", NULL},  {NULL, NULL},
    };

    expect_variants_refused(*state, variants, MAY_4XX | MAY_CLOSE, false);
}

/* RFC 9110 5.5 lets a recipient put a space in the place of CR or NUL. */
static void a_bare_cr_is_refused_or_replaced(void **state)
{
    static const struct http_variant variants[] = {{"X-A: a\rb\r\n", NULL}, {"X-A: a\r\r\n", NULL}, {NULL, NULL}};

    expect_variants_refused(*state, variants, MAY_4XX | MAY_CLOSE | http_leeway(*state), false);
}

/* It also lets one keep other control characters. */
static void control_characters_are_refused_or_kept(void **state)
{
    static const struct http_variant variants[] = {
        {"X-A: a\x07"
         "b\r\n",
         NULL},
        {"X-A: \x1b[2J\r\n", NULL},
        {"X-A: a\x7f"
         "b\r\n",
         NULL},
        {"X-A: \x0b"
         "b\r\n",
         NULL},
        {NULL, NULL},
    };

    expect_variants_refused(*state, variants, MAY_4XX | MAY_CLOSE | http_leeway(*state), false);
}

static void a_nul_is_refused_or_replaced(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);
    struct text request;

    text_init(&request, 8192);
    text_addf(&request, "%s %s HTTP/1.1\r\n%sX-A: a", endpoint->method, endpoint->path, server->fields);
    text_add_bytes(&request, "\0b\r\n" LENGTH "\r\n{}", 4 + strlen(LENGTH "\r\n{}"));
    http_send_bytes(peer, request.bytes, request.length);
    text_free(&request);
    expect_refused(peer, MAY_4XX | MAY_CLOSE | http_leeway(server));
    http_hang_up(peer);
}

/* Who takes the lone CR for the empty line sees a body of seven bytes, and then a second request. */
static void a_lone_cr_does_not_end_the_fields(void **state)
{
    static const struct http_variant variants[] = {
        {"Content-Length: 6\r\n\rX: y\r\n", "{}    "},
        {"Content-Length: 2\r\n\r{}", "\r\n"},
        {NULL, NULL},
    };

    expect_variants_refused(*state, variants, MAY_4XX | MAY_CLOSE, false);
}

/* With a space for the lone CR the line is a folded one, and with a space for the fold this is Content-Length: 4. Who
 * takes it for the end of the head finds an object in the next four bytes as well. */
static void a_line_of_a_lone_cr_is_refused_or_joined(void **state)
{
    static const struct http_variant variants[] = {{"Content-Length: 4\r\n\r\r\n", "{}  "}, {NULL, NULL}};

    expect_variants_refused(*state, variants, MAY_4XX | MAY_CLOSE | http_leeway(*state), false);
}

/* Of a length as well, for what a server makes of a field of no meaning nobody sees. */
static void white_space_around_a_value_is_left_out(void **state)
{
    static const struct {
        const char *before;
        const char *behind;
    } spaces[] = {{"", ""}, {"   ", "  "}, {"\t", ""}, {" \t", "\t "}};
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;

    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        struct http_peer *peer = http_dial(server);
        char line[64];

        snprintf(line, sizeof line, "Content-Length:%s%zu%s\r\n", spaces[i].before, strlen(endpoint->body),
                 spaces[i].behind);
        http_send_request(peer, endpoint, line, endpoint->body);
        expect_success(http_read(peer));
        http_hang_up(peer);
    }
}

static void names_are_read_in_any_case(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/1.1\r\nhOST: %s\r\n%scontent-LENGTH: %zu\r\n\r\n%s", endpoint->method, endpoint->path,
              server->host, server->fields_but_host, strlen(endpoint->body), endpoint->body);
    expect_success(http_read(peer));
    http_hang_up(peer);
}

/* Every character that a token may have, and a value of all bytes that one may hold: those above 0x7f for who declares
 * to be strict, since taking them is a SHOULD (RFC 9110 5.5). */
static void all_that_is_allowed_is_taken(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);
    struct text lines;

    text_init(&lines, 4096);
    text_add(&lines, "!#$%&'*+-.^_`|~0aZ: ");
    for (int c = 0x20; c < (server->strict ? 0x100 : 0x7f); c++)
        if (c != 0x7f)
            text_add_bytes(&lines, &(char){(char)c}, 1);
    text_addf(&lines, "\tx\r\nContent-Length: %zu\r\n", strlen(endpoint->body));
    http_send_request(peer, endpoint, lines.bytes, endpoint->body);
    text_free(&lines);
    struct http_answer first = http_read(peer);
    expect_success(first);
    expect_in_step(peer, first);
    http_hang_up(peer);
}

static void plain_fields_are_read(void **state)
{
    expect_alive(*state);
}

const struct check check = {
    .title = "Header lines that break the grammar are refused",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 9112 5.1", "RFC 9112 2.2", "RFC 9110 5.1", "RFC 9110 5.5", "CVE-2025-23167", "CWE-444"},
    .cases =
        {
            CASE(no_white_space_before_the_colon),
            CASE(a_name_is_a_token_and_a_colon, .level = SHOULD),
            CASE(a_bare_cr_is_refused_or_replaced),
            CASE(control_characters_are_refused_or_kept, .level = SHOULD),
            CASE(a_nul_is_refused_or_replaced),
            CASE(a_lone_cr_does_not_end_the_fields),
            CASE(a_line_of_a_lone_cr_is_refused_or_joined),
            CASE(white_space_around_a_value_is_left_out),
            CASE(names_are_read_in_any_case),
            CASE(all_that_is_allowed_is_taken, .level = SHOULD),
            CONTROL(plain_fields_are_read),
        },
};
