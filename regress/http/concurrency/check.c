/* Many clients at once, with good and bad bodies: each gets the answer to its own request. */
#include "check.h"
#include "http/expect.h"
#include "http/series.h"
#include "json/json.h"

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

/* A server that has no room for all of them does not say what it makes of a body. */
static void need_room(struct http_answer answer)
{
    if (answer.status == 429 || answer.status == 503)
        not_applicable("the server turns some of %d clients away: %s", CLIENTS, answer.summary);
}

static struct http_peer *peer_for_the_next_round(struct http_target *server, struct http_peer *peer, bool closes)
{
    if (!closes)
        return peer;
    http_hang_up(peer);
    return http_dial(server);
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

            need_room(answer);
            if ((i + round) % 2)
                expect_error(answer, 400, "invalid_json");
            else
                expect_success(answer);
            peers[i] = peer_for_the_next_round(server, peers[i], answer.closes);
        }
    }
    for (int i = 0; i < CLIENTS; i++)
        http_hang_up(peers[i]);
    expect_alive(server);
}

enum { ID_BYTES = 64 };

/* A session for each client. */
static void create_sessions(struct http_target *server, char ids[CLIENTS][ID_BYTES])
{
    struct http_series series = {.server = server};

    for (int i = 0; i < CLIENTS; i++) {
        struct http_answer answer =
            http_series_ask_json(&series, &(struct http_endpoint){"POST", "/session", NULL}, "{}", 2);

        expect_success(answer);
        const struct json *created = json_read(answer.body, answer.body_bytes, NULL);
        const char *id = json_get_string(created, "session_id");
        expect(id, WRONG, "a session_id", "%s", answer.summary);
        snprintf(ids[i], ID_BYTES, "%s", id);
        json_free(created);
    }
    http_series_end(&series);
}

/* The answer is of that session, and holds that title. */
static void expect_own(struct http_answer answer, const char *id, const char *title, enum how how)
{
    expect_success(answer);
    const struct json *body = json_read(answer.body, answer.body_bytes, NULL);
    const char *came_id = json_get_string(body, "session_id");
    const char *came_title = json_get_string(json_get(body, "metadata"), "title");
    bool own = came_id && came_title && strcmp(came_id, id) == 0 && strcmp(came_title, title) == 0;

    json_free(body);
    expect(own, how, title, "%s", answer.summary);
}

static void name_session(struct http_peer *peer, const char *id, const char *title)
{
    char path[ID_BYTES + 16];
    char body[64];

    snprintf(path, sizeof path, "/session/%.63s", id);
    snprintf(body, sizeof body, "{\"title\":\"%s\"}", title);
    http_send_json(peer, &(struct http_endpoint){"PATCH", path, NULL}, body);
}

/* What is wrong when one client asks after the other is no race. */
static void name_in_turn(struct http_target *server, char ids[CLIENTS][ID_BYTES])
{
    for (int i = 0; i < CLIENTS; i++) {
        struct http_peer *peer = http_dial(server);

        name_session(peer, ids[i], "in-turn");
        struct http_answer answer = http_read(peer);
        need_room(answer);
        expect_own(answer, ids[i], "in-turn", WRONG);
        http_hang_up(peer);
    }
}

static void name_sessions(struct http_peer *peers[CLIENTS], char ids[CLIENTS][ID_BYTES], int round)
{
    char title[32];

    for (int i = 0; i < CLIENTS; i++) {
        snprintf(title, sizeof title, "client-%d-%d", i, round);
        name_session(peers[i], ids[i], title);
    }
}

/* Each client names a session of its own, and reads that name back. */
static void nobody_gets_anothers_answer(void **state)
{
    static char ids[CLIENTS][ID_BYTES];
    struct http_target *server = *state;
    struct http_peer *peers[CLIENTS];
    char title[32];

    http_need_contract(server);
    create_sessions(server, ids);
    name_in_turn(server, ids);
    for (int i = 0; i < CLIENTS; i++)
        peers[i] = http_dial(server);
    for (int round = 0; round < ROUNDS; round++) {
        name_sessions(peers, ids, round);
        for (int i = 0; i < CLIENTS; i++) {
            struct http_answer answer = http_read(peers[i]);

            need_room(answer);
            snprintf(title, sizeof title, "client-%d-%d", i, round);
            expect_own(answer, ids[i], title, RACE);
            peers[i] = peer_for_the_next_round(server, peers[i], answer.closes);
        }
    }
    for (int i = 0; i < CLIENTS; i++)
        http_hang_up(peers[i]);
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
