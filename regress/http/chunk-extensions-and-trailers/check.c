/* Chunk extensions and trailers are read past: they change nothing, and there is an end to how many are read. */
#include "check.h"
#include "peers/http_expect.h"
#include "text.h"

#include <string.h>

enum { ENDLESS_BYTES = 32 << 20 };

#define NEXT "GET /assay-next HTTP/1.1\r\nHost: assay\r\n\r\n"

/* The endpoint's valid body as one chunk with that extension, then those trailers, then another request. */
static struct http_peer *send_chunk(struct http_target *server, const char *extension, const char *trailers)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\n%zx%s\r\n%s\r\n0%s\r\n%s\r\n" NEXT,
              endpoint->method, endpoint->path, server->fields, strlen(endpoint->body), extension, endpoint->body,
              extension, trailers);
    return peer;
}

/* Served, and what follows as well. */
static void expect_ignored(struct http_target *server, const char *extension, const char *trailers)
{
    struct http_peer *peer = send_chunk(server, extension, trailers);

    expect_success(http_read(peer));
    struct http_answer next = http_read(peer);
    expect(next.outcome == HTTP_ANSWER, WRONG, "the next request is answered", "%s", next.summary);
    expect_no_more(peer);
    http_hang_up(peer);
}

static void extensions_are_ignored(void **state)
{
    static const char *const extensions[] = {";a=b", ";a", ";a=\"b;c\"", ";a=b;c=d", " ; a = b"};

    http_need_chunked(*state);
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        expect_ignored(*state, extensions[i], "");
}

static void trailers_have_no_effect(void **state)
{
    static const char *const trailers[] = {
        "X-Trailer: y\r\n",
        "Content-Length: 40\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Host: evil.example\r\n",
        "Authorization: Bearer wrong\r\n",
        "Connection: close\r\n",
        "Content-Length: x\r\nX: \xff\r\n",
    };

    http_need_chunked(*state);
    for (size_t i = 0; i < sizeof trailers / sizeof *trailers; i++)
        expect_ignored(*state, "", trailers[i]);
}

static void expect_end(struct http_target *server, const char *begin, const char *endless)
{
    struct http_peer *peer = http_dial(server);

    http_need_chunked(server);
    http_send_request(peer, server->json_endpoints, "Transfer-Encoding: chunked\r\n", begin);
    size_t taken = http_flood(peer, endless, ENDLESS_BYTES);
    expect(taken < ENDLESS_BYTES, WRONG, "an answer or a close while it still comes",
           "%zu bytes were taken without one", taken);
    expect_legal(http_read(peer), MAY_4XX | MAY_CLOSE);
    http_hang_up(peer);
    expect_alive(server);
}

static void an_endless_extension_is_refused(void **state)
{
    expect_end(*state, "2", ";a=b");
}

/* One byte of content for every few hundred of extensions: no single line is long. */
static void endless_short_extensions_are_refused(void **state)
{
    struct text chunk;

    text_init(&chunk, 4096);
    text_add(&chunk, "1");
    while (chunk.length < 300)
        text_add(&chunk, ";extension=value");
    text_add(&chunk, "\r\n \r\n");
    expect_end(*state, "", chunk.bytes);
    text_free(&chunk);
}

static void an_endless_trailer_is_refused(void **state)
{
    expect_end(*state, "2\r\n{}\r\n0\r\nX-Trailer: ", "abcdefgh");
}

static void endless_trailers_are_refused(void **state)
{
    expect_end(*state, "2\r\n{}\r\n0\r\n", "X-Trailer: abcdefgh\r\n");
}

/* A trailer is a field: what cannot be one is refused, since readers disagree about what it is instead. */
static void trailers_have_the_form_of_fields(void **state)
{
    static const char *const trailers[] = {" X: y\r\n", "X\r\n",          ": y\r\n",
                                           "X : y\r\n", "X: a\nY: b\r\n", "GET / HTTP/1.1\r\n"};

    http_need_chunked(*state);
    for (size_t i = 0; i < sizeof trailers / sizeof *trailers; i++) {
        struct http_peer *peer = send_chunk(*state, "", trailers[i]);

        expect_refused(peer, MAY_4XX | MAY_CLOSE);
        http_hang_up(peer);
    }
}

static void a_plain_chunk_is_read(void **state)
{
    http_need_chunked(*state);
    expect_ignored(*state, "", "");
}

const struct check check = {
    .title = "Chunk extensions and trailers change nothing and come to an end",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 9112 7.1.1", "RFC 9112 7.1.2", "RFC 9110 6.5.1", "CVE-2024-22019", "CWE-770"},
    .cases =
        {
            CASE(extensions_are_ignored),
            CASE(trailers_have_no_effect),
            CASE(an_endless_extension_is_refused),
            CASE(endless_short_extensions_are_refused),
            CASE(an_endless_trailer_is_refused),
            CASE(endless_trailers_are_refused),
            CASE(trailers_have_the_form_of_fields),
            CONTROL(a_plain_chunk_is_read),
        },
};
