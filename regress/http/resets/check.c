/* Clients that vanish in the middle of a request or of a response leave nothing behind. */
#include "check.h"
#include "peers/http_expect.h"

#include <stdio.h>
#include <string.h>

/* Cycles come in rounds; what is in use after the first half of the rounds may not grow in the second. */
enum { ROUNDS = 10, CYCLES = 100, WARM_UP = 16, SETTLE_MS = 5000, SLACK = 1, SLACK_BYTES = 4 << 20, LARGE_EVENTS = 8 };

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

static bool is_within(struct proc_usage usage, struct proc_usage most)
{
    return usage.descriptors <= most.descriptors && usage.threads <= most.threads &&
           usage.resident_bytes <= most.resident_bytes;
}

/* What is in use once the clients of a round are gone, and at most that much, if given the time. */
static struct proc_usage settled(struct http_target *server, struct proc_usage most)
{
    int64_t end_ns = now_ns() + scaled_ms(SETTLE_MS) * 1000000;
    struct proc_usage usage = http_usage(server);

    while (!is_within(usage, most) && now_ns() < end_ns) {
        take_a_turn(server);
        usage = http_usage(server);
    }
    expect(usage.descriptors <= most.descriptors, LEAK, "as many descriptors as at the beginning",
           "%zu, at the beginning %zu", usage.descriptors, most.descriptors - SLACK);
    return usage;
}

/* Descriptors are to come back; what else is in use has no bound yet. */
static struct proc_usage bound_to(struct proc_usage base)
{
    return (struct proc_usage){
        .descriptors = base.descriptors + SLACK, .threads = SIZE_MAX, .resident_bytes = INT64_MAX};
}

static struct proc_usage run_rounds(struct http_target *server, vanish *one, struct proc_usage most)
{
    struct proc_usage last = {0};

    for (int round = 0; round < ROUNDS / 2; round++) {
        for (int i = 0; i < CYCLES; i++)
            one(server);
        last = settled(server, most);
    }
    return last;
}

static void expect_no_trace(struct http_target *server, vanish *one)
{
    for (int i = 0; i < WARM_UP; i++)
        take_a_turn(server);
    struct proc_usage most = bound_to(http_usage(server));
    struct proc_usage middle = run_rounds(server, one, most);
    run_rounds(server, one, most);
    most.threads = middle.threads + SLACK;
    most.resident_bytes = middle.resident_bytes + SLACK_BYTES;
    struct proc_usage last = settled(server, most);
    expect(last.threads <= most.threads, LEAK, "no more threads than half-way", "%zu, half-way %zu", last.threads,
           middle.threads);
    expect(last.resident_bytes <= most.resident_bytes, LEAK, "at most 4 MiB more than half-way", "%lld bytes more",
           (long long)(last.resident_bytes - middle.resident_bytes));
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
    expect_no_trace(*state, after_half_a_head);
}

static void a_reset_after_half_a_body(void **state)
{
    expect_no_trace(*state, after_half_a_body);
}

static void a_reset_before_the_answer(void **state)
{
    expect_no_trace(*state, before_the_answer);
}

static void a_close_before_the_answer(void **state)
{
    expect_no_trace(*state, before_the_second_answer);
}

static void a_close_without_a_word(void **state)
{
    expect_no_trace(*state, without_a_word);
}

/* Appends events of a MiB each, and returns the path from which all of them are read. */
static const char *fill_a_session(struct http_target *server, char path[HTTP_HOST_BYTES])
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
    snprintf(path, HTTP_HOST_BYTES, "%.*s/events", (int)(strlen(message->path) - strlen("/message")), message->path);
    return path;
}

/* Eight MiB are on their way when the client goes; it has read some of them. */
static void a_reset_within_a_large_response(void **state)
{
    enum { TIMES = 10 };
    struct http_target *server = *state;
    char path[HTTP_HOST_BYTES];

    http_need_contract(server);
    fill_a_session(server, path);
    struct proc_usage most = bound_to(http_usage(server));
    for (int i = 0; i < TIMES; i++) {
        struct http_peer *peer = http_dial_narrow(server);

        http_send(peer, "GET %s HTTP/1.1\r\n%s\r\n", path, server->fields);
        struct http_answer answer = http_read_until(peer, "xxxxxxxx", HTTP_WAIT_MS);
        expect_success(answer);
        http_reset(peer);
    }
    settled(server, most);
    expect_alive(server);
}

static void who_waits_for_the_answer_leaves_nothing_either(void **state)
{
    struct http_target *server = *state;

    for (int i = 0; i < CYCLES; i++)
        take_a_turn(server);
    struct proc_usage most = bound_to(http_usage(server));
    for (int i = 0; i < CYCLES; i++)
        take_a_turn(server);
    settled(server, most);
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
            CONTROL(who_waits_for_the_answer_leaves_nothing_either),
        },
};
