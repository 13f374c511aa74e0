/* A connection lasts until one side says "close", or speaks HTTP/1.0; then it ends with a FIN behind the response. */
#include "check.h"
#include "http/expect.h"

#include <string.h>

static struct http_peer *send_post(struct http_target *server, const char *version, const char *lines, const char *rest)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/%s\r\n%s%sContent-Length: %zu\r\n\r\n%s%s", endpoint->method, endpoint->path, version,
              server->fields, lines, strlen(endpoint->body), endpoint->body, rest);
    return peer;
}

static void expect_fin(struct http_peer *peer)
{
    expect_success(http_read(peer));
    struct http_answer end = http_read(peer);
    expect(end.outcome == HTTP_CLOSED, WRONG, "a FIN behind the response", "%s", end.summary);
    http_hang_up(peer);
}

static void close_ends_the_connection(void **state)
{
    static const char *const lines[] = {"Connection: close\r\n", "connection: Close\r\n", "Connection: foo, close\r\n",
                                        "Connection: foo\r\nConnection: close\r\n",
                                        "Connection: keep-alive, close\r\n"};

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        expect_fin(send_post(*state, "1.1", lines[i], ""));
}

/* RFC 9112 9.6: what comes behind the request that said "close" is not served. The client must not send it, so the
 * request may be refused for that. */
static void nothing_behind_a_close_is_served(void **state)
{
    struct http_peer *peer =
        send_post(*state, "1.1", "Connection: close\r\n", "GET /assay HTTP/1.1\r\nHost: assay\r\n\r\n");

    expect_legal(http_read(peer), MAY_2XX | MAY_4XX);
    expect_closed(peer);
    http_hang_up(peer);
}

static void http_1_0_ends_the_connection(void **state)
{
    expect_fin(send_post(*state, "1.0", "", ""));
}

/* RFC 9112 9.6: a server that closes should say so, or its client takes the end for an accident. That is no duty, so
 * only one that declares to be strict is held to it. */
static void a_close_is_announced(void **state)
{
    struct http_peer *peer = send_post(*state, "1.1", "Connection: close\r\n", "");
    struct http_answer answer = http_read(peer);

    expect_success(answer);
    expect(answer.closes || !answer.server->strict, WRONG, "Connection: close in the response", "%s", "none");
    expect_closed(peer);
    http_hang_up(peer);
}

static void without_close_the_connection_lives(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = send_post(server, "1.1", "Connection: keep-alive, closed\r\n", "");

    struct http_answer first = http_read(peer);
    expect_success(first);
    http_need_open(peer, first);
    http_send_json(peer, server->json_endpoints, server->json_endpoints->body);
    expect_next_success(peer, first);
    http_hang_up(peer);
}

const struct check check = {
    .title = "Connection: close and HTTP/1.0 end the connection with a FIN",
    .level = MUST,
    .origins = {"RFC 9112 9.6", "RFC 9112 9.3"},
    .cases =
        {
            CASE(close_ends_the_connection),
            CASE(nothing_behind_a_close_is_served),
            CASE(http_1_0_ends_the_connection),
            CASE(a_close_is_announced),
            CONTROL(without_close_the_connection_lives),
        },
};
