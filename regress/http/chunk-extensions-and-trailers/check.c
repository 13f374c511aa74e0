/* Chunk extensions and trailers are read past: they change nothing, and there is an end to how many are read. */
#include "check.h"
#include "base/text.h"
#include "http/expect.h"

#include <stdio.h>
#include <string.h>

enum { ENDLESS_BYTES = 32 << 20, CREDENTIALS_BYTES = 4096 };

#define TOKEN "assay-0123456789-abcdefghij-XYZ"

/* The endpoint's valid body as one chunk with that extension, then those trailers. */
static struct http_peer *send_chunk_with(struct http_target *server, const char *fields, const char *extension,
                                         const char *trailers)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\n%zx%s\r\n%s\r\n0%s\r\n%s\r\n",
              endpoint->method, endpoint->path, fields, strlen(endpoint->body), extension, endpoint->body, extension,
              trailers);
    return peer;
}

static struct http_peer *send_chunk(struct http_target *server, const char *extension, const char *trailers)
{
    return send_chunk_with(server, server->fields, extension, trailers);
}

/* Served, and what follows as well. */
static void expect_ignored(struct http_target *server, const char *extension, const char *trailers)
{
    struct http_peer *peer = send_chunk(server, extension, trailers);

    struct http_answer first = http_read(peer);
    expect_success(first);
    expect_in_step(peer, first);
    http_hang_up(peer);
}

/* Served, and what follows as well; or refused, and that is all. */
static void expect_ignored_or_refused(struct http_target *server, const char *extension, const char *trailers)
{
    struct http_peer *peer = send_chunk(server, extension, trailers);
    struct http_answer first = http_read(peer);

    expect_legal(first, MAY_2XX | (server->strict ? 0 : MAY_4XX | MAY_CLOSE));
    if (first.status / 100 == 2)
        expect_in_step(peer, first);
    else if (first.outcome == HTTP_ANSWER)
        expect_no_more(peer);
    http_hang_up(peer);
}

static void extensions_are_ignored(void **state)
{
    static const char *const extensions[] = {";a=b", ";a", ";a=\"b;c\"", ";a=b;c=d"};

    http_need_chunked(*state);
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        expect_ignored(*state, extensions[i], "");
}

/* RFC 9110 5.6.3 asks to read it, and no sender may send it; parsers that suspect smuggling refuse it. */
static void white_space_around_extensions_is_ignored_or_refused(void **state)
{
    http_need_chunked(*state);

    expect_ignored_or_refused(*state, " ; a = b", "");
    expect_ignored_or_refused(*state, " ;a\t=\tb", "");
}

static void trailers_have_no_effect(void **state)
{
    http_need_chunked(*state);

    expect_ignored(*state, "", "X-Trailer: y\r\n");
    expect_ignored(*state, "", "X-Trailer: y\r\nX-Other: z\r\n");
}

/* Fields that a sender must not send behind the body (RFC 9110 6.5.1). */
static void forbidden_trailers_have_no_effect_or_are_refused(void **state)
{
    static const char *const trailers[] = {
        "Content-Length: 40\r\n",          "Transfer-Encoding: gzip\r\n", "Host: evil.example\r\n",
        "Authorization: Bearer wrong\r\n", "Connection: close\r\n",       "Content-Length: x\r\nX: \xff\r\n",
    };

    http_need_chunked(*state);
    for (size_t i = 0; i < sizeof trailers / sizeof *trailers; i++)
        expect_ignored_or_refused(*state, "", trailers[i]);
}

/* Where a token is asked for: none in the header and the right one behind the body is none, and a wrong one there
 * takes nothing away. */
static void a_trailer_is_no_credential(void **state)
{
    struct http_target *server = *state;
    char host[SERVER_HOST_BYTES + 64];
    char trailer[CREDENTIALS_BYTES];

    http_need_chunked(server);
    if (!server->token)
        http_restart(server, &(struct server_settings){.token = TOKEN});
    expect_ignored(server, "", "Authorization: Bearer wrong\r\n");
    snprintf(host, sizeof host, "Host: %s\r\nContent-Type: application/json\r\n", server->host);
    snprintf(trailer, sizeof trailer, "Authorization: Bearer %s\r\n", server->token);
    struct http_peer *peer = send_chunk_with(server, host, "", trailer);
    expect_legal(http_read(peer), MAY_4XX | MAY_CLOSE);
    http_hang_up(peer);
}

/* Where only this machine is served: the Host that counts is the header's. */
static void a_trailer_is_no_host(void **state)
{
    struct http_target *server = *state;
    char trailer[SERVER_HOST_BYTES + 16];
    char evil[4096];

    http_need_chunked(server);
    http_restart(server, &(struct server_settings){.local_only = true});
    expect_ignored(server, "", "Host: evil.example\r\n");
    snprintf(trailer, sizeof trailer, "Host: %s\r\n", server->host);
    snprintf(evil, sizeof evil, "Host: evil.example\r\n%s", server->fields_but_host);
    struct http_peer *peer = send_chunk_with(server, evil, "", trailer);
    expect_legal(http_read(peer), MAY_4XX | MAY_CLOSE);
    http_hang_up(peer);
}

static void expect_end(struct http_target *server, const char *begin, const char *endless)
{
    http_need_chunked(server);
    struct http_peer *peer = http_dial(server);
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

/* A trailer is a field: what cannot be one should be refused, since readers disagree about what it is instead. Who
 * drops the whole of it in silence may do so (RFC 9112 7.1.2), unless the target declares to be strict. */
static void trailers_have_the_form_of_fields(void **state)
{
    static const char *const trailers[] = {" X: y\r\n", "X\r\n",          ": y\r\n",
                                           "X : y\r\n", "X: a\nY: b\r\n", "GET / HTTP/1.1\r\n"};

    http_need_chunked(*state);
    for (size_t i = 0; i < sizeof trailers / sizeof *trailers; i++) {
        struct http_peer *peer = send_chunk(*state, "", trailers[i]);

        struct http_answer answer = http_read(peer);
        expect_legal(answer, MAY_4XX | MAY_CLOSE | http_leeway(*state));
        if (answer.status / 100 == 4)
            expect_no_more(peer);
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
            CASE(white_space_around_extensions_is_ignored_or_refused),
            CASE(trailers_have_no_effect),
            CASE(forbidden_trailers_have_no_effect_or_are_refused),
            CASE(a_trailer_is_no_credential),
            CASE(a_trailer_is_no_host),
            CASE(an_endless_extension_is_refused, .level = SHOULD),
            CASE(endless_short_extensions_are_refused, .level = SHOULD),
            CASE(an_endless_trailer_is_refused),
            CASE(endless_trailers_are_refused),
            CASE(trailers_have_the_form_of_fields),
            CONTROL(a_plain_chunk_is_read),
        },
};
