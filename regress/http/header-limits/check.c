/* There is an end to the request line, to each field, to their number, and to all of them together. */
#include "check.h"
#include "base/text.h"
#include "http/expect.h"

#include <string.h>

enum { LONG_BYTES = 70000, MANY_FIELDS = 5000, ENDLESS_BYTES = 32 << 20 };

static void repeat(struct text *text, const char *piece, size_t times)
{
    for (size_t i = 0; i < times; i++)
        text_add(text, piece);
}

/* A server may have larger limits than ours, and serve it; one that declares to be strict refuses. */
static void a_long_target_is_answered_414(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);
    struct text target;

    text_init(&target, 2 * LONG_BYTES);
    text_addf(&target, "%s?", endpoint->path);
    repeat(&target, "a", LONG_BYTES);
    http_send(peer, "%s %s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", endpoint->method, target.bytes, server->fields,
              strlen(endpoint->body), endpoint->body);
    text_free(&target);
    expect_refused(peer, MAY_4XX | MAY_CLOSE | http_leeway(server));
    http_hang_up(peer);
}

static void expect_lines_refused(struct http_target *server, struct text *lines)
{
    struct http_variant variants[] = {{lines->bytes, NULL}, {NULL, NULL}};

    expect_variants_refused(server, variants, MAY_4XX | MAY_CLOSE | http_leeway(server), false);
    text_free(lines);
}

static void a_long_field_is_answered_431(void **state)
{
    struct text lines;

    text_init(&lines, 2 * LONG_BYTES);
    text_add(&lines, "X-Long: ");
    repeat(&lines, "a", LONG_BYTES);
    text_add(&lines, "\r\n");
    expect_lines_refused(*state, &lines);
}

static void many_fields_are_answered_431(void **state)
{
    struct text lines;

    text_init(&lines, 1 << 20);
    repeat(&lines, "X: y\r\n", MANY_FIELDS);
    expect_lines_refused(*state, &lines);
}

/* Each of them well below the limit of a single line, and few. */
static void long_fields_together_are_answered_431(void **state)
{
    struct text lines;

    text_init(&lines, 1 << 20);
    for (int i = 0; i < 60; i++) {
        text_addf(&lines, "X-%d: ", i);
        repeat(&lines, "0123456789", 500);
        text_add(&lines, "\r\n");
    }
    expect_lines_refused(*state, &lines);
}

/* Floods, and sees an answer or a close before the flood's end. */
static void expect_end(struct http_target *server, const char *begin, const char *endless)
{
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s", begin);
    size_t taken = http_flood(peer, endless, ENDLESS_BYTES);
    expect(taken < ENDLESS_BYTES, WRONG, "an answer or a close while it still comes",
           "%zu bytes were taken without one", taken);
    expect_legal(http_read(peer), MAY_4XX | MAY_CLOSE);
    http_hang_up(peer);
    expect_alive(server);
}

static void an_endless_target_is_refused(void **state)
{
    expect_end(*state, "GET /", "abcdefgh");
}

static void an_endless_field_is_refused(void **state)
{
    expect_end(*state, "GET / HTTP/1.1\r\nX: ", "abcdefgh");
}

static void endless_fields_are_refused(void **state)
{
    expect_end(*state, "GET / HTTP/1.1\r\n", "X-Endless: abcdefgh\r\n");
}

/* RFC 9112 2.2 asks to ignore at least one and names no bound, so only a strict server is held to one. */
static void endless_empty_lines_are_refused(void **state)
{
    struct http_target *server = *state;

    if (!server->strict)
        not_applicable("the target does not declare http.syntax=strict, and no standard bounds empty lines");
    expect_end(server, "", "\r\n");
}

enum {
    CLIENTS = 8,
    TURNS = 16,
    WARM_UP_BYTES = 1 << 20,
    EACH_BYTES = 8 << 20,
    KEPT_BYTES = 1 << 20,
    SLACK_BYTES = 16 << 20
};

