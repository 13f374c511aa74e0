/* An empty body is answered at once: refused, or taken as the endpoint's default, but neither 5xx nor silence. */
#include "check.h"
#include "http/expect.h"

static void expect_answered(struct http_target *server, const char *lines, const char *rest)
{
    for (const struct http_endpoint *e = server->json_endpoints; e->path; e++) {
        struct http_peer *peer = http_dial(server);

        http_send_request(peer, e, lines, rest);
        struct http_answer answer = http_read(peer);
        if (server->exact_errors)
            expect_error(answer, 400, "invalid_json");
        else
            expect_legal(answer, MAY_4XX | MAY_2XX);
        expect_no_more(peer);
        http_hang_up(peer);
    }
}

static void no_bytes_at_all(void **state)
{
    expect_answered(*state, "Content-Length: 0\r\n", "");
}

static void white_space_only(void **state)
{
    expect_answered(*state, "Content-Length: 2\r\n", "  ");
    expect_answered(*state, "Content-Length: 4\r\n", "\r\n\t ");
}

/* Without Content-Length and Transfer-Encoding the body is of no bytes: nothing is to be waited for (RFC 9112 6.3). */
static void no_length_is_no_body(void **state)
{
    expect_answered(*state, "", "");
}

static void a_chunked_body_of_no_bytes(void **state)
{
    http_need_chunked(*state);

    expect_answered(*state, "Transfer-Encoding: chunked\r\n", "0\r\n\r\n");
}

static void a_full_body_is_accepted(void **state)
{
    expect_alive(*state);
}

const struct check check = {
    .title = "An empty body is answered at once, and not by a 5xx",
    .level = SHOULD,
    .origins = {"OAS-3", "RFC 9112 6.3"},
    .cases =
        {
            CASE(no_bytes_at_all),
            CASE(white_space_only),
            CASE(no_length_is_no_body),
            CASE(a_chunked_body_of_no_bytes),
            CONTROL(a_full_body_is_accepted),
        },
};
