/* Clients that vanish in the middle of a request or of a response leave nothing behind. */
#include "check.h"
#include "http/expect.h"

#include <stdio.h>
#include <string.h>

/* Clients come in rounds. What is in use after the first half of the rounds, when every pool has met this load, may not
 * grow in the second: that many descriptors and threads are no more than a worker that comes late. Memory is measured
 * for as long as it grows, since a heap that warms up comes to an end, and a leak does not. */
enum {
    HALF = 5,
    CYCLES = 100,
    TURNS = 32,
    SETTLE_MS = 5000,
    SLACK_DESCRIPTORS = 8,
    SLACK_THREADS = 2,
    MANY_THREADS = 10000,    /* while a pool may still grow */
    GROWTH_BYTES = 64 << 10, /* in a round; less is noise */
    LEAK_BYTES = 64 << 20,
    LARGE_EVENTS = 8,
};

typedef void vanish(struct http_target *server);

/* A round trip: afterwards the server has had the time to see who is gone. */
static void take_a_turn(struct http_target *server)
{
    struct http_peer *peer = http_dial(server);

    http_send_json(peer, server->json_endpoints, "{not-json");
    struct http_answer answer = http_read(peer);
    expect(answer.outcome == HTTP_ANSWER, CRASH, "the server goes on serving", "%s", answer.summary);
    http_hang_up(peer);
}

/* The least of what is in use during some turns: meanwhile the server notices who has gone. */
static struct procfs_usage quiet(struct http_target *server)
{
    struct procfs_usage least = http_usage(server);

    for (int i = 0; i < TURNS; i++) {
        take_a_turn(server);
        struct procfs_usage usage = http_usage(server);
        least.descriptors = usage.descriptors < least.descriptors ? usage.descriptors : least.descriptors;
        least.threads = usage.threads < least.threads ? usage.threads : least.threads;
        least.resident_bytes =
            usage.resident_bytes < least.resident_bytes ? usage.resident_bytes : least.resident_bytes;
    }
    return least;
}

/* Descriptors and threads come back to what they were before, and so many more, if given the time. */
static void expect_settled(struct http_target *server, struct procfs_usage before, size_t descriptors, size_t threads)
{
    int64_t end_ns = now_ns() + scaled_ms(SETTLE_MS) * 1000000;
    struct procfs_usage usage = http_usage(server);
    char expected[80];

    while ((usage.descriptors > before.descriptors + descriptors || usage.threads > before.threads + threads) &&
           now_ns() < end_ns) {
        take_a_turn(server);
        usage = http_usage(server);
    }
    snprintf(expected, sizeof expected, "at most %zu descriptors more than before", descriptors);
    expect(usage.descriptors <= before.descriptors + descriptors, LEAK, expected, "%zu, before %zu", usage.descriptors,
           before.descriptors);
    snprintf(expected, sizeof expected, "at most %zu threads more than before", threads);
    expect(usage.threads <= before.threads + threads, LEAK, expected, "%zu, before %zu", usage.threads, before.threads);
}

/* What a leak for each client would take shows after one round, before the server runs out of it. */
static void run_rounds(struct http_target *server, vanish *one, int rounds, int cycles)
{
    for (int round = 0; round < rounds; round++) {
        struct procfs_usage before = http_usage(server);

        for (int i = 0; i < cycles; i++)
            one(server);
        expect_settled(server, before, (size_t)cycles / 2, MANY_THREADS);
    }
}

static void expect_memory_settles(struct http_target *server, vanish *one, int cycles, int64_t middle_bytes)
{
    int64_t before_bytes = middle_bytes;
    int64_t bytes = quiet(server).resident_bytes;

    while (bytes > before_bytes + GROWTH_BYTES) {
        expect(bytes - middle_bytes < LEAK_BYTES, LEAK, "memory that at some time stops growing",
               "%lld bytes more than half-way, and more after each round", (long long)(bytes - middle_bytes));
        before_bytes = bytes;
        run_rounds(server, one, 1, cycles);
        bytes = quiet(server).resident_bytes;
    }
}

static void expect_no_trace(struct http_target *server, vanish *one, int cycles)
{
    run_rounds(server, one, HALF, cycles);
    struct procfs_usage middle = quiet(server);
    run_rounds(server, one, HALF, cycles);
    expect_settled(server, middle, SLACK_DESCRIPTORS, SLACK_THREADS);
    expect_memory_settles(server, one, cycles, middle.resident_bytes);
    expect_alive(server);
}

static void after_half_a_body(struct http_target *server)
{
    struct http_peer *peer = http_dial(server);

    http_send_request(peer, server->json_endpoints, "Content-Length: 100000\r\n", "{\"half\":\"");
    http_reset(peer);
}

