/* One line end more than there should be does not spoil the request behind it. */
#include "check.h"
#include "http/expect.h"

static void expect_served(struct http_target *server, struct http_peer *peer)
{
    const struct http_endpoint *endpoint = server->json_endpoints;

    http_send_json(peer, endpoint, endpoint->body);
    expect_success(http_read(peer));
}

static void an_empty_line_before_the_first_request_is_ignored(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "\r\n");
    expect_served(server, peer);
    expect_no_more(peer);
    http_hang_up(peer);
}

/* Where an old client sends it: behind the body that it has counted right. */
static void an_empty_line_behind_a_body_is_ignored(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);

    expect_served(server, peer);
    http_send(peer, "\r\n");
    expect_served(server, peer);
    expect_no_more(peer);
    http_hang_up(peer);
}

static void without_an_empty_line_it_is_served(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);

    expect_served(server, peer);
    expect_no_more(peer);
    http_hang_up(peer);
}

const struct check check = {
    .title = "An empty line before a request is ignored",
    .level = SHOULD,
    .origins = {"RFC 9112 2.2"},
    .cases =
        {
            CASE(an_empty_line_before_the_first_request_is_ignored),
            CASE(an_empty_line_behind_a_body_is_ignored),
            CONTROL(without_an_empty_line_it_is_served),
        },
};
