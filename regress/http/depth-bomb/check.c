/* Nesting costs the sender a byte a level; it must not cost the receiver its stack. */
#include "check.h"
#include "peers/http_expect.h"

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

/* The server refuses the body and lives. */
static void expect_survived(struct http_target *server, const char *open, const char *close, size_t levels)
{
    char *body = nested(open, close, levels);
    struct http_peer *peer = http_dial(server);

    http_send_json(peer, server->json_endpoints, body);
    struct http_answer answer = http_read(peer);
    expect(answer.outcome == HTTP_ANSWER, CRASH, "4xx", "%s", answer.summary);
    expect_legal(answer, MAY_4XX);
    http_hang_up(peer);
    free(body);
    expect_alive(server);
}

static void a_hundred_thousand_open_arrays(void **state)
{
    expect_survived(*state, "[", "", 100000);
}

static void two_thousand_open_arrays(void **state)
{
    expect_survived(*state, "[", "", 2000);
}

static void arrays_that_are_closed_again(void **state)
{
    expect_survived(*state, "[", "]", 100000);
}

static void objects_too(void **state)
{
    expect_survived(*state, "{\"a\":", "", 100000);
    expect_survived(*state, "[{\"a\":", "}]", 50000);
}

static void a_few_levels_are_no_bomb(void **state)
{
    expect_survived(*state, "[", "]", 20);
}

const struct check check = {
    .title = "Deep nesting in a body is refused, and the server lives",
    .level = MUST,
    .tags = {"security"},
    .origins = {"OAS-3", "CWE-674", "RFC 8259 9"},
    .cases =
        {
            CASE(a_hundred_thousand_open_arrays),
            CASE(two_thousand_open_arrays),
            CASE(arrays_that_are_closed_again),
            CASE(objects_too),
            CONTROL(a_few_levels_are_no_bomb),
        },
};
