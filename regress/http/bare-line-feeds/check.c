/* A request whose lines end in LF alone may be served or refused, but always the same way, and its body is still as
 * long as its Content-Length says. */
#include "check.h"
#include "http/expect.h"

#include <stdio.h>
#include <string.h>

enum { TIMES = 3 };

/* The request without a CR in it, and another such request behind its body. */
static void send_with_line_feeds(struct http_target *server, struct http_peer *peer)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    char head[4096];
    size_t length = 0;

    int count = snprintf(head, sizeof head, "%s %s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n", endpoint->method,
                         endpoint->path, server->fields, strlen(endpoint->body));
    if (count < 0 || (size_t)count >= sizeof head)
        error_of_harness("the head of a request is too long");
    for (char *c = head; *c; c++)
        if (*c != '\r')
            head[length++] = *c;
    http_send(peer, "%.*s%sGET /assay-next HTTP/1.1\nHost: assay\n\n", (int)length, head, endpoint->body);
}

static void the_answer_is_the_same_each_time(void **state)
{
    struct http_target *server = *state;
    struct http_answer answer;
    int first_status = 0;

    for (int i = 0; i < TIMES; i++) {
        struct http_peer *peer = http_dial(server);

        send_with_line_feeds(server, peer);
        answer = http_read(peer);
        expect_legal(answer, MAY_4XX | MAY_CLOSE | http_leeway(server));
        if (i == 0)
            first_status = answer.status;
        expect_integer(answer.status, first_status, "the status of the first time,");
        http_hang_up(peer);
    }
}

/* Served: both requests are, unless the first answer ends the connection, and no third. Refused: nothing is served. */
static void the_body_is_as_long_as_it_says(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);

    send_with_line_feeds(server, peer);
    struct http_answer first = http_read(peer);
    expect_legal(first, MAY_4XX | MAY_CLOSE | http_leeway(server));
    if (first.status / 100 == 2 && !first.closes) {
        struct http_answer next = http_read(peer);

        expect_answer(next, next.outcome == HTTP_ANSWER, "the next request is answered");
    }
    expect_no_more(peer);
    http_hang_up(peer);
}

static void the_same_request_with_crlf_is_served(void **state)
{
    expect_alive(*state);
}

const struct check check = {
    .title = "A request with bare line feeds is served or refused, the same way each time",
    .level = SHOULD,
    .origins = {"RFC 9112 2.2"},
    .cases =
        {
            CASE(the_answer_is_the_same_each_time),
            CASE(the_body_is_as_long_as_it_says),
            CONTROL(the_same_request_with_crlf_is_served),
        },
};
