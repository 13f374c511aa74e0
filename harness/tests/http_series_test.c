/* A series of requests against servers that end connections when they like: each request is answered all the same, and
 * no connection is begun that was not needed. */
#include "base/clock.h"
#include "case/state.h"
#include "http/series.h"
#include "tests/hostile_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { REQUESTS = 4 };

#define REQUEST "GET / HTTP/1.1\r\nHost: test\r\n\r\n"
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define LAST_ANSWER "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"

static const struct http_endpoint endpoints[] = {{"POST", "/", "{}"}, {NULL, NULL, NULL}};
static atomic_int connections;

/* Plays are given one connection after the other, until the listener is shut down. */
static void *serve(void *argument)
{
    struct hostile_server *server = argument;
    int client;

    while ((client = accept(server->listener, NULL, NULL)) >= 0) {
        connections++;
        server->play(client);
        close(client);
    }
    return NULL;
}

static void keep(int client)
{
    for (int i = 0; i < REQUESTS; i++) {
        hostile_take_request(client);
        hostile_send(client, ANSWER);
    }
    hostile_wait_for_end(client);
}

static void close_and_say_so(int client)
{
    hostile_take_request(client);
    hostile_send(client, LAST_ANSWER);
    hostile_wait_for_end(client);
}

/* The second request is read, and the connection ends. */
static void close_without_a_word(int client)
{
    hostile_take_request(client);
    hostile_send(client, ANSWER);
    hostile_take_request(client);
}

static void expect_answered(void (*play)(int client), int wanted_connections)
{
    struct hostile_server server = {.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .play = play};
    struct http_target target = {.host = "test", .fields = "Host: test\r\n", .json_endpoints = endpoints};
    struct http_series series = {.server = &target};
    socklen_t bytes = sizeof server.address;

    connections = 0;
    assert_int_equal(listen(server.listener, 8), 0); /* on any port of any address */
    assert_int_equal(getsockname(server.listener, (struct sockaddr *)&server.address, &bytes), 0);
    server.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memcpy(&target.address.socket, &server.address, bytes);
    target.address.socket_bytes = bytes;
    assert_int_equal(pthread_create(&server.thread, NULL, serve, &server), 0);
    for (int i = 0; i < REQUESTS; i++)
        assert_int_equal(http_series_ask(&series, REQUEST, strlen(REQUEST)).status, 200);
    http_series_end(&series);
    shutdown(server.listener, SHUT_RDWR);
    hostile_server_stop(&server);
    assert_int_equal(connections, wanted_connections);
}

static void a_connection_is_used_as_long_as_it_may_be(void **state)
{
    (void)state;
    expect_answered(keep, 1);
}

static void another_follows_one_that_says_it_closes(void **state)
{
    (void)state;
    expect_answered(close_and_say_so, REQUESTS);
}

static void a_request_is_sent_again_after_a_silent_close(void **state)
{
    (void)state;
    expect_answered(close_without_a_word, REQUESTS);
}

int main(void)
{
    static struct case_context context = {.timeout_scale = 1, .record_fd = -1};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_used_as_long_as_it_may_be),
        cmocka_unit_test(another_follows_one_that_says_it_closes),
        cmocka_unit_test(a_request_is_sent_again_after_a_silent_close),
    };

    context.start_ns = clock_ns();
    case_begin(&context);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
