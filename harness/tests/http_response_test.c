/* The response reader: what it takes, what it calls a fault and which one, its limits, and that pieces do not matter.
 */
#include "wire/http_response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Feeds in pieces of piece_bytes; returns how many bytes the response took. */
static size_t feed_in_pieces(struct http_response *response, const char *bytes, size_t count, size_t piece_bytes)
{
    size_t taken = 0;

    while (taken < count && response->progress == HTTP_READING) {
        size_t piece = count - taken < piece_bytes ? count - taken : piece_bytes;

        taken += http_response_feed(response, bytes + taken, piece);
    }
    return taken;
}

struct whole {
    const char *bytes;
    int status;
    const char *body;
    size_t left; /* bytes at the end that belong to what follows */
    bool closes;
};

static const struct whole wholes[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", 0, false},
    {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, "", 0, false},
    {"HTTP/1.1 200 OK\r\ncontent-length:2 \t\r\n\r\nhiHTTP/1.1", 200, "hi", 8, false},
    {"HTTP/1.0 404 Not Found\r\nContent-Length: 1\r\n\r\nx", 404, "x", 0, true},
    {"HTTP/1.0 404 No\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", 404, "x", 0, false},
    {"HTTP/1.1 400 No\r\nConnection: foo , Close\r\nContent-Length: 1\r\n\r\nx", 400, "x", 0, true},
    {"HTTP/1.1 400 No\r\nConnection: closed\r\nContent-Length: 1\r\n\r\nx", 400, "x", 0, false},
    {"HTTP/1.1 204 No\r\n\r\nX", 204, "", 1, false},
    {"HTTP/1.1 304 No\r\nContent-Length: 7\r\n\r\nX", 304, "", 1, false},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1", 100, "", 8, false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, "", 0, false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhi\r\n0A;a=\"b\"\r\n0123456789\r\n00\r\n\r\nZ", 200,
     "hi0123456789", 1, false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 ;x\r\na\r\n0\r\nX: y\r\nZ:\r\n\r\n", 200, "a", 0, false},
    {"HTTP/1.1 599 caf\xc3\xa9\r\nX-A: \xff\r\nContent-Length: 1\r\n\r\nx", 599, "x", 0, false},
};

static void well_formed_responses_are_read_in_any_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
        for (size_t piece = 1; piece < 40; piece++) {
            const struct whole *w = &wholes[i];
            struct http_response response;
            size_t count = strlen(w->bytes);

            http_response_init(&response, false);
            size_t taken = feed_in_pieces(&response, w->bytes, count, piece);
            if (response.fault)
                print_message("%s: %s\n", w->bytes, response.fault);
            assert_int_equal(response.progress, HTTP_WHOLE);
            assert_int_equal(response.status, w->status);
            assert_string_equal(response.body.bytes, w->body);
            assert_int_equal(count - taken, w->left);
            assert_int_equal(response.closes, w->closes);
            http_response_free(&response);
        }
}

struct fault {
    const char *bytes;
    const char *fault;
};

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

static const struct fault faults[] = {
    {"\r\nHTTP/1.1 200 OK\r\n", "status line"},
    {"HTTP/2.0 200 OK\r\n", "status line"},
    {"http/1.1 200 OK\r\n", "status line"},
    {"HTTP/1.1  200 OK\r\n", "status code"},
    {"HTTP/1.1 2000 OK\r\n", "followed by a space"},
    {"HTTP/1.1 200\r\n", "followed by a space"},
    {"HTTP/1.1 20 OK\r\n", "three digits"},
    {"HTTP/1.1 600 OK\r\n", "three digits"},
    {"HTTP/1.1 099 OK\r\n", "three digits"},
    {"HTTP/1.1 200 OK\n", "bare LF"},
    {"HTTP/1.1 200 OK\rX", "CR stands"},
    {"HTTP/1.1 200 OK\r\r\n", "CR stands"},
    {"HTTP/1.1 200 \x01\r\n", "control character"},
    {OK "X-A: \x7f\r\n", "control character"},
    {OK "X-A : b\r\n", "name and colon"},
    {OK "X-A\r\n", "name and colon"},
    {OK ": b\r\n", "name and colon"},
    {OK "X[]: b\r\n", "name and colon"},
    {OK "X\xc3\xa9: b\r\n", "name and colon"},
    {OK "X-A: b\r\n c\r\n", "folded"},
    {OK "\tX-A: b\r\n", "folded"},
    {OK "X-A: b\n", "bare LF"},
    {OK "Content-Length: 1\r\nContent-Length: 1\r\n", "two Content-Length"},
    {OK "Content-Length: \r\n", "not a number"},
    {OK "Content-Length: +1\r\n", "not a number"},
    {OK "Content-Length: -1\r\n", "not a number"},
    {OK "Content-Length: 1, 1\r\n", "not a number"},
    {OK "Content-Length: 0x1\r\n", "not a number"},
    {OK "Content-Length: 18446744073709551617\r\n", "not a number"},
    {OK "Transfer-Encoding: gzip, chunked\r\n", "not chunked"},
    {OK "Transfer-Encoding: identity\r\n", "not chunked"},
    {OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "two Transfer-Encoding"},
    {OK "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", "beside"},
    {OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "beside"},
    {"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", "no body"},
    {"HTTP/1.1 100 Go\r\nTransfer-Encoding: chunked\r\n\r\n", "no body"},
    {CHUNKED "\r\n", "its size"},
    {CHUNKED "g\r\n", "its size"},
    {CHUNKED "0x1\r\n", "its size"},
    {CHUNKED " 1\r\n", "its size"},
    {CHUNKED "1 \r\n", "its size"},
    {CHUNKED "-1\r\n", "its size"},
    {CHUNKED "1\na", "bare LF"},
    {CHUNKED "1\r\nab\r\n", "not followed by CRLF"},
    {CHUNKED "1\r\na0\r\n", "not followed by CRLF"},
    {CHUNKED "1\r\na\n", "bare LF"},
    {CHUNKED "0\r\n X: y\r\n", "folded"},
    {CHUNKED "0\r\nX\r\n", "name and colon"},
    {CHUNKED "0000000000000000\r\n", "too many digits"},
    {CHUNKED "fffffffffffffff\r\n", "larger"},
};

