/* A request without Host, with more than one, or with one that is no host, is answered 400. */
#include "check.h"
#include "http/expect.h"

#include <stdio.h>
#include <string.h>

/* A request that is valid but for its version and its lines of Host. */
static struct http_peer *send_hosts(struct http_target *server, const char *version, const char *hosts)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/%s\r\n%s%sContent-Length: %zu\r\n\r\n%s", endpoint->method, endpoint->path, version,
              hosts, server->fields_but_host, strlen(endpoint->body), endpoint->body);
    return peer;
}

static void expect_400(struct http_target *server, const char *hosts)
{
    struct http_peer *peer = send_hosts(server, "1.1", hosts);

    expect_refused(peer, MAY_4XX);
    http_hang_up(peer);
}

static void none_is_answered_400(void **state)
{
    expect_400(*state, "");
    expect_400(*state, "X-Host: assay\r\n");
}

static void two_are_answered_400(void **state)
{
    struct http_target *server = *state;
    char twice[2 * SERVER_HOST_BYTES + 32];

    snprintf(twice, sizeof twice, "Host: %s\r\nHost: %s\r\n", server->host, server->host);
    expect_400(server, twice);
    snprintf(twice, sizeof twice, "Host: %s\r\nhost: evil.example\r\n", server->host);
    expect_400(server, twice);
}

/* Two requests to a proxy and one to us: HTTP/1.0 may go without Host, but not with two. */
static void two_are_answered_400_in_http_1_0_as_well(void **state)
{
    struct http_peer *peer = send_hosts(*state, "1.0", "Host: a\r\nHost: b\r\n");

    expect_refused(peer, MAY_4XX);
    http_hang_up(peer);
}

static void no_host_at_all_is_answered_400(void **state)
{
    static const char *const hosts[] = {
        "Host: a b\r\n",     "Host: a/b\r\n",         "Host: a@b\r\n",      "Host: a\\b\r\n",     "Host: a:b\r\n",
        "Host: a:80:80\r\n", "Host: [::1\r\n",        "Host: a?b\r\n",      "Host: a#b\r\n",      "Host: <a>\r\n",
        "Host: a\tb\r\n",    "Host: %zz\r\n",         "Host: \xc3\xa9\r\n", "Host: http://a\r\n", "Host: \"a\"\r\n",
        "Host: [::1]a\r\n",  "Host: [localhost]\r\n", "Host: []\r\n",       "Host: a%2\r\n",
    };

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        expect_400(*state, hosts[i]);
}

static void one_is_enough(void **state)
{
    struct http_target *server = *state;
    char lines[SERVER_HOST_BYTES + 32];

    snprintf(lines, sizeof lines, "Host: %s\r\n", server->host);
    struct http_peer *peer = send_hosts(server, "1.1", lines);
    expect_success(http_read(peer));
    http_hang_up(peer);
}

const struct check check = {
    .title = "A request without one well-formed Host is answered 400",
    .level = MUST,
    .origins = {"RFC 9112 3.2", "RFC 9110 7.2"},
    .cases =
        {
            CASE(none_is_answered_400),
            CASE(two_are_answered_400),
            CASE(two_are_answered_400_in_http_1_0_as_well),
            CASE(no_host_at_all_is_answered_400),
            CONTROL(one_is_enough),
        },
};
