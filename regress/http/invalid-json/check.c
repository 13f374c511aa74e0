/* A body that is not JSON is answered 400, on every endpoint that takes JSON, and the server goes on serving. */
#include "check.h"
#include "peers/http_expect.h"

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

/* After each 400 the same connection serves a valid request, unless the 400 said that it closes. */
static void connection_is_reusable_after_400(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);
    bool closed = false;

    for (int i = 0; i < 3 && !closed; i++) {
        http_send_json(peer, endpoint, NOT_JSON);
        struct http_answer refusal = http_read(peer);
        expect_error(refusal, 400, "invalid_json");
        closed = refusal.closes;
        if (closed) {
            expect_closed(peer);
        } else {
            http_send_json(peer, endpoint, endpoint->body);
            expect_success(http_read(peer));
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
            CASE(every_endpoint_answers_400),
            CASE(a_chunked_body_is_judged_as_well),
            CASE(connection_is_reusable_after_400),
            CONTROL(valid_bodies_are_accepted),
        },
};
