/* The connection of the HTTP client: what it tells apart, and that it always comes back by its deadline. */
#include "base/clock.h"
#include "net/tcp.h"
#include "tests/hostile_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SOON_MS = 60, LATER_MS = 10000, MANY_BYTES = 32 << 20 };

static int64_t in_ms(int64_t ms)
{
    return clock_ns() + ms * 1000000;
}

struct fixture {
    struct hostile_server server;
    struct tcp wire;
};

static struct fixture *begin_with_window(void (*play)(int), int window_bytes)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_true(hostile_server_start(&f->server, play));
    assert_int_equal(tcp_dial(&f->wire, (struct sockaddr *)&f->server.address, sizeof f->server.address, window_bytes,
                              in_ms(LATER_MS)),
                     TCP_OK);
    return f;
}

static struct fixture *begin(void (*play)(int))
{
    return begin_with_window(play, 0);
}

static void end(struct fixture *f)
{
    tcp_close(&f->wire);
    hostile_server_stop(&f->server);
    free(f);
}

static enum tcp_result send_string(struct fixture *f, const char *string, struct tcp_plan plan)
{
    return tcp_send(&f->wire, string, strlen(string), &plan, in_ms(LATER_MS), NULL);
}

static void plans_cut_into_pieces(void **state)
{
    const struct tcp_plan whole = tcp_plan_whole();
    const struct tcp_plan cut = tcp_plan_cut_at(3, 0);
    const struct tcp_plan drip = tcp_plan_drip(4, 0);

    (void)state;
    assert_int_equal(tcp_plan_next(&whole, 0, 10), 10);
    assert_int_equal(tcp_plan_next(&cut, 0, 10), 3);
    assert_int_equal(tcp_plan_next(&cut, 3, 10), 7);
    assert_int_equal(tcp_plan_next(&cut, 0, 2), 2);
    assert_int_equal(tcp_plan_next(&drip, 0, 10), 4);
    assert_int_equal(tcp_plan_next(&drip, 8, 10), 2);
    assert_int_equal(tcp_plan_next(&drip, 10, 10), 0);
}

static void answer_and_close(int client)
{
    hostile_take_request(client);
    hostile_send(client, "hello");
}

static void bytes_come_before_the_fin(void **state)
{
    struct fixture *f = begin(answer_and_close);

    (void)state;
    assert_int_equal(send_string(f, "x\r\n\r\n", tcp_plan_whole()), TCP_OK);
    assert_int_equal(tcp_receive(&f->wire, in_ms(LATER_MS)), TCP_OK);
    assert_int_equal(f->wire.end - f->wire.begin, 5);
    assert_memory_equal(f->wire.buffer + f->wire.begin, "hello", 5);
    f->wire.begin = f->wire.end;
    assert_int_equal(tcp_receive(&f->wire, in_ms(LATER_MS)), TCP_FIN);
    assert_int_equal(tcp_receive(&f->wire, in_ms(LATER_MS)), TCP_FIN);
    end(f);
}

static void reset_at_once(int client)
{
    hostile_take_request(client);
    hostile_set_reset(client);
}

static void a_reset_is_no_fin(void **state)
{
    struct fixture *f = begin(reset_at_once);

    (void)state;
    assert_int_equal(send_string(f, "x\r\n\r\n", tcp_plan_whole()), TCP_OK);
    assert_int_equal(tcp_receive(&f->wire, in_ms(LATER_MS)), TCP_RESET);
    end(f);
}

/* The server closes with bytes unread, so its system sends a reset behind the answer (RFC 9112 9.6). */
static void what_came_before_a_reset_is_still_read(void **state)
{
    struct fixture *f = begin(answer_and_close);
    struct tcp_plan plan = tcp_plan_drip(1 << 16, 0);
    char *bytes = calloc(1, MANY_BYTES);

    (void)state;
    assert_non_null(bytes);
    f->wire.deaf = true;
    memcpy(bytes, "x\r\n\r\n", 5);
    assert_int_equal(tcp_send(&f->wire, bytes, MANY_BYTES, &plan, in_ms(LATER_MS), NULL), TCP_RESET);
    assert_int_equal(tcp_receive(&f->wire, in_ms(LATER_MS)), TCP_OK);
    assert_int_equal(f->wire.end - f->wire.begin, 5);
    f->wire.begin = f->wire.end;
    assert_int_equal(tcp_receive(&f->wire, in_ms(LATER_MS)), TCP_RESET);
    free(bytes);
    end(f);
}

static void silence_ends_at_the_deadline(void **state)
{
    struct fixture *f = begin(hostile_take_all);
    int64_t before_ns = clock_ns();

    (void)state;
    assert_int_equal(tcp_receive(&f->wire, in_ms(SOON_MS)), TCP_LATE);
    assert_in_range((clock_ns() - before_ns) / 1000000, SOON_MS, LATER_MS);
    end(f);
}

