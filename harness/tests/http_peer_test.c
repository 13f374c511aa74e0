/* The room's HTTP client against servers that misbehave: what it makes of their answers, which verdict its expectations
 * give, and that it always comes to an end. */
#include "tests/http_case_fixture.h"

/* --- cases --- */

static struct http_answer ask(struct http_peer *peer)
{
    http_send(peer, "GET / HTTP/1.1\r\n%s\r\n", "Host: test\r\n");
    return http_read(peer);
}

static void expects_200(void **state)
{
    struct http_peer *peer = http_dial(*state);

    expect_status(ask(peer), 200);
    http_hang_up(peer);
}

static void expects_a_refusal(void **state)
{
    struct http_peer *peer = http_dial(*state);

    http_send(peer, "X\r\n\r\n");
    expect_refused(peer, MAY_4XX | MAY_CLOSE);
    http_hang_up(peer);
}

static void expects_a_refusal_and_a_close(void **state)
{
    struct http_peer *peer = http_dial(*state);

    http_send(peer, "X\r\n\r\n");
    expect_refused_and_closed(peer, MAY_4XX);
    http_hang_up(peer);
}

static void expects_invalid_json(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);

    http_send_json(peer, server->json_endpoints, "{not-json");
    expect_error(http_read(peer), 400, "invalid_json");
    http_hang_up(peer);
}

static void expects_any_error(void **state)
{
    struct http_target *server = *state;

    server->exact_errors = false;
    expects_invalid_json(state);
}

static void expects_to_be_alive(void **state)
{
    expect_alive(*state);
}

static void expects_the_next_to_be_served(void **state)
{
    struct http_peer *peer = http_dial(*state);

    struct http_answer first = ask(peer);
    expect_status(first, 200);
    expect_next_success(peer, first);
    http_hang_up(peer);
}

static void needs_a_connection_that_lives(void **state)
{
    struct http_peer *peer = http_dial(*state);

    http_need_open(peer, ask(peer));
    expect_no_more(peer);
    http_hang_up(peer);
}

static void expects_a_redirect(void **state)
{
    struct http_peer *peer = http_dial(*state);

    expect_legal(ask(peer), MAY_3XX | MAY_4XX);
    http_hang_up(peer);
}

static void reads_two_after_an_interim(void **state)
{
    struct http_peer *peer = http_dial(*state);

    struct http_answer first = ask(peer);
    expect_status(first, 200);
    expect_integer(first.interims, 2, "interim responses");
    expect_text(http_answer_field(&first, "x-n"), "1", "X-N");
    expect_status(http_read(peer), 404);
    expect_no_more(peer);
    http_hang_up(peer);
}

static void reads_interim_and_head(void **state)
{
    struct http_peer *peer = http_dial(*state);

    http_send(peer, "HEAD / HTTP/1.1\r\n\r\n");
    expect_status(http_read_interim(peer), 100);
    expect_status(http_read_to_head(peer), 200);
    expect_closed(peer);
    http_hang_up(peer);
}

static void reads_a_stream(void **state)
{
    struct http_peer *peer = http_dial(*state);

    http_send(peer, "GET /event HTTP/1.1\r\n\r\n");
    expect_status(http_read_until(peer, "one", HTTP_WAIT_MS), 200);
    expect_status(http_read_until(peer, "two", HTTP_WAIT_MS), 200);
    expect(http_read_until(peer, "three", 100).outcome == HTTP_TRUNCATED, WRONG, "no more", "more");
    http_reset(peer);
}

static void floods(void **state)
{
    struct http_peer *peer = http_dial(*state);

    http_send(peer, "POST / HTTP/1.1\r\n\r\n");
    expect(http_flood(peer, "0123456789", 64 << 20) < 64 << 20, WRONG, "an early answer", "none");
    expect_status(http_read(peer), 413);
    http_hang_up(peer);
}

static void sends_a_nul_in_pieces(void **state)
{
    struct http_peer *peer = http_dial(*state);

    http_send_chopped(peer, tcp_plan_drip(2, 1), "a\0b\r\n\r\n", 7);
    http_pause(peer, 1);
    expect_status(http_read(peer), 200);
    http_half_close(peer);
    http_hang_up(peer);
}

/* --- plays --- */