static void what_no_server_may_send_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        for (size_t piece = 1; piece < 3; piece++) {
            struct http_response response;

            http_response_init(&response, false);
            feed_in_pieces(&response, faults[i].bytes, strlen(faults[i].bytes), piece);
            assert_int_equal(response.progress, HTTP_MALFORMED);
            if (!strstr(response.fault, faults[i].fault))
                fail_msg("%s: %s", faults[i].bytes, response.fault);
            http_response_free(&response);
        }
}

static void a_nul_in_a_line_is_a_fault(void **state)
{
    static const char bytes[] = "HTTP/1.1 200 OK\r\nX-A: a\0b\r\n";
    struct http_response response;

    (void)state;
    http_response_init(&response, false);
    feed_in_pieces(&response, bytes, sizeof bytes - 1, sizeof bytes);
    assert_string_equal(response.fault, "there is a control character in a line");
    http_response_free(&response);
}

static void a_response_to_head_ends_with_its_fields(void **state)
{
    static const char bytes[] = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nX";
    struct http_response response;

    (void)state;
    http_response_init(&response, true);
    assert_int_equal(feed_in_pieces(&response, bytes, sizeof bytes - 1, 100), sizeof bytes - 2);
    assert_int_equal(response.progress, HTTP_WHOLE);
    http_response_free(&response);
}

/* What is left of a response when the stream ends after `bytes`. */
static enum http_progress progress_at_end(const char *bytes)
{
    struct http_response response;

    http_response_init(&response, false);
    feed_in_pieces(&response, bytes, strlen(bytes), 3);
    http_response_end(&response);
    enum http_progress progress = response.progress;
    http_response_free(&response);
    return progress;
}

static void the_end_of_the_stream_ends_only_a_body_without_length(void **state)
{
    (void)state;
    assert_int_equal(progress_at_end("HTTP/1.1 200 OK\r\n\r\nhi"), HTTP_WHOLE);
    assert_int_equal(progress_at_end("HTTP/1.1 200 OK\r\n\r\n"), HTTP_WHOLE);
    assert_int_equal(progress_at_end(""), HTTP_READING);
    assert_int_equal(progress_at_end("HTTP/1.1 200 OK\r\n"), HTTP_READING);
    assert_int_equal(progress_at_end("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi"), HTTP_READING);
    assert_int_equal(progress_at_end(CHUNKED "1\r\na\r\n"), HTTP_READING);
    assert_int_equal(progress_at_end(CHUNKED "0\r\n"), HTTP_READING);
}

/* Feeds the head, then `count` times the piece, then the tail. */
static enum http_progress progress_after(const char *head, const char *piece, size_t count, const char *tail)
{
    struct http_response response;

    http_response_init(&response, false);
    http_response_feed(&response, head, strlen(head));
    for (size_t i = 0; i < count; i++)
        http_response_feed(&response, piece, strlen(piece));
    http_response_feed(&response, tail, strlen(tail));
    enum http_progress progress = response.progress;
    http_response_free(&response);
    return progress;
}

