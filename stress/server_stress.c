/* Threads talk to the server over 64 connections: good and bad requests, subscribers, peers that leave without a word;
 * and then it is stopped with all of them still there.
 *
 *     stress-server [SEED]
 *
 * Under ThreadSanitizer (ci/tsan) a data race is reported. In any build each answer must be that of its request. */
#include "http_client.h"
#include "server/server.h"
#include "tempdir.h"
#include "threads.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A thread's connections: those that ask, and one that listens to events. ThreadSanitizer bears no more in all. */
enum { ASKING = 7, ROUNDS = 25, REQUEST_BYTES = 512, TEXT_BYTES = 128 };
_Static_assert(THREADS_COUNT *(ASKING + 1) == 64, "64 connections");

struct fixture {
    int port;
    char sids[THREADS_COUNT][STORE_SID_BYTES]; /* a session for each thread */
};

/* A star stands for the thread's session; what is expected is the status and a part of the answer. */
static const struct request {
    const char *line;
    const char *body;
    int status;
    const char *part;
} requests[] = {
    {"POST /session/*/message", "{\"text\":\"hello\"}", 200, "\"*\""},
    {"POST /session/*/message", "{not-json", 400, "invalid_json"},
    {"POST /session/*/message", "{\"text\":1}", 400, "invalid_request"},
    {"POST /session/0123456789abcdef0123456789abcdef/message", "{\"text\":\"x\"}", 404, "not_found"},
    {"POST /tui/append-prompt", "{\"text\":\"x\"}", 200, "\"seq\":1}"},
    {"GET /session/*", "", 200, "\"*\""},
    {"PATCH /session/*", "{\"title\":\"x\"}", 200, "\"*\""},
    {"GET /session/*/events?limit=3", "", 200, "\"*\""},
    {"GET /session", "", 200, "\"*\""},
    {"GET /metrics", "", 200, "assay_requests_total"},
    {"GET /health", "", 200, "\"ok\""},
    {"DELETE /health", "", 405, "method_not_allowed"},
};

/* What ends the connection. */
static const char refused[] = "POST /session HTTP/1.1\r\nHost: localhost\r\nContent-Length : 2\r\n\r\n{}";

enum { REQUESTS = sizeof requests / sizeof *requests };

struct client {
    int asking[ASKING];
    int listening;
    struct http_answer answer;
};

/* The text with the session in place of the star. */
static const char *fill_in(const char *text, const char *sid, char filled[TEXT_BYTES])
{
    size_t before = strcspn(text, "*");

    snprintf(filled, TEXT_BYTES, "%.*s%s%s", (int)before, text, text[before] ? sid : "",
             text[before] ? text + before + 1 : "");
    return filled;
}

static bool ask(int fd, const struct request *request, const char *sid)
{
    char line[TEXT_BYTES], text[REQUEST_BYTES];

    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s",
             fill_in(request->line, sid, line), strlen(request->body), request->body);
    return http_client_send(fd, text);
}

static void expect_answer(struct worker *worker, int fd, const struct request *request, const char *sid)
{
    struct http_answer *answer = &((struct client *)worker->own)->answer;
    char part[TEXT_BYTES];

    bool right = http_client_read(fd, answer) && answer->status == request->status &&
                 strstr(answer->text, fill_in(request->part, sid, part));
    threads_expect(worker, right, "%s: %.80s", request->line, answer->text);
}

/* After a request that must not be served the connection ends; another one takes its place. */
static int be_refused(struct worker *worker, int fd)
{
    const struct fixture *fixture = worker->shared;
    struct http_answer *answer = &((struct client *)worker->own)->answer;

    bool right = http_client_send(fd, refused) && http_client_read(fd, answer) && answer->status == 400;
    threads_expect(worker, right, "a blank before a colon: %.80s", answer->text);
    threads_expect(worker, http_client_is_over(fd), "the connection goes on after a refusal");
    close(fd);
    return http_client_dial(fixture->port);
}

