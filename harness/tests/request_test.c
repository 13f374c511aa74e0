/* What a failure shows as sent: on a connection, and by itself at its limits. */
#include "case/request.h"

#include "base/clock.h"
#include "case/exchange.h"
#include "case/state.h"
#include "check.h"
#include "http/peer.h"
#include "tests/hostile_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static struct case_context context;
static struct hostile_server server;
static struct http_target target = {.address.host = "test", .host = "test", .fields = ""};

static int begin(void **state)
{
    (void)state;
    context = (struct case_context){.start_ns = clock_ns(), .timeout_scale = 2, .exchange = exchange_create()};
    case_begin(&context);
    return context.exchange ? 0 : -1;
}

static void assert_sent(const char *sent)
{
    assert_string_equal(case_state()->sent.bytes, sent);
}

static struct http_peer *dial(void (*play)(int client))
{
    assert_true(hostile_server_start(&server, play));
    target.address.socket_bytes = sizeof server.address;
    memcpy(&target.address.socket, &server.address, sizeof server.address);
    return http_dial(&target);
}

static void hang_up(struct http_peer *peer)
{
    http_hang_up(peer);
    hostile_server_stop(&server);
}

static void answers_two(int client)
{
    for (int i = 0; i < 2; i++) {
        hostile_take_request(client);
        hostile_send(client, OK);
    }
    hostile_take_all(client);
}

static void answers_one(int client)
{
    hostile_take_request(client);
    hostile_send(client, OK);
    hostile_take_all(client);
}

static void answers_between_the_halves(int client)
{
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 100 Continue\r\n\r\n");
    hostile_take_all(client);
}

/* ---- on a connection ---- */

static void the_pieces_of_a_request_are_one(void **state)
{
    (void)state;
    struct http_peer *peer = dial(answers_two);
    http_send(peer, "GET /one HTTP/1.1\r\n");
    http_send(peer, "\r\n");
    assert_sent("GET /one HTTP/1.1\\r\\n\\r\\n");
    assert_int_equal(http_read(peer).status, 200);
    assert_sent("GET /one HTTP/1.1\\r\\n\\r\\n");
    hang_up(peer);
}

static void requests_that_wait_together_are_shown_together(void **state)
{
    (void)state;
    struct http_peer *peer = dial(answers_two);
    http_send(peer, "GET /one\r\n\r\n");
    http_send(peer, "GET /two\r\n\r\n");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(http_read(peer).status, 200);
        assert_sent("GET /one\\r\\n\\r\\nGET /two\\r\\n\\r\\n");
    }
    hang_up(peer);
}

static void what_went_before_is_shown_too(void **state)
{
    (void)state;
    struct http_peer *peer = dial(answers_two);
    http_send(peer, "GET /one\r\n\r\n");
    assert_int_equal(http_read(peer).status, 200);
    http_send(peer, "GET /two\r\n\r\n");
    assert_int_equal(http_read(peer).status, 200);
    assert_sent("GET /one\\r\\n\\r\\n\nand, when that was answered:\nGET /two\\r\\n\\r\\n");
    hang_up(peer);
}

static void an_interim_response_ends_no_request(void **state)
{
    (void)state;
    struct http_peer *peer = dial(answers_between_the_halves);
    http_send(peer, "POST /\r\n\r\n");
    assert_int_equal(http_read_interim(peer).status, 100);
    http_send(peer, "{}");
    assert_sent("POST /\\r\\n\\r\\n{}");
    hang_up(peer);
}

static void each_answer_has_the_request_of_its_connection(void **state)
{
    (void)state;
    struct http_peer *peer = dial(answers_two);
    http_send(peer, "GET /one\r\n\r\n");
    request_goes_out(&(struct request){.bytes = 5, .front = "other"}, &request_none);
    assert_int_equal(http_read(peer).status, 200);
    assert_sent("GET /one\\r\\n\\r\\n");
    hang_up(peer);
}

static void the_exchange_has_both_sides(void **state)
{
    (void)state;
    struct http_peer *peer = dial(answers_one);
    http_send(peer, "GET /one\r\n\r\n");
    assert_int_equal(http_read(peer).status, 200);
    http_half_close(peer);
    assert_int_equal(http_read(peer).outcome, HTTP_CLOSED);
    hang_up(peer);
    struct text text = exchange_text(context.exchange);
    static const char *const lines[] = {"- opened to test\n",
                                        "> 12 bytes: GET /one\\r\\n\\r\\n\n",
                                        "< 38 bytes: HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n\n",
                                        "- half-closed by assay\n",
                                        "- closed by the server\n",
                                        "- closed by assay\n"};
    const char *at = text.bytes;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *found = strstr(at, lines[i]);

        if (!found)
            fail_msg("\"%s\" is not in its place in \"%s\"", lines[i], text.bytes);
        at = found;
    }
    text_free(&text);
}

/* ---- by itself ---- */

static void what_a_room_says_stands_until_the_next_request(void **state)
{
    (void)state;
    static const struct request request = {.bytes = 3, .front = "raw"};
    sent("what the room says");
    request_is_answered(&request, &request_none);
    assert_sent("what the room says");
    request_goes_out(&request, &request_none);
    assert_sent("raw");
}

static void a_long_request_is_cut(void **state)
{
    (void)state;
    static const struct {
        size_t bytes;
        const char *end;
    } sizes[] = {
        {REQUEST_SHOWN_BYTES - 1, "aaa"},
        {REQUEST_SHOWN_BYTES, "aaa"},
        {REQUEST_SHOWN_BYTES + 1, "aaa… (1 more bytes)"},
        {REQUEST_FRONT_BYTES, "aaa… (4 more bytes)"},
        {REQUEST_FRONT_BYTES + 1, "aaa… (5 more bytes)"},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct request request = {0};

        for (size_t done = 0; done < sizes[i].bytes; done++)
            request_add(&request, "a", 1);
        request_goes_out(&request, &request_none);
        const struct text *sent = &case_state()->sent;
        assert_string_equal(sent->bytes + sent->length - strlen(sizes[i].end), sizes[i].end);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_pieces_of_a_request_are_one, begin),
        cmocka_unit_test_setup(requests_that_wait_together_are_shown_together, begin),
        cmocka_unit_test_setup(what_went_before_is_shown_too, begin),
        cmocka_unit_test_setup(an_interim_response_ends_no_request, begin),
        cmocka_unit_test_setup(each_answer_has_the_request_of_its_connection, begin),
        cmocka_unit_test_setup(the_exchange_has_both_sides, begin),
        cmocka_unit_test_setup(what_a_room_says_stands_until_the_next_request, begin),
        cmocka_unit_test_setup(a_long_request_is_cut, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
