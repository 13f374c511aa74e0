/* Lines over real pipes, at their limits. */
#include "target/driver_wire.h"

#include "base/clock.h"
#include "base/error.h"
#include "target/driver.h"
#include "target/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 60000, BIG_LINES = 8, BIG_BYTES = 1 << 20, TRICKLE_MS = 5, TRICKLED_MS = 60 };

struct fixture {
    struct wire wire;
    int driver_in;  /* what the driver reads */
    int driver_out; /* what it writes */
};

static int set_up(void **state)
{
    static struct fixture fixture;
    int in[2], out[2];

    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        return -1;
    wire_open(&fixture.wire, in[1], out[0]);
    fixture.driver_in = in[0];
    fixture.driver_out = out[1];
    *state = &fixture;
    return 0;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    wire_close(&fixture->wire);
    close_end(&fixture->driver_in);
    close_end(&fixture->driver_out);
    return 0;
}

static int64_t in_ms(int64_t ms)
{
    return clock_ns() + ms * 1000000;
}

static void say(const struct fixture *fixture, const char *bytes)
{
    assert_int_equal(write(fixture->driver_out, bytes, strlen(bytes)), strlen(bytes));
}

static void assert_line(struct fixture *fixture, const char *wanted)
{
    const char *line;
    size_t bytes;

    assert_int_equal(wire_receive(&fixture->wire, in_ms(PATIENCE_MS), &line, &bytes), WIRE_LINE);
    assert_int_equal(bytes, strlen(wanted));
    assert_memory_equal(line, wanted, bytes);
}

static void assert_result(struct fixture *fixture, int64_t timeout_ms, enum wire_result wanted)
{
    const char *line;
    size_t bytes;

    assert_int_equal(wire_receive(&fixture->wire, in_ms(timeout_ms), &line, &bytes), wanted);
}

/* Writes so many x, and what follows, while the test reads: a pipe holds less than a line may. */
struct writer {
    int fd;
    size_t bytes;
    const char *then;
};

static void *write_long(void *argument)
{
    struct writer *writer = argument;
    static char chunk[1 << 16];

    memset(chunk, 'x', sizeof chunk);
    for (size_t left = writer->bytes; left > 0;) {
        ssize_t count = write(writer->fd, chunk, left < sizeof chunk ? left : sizeof chunk);

        if (count < 0)
            return NULL; /* nobody reads any more */
        left -= (size_t)count;
    }
    ssize_t ended = write(writer->fd, writer->then, strlen(writer->then));
    return ended < 0 ? NULL : writer;
}

static void receive_long(struct fixture *fixture, size_t bytes, const char *then, enum wire_result wanted)
{
    struct writer writer = {fixture->driver_out, bytes, then};
    const char *line;
    size_t line_bytes = 0;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, write_long, &writer), 0);
    enum wire_result result = wire_receive(&fixture->wire, in_ms(PATIENCE_MS), &line, &line_bytes);
    bool whole = result != WIRE_LINE || (line_bytes == bytes && line[0] == 'x' && line[bytes - 1] == 'x');
    if (result == WIRE_TOO_LONG) { /* so that the writer is not kept by a full pipe */
        close(fixture->wire.output_fd);
        fixture->wire.output_fd = -1;
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(result, wanted);
    assert_true(whole);
}

static void a_line_may_be_as_long_as_the_limit(void **state)
{
    struct fixture *fixture = *state;

    receive_long(fixture, DRIVER_LINE_MAX_BYTES - 1, "\n", WIRE_LINE);
    receive_long(fixture, DRIVER_LINE_MAX_BYTES, "\nnext\n", WIRE_LINE);
    assert_line(fixture, "next");
}

static void a_line_over_the_limit_is_too_long(void **state)
{
    receive_long(*state, DRIVER_LINE_MAX_BYTES + 1, "\n", WIRE_TOO_LONG);
}

/* However long it goes on: no more than the limit is ever held. */
static void a_line_without_an_end_is_too_long(void **state)
{
    struct fixture *fixture = *state;

    receive_long(fixture, (size_t)DRIVER_LINE_MAX_BYTES * 3, "", WIRE_TOO_LONG);
    assert_true(fixture->wire.inbox.capacity <= (size_t)DRIVER_LINE_MAX_BYTES * 3);
}

static void lines_come_whole_and_in_order(void **state)
{
    struct fixture *fixture = *state;

    say(fixture, "one\n\nthr");
    assert_line(fixture, "one");
    assert_line(fixture, "");
    assert_result(fixture, 0, WIRE_TIMEOUT);
    say(fixture, "ee\nfour\nfi");
    assert_line(fixture, "three");
    assert_line(fixture, "four");
    say(fixture, "ve");
    say(fixture, "\n");
    assert_line(fixture, "five");
}

static void a_line_comes_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;

    for (const char *byte = "{\"id\":1}"; *byte; byte++) {
        say(fixture, (const char[]){*byte, '\0'});
        assert_result(fixture, 0, WIRE_TIMEOUT);
    }
    say(fixture, "\n");
    assert_line(fixture, "{\"id\":1}");
}

