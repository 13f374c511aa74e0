/* Nesting costs the sender a byte a level; it must not cost the receiver its stack. */
#include "check.h"
#include "http/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "[[[…" or "[[[…]]]"; the caller frees. */
static char *nested(const char *open, const char *close, size_t levels)
{
    size_t open_bytes = strlen(open);
    size_t close_bytes = strlen(close);
    char *body = calloc(1, levels * (open_bytes + close_bytes) + 1);

    if (!body)
        error_of_harness("no memory for %zu levels", levels);
    for (size_t i = 0; i < levels; i++)
        memcpy(body + i * open_bytes, open, open_bytes);
    for (size_t i = 0; i < levels; i++)
        memcpy(body + levels * open_bytes + i * close_bytes, close, close_bytes);
    return body;
}

/* The server lives, and answers in one of these ways. Beside the contract a connection that ends without an answer is
 * no crash while the server goes on serving others, and an answer is advice. */
static void expect_survived(struct http_target *server, const char *body, unsigned legal)
{
    struct http_peer *peer = http_dial(server);

    http_send_json(peer, server->json_endpoints, body);
    struct http_answer answer = http_read(peer);
    if (server->contract)
        expect_answer(answer, answer.outcome == HTTP_ANSWER, "an answer");
    expect_alive(server);
    if (!server->contract)
        expect_at(SHOULD);
    expect_legal(answer, legal);
    expect_at(LEVEL_OF_CHECK);
    http_hang_up(peer);
}

/* What is not closed again is no JSON. What is closed is, and no object of the contract; an endpoint that takes any
 * JSON may take it. */
static void expect_bomb_survived(struct http_target *server, const char *open, const char *close, size_t levels)
{
    char *body = nested(open, close, levels);

    expect_survived(server, body, *close && !server->contract ? MAY_4XX | MAY_2XX : MAY_4XX);
    free(body);
}

/* The bomb as one more member of a valid body, which may be refused for its depth, or taken. */
static void expect_bomb_inside_survived(struct http_target *server, const char *open, const char *close, size_t levels)
{
    const char *valid = server->json_endpoints->body;
    bool empty = strspn(valid + 1, " \t\r\n") + 2 >= strlen(valid);
    char *bomb = nested(open, close, levels);
    char *body = NULL;

    if (asprintf(&body, "{\"assay\":%s%s%s", bomb, empty ? "" : ",", valid + 1) < 0)
        error_of_harness("no memory for %zu levels", levels);
    expect_survived(server, body, MAY_4XX | MAY_2XX);
    free(body);
    free(bomb);
}

static void a_hundred_thousand_open_arrays(void **state)
{
    expect_bomb_survived(*state, "[", "", 100000);
}

static void two_thousand_open_arrays(void **state)
{
    expect_bomb_survived(*state, "[", "", 2000);
}

static void arrays_that_are_closed_again(void **state)
{
    expect_bomb_survived(*state, "[", "]", 100000);
}

static void objects_too(void **state)
{
    expect_bomb_survived(*state, "{\"a\":", "", 100000);
    expect_bomb_survived(*state, "[{\"a\":", "}]", 50000);
}

static void inside_a_valid_body(void **state)
{
    expect_bomb_inside_survived(*state, "[", "]", 100000);
    expect_bomb_inside_survived(*state, "{\"a\":[", "]}", 50000);
}

static void a_few_levels_are_no_bomb(void **state)
{
    expect_bomb_survived(*state, "[", "]", 20);
    expect_bomb_inside_survived(*state, "[", "]", 20);
}

const struct check check = {
    .title = "Deep nesting in a body is answered, and the server lives",
    .level = MUST,
    .tags = {"security"},
    .origins = {"OAS-3", "CWE-674", "RFC 8259 9"},
    .cases =
        {
            CASE(a_hundred_thousand_open_arrays),
            CASE(two_thousand_open_arrays),
            CASE(arrays_that_are_closed_again),
            CASE(objects_too),
            CASE(inside_a_valid_body),
            CONTROL(a_few_levels_are_no_bomb),
        },
};
