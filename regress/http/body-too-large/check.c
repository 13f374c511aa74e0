/* A body over the limit is answered 413 before it is read, and costs no memory. */
#include "check.h"
#include "http/expect.h"

#include "base/text.h"

#include <string.h>

enum {
    LIMIT_BYTES = 100000,
    EXACT_BYTES = 4096,
    EXACT_MAX_BYTES = 16 << 20,
    SLACK_BYTES = 16 << 20,
    ENDLESS_BYTES = 48 << 20
};

#define GIBIBYTE "1073741824"

/* The limit in force: the one that is wanted, or the target's own, where that leaves this case something to send. */
static int64_t limited_server(struct http_target *server, int64_t wanted, int64_t most)
{
    return http_restart_with_limit(server, "http.body_bytes", wanted, most);
}

/* 413 of who has declared to use these words; else any 4xx, or a close, for what is too large may be refused by either
 * (RFC 9110 15.5.14). */
static void expect_too_large(struct http_answer answer)
{
    if (answer.server->exact_errors)
        expect_error(answer, 413, "payload_too_large");
    else
        expect_legal(answer, MAY_4XX | MAY_CLOSE);
}

/* Under the contract the head alone is sent: whoever waits for the body waits for ever. Others may count what comes,
 * so they get more than they take. */
static void a_declared_gibibyte_is_answered_at_once(void **state)
{
    struct http_target *server = *state;
    int64_t limit = limited_server(server, LIMIT_BYTES, ENDLESS_BYTES);

    for (const struct http_endpoint *e = server->json_endpoints; e->path; e++) {
        struct http_peer *peer = http_dial(server);

        http_send_request(peer, e, "Content-Length: " GIBIBYTE "\r\n", "");
        if (!server->contract)
            http_flood(peer, "          ", (size_t)limit + LIMIT_BYTES);
        expect_too_large(http_read(peer));
        http_hang_up(peer);
    }
    expect_alive(server);
}

/* With a limit that is known: how high a server's own may be no standard says. */
static void endless_chunks_end_with_413_or_a_close(void **state)
{
    struct http_target *server = *state;

    limited_server(server, LIMIT_BYTES, ENDLESS_BYTES / 4); /* of what is sent, less than a third is content */
    http_need_chunked(server);
    struct http_peer *peer = http_dial(server);
    http_send_request(peer, server->json_endpoints, "Transfer-Encoding: chunked\r\n", "1\r\n\"\r\n");
    size_t taken = http_flood(peer, "10\r\n0123456789abcdef\r\n", ENDLESS_BYTES);
    expect(taken < ENDLESS_BYTES, WRONG, "an answer while the body still comes", "%zu bytes were taken without one",
           taken);
    expect_legal(http_read(peer), MAY_4XX | MAY_CLOSE);
    http_hang_up(peer);
    expect_alive(server);
}

enum { CLIENTS = 10 };

/* Ten clients at once, so that what each may cost is seen ten times. */
static void flood_together(struct http_target *server, struct http_peer *peers[CLIENTS])
{
    for (int i = 0; i < CLIENTS; i++) {
        peers[i] = http_dial(server);
        http_send_request(peers[i], server->json_endpoints,
                          i % 2 ? "Transfer-Encoding: chunked\r\n" : "Content-Length: " GIBIBYTE "\r\n", "");
        http_flood(peers[i], "10\r\n0123456789abcdef\r\n", ENDLESS_BYTES / CLIENTS);
    }
}

static void expect_all_refused(struct http_peer *peers[CLIENTS])
{
    for (int i = 0; i < CLIENTS; i++) {
        expect_legal(http_read(peers[i]), MAY_4XX | MAY_CLOSE);
        http_hang_up(peers[i]);
    }
}

/* The first flood warms the heap up, so that what the second one adds is what the server keeps of it. */
static void neither_costs_memory(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peers[CLIENTS];

    int64_t limit = limited_server(server, LIMIT_BYTES, ENDLESS_BYTES / CLIENTS / 4);
    http_need_chunked(server);
    flood_together(server, peers);
    for (int i = 0; i < CLIENTS; i++)
        http_hang_up(peers[i]);
    expect_alive(server);
    int64_t before_bytes = http_usage(server).resident_bytes;
    flood_together(server, peers);
    int64_t growth = http_usage(server).resident_bytes - before_bytes;
    expect(growth < CLIENTS * limit + SLACK_BYTES, LEAK, "at most the limit for each client and 16 MiB more",
           "%lld bytes more than before", (long long)growth);
    expect_all_refused(peers);
    expect_alive(server);
}

/* The endpoint's valid body with spaces behind it, up to that many bytes; one chunk and, for the last byte, another. */
static struct http_answer ask_with(struct http_target *server, struct http_peer *peer, size_t bytes, bool chunked)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct text body;

    text_init(&body, ENDLESS_BYTES);
    text_add(&body, endpoint->body);
    while (body.length < bytes)
        text_add(&body, " ");
    if (chunked)
        http_send(peer, "%s %s HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\n%zx\r\n%.*s\r\n1\r\n \r\n0\r\n\r\n",
                  endpoint->method, endpoint->path, server->fields, bytes - 1, (int)(bytes - 1), body.bytes);
    else
        http_send_json(peer, endpoint, body.bytes);
    text_free(&body);
    return http_read(peer);
}

static size_t restart_with_a_limit(struct http_target *server)
{
    size_t least = strlen(server->json_endpoints->body) + 1;
    size_t wanted = least < EXACT_BYTES ? EXACT_BYTES : least;
    size_t limit = (size_t)limited_server(server, (int64_t)wanted, EXACT_MAX_BYTES);

    if (limit < least)
        not_applicable("the endpoint's own body is over the limit of %zu bytes", limit);
    return limit;
}

static void a_body_at_the_limit_is_read(void **state)
{
    struct http_target *server = *state;
    size_t limit = restart_with_a_limit(server);
    struct http_peer *peer = http_dial(server);

    expect_success(ask_with(server, peer, limit, false));
    http_hang_up(peer);
    peer = http_dial(server);
    expect_too_large(ask_with(server, peer, limit + 1, false));
    http_hang_up(peer);
}

static void chunks_at_the_limit_are_read(void **state)
{
    struct http_target *server = *state;
    size_t limit = restart_with_a_limit(server);

    http_need_chunked(server);
    struct http_peer *peer = http_dial(server);
    expect_success(ask_with(server, peer, limit, true));
    http_hang_up(peer);
}

static void chunks_over_the_limit_are_refused(void **state)
{
    struct http_target *server = *state;
    size_t limit = restart_with_a_limit(server);

    http_need_chunked(server);
    struct http_peer *peer = http_dial(server);
    struct http_answer answer = ask_with(server, peer, limit + 1, true);
    if (answer.outcome == HTTP_ANSWER)
        expect_too_large(answer);
    else
        expect_legal(answer, MAY_CLOSE);
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
            CASE(a_body_at_the_limit_is_read, .promised = true),
            CASE(chunks_at_the_limit_are_read),
            CASE(chunks_over_the_limit_are_refused),
            CONTROL(a_small_body_is_accepted),
        },
};