/* Several at once, none of which has gone, each with more than any head may have. */
static void flood_together(struct http_target *server, struct http_peer *peers[CLIENTS], size_t each_bytes)
{
    static const struct {
        const char *begin;
        const char *endless;
    } heads[] = {{"GET /", "abcdefgh"},
                 {"GET / HTTP/1.1\r\nX: ", "abcdefgh"},
                 {"GET / HTTP/1.1\r\n", "X-Endless: abcdefgh\r\n"},
                 {"", "\r\n"}};

    for (int i = 0; i < CLIENTS; i++) {
        peers[i] = http_dial(server);
        http_send(peers[i], "%s", heads[i % 4].begin);
        http_flood(peers[i], heads[i % 4].endless, each_bytes);
    }
}

static void hang_up_together(struct http_peer *peers[CLIENTS])
{
    for (int i = 0; i < CLIENTS; i++)
        http_hang_up(peers[i]);
}

/* The most that is in use in some turns, in which the server reads what has come. */
static int64_t most_in_use(struct http_target *server)
{
    int64_t most_bytes = 0;

    for (int i = 0; i < TURNS; i++) {
        expect_alive(server);
        int64_t bytes = http_usage(server).resident_bytes;
        most_bytes = bytes > most_bytes ? bytes : most_bytes;
    }
    return most_bytes;
}

/* A smaller flood warms the heap up, so that what the large one adds is what the server keeps of it. */
static void endless_heads_cost_no_memory(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peers[CLIENTS];

    flood_together(server, peers, WARM_UP_BYTES);
    hang_up_together(peers);
    int64_t before_bytes = most_in_use(server);
    flood_together(server, peers, EACH_BYTES);
    int64_t growth = most_in_use(server) - before_bytes;
    expect(growth < CLIENTS * KEPT_BYTES + SLACK_BYTES, LEAK, "at most 1 MiB for each client and 16 MiB more",
           "%lld bytes more than before", (long long)growth);
    hang_up_together(peers);
    expect_alive(server);
}

static int status_of_target(struct http_target *server, const char *target, const char *lines)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/1.1\r\n%s%sContent-Length: %zu\r\n\r\n%s", endpoint->method, target, server->fields,
              lines, strlen(endpoint->body), endpoint->body);
    struct http_answer answer = http_read(peer);
    expect_answer(answer, answer.outcome == HTTP_ANSWER, "an answer");
    http_hang_up(peer);
    return answer.status;
}

/* RFC 9112 3. What the server makes of a query is its business, so a short one is asked for first. */
static void a_request_line_of_8000_bytes_is_like_a_short_one(void **state)
{
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct text target;

    text_init(&target, LONG_BYTES);
    text_addf(&target, "%s?a", endpoint->path);
    int of_short = status_of_target(server, target.bytes, "");
    while (target.length < 8000 - strlen(endpoint->method) - strlen("  HTTP/1.1"))
        text_add(&target, "a");
    int of_long = status_of_target(server, target.bytes, "");
    text_free(&target);
    expect_integer(of_long, of_short, "the status of a short request line;");
}

/* No standard says how much; less than two kilobytes are what browsers send. */
static void forty_fields_are_taken(void **state)
{
    struct http_target *server = *state;
    struct text lines;

    text_init(&lines, LONG_BYTES);
    repeat(&lines, "X-Forty: 0123456789012345678901234567890\r\n", 40);
    int status = status_of_target(server, server->json_endpoints->path, lines.bytes);
    text_free(&lines);
    expect_integer(status / 100, 2, "the class of the status");
}

static void a_short_head_is_taken(void **state)
{
    expect_alive(*state);
}

const struct check check = {
    .title = "Request lines and headers without end are refused, and cost no memory",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 9112 3", "RFC 9110 15.5.15", "RFC 6585 5", "CWE-770"},
    .cases =
        {
            CASE(a_long_target_is_answered_414),
            CASE(a_long_field_is_answered_431),
            CASE(many_fields_are_answered_431),
            CASE(long_fields_together_are_answered_431),
            CASE(an_endless_target_is_refused),
            CASE(an_endless_field_is_refused),
            CASE(endless_fields_are_refused),
            CASE(endless_empty_lines_are_refused),
            MEASURE(endless_heads_cost_no_memory),
            CASE(a_request_line_of_8000_bytes_is_like_a_short_one, .level = SHOULD),
            CASE(forty_fields_are_taken, .level = SHOULD),
            CONTROL(a_short_head_is_taken),
        },
};
