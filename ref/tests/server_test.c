/* The server on real sockets: order, limits, time, and what is left when peers misbehave. */
#include "tests/client.h"

#include <netinet/tcp.h>

#define GET_HEALTH "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST_PROMPT "POST /tui/append-prompt HTTP/1.1\r\nHost: a\r\n"
#define PROMPT "{\"text\":\"hi\"}"

static struct answer answer;

static void expect_served(const struct rig *rig)
{
    int fd = dial(rig);

    assert_int_equal(ask(fd, &answer, "POST", "/tui/append-prompt", PROMPT), 200);
    close(fd);
}

static void answers_pipelined_requests_in_order(void **state)
{
    struct rig *rig = *state;

    rig_start(rig);
    int fd = dial(rig);

    say(fd, POST_PROMPT "Content-Length: 13\r\n\r\n" PROMPT GET_HEALTH POST_PROMPT
                        "Transfer-Encoding: chunked\r\n\r\n9\r\n{not-json\r\n0\r\n\r\n" GET_HEALTH
                        "GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" GET_HEALTH);
    assert_int_equal(hear(fd, &answer), 200);
    assert_non_null(strstr(answer.body, "\"seq\":1"));
    assert_int_equal(hear(fd, &answer), 200);
    assert_string_equal(answer.body, "{\"status\":\"ok\"}");
    assert_int_equal(hear(fd, &answer), 400);
    assert_string_equal(answer.body, "{\"error\":\"invalid_json\"}");
    assert_int_equal(hear(fd, &answer), 200);
    assert_int_equal(hear(fd, &answer), 404);
    assert_string_equal(field_of(&answer, "Connection"), "close");
    hear_end(fd);
    close(fd);
}

static void closes_after_a_protocol_error(void **state)
{
    static const struct {
        const char *bytes;
        int status;
    } rows[] = {
        {POST_PROMPT "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET_HEALTH, 400},
        {POST_PROMPT "Transfer-Encoding: foo\r\n\r\n" GET_HEALTH, 501},
        {POST_PROMPT "Content-Length: 1073741824\r\n\r\n", 413},
        {POST_PROMPT "Transfer-Encoding: chunked\r\n\r\n40000000\r\n", 413},
        {"GET / HTTP/2.0\r\n\r\n" GET_HEALTH, 505},
        {"\x16\x03\x01\x02\x01", 400},
    };
    static const char head[] = "HEAD /health HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n";
    struct rig *rig = *state;

    rig_start(rig);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int fd = dial(rig);

        say(fd, rows[i].bytes);
        assert_int_equal(hear(fd, &answer), rows[i].status);
        assert_string_equal(field_of(&answer, "Content-Type"), "application/json");
        assert_string_equal(field_of(&answer, "Connection"), "close");
        hear_end(fd);
        close(fd);
    }
    int fd = dial(rig);
    say(fd, head);
    hear_head(fd, &answer); /* a refusal of HEAD has no body either */
    assert_int_equal(answer.status, 400);
    hear_end(fd);
    close(fd);
    expect_served(rig);
}

/* The answer must survive that megabytes arrive behind it unread. */
static void lingers_after_an_early_refusal(void **state)
{
    static char body[4 << 20];
    struct rig *rig = *state;

    rig_start(rig);
    memset(body, 'x', sizeof body);
    for (int i = 0; i < 20; i++) {
        int fd = dial(rig);

        say(fd, POST_PROMPT "Content-Length: 4194304\r\n\r\n");
        say_bytes(fd, body, sizeof body);
        assert_int_equal(hear(fd, &answer), 413);
        assert_string_equal(answer.body, "{\"error\":\"payload_too_large\"}");
        hear_end(fd);
        close(fd);
    }
}

static void body_limit_is_exact(void **state)
{
    struct rig *rig = *state;
    char body[64], request[256];

    assert_int_equal(server_limit_set(&rig->config.limits, "http.body_bytes", 40), SERVER_LIMIT_OK);
    rig_start(rig);
    for (int size = 39; size <= 41; size++) {
        snprintf(body, sizeof body, "{\"text\":\"%*s\"}", size - 11, "x");
        assert_int_equal(strlen(body), size);
        int fd = dial(rig);
        assert_int_equal(ask(fd, &answer, "POST", "/tui/append-prompt", body), size > 40 ? 413 : 200);
        close(fd);
        fd = dial(rig);
        snprintf(request, sizeof request, POST_PROMPT "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
                 (unsigned)size, body);
        say(fd, request);
        assert_int_equal(hear(fd, &answer), size > 40 ? 413 : 200);
        close(fd);
    }
}

static void continues_when_asked(void **state)
{
    struct rig *rig = *state;

    rig_start(rig);
    int fd = dial(rig);

    say(fd, POST_PROMPT "Expect: 100-continue\r\nContent-Length: 13\r\n\r\n");
    hear_head(fd, &answer);
    assert_int_equal(answer.status, 100);
    say(fd, PROMPT);
    assert_int_equal(hear(fd, &answer), 200);
    say(fd, "POST /none HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 13\r\n\r\n");
    assert_int_equal(hear(fd, &answer), 404);
    hear_end(fd);
    close(fd);
}

