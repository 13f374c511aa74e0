/* A body over the limit is answered 413 before it is read, and costs no memory. */
#include "check.h"
#include "peers/http_expect.h"

#include <stdio.h>

enum { LIMIT_BYTES = 100000, SLACK_BYTES = 8 << 20, ENDLESS_BYTES = 48 << 20, SOON_MS = 1000 };

#define GIBIBYTE "1073741824"

static int64_t growth_of(struct http_target *server, int64_t before_bytes)
{
    return http_usage(server).resident_bytes - before_bytes;
}

/* The head alone is sent: whoever waits for the body waits for ever. */
static void a_declared_gibibyte_is_answered_at_once(void **state)
{
    struct http_target *server = *state;

    for (const struct http_endpoint *e = server->json_endpoints; e->path; e++) {
        struct http_peer *peer = http_dial(server);

        http_send_request(peer, e, "Content-Length: " GIBIBYTE "\r\n", "");
        struct http_answer answer = http_read_within(peer, SOON_MS);
        expect_error(answer, 413, "payload_too_large");
        http_hang_up(peer);
    }
    expect_alive(server);
}

static void endless_chunks_end_with_413_or_a_close(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);

    http_need_chunked(server);
    http_send_request(peer, server->json_endpoints, "Transfer-Encoding: chunked\r\n", "1\r\n\"\r\n");
    size_t taken = http_flood(peer, "10\r\n0123456789abcdef\r\n", ENDLESS_BYTES);
    expect(taken < ENDLESS_BYTES, WRONG, "an answer while the body still comes", "%zu bytes were taken without one",
           taken);
    expect_legal(http_read(peer), MAY_4XX | MAY_CLOSE);
    http_hang_up(peer);
    expect_alive(server);
}

/* Ten clients at once, so that what each may cost is seen ten times. */
static void neither_costs_memory(void **state)
{
    enum { CLIENTS = 10 };
    struct http_target *server = *state;
    struct http_peer *peers[CLIENTS];

    http_restart(server, &(struct http_settings){.limits = {{"http.body_bytes", LIMIT_BYTES}}});
    http_need_chunked(server);
    expect_alive(server);
    int64_t before_bytes = http_usage(server).resident_bytes;
    for (int i = 0; i < CLIENTS; i++) {
        peers[i] = http_dial(server);
        http_send_request(peers[i], server->json_endpoints,
                          i % 2 ? "Transfer-Encoding: chunked\r\n" : "Content-Length: " GIBIBYTE "\r\n", "");
        http_flood(peers[i], "10\r\n0123456789abcdef\r\n", ENDLESS_BYTES / CLIENTS);
    }
    int64_t growth = growth_of(server, before_bytes);
    expect(growth < CLIENTS * LIMIT_BYTES + SLACK_BYTES, LEAK, "at most the limit for each client and 8 MiB more",
           "%lld bytes more than before", (long long)growth);
    for (int i = 0; i < CLIENTS; i++) {
        expect_legal(http_read(peers[i]), MAY_4XX | MAY_CLOSE);
        http_hang_up(peers[i]);
    }
    expect_alive(server);
}

static void a_body_at_the_limit_is_read(void **state)
{
    struct http_target *server = *state;
    char at_limit[64];
    char over_limit[64];

    http_restart(server, &(struct http_settings){.limits = {{"http.body_bytes", 64}}});
    snprintf(at_limit, sizeof at_limit, "Content-Length: %d\r\n", 64);
    snprintf(over_limit, sizeof over_limit, "Content-Length: %d\r\n", 65);
    struct http_peer *peer = http_dial(server);
    http_send_request(peer, server->json_endpoints, at_limit,
                      "                                                              {}");
    struct http_answer answer = http_read(peer);
    expect(answer.outcome == HTTP_ANSWER && answer.status != 413, WRONG, "a body of the limit is read", "%s",
           answer.summary);
    http_hang_up(peer);
    peer = http_dial(server);
    http_send_request(peer, server->json_endpoints, over_limit, "");
    expect_error(http_read(peer), 413, "payload_too_large");
    http_hang_up(peer);
}

static void a_small_body_is_accepted(void **state)
{
    expect_alive(*state);
}

const struct check check = {
    .title = "A body over the limit is answered 413 at once, and costs no memory",
    .level = MUST,
    .tags = {"security"},
    .origins = {"OAS-3", "RFC 9110 15.5.14", "CWE-770"},
    .cases =
        {
            CASE(a_declared_gibibyte_is_answered_at_once),
            CASE(endless_chunks_end_with_413_or_a_close),
            MEASURE(neither_costs_memory),
            CASE(a_body_at_the_limit_is_read),
            CONTROL(a_small_body_is_accepted),
        },
};