#define FOUND "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define LAST "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
#define REFUSAL                                                                                               \
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 24\r\n\r\n" \
    "{\"error\":\"invalid_json\"}"

/* Answers one request with fixed bytes, takes what else comes, closes. */
#define ANSWERING(name, bytes)        \
    static void name(int client)      \
    {                                 \
        hostile_take_request(client); \
        hostile_send(client, bytes);  \
        hostile_take_all(client);     \
    }

ANSWERING(answer_200, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
ANSWERING(answer_500, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
ANSWERING(answer_400, REFUSAL)
ANSWERING(answer_400_twice, REFUSAL REFUSAL)
ANSWERING(answer_two_heads, "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\nHTTP/1.1 400 No\r\n\r\n")
ANSWERING(answer_other_json, "HTTP/1.1 400 No\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
ANSWERING(answer_html, "HTTP/1.1 400 No\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}")
ANSWERING(answer_garbage, "{\"error\":\"\x1b[2J\"}\n")
ANSWERING(answer_half, "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nhi")
ANSWERING(answer_two,
          "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 On\r\n\r\nHTTP/1.1 200 OK\r\nX-N: 1\r\nContent-Length: 2\r\n\r\nhi"
          "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
ANSWERING(answer_200_twice, FOUND FOUND)
ANSWERING(answer_200_and_400, FOUND REFUSAL)
ANSWERING(answer_200_three_times, FOUND FOUND FOUND)
ANSWERING(answer_and_close, LAST)
ANSWERING(answer_and_close_twice, LAST LAST)
ANSWERING(answer_301, "HTTP/1.1 301 There\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")
ANSWERING(answer_stream, "HTTP/1.1 200 OK\r\n\r\ndata: one\n\ndata: two\n\n")

static void answer_head(int client)
{
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
}

static void answer_413_and_read_on(int client)
{
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 413 Big\r\nContent-Length: 0\r\n\r\n");
    hostile_take_all(client);
}

static void close_at_once(int client)
{
    hostile_take_request(client);
}

static void reset_at_once(int client)
{
    hostile_take_request(client);
    hostile_set_reset(client);
}

/* Part of an answer, and a reset behind it: what a close() with bytes unread makes of a long one. */
static void reset_within_an_answer(int client)
{
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 400 No\r\nConnection: close\r\n\r\n");
    hostile_set_reset(client);
}

static void never_answer(int client)
{
    hostile_take_all(client);
}

static void send_headers_for_ever(int client)
{
    hostile_send(client, "HTTP/1.1 200 OK\r\n");
    hostile_send_for_ever(client, "X-Endless: header\r\n");
}

static void send_a_line_for_ever(int client)
{
    hostile_send(client, "HTTP/1.1 200 OK\r\nX: ");
    hostile_send_for_ever(client, "for ever and ");
}

static void send_a_body_for_ever(int client)
{
    hostile_send(client, "HTTP/1.1 200 OK\r\n\r\n");
    hostile_send_for_ever(client, "0123456789012345678901234567890123456789012345678901234567890123456789\n");
}

static void send_responses_for_ever(int client)
{
    hostile_send_for_ever(client, REFUSAL);
}

static void send_interims_for_ever(int client)
{
    hostile_send_for_ever(client, "HTTP/1.1 100 Go\r\n\r\n");
}

static void drip_a_response(int client)
{
    hostile_take_request(client);
    hostile_drip(client,
                 "HTTP/1.1 200 OK\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", 50);
}

/* --- tests --- */

static void answers_are_told_apart(void **state)
{
    (void)state;
    expect_pass(answer_200, expects_200);
    expect_fail(answer_500, expects_200, "wrong", "500 after");
    expect_fail(close_at_once, expects_200, "silent", "closed without an answer");
    expect_fail(reset_at_once, expects_200, "silent", "reset without an answer");
    expect_fail(never_answer, expects_200, "hang", "silence");
    expect_fail(answer_half, expects_200, "wrong", "not finished");
    expect_fail(answer_garbage, expects_200, "wrong", "\\e[2J");
    expect_fail(drip_a_response, expects_200, "wrong", "not finished");
}

static void endless_answers_end(void **state)
{
    (void)state;
    expect_fail(send_headers_for_ever, expects_200, "wrong", "more fields");
    expect_fail(send_a_line_for_ever, expects_200, "wrong", "a line is longer");
    expect_fail(send_a_body_for_ever, expects_200, "wrong", "body is larger");
    expect_fail(send_interims_for_ever, expects_200, "wrong", "too many 1xx");
    expect_fail(send_responses_for_ever, expects_a_refusal, "wrong", "400 after");
    expect_fail(send_responses_for_ever, expects_a_refusal_and_a_close, "wrong", "400 after");
}

static void a_refusal_is_one_response(void **state)
{
    (void)state;
    expect_pass(answer_400, expects_a_refusal);
    expect_pass(close_at_once, expects_a_refusal);
    expect_pass(reset_at_once, expects_a_refusal);
    expect_fail(answer_200, expects_a_refusal, "wrong", "200 after");
    expect_fail(answer_500, expects_a_refusal, "wrong", "500 after");
    expect_fail(answer_400_twice, expects_a_refusal, "wrong", "400 after");
    expect_fail(answer_two_heads, expects_a_refusal, "wrong", "400 after");
    expect_fail(answer_400, expects_a_refusal_and_a_close, "hang", "silence");
    expect_fail(close_at_once, expects_a_refusal_and_a_close, "silent", "closed");
}

static void what_follows_is_owed_unless_the_connection_ends(void **state)
{
    (void)state;
    expect_pass(answer_200_twice, expects_the_next_to_be_served);
    expect_fail(answer_200_and_400, expects_the_next_to_be_served, "wrong", "400 after");
    expect_fail(answer_200_three_times, expects_the_next_to_be_served, "wrong", "200 after");
    expect_fail(answer_200, expects_the_next_to_be_served, "hang", "silence");
    expect_pass(answer_and_close, expects_the_next_to_be_served);
    expect_fail(answer_and_close_twice, expects_the_next_to_be_served, "wrong", "200 after");
}

static void where_a_connection_must_live_one_that_ends_is_not_judged(void **state)
{
    (void)state;
    expect_pass(answer_200, needs_a_connection_that_lives);
    expect_fail(answer_and_close_twice, needs_a_connection_that_lives, "wrong", "200 after");
    timeout_scale = LONG;
    struct case_result result = judge(answer_and_close, needs_a_connection_that_lives);
    assert_int_equal(result.verdict, VERDICT_NA);
    case_result_free(&result);
}

static void an_answer_that_a_reset_cut_off_is_a_close(void **state)
{
    (void)state;
    expect_pass(reset_within_an_answer, expects_a_refusal);
    expect_fail(reset_within_an_answer, expects_a_refusal_and_a_close, "wrong", "not finished");
    expect_fail(answer_half, expects_a_refusal, "wrong", "not finished");
}

static void a_redirect_is_legal_where_it_is_said_to_be(void **state)
{
    (void)state;
    expect_pass(answer_301, expects_a_redirect);
    expect_pass(answer_400, expects_a_redirect);
    expect_fail(answer_301, expects_a_refusal, "wrong", "301 after");
    expect_fail(answer_200, expects_a_redirect, "wrong", "200 after");
}

static void errors_are_judged_word_for_word_where_declared(void **state)
{
    (void)state;
    expect_pass(answer_html, expects_any_error);
    expect_fail(answer_200, expects_any_error, "wrong", "200 after");
    expect_pass(answer_400, expects_invalid_json);
    expect_fail(answer_other_json, expects_invalid_json, "wrong", "{}");
    expect_fail(answer_html, expects_invalid_json, "wrong", "text/html");
}

static void what_is_read_is_what_came(void **state)
{
    (void)state;
    expect_pass(answer_two, reads_two_after_an_interim);
    expect_pass(answer_head, reads_interim_and_head);
    expect_pass(answer_stream, reads_a_stream);
    expect_pass(answer_200, sends_a_nul_in_pieces);
    expect_pass(answer_413_and_read_on, floods);
}

static void liveness_is_a_valid_request_served(void **state)
{
    (void)state;
    expect_pass(answer_200, expects_to_be_alive);
    expect_fail(answer_400, expects_to_be_alive, "wrong", "400 after");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_follows_is_owed_unless_the_connection_ends),
        cmocka_unit_test(where_a_connection_must_live_one_that_ends_is_not_judged),
        cmocka_unit_test(an_answer_that_a_reset_cut_off_is_a_close),
        cmocka_unit_test(a_redirect_is_legal_where_it_is_said_to_be),
        cmocka_unit_test(answers_are_told_apart),
        cmocka_unit_test(endless_answers_end),
        cmocka_unit_test(a_refusal_is_one_response),
        cmocka_unit_test(errors_are_judged_word_for_word_where_declared),
        cmocka_unit_test(what_is_read_is_what_came),
        cmocka_unit_test(liveness_is_a_valid_request_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
