/* The request decoder against a corpus: each row is a stream of bytes and all that may come out of it. Every row is
 * decoded whole, byte by byte, and cut at every place, and the outcome must be the same each time. */
#include "http/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OUTCOME_MAX_BYTES = 65536, BODY_MAX_BYTES = 1000 };

struct outcome {
    char text[OUTCOME_MAX_BYTES];
    size_t length;
};

static void note(struct outcome *outcome, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct outcome *outcome, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(outcome->text + outcome->length, sizeof outcome->text - outcome->length, format, arguments);
    va_end(arguments);
    assert_true(length >= 0 && (size_t)length < sizeof outcome->text - outcome->length);
    outcome->length += (size_t)length;
}

static void note_head(struct outcome *outcome, const struct http_request *request)
{
    note(outcome, "[%s %s", request->method, request->path);
    if (request->query)
        note(outcome, "?%s", request->query);
    note(outcome, " @%s", request->host ? request->host : "-");
    if (request->close)
        note(outcome, " close");
    if (request->expect_continue)
        note(outcome, " expect");
    note(outcome, "] ");
}

/* Feeds one piece and notes its events. False: the decoder has refused. */
static bool feed(struct http_decoder *decoder, const char *bytes, size_t count, struct outcome *outcome)
{
    for (size_t at = 0;;) {
        size_t consumed;
        enum http_event event = http_decode(decoder, bytes + at, count - at, &consumed);

        at += consumed;
        switch (event) {
        case HTTP_MORE:
            assert_int_equal(at, count);
            return true;
        case HTTP_HEAD:
            note_head(outcome, http_request(decoder));
            break;
        case HTTP_BODY:
            note(outcome, "%.*s", (int)decoder->body_count, decoder->body);
            break;
        case HTTP_END:
            note(outcome, "; ");
            break;
        case HTTP_REFUSED:
            note(outcome, "%d", decoder->refusal.status);
            assert_int_equal(http_decode(decoder, "GET / HTTP/1.1\r\n", 16, &consumed), HTTP_REFUSED);
            return false;
        }
    }
}

/* A copy of its own for each piece, so that AddressSanitizer sees a byte read too many. */
static bool feed_copy(struct http_decoder *decoder, const char *bytes, size_t count, struct outcome *outcome)
{
    char *copy = malloc(count ? count : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, count);
    bool more = feed(decoder, copy, count, outcome);
    free(copy);
    return more;
}

/* Decodes bytes in pieces of step, of which the first is of first bytes. */
static void decode_pieces(const char *bytes, size_t count, size_t first, size_t step, struct outcome *outcome)
{
    struct http_decoder decoder;

    http_begin(&decoder, BODY_MAX_BYTES);
    outcome->length = 0;
    outcome->text[0] = '\0';
    for (size_t at = 0, size = first; at < count; at += size, size = step) {
        if (size > count - at)
            size = count - at;
        if (!feed_copy(&decoder, bytes + at, size, outcome))
            break;
    }
    http_end(&decoder);
}

static void expect_bytes(const char *bytes, size_t count, const char *expected)
{
    static struct outcome outcome;

    decode_pieces(bytes, count, count, count, &outcome);
    if (strcmp(outcome.text, expected) != 0)
        print_message("request: %.*s\n", (int)(count < 200 ? count : 200), bytes);
    assert_string_equal(outcome.text, expected);
    decode_pieces(bytes, count, 1, 1, &outcome);
    assert_string_equal(outcome.text, expected);
    if (count > 2000) /* cutting long ones everywhere would take a square of their length */
        return;
    for (size_t cut = 1; cut < count; cut++) {
        decode_pieces(bytes, count, cut, count, &outcome);
        assert_string_equal(outcome.text, expected);
    }
}

static void expect_outcome(const char *bytes, const char *expected)
{
    expect_bytes(bytes, strlen(bytes), expected);
}

#define HOST "Host: a\r\n"
#define POST "POST /p HTTP/1.1\r\n" HOST
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define GET "GET /g HTTP/1.1\r\n" HOST "\r\n"