/* Eight kilobytes of head, so that what is kept of it shows. */
static void after_half_a_head(struct http_target *server)
{
    struct http_peer *peer = http_dial(server);
    char field[101];

    memset(field, 'x', sizeof field - 1);
    field[sizeof field - 1] = '\0';
    http_send(peer, "GET /assay HTTP/1.1\r\nHost: assay\r\n");
    for (int i = 0; i < 80; i++)
        http_send(peer, "X-Half: %s\r\n", field);
    http_reset(peer);
}

static struct http_peer *ask_four_times(struct http_target *server)
{
    struct http_peer *peer = http_dial(server);

    for (int i = 0; i < 4; i++)
        http_send(peer, "GET /assay-nowhere HTTP/1.1\r\n%s\r\n", server->fields);
    return peer;
}

static void before_the_answer(struct http_target *server)
{
    http_reset(ask_four_times(server));
}

/* The first answer meets a closed socket and is answered by a reset; writing the second raises SIGPIPE, which ends a
 * server that has not taken care. */
static void before_the_second_answer(struct http_target *server)
{
    http_hang_up(ask_four_times(server));
}

static void without_a_word(struct http_target *server)
{
    http_hang_up(http_dial(server));
}

static void a_reset_after_half_a_head(void **state)
{
    expect_no_trace(*state, after_half_a_head, CYCLES);
}

static void a_reset_after_half_a_body(void **state)
{
    expect_no_trace(*state, after_half_a_body, CYCLES);
}

static void a_reset_before_the_answer(void **state)
{
    expect_no_trace(*state, before_the_answer, CYCLES);
}

static void a_close_before_the_answer(void **state)
{
    expect_no_trace(*state, before_the_second_answer, CYCLES);
}

static void a_close_without_a_word(void **state)
{
    expect_no_trace(*state, without_a_word, CYCLES);
}

static char large_path[SERVER_HOST_BYTES];

/* Appends events of a MiB each; all of them are read from large_path. */
static void fill_a_session(struct http_target *server)
{
    const struct http_endpoint *message = server->json_endpoints;
    static char body[(1 << 20) + 64] = "{\"text\":\"";

    while (message->path && !strstr(message->path, "/message"))
        message++;
    memset(body + 9, 'x', 1 << 20);
    strcpy(body + 9 + (1 << 20), "\"}");
    for (int i = 0; i < LARGE_EVENTS; i++) {
        struct http_peer *peer = http_dial(server);

        http_send_json(peer, message, body);
        expect_success(http_read(peer));
        http_hang_up(peer);
    }
    snprintf(large_path, sizeof large_path, "%.*s/events", (int)(strlen(message->path) - strlen("/message")),
             message->path);
}

/* Eight MiB are on their way when the client goes; it has read some of them. */
static void within_a_large_response(struct http_target *server)
{
    struct http_peer *peer = http_dial_narrow(server);

    http_send(peer, "GET %s HTTP/1.1\r\n%s\r\n", large_path, server->fields);
    struct http_answer answer = http_read_until(peer, "xxxxxxxx", HTTP_WAIT_MS);
    expect(answer.outcome == HTTP_ANSWER, WRONG, "the events of the session", "%s", answer.summary);
    http_reset(peer);
}

static void a_reset_within_a_large_response(void **state)
{
    struct http_target *server = *state;

    http_need_contract(server);
    fill_a_session(server);
    expect_no_trace(server, within_a_large_response, long_run() ? CYCLES : CYCLES / 20);
}

static void who_waits_for_the_answer_leaves_nothing_either(void **state)
{
    expect_no_trace(*state, take_a_turn, CYCLES / 10);
}

static void who_waits_for_the_answer_gets_it(void **state)
{
    for (int i = 0; i < CYCLES; i++)
        take_a_turn(*state);
    expect_alive(*state);
}

const struct check check = {
    .title = "Clients that vanish leave neither descriptors, threads nor memory behind",
    .level = MUST,
    .tags = {"security"},
    .origins = {"OAS-3", "P28S-12", "CWE-772"},
    .cases =
        {
            MEASURE(a_reset_after_half_a_head),
            MEASURE(a_reset_after_half_a_body),
            MEASURE(a_reset_before_the_answer),
            MEASURE(a_close_before_the_answer),
            MEASURE(a_close_without_a_word),
            MEASURE(a_reset_within_a_large_response),
            MEASURE(who_waits_for_the_answer_leaves_nothing_either),
            CONTROL(who_waits_for_the_answer_gets_it),
        },
};