static void ends_the_connection_when_it_should(void **state)
{
    struct rig *rig = *state;

    rig_start(rig);
    int fd = dial(rig);

    say(fd, "GET /health HTTP/1.0\r\n\r\n");
    assert_int_equal(hear(fd, &answer), 200);
    hear_end(fd);
    close(fd);
    fd = dial(rig);
    say(fd, POST_PROMPT "Content-Length: 100\r\n\r\n{");
    shutdown(fd, SHUT_WR); /* a body that will never be whole gets no answer */
    hear_end(fd);
    close(fd);
    fd = dial(rig);
    say(fd, GET_HEALTH);
    shutdown(fd, SHUT_WR); /* but a whole request does */
    assert_int_equal(hear(fd, &answer), 200);
    hear_end(fd);
    close(fd);
}

enum { SLOW_PEERS = 60 };

/* Peers that have begun a head, begun a body, or said nothing at all. */
static void dial_slow_peers(const struct rig *rig, int fds[SLOW_PEERS])
{
    for (int i = 0; i < SLOW_PEERS; i++) {
        fds[i] = dial(rig);
        if (i % 3 == 0)
            say(fds[i], "POST /tui/append-prompt HTTP/1.1\r\nHost:");
        if (i % 3 == 1)
            say(fds[i], POST_PROMPT "Content-Length: 13\r\n\r\n{");
    }
}

/* With time-outs of an hour, others are served only if the slow ones stand in nobody's way. */
static void slow_peers_starve_nobody(void **state)
{
    struct rig *rig = *state;
    int slow[SLOW_PEERS];

    server_limit_set(&rig->config.limits, "http.header_ms", SERVER_TIME_MAX_MS);
    server_limit_set(&rig->config.limits, "http.body_ms", SERVER_TIME_MAX_MS);
    server_limit_set(&rig->config.limits, "http.idle_ms", SERVER_TIME_MAX_MS);
    rig_start(rig);
    int threads = count_entries("/proc/self/task");
    dial_slow_peers(rig, slow);
    expect_served(rig);
    assert_int_equal(count_entries("/proc/self/task"), threads);
    for (int i = 0; i < SLOW_PEERS; i++)
        close(slow[i]);
}

static void slow_peers_are_ended(void **state)
{
    struct rig *rig = *state;
    int slow[SLOW_PEERS];

    server_limit_set(&rig->config.limits, "http.header_ms", 100);
    server_limit_set(&rig->config.limits, "http.body_ms", 100);
    server_limit_set(&rig->config.limits, "http.idle_ms", 100);
    rig_start(rig);
    dial_slow_peers(rig, slow);
    for (int i = 0; i < SLOW_PEERS; i++) {
        if (i % 3 != 2)
            assert_int_equal(hear(slow[i], &answer), 408);
        hear_end(slow[i]);
        close(slow[i]);
    }
    expect_served(rig);
}

/* A peer that asks for much and reads nothing is cut off. */
static void cuts_off_who_does_not_read(void **state)
{
    struct rig *rig = *state;
    char byte;

    server_limit_set(&rig->config.limits, "http.write_ms", 300);
    rig_start(rig);
    static char text[1 << 20];
    memset(text, 'x', sizeof text - 1);
    char sid[STORE_SID_BYTES];
    uint64_t seq;
    static char event[sizeof text + 64];
    snprintf(event, sizeof event, "{\"type\":\"user.message\",\"text\":\"%s\"}", text);
    assert_int_equal(store_create(rig->store, sid, NULL), STORE_OK);
    for (int i = 0; i < 10; i++)
        assert_int_equal(store_append(rig->store, sid, event, strlen(event), &seq, NULL), STORE_OK);

    int fd = dial(rig);
    char request[128];
    snprintf(request, sizeof request, "GET /session/%s/events HTTP/1.1\r\nHost: a\r\n\r\n", sid);
    say(fd, request);
    /* The end of the connection is an event of its own, which comes without reading. */
    struct pollfd end = {.fd = fd, .events = 0};
    assert_int_equal(poll(&end, 1, CLIENT_WAIT_S * 1000), 1);
    assert_true(end.revents & (POLLHUP | POLLERR));
    while (recv(fd, &byte, 1, 0) > 0)
        continue;
    assert_int_equal(errno, ECONNRESET);
    close(fd);
    expect_served(rig);
}

static void turns_away_connections_over_the_limit(void **state)
{
    struct rig *rig = *state;
    int fds[3];

    server_limit_set(&rig->config.limits, "http.connections", 2);
    rig_start(rig);
    for (int i = 0; i < 2; i++) {
        fds[i] = dial(rig);
        assert_int_equal(ask(fds[i], &answer, "GET", "/health", ""), 200);
    }
    fds[2] = dial(rig);
    assert_int_equal(hear(fds[2], &answer), 503);
    hear_end(fds[2]);
    close(fds[2]);
    assert_int_equal(ask(fds[0], &answer, "GET", "/health", ""), 200);
    close(fds[0]);
    close(fds[1]);
}

