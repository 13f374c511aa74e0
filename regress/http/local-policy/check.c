/* A server for this machine's own programs refuses a Host or an Origin that names another: a page that its user opens
 * reaches it, too. */
#include "check.h"
#include "http/expect.h"

#include <stdio.h>
#include <string.h>

/* The server as the room needs it: local by its declaration, or made so. */
static struct http_target *local_server(void **state)
{
    struct http_target *server = *state;

    if (!server->local_only)
        http_restart(server, &(struct server_settings){.local_only = true});
    return server;
}

/* A request to the endpoint (its body may be NULL) that comes with that Host, and with those lines. */
static struct http_peer *send_from(struct http_target *server, const struct http_endpoint *endpoint, const char *host,
                                   const char *lines)
{
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/1.1\r\nHost: %s\r\n%s%s", endpoint->method, endpoint->path, host,
              server->fields_but_host, lines);
    if (endpoint->body)
        http_send(peer, "Content-Length: %zu\r\n\r\n%s", strlen(endpoint->body), endpoint->body);
    else
        http_send(peer, "\r\n");
    return peer;
}

static void expect_kept_out(struct http_target *server, const struct http_endpoint *endpoint, const char *host,
                            const char *lines)
{
    struct http_peer *peer = send_from(server, endpoint, host, lines);

    expect_legal(http_read(peer), MAY_4XX);
    http_hang_up(peer);
}

/* The name in the address line of the browser, which an attacker's DNS makes resolve to 127.0.0.1. */
static void a_foreign_host_is_refused(void **state)
{
    static const char *const hosts[] = {
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:127.0.0.1",
        "192.168.0.1",
        "127.0.0.1x",
        "xlocalhost",
        "[::2]",
    };
    struct http_target *server = local_server(state);

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        expect_kept_out(server, server->json_endpoints, hosts[i], "");
}

static void a_foreign_origin_is_refused(void **state)
{
    static const char *const origins[] = {
        "Origin: http://evil.example\r\n",
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: http://localhost.evil.example\r\n",
        "Origin: http://127.0.0.1.evil.example\r\n",
        "Origin: http://localhost@evil.example\r\n",
        "Origin: localhost\r\n",
        "Origin: file://\r\n",
        "Origin: http://localhost http://evil.example\r\n",
        "Origin: http://localhost\r\nOrigin: http://evil.example\r\n",
    };
    struct http_target *server = local_server(state);

    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++)
        expect_kept_out(server, server->json_endpoints, server->host, origins[i]);
}

/* What a page may read with a name of its own is all that the server tells. */
static void every_route_is_kept(void **state)
{
    static const struct http_endpoint reading[] = {
        {"GET", "/session", NULL}, {"GET", "/event", NULL}, {"GET", "/metrics", NULL}, {NULL, NULL, NULL}};
    struct http_target *server = local_server(state);
    const struct http_endpoint *const routes[] = {server->json_endpoints, server->contract ? reading : NULL};

    for (size_t i = 0; i < 2 && routes[i]; i++)
        for (const struct http_endpoint *e = routes[i]; e->path; e++) {
            expect_kept_out(server, e, "evil.example", "");
            expect_kept_out(server, e, server->host, "Origin: http://evil.example\r\n");
        }
}

/* The host of an absolute target is the host that counts (RFC 9112 3.2.2). */
static void a_foreign_host_in_the_target_is_refused(void **state)
{
    struct http_target *server = local_server(state);
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s http://evil.example%s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", endpoint->method,
              endpoint->path, server->fields, strlen(endpoint->body), endpoint->body);
    expect_refused(peer, MAY_4XX);
    http_hang_up(peer);
}

static void this_machine_is_served(void **state)
{
    struct http_target *server = local_server(state);
    char own[SERVER_HOST_BYTES + 32];

    snprintf(own, sizeof own, "Origin: http://%s\r\n", server->host);
    const char *const lines[] = {"", own};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct http_peer *peer = send_from(server, server->json_endpoints, server->host, lines[i]);

        expect_success(http_read(peer));
        http_hang_up(peer);
    }
}

const struct check check = {
    .title = "A local server refuses foreign hosts and origins",
    .level = MUST,
    .tags = {"security"},
    .origins = {"CWE-346", "CWE-350", "CWE-352", "RFC 9112 3.2.2"},
    .cases =
        {
            CASE(a_foreign_host_is_refused),
            CASE(a_foreign_origin_is_refused),
            CASE(every_route_is_kept),
            CASE(a_foreign_host_in_the_target_is_refused),
            CONTROL(this_machine_is_served),
        },
};
