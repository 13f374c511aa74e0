/* Expectations of answers, as verdicts. */
#include "http/expect.h"

#include "check.h"
#include "http/peer_private.h"
#include "json/json.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Nobody listens any more. A process that is just ending takes what was connected to it with it, in any order: so
 * whoever is let in listens for a moment, and is refused after that. */
static bool has_gone(const struct http_target *server)
{
    struct tcp wire;

    for (int i = 0; i < 2; i++) {
        enum tcp_result result = tcp_dial(&wire, (const struct sockaddr *)&server->address.socket,
                                          server->address.socket_bytes, 0, deadline_after(HTTP_QUIET_MS));

        if (result != TCP_OK)
            return result == TCP_RESET;
        tcp_receive(&wire, deadline_after(HTTP_QUIET_MS));
        tcp_close(&wire);
    }
    return false;
}

/* How an answer that is not legal is told apart in a verdict. */
static enum how how_of(struct http_answer answer)
{
    switch (answer.outcome) {
    case HTTP_SILENCE:
        return HANG;
    case HTTP_CLOSED:
    case HTTP_RESET:
        return has_gone(answer.server) ? CRASH : SILENT;
    case HTTP_TRUNCATED:
        return has_gone(answer.server) ? CRASH : WRONG;
    default:
        return WRONG;
    }
}

void expect_answer(struct http_answer answer, bool legal, const char *expected)
{
    expect(legal, legal ? WRONG : how_of(answer), expected, "%s", answer.summary);
}

static bool is_class(struct http_answer answer, int hundreds)
{
    return answer.outcome == HTTP_ANSWER && answer.status / 100 == hundreds;
}

void expect_status(struct http_answer answer, int status)
{
    char expected[16];

    snprintf(expected, sizeof expected, "%d", status);
    expect_answer(answer, answer.outcome == HTTP_ANSWER && answer.status == status, expected);
}

void expect_success(struct http_answer answer)
{
    expect_answer(answer, is_class(answer, 2), "2xx");
}

static bool is_legal(struct http_answer answer, unsigned legal)
{
    bool cut = answer.outcome == HTTP_TRUNCATED && answer.reset;

    if (answer.outcome == HTTP_CLOSED || answer.outcome == HTTP_RESET || cut)
        return legal & (MAY_CLOSE | MAY_WAIT);
    if (answer.outcome == HTTP_SILENCE)
        return legal & MAY_WAIT;
    return (legal & MAY_4XX && is_class(answer, 4)) || (legal & MAY_2XX && is_class(answer, 2)) ||
           (legal & MAY_3XX && is_class(answer, 3)) || (legal & MAY_501 && answer.status == 501) ||
           (legal & MAY_505 && answer.status == 505);
}

void expect_legal(struct http_answer answer, unsigned legal)
{
    static const char *const names[] = {
        "4xx", "501", "505", "a close without an answer", "2xx", "3xx", "a wait for the rest"};
    char expected[128] = "";
    int length = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (legal & 1U << i)
            length += snprintf(expected + length, sizeof expected - (size_t)length, "%s%s", length > 0 ? ", or " : "",
                               names[i]);
    expect_answer(answer, is_legal(answer, legal), expected);
}

/* The connection is over, or at least quiet: nothing came after the last answer. */
static bool nothing_came(struct http_answer rest)
{
    return rest.outcome == HTTP_CLOSED || rest.outcome == HTTP_RESET;
}

void expect_closed(struct http_peer *peer)
{
    struct http_answer rest = http_read(peer);

    expect_answer(rest, nothing_came(rest), "the server closes the connection, and nothing more comes");
}

void expect_no_more(struct http_peer *peer)
{
    http_half_close(peer);
    struct http_answer rest = http_read_within(peer, HTTP_QUIET_MS);
    expect(nothing_came(rest) || rest.outcome == HTTP_SILENCE, WRONG, "no further response", "%s", rest.summary);
}

void expect_refused(struct http_peer *peer, unsigned legal)
{
    struct http_answer answer = http_read(peer);

    expect_legal(answer, legal);
    if (answer.outcome == HTTP_ANSWER)
        expect_no_more(peer);
}

void expect_refused_and_closed(struct http_peer *peer, unsigned legal)
{
    struct http_answer answer = http_read(peer);

    expect_legal(answer, legal);
    if (answer.outcome == HTTP_ANSWER)
        expect_closed(peer);
}

void expect_next_success(struct http_peer *peer, struct http_answer first)
{
    if (!first.closes)
        expect_success(http_read(peer));
    expect_no_more(peer);
}

void expect_in_step(struct http_peer *peer, struct http_answer answer)
{
    const struct http_endpoint *endpoint = peer->server->json_endpoints;

    if (answer.closes)
        return;
    http_send_json(peer, endpoint, endpoint->body);
    expect_success(http_read(peer));
}

void http_need_open(struct http_peer *peer, struct http_answer answer)
{
    if (!answer.closes)
        return;
    expect_no_more(peer);
    not_applicable("the server ends the connection with its response, and says so (RFC 9112 9.3)");
}