/* Leaves while the server works on a request. */
static int leave(struct worker *worker, int fd, const char *sid)
{
    const struct fixture *fixture = worker->shared;

    ask(fd, &requests[threads_draw(worker, REQUESTS)], sid);
    http_client_reset(fd);
    return http_client_dial(fixture->port);
}

/* All connections ask, then all are answered, so that the server has them at the same time. */
static void take_round(struct worker *worker, const char *sid)
{
    struct client *client = worker->own;
    const struct request *asked[ASKING] = {NULL};

    for (size_t i = 0; i < ASKING; i++) {
        uint64_t what = threads_draw(worker, 12);

        if (what == 0)
            client->asking[i] = leave(worker, client->asking[i], sid);
        else if (what == 1)
            client->asking[i] = be_refused(worker, client->asking[i]);
        else
            asked[i] = &requests[threads_draw(worker, REQUESTS)];
        if (asked[i])
            threads_expect(worker, ask(client->asking[i], asked[i], sid), "%s: cannot be sent", asked[i]->line);
    }
    for (size_t i = 0; i < ASKING; i++)
        if (asked[i])
            expect_answer(worker, client->asking[i], asked[i], sid);
}

static void work(struct worker *worker)
{
    const struct fixture *fixture = worker->shared;
    const char *sid = fixture->sids[worker->number];
    struct client *client = worker->own;

    client->listening = http_client_dial(fixture->port);
    http_client_send(client->listening, "GET /event HTTP/1.1\r\nHost: localhost\r\n\r\n");
    threads_expect(worker, http_client_read_until(client->listening, &client->answer, "server.connected"), "no events");
    for (size_t i = 0; i < ASKING; i++)
        client->asking[i] = http_client_dial(fixture->port);
    for (size_t i = 0; i < ROUNDS; i++)
        take_round(worker, sid);
    ask(client->asking[0], &requests[0], sid);
    expect_answer(worker, client->asking[0], &requests[0], sid);
    threads_expect(worker, http_client_read_until(client->listening, &client->answer, sid), "an event did not come");
    /* Nobody waits for these answers: the server is stopped meanwhile. */
    for (size_t i = 0; i < ASKING; i++)
        ask(client->asking[i], &requests[threads_draw(worker, REQUESTS)], sid);
}

/* The log is written as in a real run, to nowhere. */
static void drop_line(void *context, const char *line)
{
    (void)context, (void)line;
}

static void stop(const char *why)
{
    fprintf(stderr, "stress-server: %s\n", why);
    exit(1);
}

static void hang_up(const struct client *client)
{
    close(client->listening);
    for (size_t i = 0; i < ASKING; i++)
        close(client->asking[i]);
}

int main(int argc, char **argv)
{
    static struct client clients[THREADS_COUNT];
    const struct store_options options = {0};
    struct server_config config = {
        .address = "127.0.0.1", .local_only = true, .limits = server_limits_default(), .log.write = drop_line};
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    char directory[TEMPDIR_BYTES];
    struct fixture fixture;
    struct server *server;
    struct error err;

    tempdir_make(directory);
    config.limits.stop_ms = 1000;
    if (store_open(directory, &options, &config.store, &err) != STORE_OK)
        stop(err.text);
    for (size_t i = 0; i < THREADS_COUNT; i++)
        if (store_create(config.store, fixture.sids[i], &err) != STORE_OK)
            stop(err.text);
    if (server_start(&config, &server, &err) != SERVER_OK)
        stop(err.text);
    fixture.port = server_port(server);
    size_t failures = threads_run(work, seed, &fixture, clients, sizeof *clients);
    server_stop(server);
    for (size_t i = 0; i < THREADS_COUNT; i++)
        hang_up(&clients[i]);
    store_close(config.store);
    tempdir_remove(directory);
    printf("server: %d threads, %d connections each, %d rounds; seed %" PRIu64 "; %zu failures\n", THREADS_COUNT,
           ASKING + 1, ROUNDS, seed, failures);
    return failures > 0;
}
