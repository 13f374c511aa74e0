/* Clients that vanish in the middle of a request or of a response leave nothing behind. */
#include "check.h"
#include "http/expect.h"

#include <stdio.h>
#include <string.h>

/* Clients come in rounds. What is in use after the first half of the rounds, when every pool has met this load, may not
 * grow in the second: that many descriptors are no more than a worker that comes late. Threads and memory are measured
 * for as long as they grow, since a pool that fills and a heap that warms up come to an end, and a leak does not. Where
 * connecting is slow a round ends before all of its clients have come. */
enum {
    HALF = 5,
    CYCLES = 100,
    ROUND_MS = 3000,
    TURNS = 32,
    TURNS_MS = 3000,
    SETTLE_MS = 5000,
    SLACK_DESCRIPTORS = 8,
    CLIENTS_MIN = 4 * SLACK_DESCRIPTORS, /* of the second half; of fewer a leak would not show */
    THREAD_ROUNDS = 2 * HALF,
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
    expect_answer(answer, answer.outcome == HTTP_ANSWER, "the server goes on serving");
    http_hang_up(peer);
}

/* The least of what is in use during some turns: meanwhile the server notices who has gone. */
static struct procfs_usage quiet(struct http_target *server)
{
    struct procfs_usage least = http_usage(server);
    int64_t end_ns = deadline_after(TURNS_MS);

    for (int i = 0; i < TURNS && now_ns() < end_ns; i++) {
        take_a_turn(server);
        struct procfs_usage usage = http_usage(server);
        least.descriptors = usage.descriptors < least.descriptors ? usage.descriptors : least.descriptors;
        least.threads = usage.threads < least.threads ? usage.threads : least.threads;
        least.resident_bytes =
            usage.resident_bytes < least.resident_bytes ? usage.resident_bytes : least.resident_bytes;
    }
    return least;
}

/* What is in use once there are no more descriptors and threads than that, or the time for it has passed. */
static struct procfs_usage settle(struct http_target *server, size_t descriptors, size_t threads)
{
    int64_t end_ns = deadline_after(SETTLE_MS);
    struct procfs_usage usage = http_usage(server);

    while ((usage.descriptors > descriptors || usage.threads > threads) && now_ns() < end_ns) {
        take_a_turn(server);
        usage = http_usage(server);
    }
    return usage;
}

static void expect_descriptors_back(struct http_target *server, size_t before, size_t slack)
{
    size_t descriptors = settle(server, before + slack, SIZE_MAX).descriptors;
    char expected[80];

    snprintf(expected, sizeof expected, "at most %zu descriptors more than before", slack);
    expect(descriptors <= before + slack, LEAK, expected, "%zu, before %zu", descriptors, before);
}

struct trial {
    struct http_target *server;
    vanish *one;
    int cycles;    /* clients in a round */
    int came;      /* clients in all */
    int cut_short; /* rounds that ended by the clock */
};

/* What a leak for each client would take shows after one round, before the server runs out of it. */
static void run_round(struct trial *trial)
{
    struct procfs_usage before = http_usage(trial->server);
    int64_t end_ns = deadline_after(ROUND_MS);
    int clients = 0;

    for (; clients < trial->cycles && now_ns() < end_ns; clients++)
        trial->one(trial->server);
    trial->came += clients;
    trial->cut_short += clients < trial->cycles;
    expect_descriptors_back(trial->server, before.descriptors, (size_t)clients / 2 + 1);
}

static void run_half(struct trial *trial)
{
    for (int round = 0; round < HALF; round++)
        run_round(trial);
}

/* Each further round must have added a thread for this to be a leak. */
static void expect_threads_settle(struct trial *trial, size_t middle)
{
    size_t before = middle;
    size_t threads = settle(trial->server, SIZE_MAX, before).threads;

    for (int round = 0; threads > before; round++) {
        expect(round < THREAD_ROUNDS, LEAK, "threads that at some time become no more",
               "%zu threads more than before, and more after each round", threads - middle);
        before = threads;
        run_round(trial);
        threads = settle(trial->server, SIZE_MAX, before).threads;
    }
}

/* Many thousand clients may be needed to tell, so this is left where connecting is slow. */
static void expect_memory_settles(struct trial *trial, int64_t middle_bytes)
{
    int64_t before_bytes = middle_bytes;
    int64_t bytes = quiet(trial->server).resident_bytes;

    while (bytes > before_bytes + GROWTH_BYTES && !trial->cut_short) {
        expect(bytes - middle_bytes < LEAK_BYTES, LEAK, "memory that at some time stops growing",
               "%lld bytes more than half-way, and more after each round", (long long)(bytes - middle_bytes));
        before_bytes = bytes;
        run_round(trial);
        bytes = quiet(trial->server).resident_bytes;
    }
}

static void expect_no_trace(struct http_target *server, vanish *one, int cycles)
{
    struct trial trial = {.server = server, .one = one, .cycles = cycles};

    run_half(&trial);
    struct procfs_usage middle = quiet(server);
    int came = trial.came;
    run_half(&trial);
    if (trial.cut_short)
        remark("connecting is slow: %d clients came in %d rounds that were meant for %d", trial.came, 2 * HALF,
               2 * HALF * cycles);
    if (trial.cut_short && trial.came - came < CLIENTS_MIN)
        not_applicable("connecting is slow, so that only %d clients came: too few for a leak to show",
                       trial.came - came);
    expect_descriptors_back(server, middle.descriptors, SLACK_DESCRIPTORS);
    expect_threads_settle(&trial, middle.threads);
    expect_memory_settles(&trial, middle.resident_bytes);
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
    expect_answer(answer, answer.outcome == HTTP_ANSWER, "the events of the session");
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
