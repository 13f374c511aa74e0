/* TCP may cut a request anywhere. Wherever it does, the answer is the same. */
#include "check.h"
#include "base/text.h"
#include "http/expect.h"

#include <string.h>

enum { PAUSE_MS = 2 };

static void add_request(struct text *request, struct http_target *server, const char *body)
{
    const struct http_endpoint *endpoint = server->json_endpoints;

    text_addf(request, "%s %s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", endpoint->method, endpoint->path,
              server->fields, strlen(body), body);
}

/* The status for the request in two pieces, cut behind each of its bytes, is `status`, once. */
static void expect_same_at_each_cut(struct http_target *server, const struct text *request, int status)
{
    for (size_t cut = 1; cut < request->length; cut++) {
        struct http_peer *peer = http_dial(server);

        http_send_chopped(peer, tcp_plan_cut_at(cut, PAUSE_MS), request->bytes, request->length);
        struct http_answer answer = http_read(peer);
        expect(answer.status == status, WRONG, "the answer to the whole request", "cut behind byte %zu: %s", cut,
               answer.summary);
        http_hang_up(peer);
    }
}

static int status_of_whole(struct http_target *server, const struct text *request)
{
    struct http_peer *peer = http_dial(server);

    http_send_bytes(peer, request->bytes, request->length);
    int status = http_read(peer).status;
    http_hang_up(peer);
    return status;
}

static void a_good_request_is_served_wherever_it_is_cut(void **state)
{
    struct http_target *server = *state;
    struct text request;

    text_init(&request, 8192);
    add_request(&request, server, server->json_endpoints->body);
    int status = status_of_whole(server, &request);
    expect(status / 100 == 2, WRONG, "2xx to the whole request", "%d", status);
    expect_same_at_each_cut(server, &request, status);
    text_free(&request);
}

static void a_bad_body_is_refused_wherever_it_is_cut(void **state)
{
    struct http_target *server = *state;
    struct text request;

    text_init(&request, 8192);
    add_request(&request, server, "{not-json");
    int status = status_of_whole(server, &request);
    expect(status >= 400, WRONG, "an error to the whole request", "%d", status);
    expect_same_at_each_cut(server, &request, status);
    text_free(&request);
}

static void chunks_are_read_wherever_they_are_cut(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    size_t length = strlen(endpoint->body);
    struct text request;

    http_need_chunked(server);
    text_init(&request, 8192);
    text_addf(&request,
              "%s %s HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\n1;a=b\r\n%c\r\n%zx\r\n%s\r\n0\r\nX: y\r\n\r\n",
              endpoint->method, endpoint->path, server->fields, endpoint->body[0], length - 1, endpoint->body + 1);
    int status = status_of_whole(server, &request);
    expect(status / 100 == 2, WRONG, "2xx to the whole request", "%d", status);
    expect_same_at_each_cut(server, &request, status);
    text_free(&request);
}

static void byte_by_byte(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);
    struct text request;

    text_init(&request, 8192);
    add_request(&request, server, server->json_endpoints->body);
    add_request(&request, server, server->json_endpoints->body);
    http_send_chopped(peer, tcp_plan_drip(1, 1), request.bytes, request.length);
    text_free(&request);
    struct http_answer first = http_read(peer);
    expect_success(first);
    expect_next_success(peer, first);
    http_hang_up(peer);
}

static void in_one_piece_it_is_served(void **state)
{
    expect_alive(*state);
}

const struct check check = {
    .title = "Where a request is cut does not matter",
    .level = SHOULD,
    .origins = {"RFC 9112 2.2"},
    .cases =
        {
            CASE(a_good_request_is_served_wherever_it_is_cut),
            CASE(a_bad_body_is_refused_wherever_it_is_cut),
            CASE(chunks_are_read_wherever_they_are_cut),
            CASE(byte_by_byte),
            CONTROL(in_one_piece_it_is_served),
        },
};
