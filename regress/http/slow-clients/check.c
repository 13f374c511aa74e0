/* A client that is slow, silent or deaf costs the others nothing, and is cut off in its time. */
#include "check.h"
#include "base/text.h"
#include "http/expect.h"

#include <stdio.h>
#include <string.h>

enum {
    CLIENTS = 200,
    BEHAVING = 4,
    ROUNDS = 3,
    LIMIT_MS = 300,
    LIMIT_MAX_MS = 20000,
    MARGIN_MS = 3000,
    DRIP_MS = 40,
    MANY = 50,
    TRIES = 20
};

/* By the deadline of any answer: who serves one client after the other waits for each of the slow ones first. */
static void expect_served(struct http_target *server)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send_json(peer, endpoint, endpoint->body);
    expect_success(http_read(peer));
    http_hang_up(peer);
}

/* As many as there may be, beside those that behave: of them the server may not have seen yet that they have left. */
static int slow_clients(void)
{
    int64_t limit = http_limit("http.connections", CLIENTS + BEHAVING, INT64_MAX) - BEHAVING;

    if (limit < 1)
        not_applicable("the server takes %d connections at a time at most, and this case needs one more", BEHAVING);
    return limit < CLIENTS ? (int)limit : CLIENTS;
}

/* Two hundred heads and bodies that go on a byte at a time, and among them one client that behaves. */
static void others_are_served_meanwhile(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peers[CLIENTS];
    int count = slow_clients();

    for (int i = 0; i < count; i++) {
        peers[i] = http_dial(server);
        http_send(peers[i], i % 2 ? "%s %s HTTP/1.1\r\nX-Slow: " : "%s %s HTTP/1.1\r\n%sContent-Length: 100\r\n\r\n ",
                  endpoint->method, endpoint->path, server->fields);
    }
    for (int round = 0; round < ROUNDS; round++) {
        expect_served(server);
        for (int i = 0; i < count; i++)
            http_send(peers[i], " ");
    }
    for (int i = 0; i < count; i++)
        http_hang_up(peers[i]);
}

/* The limit in force, which is the target's own where it cannot be set: a case waits for no more than so much. */
static int64_t limited_server(struct http_target *server, const char *name)
{
    return http_restart_with_limit(server, name, LIMIT_MS, LIMIT_MAX_MS);
}

/* A byte every 40 ms, so that a limit on the time between two bytes would never be reached. */
static void expect_cut_off(struct http_target *server, int64_t limit_ms, const char *lines)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    int64_t begun_ns = now_ns(); /* before the server's own clock can have begun */
    struct http_peer *peer = http_dial(server);
    int64_t end_ns = begun_ns + scaled_ms(2 * limit_ms + MARGIN_MS) * 1000000;

    http_send(peer, "%s %s HTTP/1.1\r\n%s%s", endpoint->method, endpoint->path, server->fields, lines);
    while (!http_pause(peer, DRIP_MS) && now_ns() < end_ns)
        http_send(peer, " ");
    int64_t took_ms = (now_ns() - begun_ns) / 1000000;
    expect(now_ns() < end_ns, HANG, "a slow client is cut off in its time", "still connected after %lld ms",
           (long long)took_ms);
    struct http_answer answer = http_read(peer);
    expect_legal(answer, MAY_4XX | MAY_CLOSE);
    expect(took_ms >= limit_ms / 2, WRONG, "the time that the limit gives", "cut off after %lld ms",
           (long long)took_ms);
    if (answer.outcome == HTTP_ANSWER)
        expect_closed(peer);
    http_hang_up(peer);
}

static void a_slow_head_is_cut_off(void **state)
{
    struct http_target *server = *state;

    expect_cut_off(server, limited_server(server, "http.header_ms"), "X-Slow: ");
    expect_alive(server);
}

static void a_slow_body_is_cut_off(void **state)
{
    struct http_target *server = *state;

    expect_cut_off(server, limited_server(server, "http.body_ms"), "Content-Length: 1000\r\n\r\n");
    expect_alive(server);
}

/* Fifty clients at once, of which each has its time and no more: heads and bodies that were begun by turns. A server
 * may also turn some of them away at once, with a 503. */
static void many_slow_clients_are_cut_off(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    int64_t header_ms = http_limit("http.header_ms", LIMIT_MS, LIMIT_MAX_MS);
    int64_t body_ms = http_limit("http.body_ms", LIMIT_MS, LIMIT_MAX_MS);
    struct http_peer *peers[MANY];

    http_restart(server,
                 &(struct server_settings){.limits = {{"http.header_ms", header_ms}, {"http.body_ms", body_ms}}});
    for (int i = 0; i < MANY; i++) {
        peers[i] = http_dial(server);
        http_send(peers[i], i % 2 ? "%s %s HTTP/1.1\r\n%sX-Slow: " : "%s %s HTTP/1.1\r\n%sContent-Length: 100\r\n\r\n ",
                  endpoint->method, endpoint->path, server->fields);
    }
    for (int i = 0; i < MANY; i++) {
        struct http_answer answer = http_read_within(peers[i], (i % 2 ? header_ms : body_ms) + MARGIN_MS);

        if (answer.status != 503)
            expect_legal(answer, MAY_4XX | MAY_CLOSE);
        if (answer.outcome == HTTP_ANSWER)
            expect_closed(peers[i]);
        http_hang_up(peers[i]);
    }
    expect_alive(server);
}