static void send_variant(struct http_target *server, struct http_peer *peer, const struct http_variant *variant)
{
    const struct http_endpoint *endpoint = server->json_endpoints;

    if (variant->rest)
        http_send_request(peer, endpoint, variant->lines, variant->rest);
    else
        http_send(peer, "%s %s HTTP/1.1\r\n%sContent-Length: %zu\r\n%s\r\n%s", endpoint->method, endpoint->path,
                  server->fields, strlen(endpoint->body), variant->lines, endpoint->body);
}

void expect_variants_refused(struct http_target *server, const struct http_variant *variants, unsigned legal,
                             bool closes)
{
    for (const struct http_variant *variant = variants; variant->lines; variant++) {
        struct http_peer *peer = http_dial(server);

        send_variant(server, peer, variant);
        if (legal & MAY_WAIT)
            http_half_close(peer);
        if (closes)
            expect_refused_and_closed(peer, legal);
        else
            expect_refused(peer, legal);
        if (legal & MAY_WAIT)
            expect_alive(server);
        http_hang_up(peer);
    }
}

unsigned http_leeway(const struct http_target *server)
{
    return server->strict ? 0 : MAY_2XX;
}

void http_need_contract(const struct http_target *server)
{
    if (!server->contract)
        not_applicable("the manifest lists json_endpoints of its own, so the reference's routes are not expected");
}

struct http_answer http_ask_in_chunks(struct http_peer *peer)
{
    const struct http_target *server = peer->server;
    const struct http_endpoint *endpoint = server->json_endpoints;

    http_send(peer, "%s %s HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\n0\r\n\r\n", endpoint->method,
              endpoint->path, server->fields, strlen(endpoint->body), endpoint->body);
    return http_read(peer);
}

static bool has_come(struct http_answer answer)
{
    return answer.outcome == HTTP_ANSWER || answer.outcome == HTTP_GARBLED || answer.outcome == HTTP_TRUNCATED;
}

/* What becomes of a plain chunked body: its end is found, or the request is refused, or its chunks are taken for the
 * next request. */
enum chunks { CHUNKS_READ, CHUNKS_REFUSED, CHUNKS_IGNORED };

static enum chunks try_next(struct http_peer *peer, struct http_answer first)
{
    const struct http_endpoint *endpoint = peer->server->json_endpoints;
    bool read = is_class(first, 2);

    if (first.outcome != HTTP_ANSWER)
        return CHUNKS_REFUSED;
    if (read && !first.closes) {
        http_send_json(peer, endpoint, endpoint->body);
        struct http_answer next = http_read(peer);
        read = is_class(next, 2);
        if (!read && has_come(next))
            return CHUNKS_IGNORED;
    }
    http_half_close(peer);
    if (has_come(http_read_within(peer, HTTP_QUIET_MS)))
        return CHUNKS_IGNORED;
    return read ? CHUNKS_READ : CHUNKS_REFUSED;
}

/* Only the numbers of `first`, which is the answer to it, outlive its connection. */
static enum chunks try_chunks(struct http_target *server, struct http_answer *first)
{
    struct http_peer *peer = http_dial(server);

    *first = http_ask_in_chunks(peer);
    enum chunks found = try_next(peer, *first);
    http_hang_up(peer);
    return found;
}

void http_need_chunked(struct http_target *server)
{
    struct http_answer first;
    enum chunks found = try_chunks(server, &first);

    if (first.http_1_0)
        not_applicable("the server speaks HTTP/1.0, to which nobody may send chunks (RFC 9112 6.1)");
    if (first.status == 411)
        not_applicable("the server takes no chunked request: it answers 411 (RFC 9112 6.3)");
    if (found != CHUNKS_READ)
        not_applicable("the server does not read a plain chunked body, which is judged by http/chunk-framing");
}

void http_need_transfer_encoding(struct http_target *server)
{
    struct http_answer first;

    if (try_chunks(server, &first) == CHUNKS_IGNORED)
        not_applicable("the server takes plain chunks for the next request, which is judged by http/chunk-framing");
}

/* "application/json" or "application/…+json", parameters or not. */
static bool is_json_type(const char *type)
{
    if (!type)
        return false;
    size_t length = strcspn(type, "; \t");

    return (length == 16 && strncasecmp(type, "application/json", 16) == 0) ||
           (length > 5 && strncasecmp(type + length - 5, "+json", 5) == 0);
}

void expect_json_type(struct http_answer answer)
{
    const char *type = http_answer_field(&answer, "Content-Type");

    expect(is_json_type(type), WRONG, "Content-Type: application/json", "%s", type ? type : "no Content-Type");
}

void expect_error(struct http_answer answer, int status, const char *error)
{
    expect_status(answer, status);
    if (!answer.server->exact_errors)
        return;
    expect_json_type(answer);
    const struct json *body = json_read(answer.body, answer.body_bytes, NULL);
    const char *named = json_get_string(body, "error");
    bool same = named && strcmp(named, error) == 0;
    json_free(body);
    expect(same, WRONG, error, "%s", answer.summary);
}

void expect_alive(struct http_target *server)
{
    struct http_peer *peer = http_dial(server);

    http_send_json(peer, server->json_endpoints, server->json_endpoints->body);
    expect_success(http_read(peer));
    http_hang_up(peer);
}