static void lines_have_a_maximum(void **state)
{
    const size_t name = strlen("X: ");
    const char *head = OK "X: ";
    const char *tail = "\r\nContent-Length: 0\r\n\r\n";

    (void)state;
    assert_int_equal(progress_after(head, "v", HTTP_LINE_MAX_BYTES - name - 1, tail), HTTP_WHOLE);
    assert_int_equal(progress_after(head, "v", HTTP_LINE_MAX_BYTES - name, tail), HTTP_WHOLE);
    assert_int_equal(progress_after(head, "v", HTTP_LINE_MAX_BYTES - name + 1, tail), HTTP_MALFORMED);
}

static void fields_and_trailers_have_a_maximum(void **state)
{
    (void)state;
    assert_int_equal(progress_after(OK, "X: v\r\n", HTTP_FIELDS_MAX - 2, "Content-Length: 0\r\n\r\n"), HTTP_WHOLE);
    assert_int_equal(progress_after(OK, "X: v\r\n", HTTP_FIELDS_MAX - 1, "Content-Length: 0\r\n\r\n"), HTTP_WHOLE);
    assert_int_equal(progress_after(OK, "X: v\r\n", HTTP_FIELDS_MAX, "Content-Length: 0\r\n\r\n"), HTTP_MALFORMED);
    assert_int_equal(progress_after(CHUNKED "0\r\n", "X: v\r\n", HTTP_FIELDS_MAX - 1, "\r\n"), HTTP_WHOLE);
    assert_int_equal(progress_after(CHUNKED "0\r\n", "X: v\r\n", HTTP_FIELDS_MAX, "\r\n"), HTTP_WHOLE);
    assert_int_equal(progress_after(CHUNKED "0\r\n", "X: v\r\n", HTTP_FIELDS_MAX + 1, "\r\n"), HTTP_MALFORMED);
}

static void a_counted_body_has_a_maximum(void **state)
{
    char head[100];

    (void)state;
    for (int extra = -1; extra <= 1; extra++) {
        snprintf(head, sizeof head, OK "Content-Length: %d\r\n\r\n", HTTP_BODY_MAX_BYTES + extra);
        assert_int_equal(progress_after(head, "", 0, ""), extra > 0 ? HTTP_MALFORMED : HTTP_READING);
    }
}

static void a_body_without_length_and_a_chunked_one_have_a_maximum(void **state)
{
    enum { BLOCK = 1 << 20 };
    char *block = calloc(1, BLOCK + 1);

    (void)state;
    assert_non_null(block);
    memset(block, 'b', BLOCK);
    assert_int_equal(progress_after(OK "\r\n", block, HTTP_BODY_MAX_BYTES / BLOCK, ""), HTTP_READING);
    assert_int_equal(progress_after(OK "\r\n", block, HTTP_BODY_MAX_BYTES / BLOCK, "b"), HTTP_MALFORMED);
    assert_int_equal(HTTP_BODY_MAX_BYTES, 0xffffff + 1);
    assert_int_equal(progress_after(CHUNKED, "1\r\nb\r\n", 1, "ffffff\r\n"), HTTP_READING);
    assert_int_equal(progress_after(CHUNKED, "1\r\nb\r\n", 2, "ffffff\r\n"), HTTP_MALFORMED);
    free(block);
}

static void fields_are_found_whatever_their_case(void **state)
{
    static const char bytes[] = OK "Allow: GET\r\nX-Two:  a b \r\nallow: POST\r\nX-None:\r\nContent-Length: 0\r\n\r\n";
    struct http_response response;

    (void)state;
    http_response_init(&response, false);
    http_response_feed(&response, bytes, sizeof bytes - 1);
    assert_int_equal(response.field_count, 5);
    assert_string_equal(http_response_field(&response, "ALLOW"), "GET");
    assert_string_equal(http_response_field(&response, "x-two"), "a b");
    assert_string_equal(http_response_field(&response, "x-none"), "");
    assert_null(http_response_field(&response, "GET"));
    http_response_free(&response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_responses_are_read_in_any_pieces),
        cmocka_unit_test(what_no_server_may_send_is_named),
        cmocka_unit_test(a_nul_in_a_line_is_a_fault),
        cmocka_unit_test(a_response_to_head_ends_with_its_fields),
        cmocka_unit_test(the_end_of_the_stream_ends_only_a_body_without_length),
        cmocka_unit_test(lines_have_a_maximum),
        cmocka_unit_test(fields_and_trailers_have_a_maximum),
        cmocka_unit_test(a_counted_body_has_a_maximum),
        cmocka_unit_test(a_body_without_length_and_a_chunked_one_have_a_maximum),
        cmocka_unit_test(fields_are_found_whatever_their_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