static void accepts_what_the_standard_asks_for(void **state)
{
    (void)state;
    expect_outcome(GET, "[GET /g @a] ; ");
    expect_outcome("GET /g?a=b?c HTTP/1.1\r\nHost: a:80\r\n\r\n", "[GET /g?a=b?c @a:80] ; ");
    expect_outcome(POST "Content-Length: 5\r\n\r\nhello", "[POST /p @a] hello; ");
    expect_outcome(POST "content-LENGTH:\t 5 \t\r\n\r\nhello" GET, "[POST /p @a] hello; [GET /g @a] ; ");
    expect_outcome(POST "Content-Length: 0\r\n\r\n" GET GET, "[POST /p @a] ; [GET /g @a] ; [GET /g @a] ; ");
    expect_outcome(POST "Content-Length: 010\r\n\r\n0123456789" GET, "[POST /p @a] 0123456789; [GET /g @a] ; ");
    expect_outcome("\r\n\r\n" GET "\r\n" GET, "[GET /g @a] ; [GET /g @a] ; ");
    expect_outcome("POST HTTP://x:8/p?q HTTP/1.1\r\n" HOST "\r\n", "[POST /p?q @x:8] ; ");
    expect_outcome("GET http://x HTTP/1.1\r\n" HOST "\r\n", "[GET / @x] ; ");
    expect_outcome("GET http://x?q HTTP/1.1\r\n" HOST "\r\n", "[GET /?q @x] ; ");
    expect_outcome("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "[OPTIONS * @a] ; ");
    expect_outcome("GET / HTTP/1.0\r\n\r\n", "[GET / @- close] ; ");
    expect_outcome("GET / HTTP/1.7\r\n" HOST "\r\n", "[GET / @a] ; ");
    expect_outcome("GET / HTTP/1.1\r\nHost:\r\n\r\n", "[GET / @] ; ");
    expect_outcome("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "[GET / @[::1]:8080] ; ");
    expect_outcome("GET / HTTP/1.1\r\n" HOST "X: caf\xc3\xa9\r\nEmpty:\r\n\r\n", "[GET / @a] ; ");
    expect_outcome("GET / HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\n", "[GET / @a close] ; ");
    expect_outcome("GET / HTTP/1.1\r\n" HOST "Connection: closer\r\n\r\n", "[GET / @a] ; ");
    expect_outcome(POST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx", "[POST /p @a expect] x; ");
    expect_outcome(POST "Expect: 100-continue\r\n\r\n", "[POST /p @a] ; ");
}

static void decodes_chunks(void **state)
{
    (void)state;
    expect_outcome(CHUNKED "0\r\n\r\n" GET, "[POST /p @a] ; [GET /g @a] ; ");
    expect_outcome(CHUNKED "5\r\nhello\r\n006\r\n world\r\n000\r\n\r\n" GET,
                   "[POST /p @a] hello world; [GET /g @a] ; ");
    expect_outcome(CHUNKED "a;x\r\n0123456789\r\n0 ; y=\"z;\"\r\n\r\n", "[POST /p @a] 0123456789; ");
    expect_outcome(CHUNKED "1\r\nx\r\n0\r\nX: y\r\nContent-Length: 99\r\n\r\n" GET, "[POST /p @a] x; [GET /g @a] ; ");
    expect_outcome(CHUNKED "0000000000000001\r\nx\r\n0\r\n\r\n", "[POST /p @a] x; ");
    expect_outcome("POST /p HTTP/1.1\r\ntransfer-encoding: ChunkeD\r\n" HOST "\r\n1\r\nx\r\n0\r\n\r\n",
                   "[POST /p @a] x; ");
}

static void refuses_bad_chunks(void **state)
{
    static const char *const bodies[] = {
        "0x7\r\n",
        "-7\r\n",
        "+7\r\n",
        " 7\r\n",
        "\r\n",
        ";a\r\n",
        "7 \r\n",
        "7 7\r\n",
        "7a g\r\n",
        "g\r\n",
        "00000000000000007",
        "7\n",
        "7\r;a\r\n",
        "7;\n",
        "7;a\x01=b\r\n",
        "7;a\rb\r\n",
        "7,\r\n",
        "0\r\n X: y",
        "0\r\nX\r\n",
        "0\r\n\n",
        "0\r\n\rX",
        "0\r\nX : y\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        char request[256];

        /* The second line makes a refusal of those rows that a lenient reader would wait on. */
        snprintf(request, sizeof request, "%s%s\r\n" GET, CHUNKED, bodies[i]);
        expect_outcome(request, "[POST /p @a] 400");
    }
    expect_outcome(CHUNKED "7\r\n1234567XX", "[POST /p @a] 1234567400");
    expect_outcome(CHUNKED "7\r\n1234567\n", "[POST /p @a] 1234567400");
    expect_outcome(CHUNKED "1\r\nx0\r\n\r\n", "[POST /p @a] x400");
    expect_outcome(CHUNKED "3e9\r\n", "[POST /p @a] 413");
    expect_outcome(CHUNKED "ffffffffffffffff\r\n", "[POST /p @a] 413");
    expect_outcome(CHUNKED "1\r\nx\r\nffffffffffffffff\r\n", "[POST /p @a] x413");
}

static void refuses_bad_framing(void **state)
{
    static const struct {
        const char *fields;
        const char *outcome;
    } rows[] = {
        {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "400"},
        {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "400"},
        {"Content-Length: 7\r\nContent-Length: 3\r\n", "400"},
        {"Content-Length: 7\r\nContent-Length: 7\r\n", "400"},
        {"Content-Length: 7, 3\r\n", "400"},
        {"Content-Length: +7\r\n", "400"},
        {"Content-Length: -1\r\n", "400"},
        {"Content-Length: 0x7\r\n", "400"},
        {"Content-Length: 7 7\r\n", "400"},
        {"Content-Length:\r\n", "400"},
        {"Content-Length: 7a\r\n", "400"},
        {"Content-Length: 1e1\r\n", "400"},
        {"Content-Length: 7.0\r\n", "400"},
        {"Content-Length: 1001\r\n", "413"},
        {"Content-Length: 18446744073709551615\r\n", "413"},
        {"Content-Length: 18446744073709551616\r\n", "413"},
        {"Content-Length: 18446744073709551623\r\n", "413"},
        {"Content-Length: 1111111111111111111111111111111111111111\r\n", "413"},
        {"Content-Length : 7\r\n", "400"},
        {"Transfer-Encoding: foo\r\n", "501"},
        {"Transfer-Encoding: xchunked\r\n", "501"},
        {"Transfer-Encoding: identity\r\n", "501"},
        {"Transfer-Encoding: \"chunked\"\r\n", "501"},
        {"Transfer-Encoding: Chunked;q\r\n", "501"},
        {"Transfer-Encoding:\r\n", "501"},
        {"Transfer-Encoding: \x0b"
         "chunked\r\n",
         "400"},
        {"Transfer-Encoding: chunked, identity\r\n", "400"},
        {"Transfer-Encoding: chunked, chunked\r\n", "400"},
        {"Transfer-Encoding: gzip, chunked\r\n", "400"},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "400"},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "400"},
        {"Transfer-Encoding: \r\n chunked\r\n", "400"},
        {"Transfer-Encoding\r\n", "400"},
        {"Host: a\r\n", "400"},
        {"Expect: 200-ok\r\n", "417"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char request[512];

        snprintf(request, sizeof request, POST "%s\r\n0\r\n\r\n" GET, rows[i].fields);
        expect_outcome(request, rows[i].outcome);
    }
    expect_outcome("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400");
    expect_outcome("POST / HTTP/1.0\r\nExpect: nothing\r\n\r\n", "[POST / @- close] ; ");
}

static void refuses_bad_fields(void **state)
{
    static const char *const fields[] = {
        " X: y\r\n",    "\tX: y\r\n",   "X: y\r\n z\r\n",     "X : y\r\n",        "X\r\n",
        ": y\r\n",      "X(A: y\r\n",   "X[]: y\r\n",         "X\xc3\xa9: y\r\n", "X: a\rb\r\n",
        "X: a\x07\r\n", "X: a\x7f\r\n", "X: a\r\n\rX: y\r\n", "X: a\n",           "\n",
        "X Y: z\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char request[256];

        snprintf(request, sizeof request, "GET / HTTP/1.1\r\n%s" HOST "\r\n", fields[i]);
        expect_outcome(request, "400");
    }
    static const char nul[] = "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n";
    expect_bytes(nul, sizeof nul - 1, "400");
    expect_outcome("GET / HTTP/1.1\n" HOST "\r\n", "400");
    expect_outcome("GET / HTTP/1.1\r\n" HOST "\n", "400");
}

static void refuses_bad_hosts(void **state)
{
    static const char *const hosts[] = {
        "a b",    "a/b",  "u@a", "a:b", "a:8:8", "[::1",  "[]",          "[::g]",
        "[::1]x", "a\\b", "a?b", "%4",  "%zz",   "\"a\"", "caf\xc3\xa9",
    };

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char request[256];

        snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", hosts[i]);
        expect_outcome(request, "400");
        snprintf(request, sizeof request, "GET http://%s/ HTTP/1.1\r\n" HOST "\r\n", hosts[i]);
        if (!strpbrk(hosts[i], "/?"))
            expect_outcome(request, "400");
    }
    expect_outcome("GET / HTTP/1.1\r\nX: y\r\n\r\n", "400");
    expect_outcome("GET / HTTP/1.0\r\nHost: a b\r\n\r\n", "400");
}

static void refuses_bad_request_lines(void **state)
{
    static const struct {
        const char *line;
        const char *outcome;
    } rows[] = {
        {"GET  / HTTP/1.1", "400"},
        {"GET /  HTTP/1.1", "400"},
        {" GET / HTTP/1.1", "400"},
        {"GET\t/ HTTP/1.1", "400"},
        {"GET /\tHTTP/1.1", "400"},
        {"GET /", "400"},
        {"GET", "400"},
        {"GET / HTTP/1.1 ", "400"},
        {"GET / http/1.1", "400"},
        {"GET / HTTP/1.1x", "400"},
        {"GET / HTTP/1.", "400"},
        {"GET / HTTP/11", "400"},
        {"GET / HTTP/a.1", "400"},
        {"GET / HTTP/2.0", "505"},
        {"PRI * HTTP/2.0", "505"},
        {"GET /\x01 HTTP/1.1", "400"},
        {"GET /\x7f HTTP/1.1", "400"},
        {"GET /\xff HTTP/1.1", "400"},
        {"GET /#f HTTP/1.1", "400"},
        {"PO(ST / HTTP/1.1", "400"},
        {"GET p HTTP/1.1", "400"},
        {"GET * HTTP/1.1", "400"},
        {"CONNECT a:1 HTTP/1.1", "400"},
        {"GET http:/// HTTP/1.1", "400"},
        {"GET http://:1/ HTTP/1.1", "400"},
        {"GET ftp://a/ HTTP/1.1", "400"},
        {"\x16\x03\x01", "400"},
        {"GET / HTTP/0.9", "505"},
        {"GET / HTTP/1.1\r", "400"},
        {"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1", "400"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char request[256];

        snprintf(request, sizeof request, "%s\r\n" HOST "\r\n", rows[i].line);
        expect_outcome(request, rows[i].outcome);
    }
}

/* A request whose target, field value or field count fills a limit; the caller frees it. */
static char *padded(const char *before, size_t padding, const char *after)
{
    char *request = malloc(strlen(before) + padding + strlen(after) + 1);

    assert_non_null(request);
    size_t length = strlen(before);
    memcpy(request, before, length);
    memset(request + length, 'x', padding);
    strcpy(request + length + padding, after);
    return request;
}

/* Decodes a padded request and compares the end of the outcome, where a refusal's status or "; " stands. */
static void expect_padded(const char *before, size_t padding, const char *after, const char *tail)
{
    static struct outcome outcome;
    char *request = padded(before, padding, after);

    decode_pieces(request, strlen(request), strlen(request), 1, &outcome);
    assert_true(outcome.length >= strlen(tail));
    assert_string_equal(outcome.text + outcome.length - strlen(tail), tail);
    decode_pieces(request, strlen(request), 1, 1, &outcome);
    assert_string_equal(outcome.text + outcome.length - strlen(tail), tail);
    free(request);
}

static void lines_have_a_maximum(void **state)
{
    size_t target = HTTP_REQUEST_LINE_MAX_BYTES - strlen("GET / HTTP/1.1");
    size_t value = HTTP_FIELDS_MAX_BYTES - strlen("Host: a\r\nX: \r\n");

    (void)state;
    for (int over = -1; over <= 1; over++) {
        expect_padded("GET /", target + (size_t)over, " HTTP/1.1\r\n" HOST "\r\n", over > 0 ? "414" : "; ");
        expect_padded("GET / HTTP/1.1\r\nHost: a\r\nX: ", value + (size_t)over, "\r\n\r\n", over > 0 ? "431" : "; ");
        expect_padded(CHUNKED "0;", HTTP_CHUNK_LINE_MAX_BYTES - 2 + (size_t)over, "\r\n\r\n", over > 0 ? "400" : "; ");
        expect_padded(CHUNKED "0\r\nX: ", HTTP_CHUNK_LINE_MAX_BYTES - 3 + (size_t)over, "\r\n\r\n",
                      over > 0 ? "431" : "; ");
    }
}

/* before, then piece as often as said, then after */
static void expect_repeated(const char *before, const char *piece, size_t times, const char *after, const char *tail)
{
    char *request = malloc(strlen(before) + strlen(piece) * times + strlen(after) + 1);
    char *end = request;

    assert_non_null(request);
    end += sprintf(end, "%s", before);
    for (size_t i = 0; i < times; i++)
        end += sprintf(end, "%s", piece);
    strcpy(end, after);
    expect_padded(request, 0, "", tail);
    free(request);
}

static void counts_have_a_maximum(void **state)
{
    /* 32 bytes of extension on a one-byte chunk, and a trailer of 32 bytes with its CR LF */
    static const char extension[] = "1;234567890123456789012345678901x\r\nx\r\n";
    static const char trailer[] = "X: 345678901234567890123456789\r\n";
    size_t extensions = HTTP_CHUNK_EXTENSIONS_MAX_BYTES / 32;
    size_t trailers = HTTP_TRAILERS_MAX_BYTES / (sizeof trailer - 1);

    (void)state;
    for (size_t over = 0; over <= 1; over++) {
        expect_repeated(GET, "\r\n", HTTP_EMPTY_LINES_MAX + over, GET, over ? "400" : "; ");
        expect_repeated("GET / HTTP/1.1\r\n" HOST, "X: y\r\n", HTTP_FIELDS_MAX - 1 + over, "\r\n", over ? "431" : "; ");
        expect_repeated(CHUNKED, extension, extensions, over ? "0;\r\n\r\n" : "0\r\n\r\n", over ? "400" : "; ");
        expect_repeated(CHUNKED "0\r\n", trailer, trailers + over, "\r\n", over ? "431" : "; ");
    }
    expect_padded(POST "Content-Length: 1000\r\n\r\n", BODY_MAX_BYTES, "", "; ");
    expect_padded(CHUNKED "3e8\r\n", BODY_MAX_BYTES, "\r\n0\r\n\r\n", "; ");
    expect_repeated(CHUNKED, "1\r\nx\r\n", BODY_MAX_BYTES - 1, "0\r\n\r\n", "; ");
    expect_repeated(CHUNKED, "1\r\nx\r\n", BODY_MAX_BYTES, "0\r\n\r\n", "; ");
    expect_repeated(CHUNKED, "1\r\nx\r\n", BODY_MAX_BYTES + 1, "0\r\n\r\n", "413");
}

static void knows_whether_a_request_is_under_way(void **state)
{
    struct http_decoder decoder;
    struct outcome outcome = {.length = 0};

    (void)state;
    http_begin(&decoder, BODY_MAX_BYTES);
    assert_false(http_is_reading(&decoder));
    assert_true(feed(&decoder, "\r\n", 2, &outcome));
    assert_false(http_is_reading(&decoder));
    assert_true(feed(&decoder, "G", 1, &outcome));
    assert_true(http_is_reading(&decoder));
    static const char rest[] = "ET / HTTP/1.1\r\n" HOST "X-A: 1\r\nx-a: 2\r\n\r\n";
    assert_true(feed(&decoder, rest, sizeof rest - 1, &outcome));
    assert_false(http_is_reading(&decoder));
    assert_string_equal(http_field(http_request(&decoder), "X-a"), "1");
    assert_int_equal(http_field_count(http_request(&decoder), "X-A"), 2);
    assert_null(http_field(http_request(&decoder), "Y"));
    http_end(&decoder);
    assert_false(http_is_reading(&decoder));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_the_standard_asks_for),
        cmocka_unit_test(decodes_chunks),
        cmocka_unit_test(refuses_bad_chunks),
        cmocka_unit_test(refuses_bad_framing),
        cmocka_unit_test(refuses_bad_fields),
        cmocka_unit_test(refuses_bad_hosts),
        cmocka_unit_test(refuses_bad_request_lines),
        cmocka_unit_test(lines_have_a_maximum),
        cmocka_unit_test(counts_have_a_maximum),
        cmocka_unit_test(knows_whether_a_request_is_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