static void nothing_is_lost_at_the_end(void **state)
{
    struct fixture *fixture = *state;
    const char *rest;

    say(fixture, "last\nhalf");
    close_end(&fixture->driver_out);
    assert_line(fixture, "last");
    assert_result(fixture, PATIENCE_MS, WIRE_CLOSED);
    assert_int_equal(wire_rest(&fixture->wire, &rest), 4);
    assert_memory_equal(rest, "half", 4);
    assert_result(fixture, PATIENCE_MS, WIRE_CLOSED);
}

static void the_deadline_is_kept(void **state)
{
    struct fixture *fixture = *state;
    int64_t begun = clock_ns();

    assert_result(fixture, 30, WIRE_TIMEOUT);
    assert_true(clock_ns() - begun >= 30 * 1000000);
    say(fixture, "there\n"); /* what has come counts, even when it is late */
    assert_line(fixture, "there");
    say(fixture, "late\n");
    assert_result(fixture, -1000, WIRE_LINE);
}

/* Somebody who writes a byte now and then, and never a line. */
static void *trickle(void *argument)
{
    const int *fd = argument;
    struct pollfd closed = {.fd = *fd};

    while (poll(&closed, 1, TRICKLE_MS) == 0)
        if (write(*fd, "x", 1) != 1)
            break;
    return NULL;
}

static void a_trickle_does_not_put_the_deadline_off(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, trickle, &fixture->driver_out), 0);
    const char *line;
    size_t bytes;
    enum wire_result result = wire_receive(&fixture->wire, in_ms(TRICKLED_MS), &line, &bytes);
    close(fixture->wire.output_fd); /* which ends the trickle */
    fixture->wire.output_fd = -1;
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(result, WIRE_TIMEOUT);
}

/* Nor does somebody who writes as fast as he can. */
static void a_flood_does_not_put_the_deadline_off(void **state)
{
    struct fixture *fixture = *state;
    struct writer writer = {fixture->driver_out, SIZE_MAX, ""};
    pthread_t thread;
    const char *line;
    size_t bytes;

    assert_int_equal(pthread_create(&thread, NULL, write_long, &writer), 0);
    enum wire_result result = wire_receive(&fixture->wire, clock_ns() + 1000, &line, &bytes);
    close(fixture->wire.output_fd);
    fixture->wire.output_fd = -1;
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(result, WIRE_TIMEOUT);
}

static void a_driver_that_does_not_read_keeps_nobody(void **state)
{
    struct fixture *fixture = *state;
    char *big = calloc(1, BIG_BYTES);

    assert_non_null(big);
    memset(big, 'y', BIG_BYTES);
    big[BIG_BYTES - 1] = '\n';
    wire_send(&fixture->wire, big, BIG_BYTES);
    struct pollfd polled[2];
    wire_poll_for(&fixture->wire, polled);
    assert_int_equal(polled[1].fd, fixture->wire.input_fd);
    say(fixture, "an answer\n");
    assert_line(fixture, "an answer");
    close_end(&fixture->driver_in); /* then it goes, and what was queued goes with it */
    say(fixture, "another\n");
    wire_send(&fixture->wire, big, BIG_BYTES);
    assert_line(fixture, "another");
    assert_int_equal(fixture->wire.input_fd, -1);
    free(big);
}

/* A driver that reads nothing more until what it wrote is read: cat(1). All is sent before anything is received. */
static void big_lines_go_both_ways_at_once(void **state)
{
    (void)state;
    static const char *const cat[] = {"cat", NULL};
    struct spawned process;
    struct wire wire;
    struct error err;
    int status;
    char *big = malloc(BIG_BYTES);
    assert_non_null(big);
    assert_true(spawn_start(&(struct spawn_request){.argv = cat, .error_fd = 2}, &process, &err));
    wire_open(&wire, process.input_fd, process.output_fd);
    for (int i = 0; i < BIG_LINES; i++) {
        memset(big, 'a' + i, BIG_BYTES - 1);
        big[BIG_BYTES - 1] = '\n';
        wire_send(&wire, big, BIG_BYTES);
    }
    for (int i = 0; i < BIG_LINES; i++) {
        const char *line;
        size_t bytes;

        assert_int_equal(wire_receive(&wire, in_ms(PATIENCE_MS), &line, &bytes), WIRE_LINE);
        assert_int_equal(bytes, BIG_BYTES - 1);
        assert_int_equal(line[0], 'a' + i);
        assert_int_equal(line[bytes - 1], 'a' + i);
    }
    wire_close(&wire);
    assert_true(spawn_wait(process.pid, &status, PATIENCE_MS));
    free(big);
}

#define WIRE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(a_line_may_be_as_long_as_the_limit),
        WIRE_TEST(a_line_over_the_limit_is_too_long),
        WIRE_TEST(a_line_without_an_end_is_too_long),
        WIRE_TEST(lines_come_whole_and_in_order),
        WIRE_TEST(a_line_comes_byte_by_byte),
        WIRE_TEST(nothing_is_lost_at_the_end),
        WIRE_TEST(the_deadline_is_kept),
        WIRE_TEST(a_trickle_does_not_put_the_deadline_off),
        WIRE_TEST(a_flood_does_not_put_the_deadline_off),
        WIRE_TEST(a_driver_that_does_not_read_keeps_nobody),
        cmocka_unit_test(big_lines_go_both_ways_at_once),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