/* A connection on which a request was served. On a busy machine so much time may pass between connecting and asking
 * that the server has rightly closed it; then once more. */
static struct http_peer *dial_and_use(struct http_target *server, int64_t limit_ms)
{
    for (int i = 0; i < TRIES; i++) {
        int64_t begun_ns = now_ns();
        struct http_peer *peer = http_dial(server);

        http_send_json(peer, server->json_endpoints, server->json_endpoints->body);
        bool late = (now_ns() - begun_ns) / 1000000 >= limit_ms / 2;
        struct http_answer answer = http_read(peer);
        if (!late || answer.outcome == HTTP_ANSWER) {
            expect_success(answer);
            return peer;
        }
        http_hang_up(peer);
    }
    error_of_environment("this machine is too busy to send a request within %lld ms of connecting",
                         (long long)limit_ms / 2);
}

/* A connection that asks nothing, before its first request and after one. */
static void an_idle_connection_is_closed(void **state)
{
    struct http_target *server = *state;

    int64_t limit_ms = limited_server(server, "http.idle_ms");
    struct http_peer *idle = http_dial(server);
    struct http_peer *used = dial_and_use(server, limit_ms);
    expect_legal(http_read_within(idle, 2 * limit_ms + MARGIN_MS), MAY_4XX | MAY_CLOSE);
    expect_legal(http_read_within(used, 2 * limit_ms + MARGIN_MS), MAY_4XX | MAY_CLOSE);
    http_hang_up(idle);
    http_hang_up(used);
    expect_alive(server);
}

enum { BLOCK_BYTES = 8 << 10, BLOCKS = (64 << 20) / BLOCK_BYTES, KEPT_ANSWERS = 300000 };

/* Sends block after block until one is not taken. False: all of them were. *took_ms: how long the last one was tried,
 * which begins when the one before it was taken and so, but for what fits into the buffers, when the server stopped. */
static bool send_until_blocked(struct http_peer *peer, const struct text *block, int64_t *took_ms)
{
    for (int i = 0; i < BLOCKS; i++) {
        int64_t begun_ns = now_ns();
        bool taken = http_send_bytes(peer, block->bytes, block->length);

        *took_ms = (now_ns() - begun_ns) / 1000000;
        if (!taken)
            return true;
    }
    return false;
}

/* Whoever has taken all requests has either cut the client off and reads on for a while, as RFC 9112 9.6 advises, or
 * keeps the answers. What comes when the client reads at last tells them apart: soon the end, or more answers than any
 * socket holds. */
static void expect_cut_off_long_ago(struct http_peer *peer)
{
    struct http_answer answer = http_read(peer);

    for (int i = 0; i < KEPT_ANSWERS && answer.outcome == HTTP_ANSWER; i++)
        answer = http_read(peer);
    if (answer.outcome == HTTP_TRUNCATED)
        answer = http_read(peer);
    enum how how = answer.outcome == HTTP_ANSWER ? LEAK : answer.outcome == HTTP_SILENCE ? HANG : WRONG;
    expect(answer.outcome == HTTP_CLOSED || answer.outcome == HTTP_RESET, how,
           "a client that does not read is cut off in its time", "64 MiB of requests were read meanwhile, and then: %s",
           answer.summary);
}

/* Asks and asks, and reads nothing: once all buffers are full the server can only wait, or cut the client off. */
static void a_deaf_client_is_cut_off(void **state)
{
    struct http_target *server = *state;
    struct text block;
    int64_t limit_ms = limited_server(server, "http.write_ms");
    int64_t took_ms;

    struct http_peer *peer = http_dial_narrow(server);
    http_read_slowly(peer, 0, 0);
    text_init(&block, 2 * BLOCK_BYTES);
    while (block.length < BLOCK_BYTES)
        text_addf(&block, "GET /assay-nowhere HTTP/1.1\r\n%s\r\n", server->fields);
    bool blocked = send_until_blocked(peer, &block, &took_ms);
    text_free(&block);
    if (!blocked)
        expect_cut_off_long_ago(peer);
    expect(took_ms < scaled_ms(limit_ms + MARGIN_MS), HANG, "a client that does not read is cut off in its time",
           "still connected %lld ms after the server had stopped reading", (long long)took_ms);
    expect_served(server);
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
    http_send_chopped(peer, tcp_plan_drip(16, 5), request, (size_t)count);
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
            CASE(many_slow_clients_are_cut_off),
            CASE(an_idle_connection_is_closed),
            CASE(a_deaf_client_is_cut_off),
            CONTROL(a_client_that_takes_its_time_is_served),
        },
};
