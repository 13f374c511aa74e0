/* A client that is slow, silent or deaf costs the others nothing, and is cut off in its time. */
#include "check.h"
#include "peers/http_expect.h"

#include <stdio.h>
#include <string.h>

enum { CLIENTS = 200, SOON_MS = 1000, LIMIT_MS = 300, MARGIN_MS = 3000, DRIP_MS = 40 };

static void expect_served_soon(struct http_target *server)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send_json(peer, endpoint, endpoint->body);
    expect_success(http_read_within(peer, SOON_MS));
    http_hang_up(peer);
}

/* Two hundred heads and bodies that go on a byte at a time, and among them one client that behaves. */
static void others_are_served_meanwhile(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peers[CLIENTS];

    for (int i = 0; i < CLIENTS; i++) {
        peers[i] = http_dial(server);
        http_send(peers[i], i % 2 ? "%s %s HTTP/1.1\r\nX-Slow: " : "%s %s HTTP/1.1\r\n%sContent-Length: 100\r\n\r\n ",
                  endpoint->method, endpoint->path, server->fields);
    }
    for (int round = 0; round < 3; round++) {
        expect_served_soon(server);
        for (int i = 0; i < CLIENTS; i++)
            http_send(peers[i], " ");
    }
    for (int i = 0; i < CLIENTS; i++)
        http_hang_up(peers[i]);
}

/* A byte every 40 ms, so that a limit on the time between two bytes would never be reached. */
static void expect_cut_off(struct http_target *server, const char *lines)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);
    int64_t begun_ns = now_ns();
    int64_t end_ns = begun_ns + scaled_ms(LIMIT_MS + MARGIN_MS) * 1000000;

    http_send(peer, "%s %s HTTP/1.1\r\n%s%s", endpoint->method, endpoint->path, server->fields, lines);
    while (!http_pause(peer, DRIP_MS) && now_ns() < end_ns)
        http_send(peer, " ");
    int64_t took_ms = (now_ns() - begun_ns) / 1000000;
    expect(now_ns() < end_ns, HANG, "a slow client is cut off in its time", "still connected after %lld ms",
           (long long)took_ms);
    struct http_answer answer = http_read(peer);
    expect_legal(answer, MAY_4XX | MAY_CLOSE);
    expect(took_ms >= LIMIT_MS / 2, WRONG, "the time that the limit gives", "cut off after %lld ms",
           (long long)took_ms);
    if (answer.outcome == HTTP_ANSWER)
        expect_closed(peer);
    http_hang_up(peer);
}

static void a_slow_head_is_cut_off(void **state)
{
    struct http_target *server = *state;

    http_restart(server, &(struct http_settings){.limits = {{"http.header_ms", LIMIT_MS}}});
    expect_cut_off(server, "X-Slow: ");
    expect_alive(server);
}

static void a_slow_body_is_cut_off(void **state)
{
    struct http_target *server = *state;

    http_restart(server, &(struct http_settings){.limits = {{"http.body_ms", LIMIT_MS}}});
    expect_cut_off(server, "Content-Length: 1000\r\n\r\n");
    expect_alive(server);
}

/* A connection that asks nothing, before its first request and after one. */
static void an_idle_connection_is_closed(void **state)
{
    struct http_target *server = *state;

    http_restart(server, &(struct http_settings){.limits = {{"http.idle_ms", LIMIT_MS}}});
    struct http_peer *idle = http_dial(server);
    struct http_peer *used = http_dial(server);
    http_send_json(used, server->json_endpoints, server->json_endpoints->body);
    expect_success(http_read(used));
    expect_legal(http_read_within(idle, LIMIT_MS + MARGIN_MS), MAY_4XX | MAY_CLOSE);
    expect_legal(http_read_within(used, LIMIT_MS + MARGIN_MS), MAY_4XX | MAY_CLOSE);
    http_hang_up(idle);
    http_hang_up(used);
    expect_alive(server);
}

/* Asks and asks, and reads nothing: once all buffers are full the server can only wait, or cut the client off. */
static void a_deaf_client_is_cut_off(void **state)
{
    struct http_target *server = *state;
    char get[HTTP_HOST_BYTES + 4200];

    http_restart(server, &(struct http_settings){.limits = {{"http.write_ms", LIMIT_MS}}});
    struct http_peer *peer = http_dial_narrow(server);
    http_read_slowly(peer, 0, 0);
    snprintf(get, sizeof get, "GET /assay-nowhere HTTP/1.1\r\n%s\r\n", server->fields);
    int64_t begun_ns = now_ns();
    http_flood(peer, get, 64 << 20);
    int64_t took_ms = (now_ns() - begun_ns) / 1000000;
    expect(took_ms < scaled_ms(LIMIT_MS + MARGIN_MS), HANG, "a client that does not read is cut off in its time",
           "still connected after %lld ms", (long long)took_ms);
    expect_served_soon(server);
    http_reset(peer);
}

static void a_client_that_takes_its_time_is_served(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);
    char request[4096];

    int count = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", endpoint->method,
                         endpoint->path, server->fields, strlen(endpoint->body), endpoint->body);
    if (count < 0 || (size_t)count >= sizeof request)
        error_of_harness("the request is too long");
    http_send_chopped(peer, http_plan_drip(16, 5), request, (size_t)count);
    expect_success(http_read(peer));
    http_hang_up(peer);
}

const struct check check = {
    .title = "Slow, silent and deaf clients cost the others nothing and are cut off",
    .level = MUST,
    .tags = {"security"},
    .origins = {"CVE-2007-6750", "CWE-400", "CWE-770"},
    .cases =
        {
            MEASURE(others_are_served_meanwhile),
            CASE(a_slow_head_is_cut_off),
            CASE(a_slow_body_is_cut_off),
            CASE(an_idle_connection_is_closed),
            CASE(a_deaf_client_is_cut_off),
            CONTROL(a_client_that_takes_its_time_is_served),
        },
};
