/* A request that names the whole address is served like any other. */
#include "check.h"
#include "http/expect.h"

#include <stdio.h>
#include <string.h>

static void expect_served(struct http_target *server, const char *target_begin)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s%s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", endpoint->method, target_begin,
              endpoint->path, server->fields, strlen(endpoint->body), endpoint->body);
    expect_success(http_read(peer));
    expect_no_more(peer);
    http_hang_up(peer);
}

static void the_absolute_form_is_served(void **state)
{
    struct http_target *server = *state;
    char begin[SERVER_HOST_BYTES + 16];

    snprintf(begin, sizeof begin, "http://%s", server->host);
    expect_served(server, begin);
    snprintf(begin, sizeof begin, "HTTP://%s", server->host);
    expect_served(server, begin);
}

/* RFC 9112 3.2.2: the target's host counts then, but one Host is still asked for. */
static void the_absolute_form_is_no_leave_to_omit_host(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s http://%s%s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", endpoint->method, server->host,
              endpoint->path, server->fields_but_host, strlen(endpoint->body), endpoint->body);
    expect_refused(peer, MAY_4XX);
    http_hang_up(peer);
}

static void the_origin_form_is_served(void **state)
{
    expect_served(*state, "");
}

const struct check check = {
    .title = "The absolute form of a target is served",
    .level = MUST,
    .origins = {"RFC 9112 3.2.2"},
    .cases =
        {
            CASE(the_absolute_form_is_served),
            CASE(the_absolute_form_is_no_leave_to_omit_host),
            CONTROL(the_origin_form_is_served),
        },
};
