/* Expectations of many rooms: what a server that reads no chunks is spared, and what it may do with a request that is
 * not finished. */
#include "tests/http_case_fixture.h"

static void answer_200(int client)
{
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    hostile_take_all(client);
}

/* Takes the chunks of the body for what they are, or for a request. */
static void answer_in_step(int client)
{
    hostile_take_request(client);
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    answer_200(client);
}

static void answer_the_chunks_too(int client)
{
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n");
    hostile_take_all(client);
}

static void refuse_the_chunks_too(int client)
{
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n");
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n");
    hostile_take_all(client);
}

static void answer_400(int client)
{
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n");
    hostile_take_all(client);
}

static void never_answer(int client)
{
    hostile_take_all(client);
}

static void answer_in_http_1_0(int client)
{
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void close_without_a_word(int client)
{
    hostile_take_request(client);
}

static void leave_for_good(int client)
{
    hostile_take_request(client);
    hostile_stop_listening();
}

static void leave_within_an_answer(int client)
{
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nhal");
    hostile_stop_listening();
}

static void needs_chunks(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);

    expect(http_ask_in_chunks(peer).outcome == HTTP_ANSWER, WRONG, "an answer", "none");
    http_hang_up(peer);
}

static void needs_a_server_that_reads_chunks(void **state)
{
    http_need_chunked(*state);

    expect(true, WRONG, "a server that reads chunks", "it does");
}

static void expects_a_success(void **state)
{
    struct http_peer *peer = http_dial(*state);

    http_send(peer, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_success(http_read(peer));
    http_hang_up(peer);
}

/* To this server, which need not answer, the request has only begun. */
static void expects_a_refusal_or_a_wait(void **state)
{
    static const struct http_variant variants[] = {{"Content-Length: 4294967298\r\n", "{}"}, {NULL, NULL}};

    expect_variants_refused(*state, variants, MAY_4XX | MAY_WAIT, false);
}

static void who_reads_no_chunks_is_not_judged_by_them(void **state)
{
    (void)state;
    expect_pass(answer_200, needs_chunks);
    expect_pass(answer_in_step, needs_a_server_that_reads_chunks);
    expect_not_judged(answer_in_http_1_0, needs_a_server_that_reads_chunks, "HTTP/1.0");
    expect_not_judged(answer_400, needs_a_server_that_reads_chunks, "http/chunk-framing");
}

/* Nobody accepts a second connection, so the one who has closed or waits is found to serve nobody else. */
static void who_may_wait_must_not_answer_nor_stand_still(void **state)
{
    (void)state;
    expect_fail(answer_200, expects_a_refusal_or_a_wait, "wrong", "200 after");
    expect_fail(never_answer, expects_a_refusal_or_a_wait, "hang", "silence");
}

static void needs_a_server_that_looks_at_codings(void **state)
{
    http_need_transfer_encoding(*state);

    expect(true, WRONG, "a server that looks at Transfer-Encoding", "it does");
}

static void who_takes_chunks_for_requests_is_told_so_once(void **state)
{
    (void)state;
    expect_not_judged(answer_the_chunks_too, needs_a_server_that_reads_chunks, "http/chunk-framing");
    expect_not_judged(answer_the_chunks_too, needs_a_server_that_looks_at_codings, "http/chunk-framing");
    expect_not_judged(refuse_the_chunks_too, needs_a_server_that_looks_at_codings, "http/chunk-framing");
    expect_pass(answer_400, needs_a_server_that_looks_at_codings);
    expect_pass(answer_in_step, needs_a_server_that_looks_at_codings);
}

/* How an answer fails is what was seen of it, and of the server: only one that has gone has crashed. */
static void how_says_what_was_seen(void **state)
{
    (void)state;
    expect_fail(answer_400, expects_a_success, "wrong", "400 after");
    expect_fail(never_answer, expects_a_success, "hang", "silence");
    expect_fail(close_without_a_word, expects_a_success, "silent", "without an answer");
    expect_fail(leave_for_good, expects_a_success, "crash", "without an answer");
    expect_fail(leave_within_an_answer, expects_a_success, "crash", "not finished");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_reads_no_chunks_is_not_judged_by_them),
        cmocka_unit_test(who_takes_chunks_for_requests_is_told_so_once),
        cmocka_unit_test(how_says_what_was_seen),
        cmocka_unit_test(who_may_wait_must_not_answer_nor_stand_still),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