/* Waits until the server counts one connection, the asking one. */
static void wait_until_alone(const struct rig *rig, int fd)
{
    int64_t deadline = now_ms() + CLIENT_WAIT_S * 1000;

    (void)rig;
    do {
        assert_true(now_ms() < deadline);
        assert_int_equal(ask(fd, &answer, "GET", "/metrics", ""), 200);
    } while (!strstr(answer.body, "\nassay_connections 1\n") || !strstr(answer.body, "\nassay_queue_bytes 0\n"));
}

static void survives_resets(void **state)
{
    struct rig *rig = *state;

    rig_start(rig);
    int fd = dial(rig);
    wait_until_alone(rig, fd);
    int fds = count_entries("/proc/self/fd");
    int threads = count_entries("/proc/self/task");
    for (int i = 0; i < 300; i++) {
        int victim = dial(rig);

        if (i % 3 == 0)
            say(victim, POST_PROMPT "Content-Length: 13\r\n\r\n{\"te");
        if (i % 3 == 1)
            say(victim, POST_PROMPT "Content-Length: 13\r\n\r\n" PROMPT GET_HEALTH);
        if (i % 3 == 2)
            say(victim, "GET /event HTTP/1.1\r\nHost: a\r\n\r\n");
        reset(victim);
    }
    wait_until_alone(rig, fd);
    /* The store may keep files of sessions open, up to a number of its own. */
    assert_true(count_entries("/proc/self/fd") <= fds + STORE_FDS_MAX);
    assert_int_equal(count_entries("/proc/self/task"), threads);
    assert_non_null(strstr(answer.body, "\nassay_clients 0\n"));
    close(fd);
    expect_served(rig);
}

static void limits_the_rate(void **state)
{
    struct rig *rig = *state;

    server_limit_set(&rig->config.limits, "http.rate_per_s", 1);
    rig_start(rig);
    int fd = dial(rig);
    /* The first is free, and as soon as two come within one second the second of them is refused. */
    assert_int_equal(ask(fd, &answer, "GET", "/health", ""), 200);
    for (int i = 0; i < 100 && answer.status == 200; i++)
        ask(fd, &answer, "GET", "/health", "");
    assert_int_equal(answer.status, 429);
    assert_string_equal(answer.body, "{\"error\":\"rate_limited\"}");
    assert_string_equal(field_of(&answer, "Retry-After"), "1");
    close(fd);
}

static void stops_gracefully(void **state)
{
    struct rig *rig = *state;

    server_limit_set(&rig->config.limits, "http.stop_ms", SERVER_TIME_MAX_MS); /* so waiting for it would be noticed */
    rig_start(rig);
    int idle = dial(rig), half = dial(rig), stream = dial(rig);
    assert_int_equal(ask(idle, &answer, "GET", "/health", ""), 200);
    say(half, POST_PROMPT);
    say(stream, "GET /event HTTP/1.1\r\nHost: a\r\n\r\n");
    hear_head(stream, &answer);
    server_stop(rig->server);
    hear_end(idle);
    hear_end(half);
    char rest[256];
    while (recv(stream, rest, sizeof rest, 0) > 0)
        continue;
    close(idle);
    close(half);
    close(stream);
    rig_start(rig); /* again, on the same store */
    expect_served(rig);
}

static void refuses_bad_configurations(void **state)
{
    struct rig *rig = *state;
    struct server *server;
    struct error err;
    struct server_limits *limits = &rig->config.limits;

    assert_int_equal(server_limit_set(limits, "http.nothing", 1), SERVER_LIMIT_UNKNOWN);
    assert_int_equal(server_limit_set(limits, "http.body_bytes", 0), SERVER_LIMIT_OUT_OF_RANGE);
    assert_int_equal(server_limit_set(limits, "http.body_bytes", SERVER_BODY_MAX_BYTES + 1), SERVER_LIMIT_OUT_OF_RANGE);
    assert_int_equal(limits->body_bytes, 2000000);
    assert_int_equal(server_limit_set(limits, "body_bytes", SERVER_BODY_MAX_BYTES), SERVER_LIMIT_OK);
    assert_int_equal(limits->body_bytes, SERVER_BODY_MAX_BYTES);
    rig->config.address = "localhost";
    assert_int_equal(server_start(&rig->config, &server, &err), SERVER_BAD_ADDRESS);
    rig->config.address = "127.0.0.1";
    rig_start(rig);
    rig->config.port = rig->port;
    assert_int_equal(server_start(&rig->config, &server, &err), SERVER_NO_PORT);
    assert_non_null(strstr(err.text, "in use"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_pipelined_requests_in_order, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(closes_after_a_protocol_error, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(lingers_after_an_early_refusal, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(body_limit_is_exact, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(continues_when_asked, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(ends_the_connection_when_it_should, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(slow_peers_starve_nobody, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(slow_peers_are_ended, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(cuts_off_who_does_not_read, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(turns_away_connections_over_the_limit, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(survives_resets, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(limits_the_rate, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(stops_gracefully, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(refuses_bad_configurations, rig_set_up, rig_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
