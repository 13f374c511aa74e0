/* A server that refuses a body which is still on its way closes in stages: its answer must reach the client, and a
 * reset, which may erase it, must not come behind it. */
#include "check.h"
#include "http/expect.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES = 1 << 20, LIMIT_BYTES = 100000, PIECE_BYTES = 32 << 10, ANSWER_MS = 40, PAUSE_MS = 1 };

/* Sends the head of a request, then a MiB of body in pieces, and reads only when all of it is under way. */
static void expect_whole_answer_and_fin(struct http_target *server, const char *lines)
{
    struct http_peer *peer = http_dial(server);
    char *body = malloc(BODY_BYTES);

    if (!body)
        error_of_harness("no memory");
    memset(body, ' ', BODY_BYTES);
    http_read_slowly(peer, 0, 0);
    http_send_request(peer, server->json_endpoints, lines, "");
    http_pause(peer, ANSWER_MS);
    bool taken = http_send_chopped(peer, tcp_plan_drip(PIECE_BYTES, PAUSE_MS), body, BODY_BYTES);
    free(body);
    struct http_answer answer = http_read(peer);
    if (answer.outcome == HTTP_SILENCE || answer.status / 100 == 2)
        not_applicable("the server does not refuse this body, so there is no refusal to be lost");
    expect_legal(answer, MAY_4XX);
    struct http_answer end = http_read(peer);
    expect(taken && end.outcome == HTTP_CLOSED, WRONG, "a FIN behind the answer, and no reset", "%s", end.summary);
    http_hang_up(peer);
}

/* A limit that is known: without one, to wait for the rest is as right as to refuse it. */
static struct http_target *limited_server(void **state)
{
    struct http_target *server = *state;

    http_restart_with_limit(server, "http.body_bytes", LIMIT_BYTES, BODY_BYTES - 1);
    return server;
}

static void a_body_too_large_is_refused_without_a_reset(void **state)
{
    expect_whole_answer_and_fin(limited_server(state), "Content-Length: 1073741824\r\n");
}

static void a_malformed_head_is_refused_without_a_reset(void **state)
{
    expect_whole_answer_and_fin(*state, "Content-Length: 1073741824\r\nX : y\r\n");
}

static void a_client_that_sends_no_more_reads_the_answer(void **state)
{
    struct http_target *server = limited_server(state);
    struct http_peer *peer = http_dial(server);

    http_send_request(peer, server->json_endpoints, "Content-Length: 1073741824\r\n", "");
    http_flood(peer, "          ", BODY_BYTES);
    expect_legal(http_read(peer), MAY_4XX | MAY_CLOSE);
    http_hang_up(peer);
}

static void a_small_body_is_served(void **state)
{
    expect_alive(*state);
}

const struct check check = {
    .title = "A refusal reaches a client that is still sending",
    .level = SHOULD,
    .origins = {"RFC 9112 9.6"},
    .cases =
        {
            MEASURE(a_body_too_large_is_refused_without_a_reset),
            MEASURE(a_malformed_head_is_refused_without_a_reset),
            CASE(a_client_that_sends_no_more_reads_the_answer),
            CONTROL(a_small_body_is_served),
        },
};
