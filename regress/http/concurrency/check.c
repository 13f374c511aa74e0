/* Many clients at once, with good and bad bodies: each gets the answer to its own request. */
#include "check.h"
#include "peers/http_expect.h"

#include <stdio.h>
#include <string.h>

enum { CLIENTS = 64, ROUNDS = 8 };

/* A request up to the middle of its body, or the rest of it. */
static void send_half(struct http_target *server, struct http_peer *peer, const char *body, bool first)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    size_t half = strlen(body) / 2;

    if (first)
        http_send(peer, "%s %s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%.*s", endpoint->method, endpoint->path,
                  server->fields, strlen(body), (int)half, body);
    else
        http_send(peer, "%s", body + half);
}

/* All send half of it, then all the other half, and only then does any read: the server has them all at once, each of
 * them unfinished while the others go on. */
static void each_answer_matches_its_request(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peers[CLIENTS];

    for (int i = 0; i < CLIENTS; i++)
        peers[i] = http_dial(server);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < 2 * CLIENTS; i++)
            send_half(server, peers[i % CLIENTS], (i + round) % 2 ? "{not-json" : endpoint->body, i < CLIENTS);
        for (int i = 0; i < CLIENTS; i++) {
            struct http_answer answer = http_read(peers[i]);

            if ((i + round) % 2)
                expect_error(answer, 400, "invalid_json");
            else
                expect_success(answer);
            if (answer.closes) {
                http_hang_up(peers[i]);
                peers[i] = http_dial(server);
            }
        }
    }
    for (int i = 0; i < CLIENTS; i++)
        http_hang_up(peers[i]);
    expect_alive(server);
}

/* Each client names its own session's metadata, and reads that name back. */
static void nobody_gets_anothers_answer(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peers[CLIENTS];
    char body[64];

    http_need_contract(server);
    const struct http_endpoint *patch = server->json_endpoints;
    while (patch->path && strcmp(patch->method, "PATCH") != 0)
        patch++;
    for (int i = 0; i < CLIENTS; i++)
        peers[i] = http_dial(server);
    for (int i = 0; i < CLIENTS; i++) {
        snprintf(body, sizeof body, "{\"metadata\":{\"client-%d\":%d}}", i, i);
        http_send_json(peers[i], patch, body);
    }
    for (int i = 0; i < CLIENTS; i++) {
        char own[32];
        struct http_answer answer = http_read(peers[i]);

        expect_success(answer);
        snprintf(own, sizeof own, "\"client-%d\"", i);
        expect(memmem(answer.body, answer.body_bytes, own, strlen(own)), RACE, own, "%s", answer.summary);
        http_hang_up(peers[i]);
    }
}

static void one_client_alone_is_answered(void **state)
{
    expect_alive(*state);
}

const struct check check = {
    .title = "Of many clients at once, each gets its own answer",
    .level = MUST,
    .tags = {"security"},
    .origins = {"OAS-3", "CWE-362"},
    .cases =
        {
            CASE(each_answer_matches_its_request),
            CASE(nobody_gets_anothers_answer),
            CONTROL(one_client_alone_is_answered),
        },
};