static void a_server_that_does_not_read_ends_the_sending(void **state)
{
    struct fixture *f = begin(hostile_wait_for_end);
    struct tcp_plan plan = tcp_plan_whole();
    char *bytes = calloc(1, MANY_BYTES);
    size_t taken;

    (void)state;
    assert_non_null(bytes);
    assert_int_equal(tcp_send(&f->wire, bytes, MANY_BYTES, &plan, in_ms(SOON_MS), &taken), TCP_LATE);
    assert_in_range(taken, 1, MANY_BYTES - 1);
    free(bytes);
    tcp_reset(&f->wire); /* a FIN would wait behind the bytes that nobody reads */
    end(f);
}

static void flood(int client)
{
    hostile_send_for_ever(client, "garbage ");
}

static void a_flooding_server_cannot_lock_a_sender(void **state)
{
    struct fixture *f = begin(flood);
    struct tcp_plan plan = tcp_plan_drip(1, 1);

    (void)state;
    assert_int_equal(send_string(f, "0123456789", plan), TCP_OK);
    assert_true(f->wire.end - f->wire.begin <= TCP_BUFFER_BYTES);
    assert_int_equal(tcp_receive(&f->wire, in_ms(LATER_MS)), TCP_OK);
    end(f);
}

static void echo_all(int client)
{
    char block[4096];
    ssize_t count;

    while ((count = recv(client, block, sizeof block, 0)) > 0)
        send(client, block, (size_t)count, MSG_NOSIGNAL);
}

/* Both directions are full at once unless the client reads while it sends. */
static void an_echo_of_megabytes_comes_back_whole(void **state)
{
    enum { COUNT = TCP_BUFFER_BYTES };
    struct fixture *f = begin(echo_all);
    struct tcp_plan plan = tcp_plan_drip(1000, 0);
    char *bytes = malloc(COUNT);
    size_t seen = 0;

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < COUNT; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    assert_int_equal(tcp_send(&f->wire, bytes, COUNT, &plan, in_ms(LATER_MS), NULL), TCP_OK);
    tcp_half_close(&f->wire);
    while (tcp_receive(&f->wire, in_ms(LATER_MS)) == TCP_OK) {
        size_t count = f->wire.end - f->wire.begin;

        assert_true(seen + count <= COUNT);
        assert_memory_equal(f->wire.buffer + f->wire.begin, bytes + seen, count);
        f->wire.begin = f->wire.end;
        seen += count;
    }
    assert_int_equal(seen, COUNT);
    assert_false(f->wire.reset);
    free(bytes);
    end(f);
}

static void pauses_lie_between_the_pieces(void **state)
{
    struct fixture *f = begin(hostile_take_all);
    int64_t before_ns = clock_ns();

    (void)state;
    assert_int_equal(send_string(f, "abcd", tcp_plan_drip(1, 20)), TCP_OK);
    assert_in_range((clock_ns() - before_ns) / 1000000, 3 * 20, LATER_MS);
    end(f);
}

static bool reset_was_seen;

static void reset_seen_by_server(int client)
{
    char c;

    if (recv(client, &c, 1, 0) < 0)
        __atomic_store_n(&reset_was_seen, true, __ATOMIC_SEQ_CST);
}

static void a_reset_reaches_the_server_as_one(void **state)
{
    struct fixture *f = begin(reset_seen_by_server);

    (void)state;
    tcp_reset(&f->wire);
    assert_int_equal(f->wire.fd, -1);
    end(f);
    assert_true(__atomic_load_n(&reset_was_seen, __ATOMIC_SEQ_CST));
}

static void a_slow_reader_reads_as_little_as_it_was_told(void **state)
{
    struct fixture *f = begin_with_window(flood, 1);

    (void)state;
    f->wire.read_bytes = 3;
    f->wire.read_pause_ms = 1;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(tcp_receive(&f->wire, in_ms(LATER_MS)), TCP_OK);
        assert_in_range(f->wire.end - f->wire.begin, 1, 3);
        f->wire.begin = f->wire.end;
    }
    end(f);
}

static void nobody_listening_is_a_reset(void **state)
{
    struct hostile_server server;
    struct tcp wire;

    (void)state;
    assert_true(hostile_server_start(&server, hostile_take_all));
    assert_int_equal(tcp_dial(&wire, (struct sockaddr *)&server.address, sizeof server.address, 0, in_ms(LATER_MS)),
                     TCP_OK);
    tcp_close(&wire);
    hostile_server_stop(&server);
    assert_int_equal(tcp_dial(&wire, (struct sockaddr *)&server.address, sizeof server.address, 0, in_ms(LATER_MS)),
                     TCP_RESET);
    assert_int_equal(wire.fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_cut_into_pieces),
        cmocka_unit_test(bytes_come_before_the_fin),
        cmocka_unit_test(a_reset_is_no_fin),
        cmocka_unit_test(what_came_before_a_reset_is_still_read),
        cmocka_unit_test(silence_ends_at_the_deadline),
        cmocka_unit_test(a_server_that_does_not_read_ends_the_sending),
        cmocka_unit_test(a_flooding_server_cannot_lock_a_sender),
        cmocka_unit_test(an_echo_of_megabytes_comes_back_whole),
        cmocka_unit_test(pauses_lie_between_the_pieces),
        cmocka_unit_test(a_reset_reaches_the_server_as_one),
        cmocka_unit_test(a_slow_reader_reads_as_little_as_it_was_told),
        cmocka_unit_test(nobody_listening_is_a_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
