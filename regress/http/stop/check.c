/* A server that is asked to stop goes, though clients keep their connections open; what it is answering it finishes. */
#include "check.h"
#include "http/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLIENTS = 4,
    SUBSCRIBERS = 3,
    EVENTS = 8,
    EVENT_BYTES = 1 << 20,
    ID_BYTES = 64,
    LOOK_MS = 10,
    PROMPT_MS =
        1000, /* who reads an answer within so much has not made a server wait that gives its clients any time */
};

static void it_goes_when_it_is_asked(void **state)
{
    struct http_target *server = *state;

    expect_alive(server);
    http_expect_stop(server);
}

/* Each has had an answer, and keeps the connection for the next request. */
static void it_goes_with_idle_connections(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peers[CLIENTS];

    for (int i = 0; i < CLIENTS; i++) {
        peers[i] = http_dial(server);
        http_send_json(peers[i], server->json_endpoints, server->json_endpoints->body);
        expect_success(http_read(peers[i]));
    }
    sent("a request to stop, while %d connections that were answered are open", CLIENTS);
    http_expect_stop(server);
    for (int i = 0; i < CLIENTS; i++)
        http_hang_up(peers[i]);
}

/* A session whose events are more than any socket holds: asks for all of them, and returns once the answer has begun.
 */
static struct http_peer *begin_a_large_answer(struct http_target *server, bool narrow)
{
    const struct http_endpoint *message = server->json_endpoints;
    char *body = calloc(1, EVENT_BYTES + ID_BYTES);

    while (message->path && !strstr(message->path, "/message"))
        message++;
    if (!body || !message->path)
        error_of_harness("no memory, or no endpoint that takes messages");
    strcpy(body, "{\"text\":\"");
    memset(body + strlen(body), 'x', EVENT_BYTES);
    strcat(body, "\"}");
    for (int i = 0; i < EVENTS; i++) {
        struct http_peer *peer = http_dial(server);

        http_send_json(peer, message, body);
        expect_success(http_read(peer));
        http_hang_up(peer);
    }
    free(body);
    struct http_peer *reader = narrow ? http_dial_narrow(server) : http_dial(server);
    http_send(reader, "GET %.*s/events HTTP/1.1\r\n%s\r\n", (int)(strlen(message->path) - strlen("/message")),
              message->path, server->fields);
    int64_t end_ns = deadline_after(HTTP_WAIT_MS);
    while (!http_pause(reader, LOOK_MS))
        expect(now_ns() < end_ns, HANG, "the events of the session", "not a byte of them");
    return reader;
}

static void answers_under_way_are_finished(void **state)
{
    struct http_target *server = *state;

    http_need_contract(server);
    struct http_peer *reader = begin_a_large_answer(server, false);
    int64_t asked_ns = now_ns();
    sent("a request to stop, while an answer of %d MiB is on its way to a client that reads", EVENTS);
    http_ask_to_stop(server);
    struct http_answer answer = http_read(reader);
    int64_t took_ms = (now_ns() - asked_ns) / 1000000;
    if (answer.outcome != HTTP_ANSWER && took_ms > PROMPT_MS)
        error_of_environment("this machine is too busy to read %d MiB within %d ms", EVENTS, PROMPT_MS);
    expect(answer.outcome == HTTP_ANSWER && answer.status == 200, WRONG, "the whole answer", "%s", answer.summary);
    http_hang_up(reader);
    http_expect_stop(server);
}

static void it_goes_with_a_reader_that_is_stuck(void **state)
{
    struct http_target *server = *state;

    http_need_contract(server);
    struct http_peer *reader = begin_a_large_answer(server, true);
    sent("a request to stop, while a client does not read on in its answer of %d MiB", EVENTS);
    http_expect_stop(server);
    http_hang_up(reader);
}

static void it_goes_with_subscribers(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peers[SUBSCRIBERS];

    http_need_contract(server);
    for (int i = 0; i < SUBSCRIBERS; i++) {
        peers[i] = http_dial(server);
        http_send(peers[i], "GET /event HTTP/1.1\r\n%sAccept: text/event-stream\r\n\r\n", server->fields);
        expect_status(http_read_until(peers[i], "server.connected", HTTP_WAIT_MS), 200);
    }
    sent("a request to stop, while %d clients listen to the events", SUBSCRIBERS);
    http_expect_stop(server);
    for (int i = 0; i < SUBSCRIBERS; i++)
        http_hang_up(peers[i]);
}

static void it_serves_again_after_a_stop(void **state)
{
    struct http_target *server = *state;

    http_restart(server, &(struct server_settings){0});
    expect_alive(server);
}

const struct check check = {
    .title = "A server that is asked to stop goes",
    .level = MUST,
    .origins = {"PROTOCOL stop", "RFC 9112 9.5"},
    .cases =
        {
            CASE(it_goes_with_idle_connections),
            CASE(it_goes_when_it_is_asked),
            CASE(answers_under_way_are_finished),
            CASE(it_goes_with_a_reader_that_is_stuck),
            CASE(it_goes_with_subscribers),
            CONTROL(it_serves_again_after_a_stop),
        },
};
