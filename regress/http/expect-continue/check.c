/* A client that asks before it sends its body gets an answer: go on, or the final one. */
#include "check.h"
#include "http/expect.h"

#include <string.h>

#define TOKEN "assay-0123456789-abcdefghij-XYZ"
#define EXPECTING "Expect: 100-continue\r\n"

static struct http_peer *send_head(struct http_target *server, const char *version, const char *lines)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/%s\r\n%s%sContent-Length: %zu\r\n\r\n", endpoint->method, endpoint->path, version,
              server->fields, lines, strlen(endpoint->body));
    return peer;
}

/* A server that speaks HTTP/1.0 alone knows of no expectations, and nobody may demand of it that it does. */
static void need_http_1_1(struct http_target *server)
{
    struct http_peer *peer = send_head(server, "1.1", "");

    http_send(peer, "%s", server->json_endpoints->body);
    if (http_read(peer).http_1_0)
        not_applicable("the server speaks HTTP/1.0, which knows no expectations");
    http_hang_up(peer);
}

/* A server that says nothing waits for the body that it was promised. That is no hang: it only has not been asked in a
 * way that it understands. */
static void expect_word(struct http_answer answer, unsigned legal)
{
    expect(answer.outcome != HTTP_SILENCE, SILENT, "100 or a final status, before the body comes", "%s",
           answer.summary);
    expect_legal(answer, legal);
}

/* The body is held back until something comes: 100, or a final status, which spares the client the body. */
static void a_held_body_is_asked_for_or_refused(void **state)
{
    struct http_target *server = *state;

    need_http_1_1(server);
    struct http_peer *peer = send_head(server, "1.1", EXPECTING);
    struct http_answer answer = http_read_interim(peer);

    if (answer.status == 100) {
        http_send(peer, "%s", server->json_endpoints->body);
        expect_success(http_read(peer));
        expect_no_more(peer);
    } else {
        expect_word(answer, MAY_4XX | MAY_2XX);
    }
    http_hang_up(peer);
}

/* The promise of a body over any limit is refused by a final status, and the body is not asked for. */
static void a_body_that_will_be_refused_is_not_asked_for(void **state)
{
    struct http_target *server = *state;

    need_http_1_1(server);
    struct http_peer *peer = http_dial(server);
    http_send_request(peer, server->json_endpoints, EXPECTING "Content-Length: 1073741824\r\n", "");
    struct http_answer answer = http_read_interim(peer);
    if (answer.status == 100 && !server->strict)
        not_applicable("the server asks for bodies before it looks at their length, as RFC 9110 10.1.1 lets it");
    expect_word(answer, MAY_4XX);
    http_hang_up(peer);
}

/* Where a token is asked for and there is none, the head tells that the request will be refused. To ask for the body
 * all the same is legal, but not of a server that declares to be strict. */
static void a_request_without_credentials_is_not_asked_for(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;

    need_http_1_1(server);
    if (!server->token)
        http_restart(server, &(struct server_settings){.token = TOKEN});
    struct http_peer *peer = http_dial(server);
    http_send(peer,
              "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n" EXPECTING
              "Content-Length: %zu\r\n\r\n",
              endpoint->method, endpoint->path, server->host, strlen(endpoint->body));
    struct http_answer answer = http_read_interim(peer);
    if (answer.status == 100 && !server->strict) {
        http_send(peer, "%s", endpoint->body);
        answer = http_read(peer);
    }
    expect_word(answer, MAY_4XX);
    http_hang_up(peer);
}

/* Chunks are a body, too. */
static void held_chunks_are_asked_for_or_refused(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;

    http_need_chunked(server);
    struct http_peer *peer = http_dial(server);
    http_send_request(peer, endpoint, EXPECTING "Transfer-Encoding: chunked\r\n", "");
    struct http_answer answer = http_read_interim(peer);
    if (answer.status == 100) {
        http_send(peer, "%zx\r\n%s\r\n0\r\n\r\n", strlen(endpoint->body), endpoint->body);
        expect_success(http_read(peer));
        expect_no_more(peer);
    } else {
        expect_word(answer, MAY_4XX | MAY_2XX);
    }
    http_hang_up(peer);
}

/* There is nothing to wait for, so nobody waits; whether a 100 comes first is the server's choice (RFC 9110 10.1.1).
 * What it makes of an empty body is no matter of the expectation. */
static void no_body_is_waited_for_where_there_is_none(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);

    http_send_request(peer, server->json_endpoints, "Content-Length: 0\r\n", "");
    int status = http_read(peer).status;
    http_hang_up(peer);
    peer = http_dial(server);
    http_send_request(peer, server->json_endpoints, EXPECTING "Content-Length: 0\r\n", "");
    struct http_answer answer = http_read(peer);
    expect_answer(answer, answer.outcome == HTTP_ANSWER, "an answer, since there is nothing to wait for");
    if (server->strict)
        expect_integer(answer.status, status, "the status without the expectation,");
    else if (answer.status != status)
        expect_legal(answer, MAY_2XX | MAY_4XX);
    expect_no_more(peer);
    http_hang_up(peer);
}

/* RFC 9110 10.1.1: 417 is allowed, and so is going on as if nothing had been expected. */
static void an_unknown_expectation_is_answered(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = send_head(server, "1.1", "Expect: the-unexpected\r\n");

    http_send(peer, "%s", server->json_endpoints->body);
    expect_legal(http_read(peer), MAY_4XX | http_leeway(server));
    http_hang_up(peer);
}

/* RFC 9110 10.1.1: an expectation in an HTTP/1.0 request is ignored. Its client knows no 1xx. */
static void http_1_0_is_never_told_to_go_on(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = send_head(server, "1.0", EXPECTING);

    http_pause(peer, 20);
    http_send(peer, "%s", server->json_endpoints->body);
    struct http_answer answer = http_read(peer);
    expect_success(answer);
    expect_integer(answer.interims, 0, "interim responses");
    http_hang_up(peer);
}

/* A client need not wait for the 100. */
static void a_body_that_comes_at_once_is_read(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/1.1\r\n%s" EXPECTING "Content-Length: %zu\r\n\r\n%s", endpoint->method, endpoint->path,
              server->fields, strlen(endpoint->body), endpoint->body);
    expect_success(http_read(peer));
    http_hang_up(peer);
}

static void nothing_expected_nothing_interim(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = send_head(server, "1.1", "");

    http_send(peer, "%s", server->json_endpoints->body);
    struct http_answer answer = http_read(peer);
    expect_success(answer);
    expect_integer(answer.interims, 0, "interim responses");
    http_hang_up(peer);
}

const struct check check = {
    .title = "Expect: 100-continue is answered before the body comes",
    .level = SHOULD,
    .origins = {"RFC 9110 10.1.1", "RFC 9110 15.2.1"},
    .cases =
        {
            CASE(a_held_body_is_asked_for_or_refused),
            CASE(a_body_that_will_be_refused_is_not_asked_for),
            CASE(a_request_without_credentials_is_not_asked_for),
            CASE(held_chunks_are_asked_for_or_refused),
            CASE(no_body_is_waited_for_where_there_is_none),
            CASE(an_unknown_expectation_is_answered),
            CASE(http_1_0_is_never_told_to_go_on),
            CASE(a_body_that_comes_at_once_is_read),
            CONTROL(nothing_expected_nothing_interim),
        },
};
