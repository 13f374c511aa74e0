/* Requests that come in one piece are answered in their order, each once. */
#include "check.h"
#include "base/text.h"
#include "http/expect.h"

#include <string.h>

enum { MANY = 100 };

static void add_post(struct text *requests, struct http_target *server, const char *body)
{
    const struct http_endpoint *endpoint = server->json_endpoints;

    text_addf(requests, "%s %s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", endpoint->method, endpoint->path,
              server->fields, strlen(body), body);
}

static void add_get(struct text *requests, struct http_target *server)
{
    text_addf(requests, "GET /assay-nowhere HTTP/1.1\r\n%s\r\n", server->fields);
}

/* The status of the one answer to what was added. */
static int status_of(struct http_target *server, const struct text *request)
{
    struct http_peer *peer = http_dial(server);

    http_send_bytes(peer, request->bytes, request->length);
    struct http_answer answer = http_read(peer);
    expect_answer(answer, answer.outcome == HTTP_ANSWER, "an answer to a request alone");
    http_hang_up(peer);
    return answer.status;
}

/* What the server answers to a GET of nothing: 404, or whatever it has for that. */
static int status_of_get(struct http_target *server)
{
    struct text request;

    text_init(&request, 8192);
    add_get(&request, server);
    int status = status_of(server, &request);
    text_free(&request);
    return status;
}

static int status_of_bad_body(struct http_target *server)
{
    struct text request;

    text_init(&request, 8192);
    add_post(&request, server, "{not-json");
    int status = status_of(server, &request);
    text_free(&request);
    return status;
}

static void three_requests_in_one_piece_get_three_answers(void **state)
{
    struct http_target *server = *state;
    int nowhere = status_of_get(server);
    struct http_peer *peer = http_dial(server);
    struct text requests;

    text_init(&requests, 32768);
    add_post(&requests, server, server->json_endpoints->body);
    add_get(&requests, server);
    add_post(&requests, server, server->json_endpoints->body);
    http_send_bytes(peer, requests.bytes, requests.length);
    text_free(&requests);
    struct http_answer first = http_read(peer);
    expect_success(first);
    http_need_open(peer, first);
    struct http_answer second = http_read(peer);
    expect_status(second, nowhere);
    expect_next_success(peer, second);
    http_hang_up(peer);
}

/* Good and bad bodies by turns, so that an answer out of its place is seen. A server may end the connection with any
 * answer: what is behind that one is not owed. */
static void a_hundred_are_answered_in_order(void **state)
{
    struct http_target *server = *state;
    int bad = status_of_bad_body(server);
    struct http_peer *peer = http_dial(server);
    struct text requests;
    int i = 0;

    text_init(&requests, 1 << 20);
    for (int n = 0; n < MANY; n++)
        add_post(&requests, server, n % 3 == 1 ? "{not-json" : server->json_endpoints->body);
    http_send_bytes(peer, requests.bytes, requests.length);
    text_free(&requests);
    for (bool closes = false; i < MANY && !closes; i++) {
        struct http_answer answer = http_read(peer);

        if (i % 3 == 1)
            expect_status(answer, bad);
        else
            expect_success(answer);
        if (i == 0)
            http_need_open(peer, answer);
        closes = answer.closes;
    }
    expect_no_more(peer);
    http_hang_up(peer);
}

/* The second request comes while the first is at work, not before it. */
static void a_request_in_two_pieces_joins_the_queue(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);
    struct text requests;

    text_init(&requests, 32768);
    add_post(&requests, server, server->json_endpoints->body);
    size_t half = requests.length + 20;
    add_post(&requests, server, server->json_endpoints->body);
    http_send_chopped(peer, tcp_plan_cut_at(half, 20), requests.bytes, requests.length);
    text_free(&requests);
    struct http_answer first = http_read(peer);
    expect_success(first);
    http_need_open(peer, first);
    expect_next_success(peer, first);
    http_hang_up(peer);
}

static void one_after_the_other_is_served(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);

    for (int i = 0; i < 3; i++) {
        http_send_json(peer, server->json_endpoints, server->json_endpoints->body);
        struct http_answer answer = http_read(peer);
        expect_success(answer);
        http_need_open(peer, answer);
    }
    http_hang_up(peer);
}

const struct check check = {
    .title = "Pipelined requests are answered in order, each once",
    .level = MUST,
    .origins = {"RFC 9112 9.3.2", "RFC 9112 9.2"},
    .cases =
        {
            CASE(three_requests_in_one_piece_get_three_answers),
            CASE(a_hundred_are_answered_in_order),
            CASE(a_request_in_two_pieces_joins_the_queue),
            CONTROL(one_after_the_other_is_served),
        },
};
