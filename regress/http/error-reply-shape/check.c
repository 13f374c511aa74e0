/* A refusal is one well-formed response, whose body is as long as it says, and that carries nothing of the request in a
 * form that a browser would run. */
#include "check.h"
#include "http/expect.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MARK "<script>assay</script>"

/* Requests that each break another rule, with a mark where an error page might repeat them. */
static const char *const bad_requests[] = {
    "GET /" MARK " HTTP/1.1\r\n\r\n",
    MARK " / HTTP/1.1\r\nHost: assay\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: " MARK "\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: assay\r\nHost: assay\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: assay\r\n" MARK "\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: assay\r\nX : " MARK "\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: assay\r\n X: " MARK "\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: assay\r\nContent-Length: " MARK "\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: assay\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: assay\r\nTransfer-Encoding: " MARK "\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: assay\r\nContent-Length: 99999999999999999999\r\n\r\n",
};

/* Lines without a version of HTTP/1: HTTP/0.9 had such requests, and its answers had neither status nor fields. */
static const char *const not_http_1[] = {"BAD\r\n\r\n", "GET\r\n\r\n", "GET /" MARK "\r\n\r\n",
                                         "GET /" MARK " HTTP/9.9\r\nHost: assay\r\n\r\n",
                                         "\x16\x03\x01\x02\x7f\x01\x03\x03 a TLS client\r\n\r\n"};

static const char *const bad_chunks[] = {
    "POST / HTTP/1.1\r\nHost: assay\r\nTransfer-Encoding: chunked\r\n\r\n" MARK "\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: assay\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}XX" MARK "\r\n\r\n",
};

/* HTML that holds the mark is a page written by the one who sent the link. */
static void expect_no_mark(struct http_answer answer)
{
    const char *type = http_answer_field(&answer, "Content-Type");
    bool html = !type || strstr(type, "html") || strstr(type, "xml");

    expect(!html || !memmem(answer.body, answer.body_bytes, MARK, strlen(MARK)), WRONG,
           "an answer that repeats nothing of the request as HTML", "%s", answer.summary);
}

/* One response or a close: the reader counts header blocks and bytes, and expect_no_more() sees what is too many. */
static void expect_one_refusal(struct http_target *server, const char *request)
{
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s", request);
    struct http_answer answer = http_read(peer);
    expect_legal(answer, MAY_3XX | MAY_4XX | MAY_501 | MAY_505 | MAY_CLOSE);
    if (answer.outcome == HTTP_ANSWER) {
        expect_no_mark(answer);
        expect_no_more(peer);
    }
    http_hang_up(peer);
}

static void every_refusal_is_one_response(void **state)
{
    for (size_t i = 0; i < COUNT(bad_requests); i++)
        expect_one_refusal(*state, bad_requests[i]);
    expect_alive(*state);
}

/* The answer may come before the body, and must not come once more when that turns out to be malformed. */
static void malformed_chunks_are_refused_once(void **state)
{
    http_need_chunked(*state);

    for (size_t i = 0; i < COUNT(bad_chunks); i++)
        expect_one_refusal(*state, bad_chunks[i]);
    expect_alive(*state);
}

static void other_versions_are_answered_in_http_1(void **state)
{
    for (size_t i = 0; i < COUNT(not_http_1); i++)
        expect_one_refusal(*state, not_http_1[i]);
    expect_alive(*state);
}

/* The answer to a body that is not JSON: whatever its status, it is an error. */
static struct http_answer ask_for_an_error(struct http_target *server, struct http_peer *peer)
{
    http_send_request(peer, server->json_endpoints, "Accept: text/html\r\nContent-Length: 31\r\n", MARK "{not-json");
    struct http_answer answer = http_read(peer);
    expect_answer(answer, answer.status >= 400, "an error");
    return answer;
}

/* Where the contract's errors are declared, an error of the application is JSON, whoever asks for what. */
static void an_error_of_the_application_is_one_response(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);
    struct http_answer answer = ask_for_an_error(server, peer);

    if (server->exact_errors)
        expect_json_type(answer);
    expect_no_mark(answer);
    expect_no_more(peer);
    http_hang_up(peer);
}

/* The length of a refusal is told by its Content-Length or its chunks, so that the connection may live on. */
static void a_refusal_says_how_long_it_is(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);
    struct http_answer answer = ask_for_an_error(server, peer);

    expect(http_answer_field(&answer, "Content-Length") || http_answer_field(&answer, "Transfer-Encoding"), WRONG,
           "Content-Length or chunks", "neither");
    http_hang_up(peer);
}

/* Line breaks in disguise, where a redirect, an error or a CORS field might repeat them: decoded, and copied to a field
 * of the response, they begin a field of the attacker's. The last one is a line break to who keeps the lower bytes. */
static void no_line_break_reaches_a_field(void **state)
{
    static const char field[] = "X-Assay-Injected";
    static const char *const breaks[] = {"%0d%0a", "%0a", "%250d%250a", "%E5%98%8D%E5%98%8A"};
    static const struct {
        const char *before;
        const char *behind;
    } places[] = {
        {"GET /", " HTTP/1.1\r\n"},
        {"GET //assay", "/.. HTTP/1.1\r\n"},
        {"GET /?next=", " HTTP/1.1\r\n"},
        {"OPTIONS / HTTP/1.1\r\nOrigin: http://assay", "\r\n"},
        {"GET /assay HTTP/1.1\r\nX-Request-Id: a", "\r\n"},
    };
    struct http_target *server = *state;

    for (size_t i = 0; i < COUNT(places) * COUNT(breaks); i++) {
        struct http_peer *peer = http_dial(server);

        http_send(peer, "%s%s%s:yes%s%s\r\n", places[i / COUNT(breaks)].before, breaks[i % COUNT(breaks)], field,
                  places[i / COUNT(breaks)].behind, server->fields);
        struct http_answer answer = http_read(peer);
        expect_legal(answer, MAY_2XX | MAY_3XX | MAY_4XX | MAY_501 | MAY_CLOSE);
        if (answer.outcome == HTTP_ANSWER) {
            expect(!http_answer_field(&answer, field), WRONG, "no field of the request's making", "%s: %s", field,
                   http_answer_field(&answer, field));
            expect_no_more(peer);
        }
        http_hang_up(peer);
    }
}

static void an_answer_to_a_good_request_is_one_response(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);

    http_send_json(peer, server->json_endpoints, server->json_endpoints->body);
    expect_success(http_read(peer));
    expect_no_more(peer);
    http_hang_up(peer);
}

const struct check check = {
    .title = "A refusal is one well-formed response, and repeats nothing as HTML",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 9112 6", "RFC 9112 9.2", "CWE-79", "CWE-113"},
    .cases =
        {
            CASE(every_refusal_is_one_response),
            CASE(malformed_chunks_are_refused_once),
            CASE(other_versions_are_answered_in_http_1, .level = SHOULD),
            CASE(an_error_of_the_application_is_one_response),
            CASE(a_refusal_says_how_long_it_is),
            CASE(no_line_break_reaches_a_field),
            CONTROL(an_answer_to_a_good_request_is_one_response),
        },
};
