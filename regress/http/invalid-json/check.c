/* A body that is not JSON is answered 400, on every endpoint that takes JSON, and the server goes on serving. */
#include "check.h"
#include "http/expect.h"

#define NOT_JSON "{not-json"

static void every_endpoint_answers_400(void **state)
{
    struct http_target *server = *state;

    for (const struct http_endpoint *e = server->json_endpoints; e->path; e++) {
        struct http_peer *peer = http_dial(server);

        http_send_json(peer, e, NOT_JSON);
        expect_error(http_read(peer), 400, "invalid_json");
        http_hang_up(peer);
    }
}

static void a_chunked_body_is_judged_as_well(void **state)
{
    struct http_target *server = *state;

    http_need_chunked(server);
    for (const struct http_endpoint *e = server->json_endpoints; e->path; e++) {
        struct http_peer *peer = http_dial(server);

        http_send_request(peer, e, "Transfer-Encoding: chunked\r\n", "4\r\n{not\r\n5\r\n-json\r\n0\r\n\r\n");
        expect_error(http_read(peer), 400, "invalid_json");
        http_hang_up(peer);
    }
}

/* Does the server keep a connection after a right request? It need not (RFC 9112 9.3). */
static bool persists(struct http_target *server)
{
    struct http_peer *peer = http_dial(server);

    http_send_json(peer, server->json_endpoints, server->json_endpoints->body);
    struct http_answer answer = http_read(peer);
    expect_success(answer);
    bool persists = !answer.closes;
    http_hang_up(peer);
    return persists;
}

/* After each 400 the same connection serves a valid request, unless the 400 said that it closes. Under the contract it
 * may say so only where a right request closes the connection as well: nothing but the body's content was wrong. */
static void connection_is_reusable_after_400(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    bool must_persist = server->contract && persists(server);
    struct http_peer *peer = http_dial(server);
    bool closed = false;

    for (int i = 0; i < 3 && !closed; i++) {
        http_send_json(peer, endpoint, NOT_JSON);
        struct http_answer refusal = http_read(peer);
        expect_error(refusal, 400, "invalid_json");
        closed = refusal.closes;
        expect(!closed || !must_persist, WRONG, "a connection that can be used again", "Connection: close");
        if (closed) {
            expect_closed(peer);
        } else {
            http_send_json(peer, endpoint, endpoint->body);
            struct http_answer answer = http_read(peer);
            expect_success(answer);
            closed = answer.closes;
        }
    }
    http_hang_up(peer);
    expect_alive(server);
}

static void valid_bodies_are_accepted(void **state)
{
    struct http_target *server = *state;

    for (const struct http_endpoint *e = server->json_endpoints; e->path; e++) {
        struct http_peer *peer = http_dial(server);

        http_send_json(peer, e, e->body);
        expect_success(http_read(peer));
        http_hang_up(peer);
    }
}

const struct check check = {
    .title = "A body that is not JSON is answered 400 on every endpoint",
    .level = MUST,
    .origins = {"OAS-3", "RFC 9110 15.5.1"},
    .cases =
        {
            CASE(every_endpoint_answers_400, .promised = true),
            CASE(a_chunked_body_is_judged_as_well),
            CASE(connection_is_reusable_after_400, .promised = true),
            CONTROL(valid_bodies_are_accepted),
        },
};
