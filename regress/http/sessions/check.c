/* The routes of sessions do what the contract says: what was written is read back, an unknown session is 404, and an id
 * that cannot be one is 400. */
#include "check.h"
#include "http/expect.h"
#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ID_BYTES = 64,
    PATH_BYTES = 256,
    BODY_MAX_BYTES = 2000000, /* the contract's own limit */
    MANY_MEMBERS = 5000,
    LONG_BYTES = 1900000,
};

static struct http_target *contract_server(void **state)
{
    struct http_target *server = *state;

    http_need_contract(server);
    return server;
}

/* One request on a connection of its own. The answer lives until the next one. */
static struct http_answer ask(struct http_target *server, const char *method, const char *path, const char *body)
{
    static struct http_peer *peer;
    const struct http_endpoint endpoint = {method, path, body};

    http_hang_up(peer);
    peer = http_dial(server);
    if (body)
        http_send_json(peer, &endpoint, body);
    else
        http_send_request(peer, &endpoint, "", "");
    return http_read(peer);
}

/* A new session; its id in id. */
static void create(struct http_target *server, const char *body, char id[ID_BYTES])
{
    struct http_answer answer = ask(server, "POST", "/session", body);

    expect_success(answer);
    const struct json *created = json_read(answer.body, answer.body_bytes, NULL);
    const char *given = json_get_string(created, "session_id");
    expect(given && strlen(given) == 32 && strspn(given, "0123456789abcdef") == 32, WRONG,
           "a session_id of 32 lower-case hexadecimal digits", "%s", answer.summary);
    snprintf(id, ID_BYTES, "%s", given);
    json_free(created);
}

static void expect_body(struct http_answer answer, const char *wanted)
{
    expect_success(answer);
    const struct json *came = json_read(answer.body, answer.body_bytes, NULL);
    const struct json *expected = json_read(wanted, strlen(wanted), NULL);
    bool equal = json_equal(came, expected);
    json_free(came);
    json_free(expected);
    expect(equal, WRONG, wanted, "%s", answer.summary);
}

static void what_was_written_is_read_back(void **state)
{
    struct http_target *server = contract_server(state);
    char id[ID_BYTES];
    char path[PATH_BYTES];
    char wanted[512];

    create(server, "{\"title\":\"one\",\"metadata\":{\"a\":[1,{\"b\":null}]}}", id);
    snprintf(path, sizeof path, "/session/%s", id);
    snprintf(wanted, sizeof wanted, "{\"session_id\":\"%s\",\"metadata\":{\"title\":\"one\",\"a\":[1,{\"b\":null}]}}",
             id);
    expect_body(ask(server, "GET", path, NULL), wanted);
    expect_success(ask(server, "PATCH", path, "{\"title\":\"two\",\"metadata\":{\"c\":9007199254740993}}"));
    snprintf(wanted, sizeof wanted,
             "{\"session_id\":\"%s\",\"metadata\":{\"title\":\"two\",\"a\":[1,{\"b\":null}],\"c\":9007199254740993}}",
             id);
    expect_body(ask(server, "GET", path, NULL), wanted);
}

static void messages_are_numbered_and_read_back(void **state)
{
    struct http_target *server = contract_server(state);
    char id[ID_BYTES];
    char path[PATH_BYTES];
    char wanted[128];

    create(server, "{}", id);
    snprintf(path, sizeof path, "/session/%s/message", id);
    for (int seq = 1; seq <= 5; seq++) {
        snprintf(wanted, sizeof wanted, "{\"session_id\":\"%s\",\"seq\":%d}", id, seq);
        expect_body(ask(server, "POST", path, "{\"text\":\"h\\u00e9llo \\ud83d\\ude00\"}"), wanted);
    }
    snprintf(path, sizeof path, "/session/%s/events?after=3", id);
    struct http_answer answer = ask(server, "GET", path, NULL);
    expect_success(answer);
    const struct json *page = json_read(answer.body, answer.body_bytes, NULL);
    const struct json *events = json_get(page, "events");
    expect(events && events->count == 2, WRONG, "the two events after number 3", "%s", answer.summary);
    expect_text(json_get_string(events->child, "text"), "h\xc3\xa9llo \xf0\x9f\x98\x80", "text");
    expect_text(json_get_string(events->child, "type"), "user.message", "type");
    json_free(page);
}

static void a_deleted_session_is_gone(void **state)
{
    struct http_target *server = contract_server(state);
    char id[ID_BYTES];
    char path[PATH_BYTES];

    create(server, "{}", id);
    snprintf(path, sizeof path, "/session/%s", id);
    expect_success(ask(server, "DELETE", path, NULL));
    expect_error(ask(server, "GET", path, NULL), 404, "not_found");
    expect_error(ask(server, "DELETE", path, NULL), 404, "not_found");
    struct http_answer list = ask(server, "GET", "/session", NULL);
    expect(!memmem(list.body, list.body_bytes, id, strlen(id)), WRONG, "a list without the deleted session", "%s",
           list.summary);
}

/* What stands behind the id. */
static const struct http_endpoint routes[] = {
    {"GET", "", NULL},        {"PATCH", "", "{\"title\":\"x\"}"},       {"DELETE", "", NULL},
    {"GET", "/events", NULL}, {"POST", "/message", "{\"text\":\"x\"}"},
};

/* Every route of a session, with that id. */
static void expect_everywhere(struct http_target *server, const char *id, int status, const char *error)
{
    char path[PATH_BYTES];

    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        snprintf(path, sizeof path, "/session/%s%s", id, routes[i].path);
        expect_error(ask(server, routes[i].method, path, routes[i].body), status, error);
    }
}

static void an_unknown_session_is_answered_404(void **state)
{
    expect_everywhere(contract_server(state), "00112233445566778899aabbccddeeff", 404, "not_found");
}

static void a_malformed_id_is_answered_400(void **state)
{
    static const char *const ids[] = {
        "x",
        "00112233445566778899AABBCCDDEEFF",
        "00112233445566778899aabbccddeef",
        "00112233445566778899aabbccddeefff",
        "0011223344556677..99aabbccddeeff",
    };
    struct http_target *server = contract_server(state);

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        expect_everywhere(server, ids[i], 400, "invalid_session_id");
    expect_error(ask(server, "POST", "/tui/append-prompt", "{\"text\":\"x\",\"session_id\":\"../../etc\"}"), 400,
                 "invalid_session_id");
    expect_error(ask(server, "POST", "/tui/append-prompt", "{\"text\":\"x\",\"session_id\":\"a\\u0000b\"}"), 400,
                 "invalid_session_id");
}

/* An answer that is no session's: a refusal, the way to the path without its dots, or what stands there. */
static void expect_no_session(struct http_answer answer)
{
    const struct json *body = json_read(answer.body, answer.body_bytes, NULL);
    bool tells = json_get(body, "session_id") || json_get(body, "metadata") || json_get(body, "events");

    json_free(body);
    expect_answer(answer, answer.outcome == HTTP_ANSWER && answer.status < 500 && !tells,
                  "4xx, or another path's answer");
}

/* Some routers clean a path, or refuse it, before anybody looks for an id in it. */
static void a_path_with_dots_or_nul_reaches_no_session(void **state)
{
    static const char *const ids[] = {"..", "%2e%2e", "00112233445566778899aabbccddeef%00"};
    struct http_target *server = contract_server(state);
    char path[PATH_BYTES];

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        for (size_t route = 0; route < sizeof routes / sizeof *routes; route++) {
            snprintf(path, sizeof path, "/session/%s%s", ids[i], routes[route].path);
            struct http_answer answer = ask(server, routes[route].method, path, routes[route].body);
            if (server->exact_errors)
                expect_error(answer, 400, "invalid_session_id");
            else
                expect_no_session(answer);
        }
}

static void expect_numbered(struct http_answer answer, const char *id, int seq)
{
    char wanted[128];

    snprintf(wanted, sizeof wanted, "{\"session_id\":\"%s\",\"seq\":%d}", id, seq);
    expect_body(answer, wanted);
}

/* The prompt is a message of the session that it names, and makes none. */
static void a_prompt_goes_to_the_session_it_names(void **state)
{
    static const char unknown[] = "00112233445566778899aabbccddeeff";
    struct http_target *server = contract_server(state);
    char id[ID_BYTES];
    char path[PATH_BYTES];
    char body[128];

    create(server, "{}", id);
    for (int seq = 1; seq <= 2; seq++) {
        snprintf(body, sizeof body, "{\"text\":\"hello\",\"session_id\":\"%s\"}", id);
        expect_numbered(ask(server, "POST", "/tui/append-prompt", body), id, seq);
    }
    snprintf(path, sizeof path, "/session/%s/message", id);
    expect_numbered(ask(server, "POST", path, "{\"text\":\"hello\"}"), id, 3);
    snprintf(body, sizeof body, "{\"text\":\"hello\",\"session_id\":\"%s\"}", unknown);
    expect_error(ask(server, "POST", "/tui/append-prompt", body), 404, "not_found");
    snprintf(path, sizeof path, "/session/%s", unknown);
    expect_error(ask(server, "GET", path, NULL), 404, "not_found");
}

/* How many events the page has, whose first must be of that number. */
static size_t count_page(struct http_answer answer, int64_t first)
{
    expect_success(answer);
    const struct json *page = json_read(answer.body, answer.body_bytes, NULL);
    const struct json *events = json_get(page, "events");
    int64_t seq = 0;
    bool right = events && events->count > 0 && json_get_integer(events->child, "seq", &seq) && seq == first;
    size_t count = right ? events->count : 0;

    json_free(page);
    expect(right, WRONG, "events from the one behind \"after\" on", "%s", answer.summary);
    return count;
}

static void a_page_is_as_long_as_asked_for(void **state)
{
    static const char *const bad[] = {"after=x", "after=-1", "after=", "after=1x", "limit=x", "limit=-1", "limit=1.5"};
    struct http_target *server = contract_server(state);
    char id[ID_BYTES];
    char path[PATH_BYTES];

    create(server, "{}", id);
    snprintf(path, sizeof path, "/session/%s/message", id);
    for (int seq = 1; seq <= 5; seq++)
        expect_success(ask(server, "POST", path, "{\"text\":\"hello\"}"));
    snprintf(path, sizeof path, "/session/%s/events?after=1&limit=2", id);
    expect(count_page(ask(server, "GET", path, NULL), 2) <= 2, WRONG, "two events at most", "more than two");
    snprintf(path, sizeof path, "/session/%s/events?limit=1", id);
    expect_integer((int64_t)count_page(ask(server, "GET", path, NULL), 1), 1, "events of a page of one:");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(path, sizeof path, "/session/%s/events?%s", id, bad[i]);
        expect_error(ask(server, "GET", path, NULL), 400, "invalid_request");
    }
}

/* A body that is as long as it is told: the title, and white space. */
static struct http_answer ask_with_length(struct http_target *server, size_t bytes)
{
    static const char title[] = "{\"title\":\"long\"}";
    char *body = malloc(bytes + 1);

    if (!body)
        error_of_environment("no memory for a body");
    memset(body, ' ', bytes);
    memcpy(body, title, strlen(title));
    body[bytes] = '\0';
    struct http_answer answer = ask(server, "POST", "/session", body);
    free(body);
    return answer;
}

static void two_million_bytes_are_the_most(void **state)
{
    struct http_target *server = contract_server(state);

    expect_success(ask_with_length(server, BODY_MAX_BYTES));
    struct http_answer answer = ask_with_length(server, BODY_MAX_BYTES + 1);
    if (answer.outcome != HTTP_RESET) /* which may overtake the 413 of a server that closes at once */
        expect_error(answer, 413, "payload_too_large");
}

/* What is within the limit of a body may be more than the store takes: that is no failure of the server. */
static void metadata_that_the_store_does_not_take_is_413(void **state)
{
    struct http_target *server = contract_server(state);
    char *body = malloc(BODY_MAX_BYTES);
    size_t used = (size_t)snprintf(body, 64, "{\"metadata\":{\"0\":0");

    for (int i = 1; i <= MANY_MEMBERS; i++)
        used += (size_t)snprintf(body + used, BODY_MAX_BYTES - used, ",\"%d\":%d", i, i);
    snprintf(body + used, BODY_MAX_BYTES - used, "}}");
    struct http_answer many = ask(server, "POST", "/session", body);
    expect_answer(many, many.status == 413 || many.status / 100 == 2, "413, or 2xx");
    used = (size_t)snprintf(body, 64, "{\"metadata\":{\"long\":\"");
    memset(body + used, 'x', LONG_BYTES);
    snprintf(body + used + LONG_BYTES, 8, "\"}}");
    struct http_answer big = ask(server, "POST", "/session", body);
    free(body);
    expect_answer(big, big.status == 413 || big.status / 100 == 2, "413, or 2xx");
}

static void a_new_session_is_listed(void **state)
{
    struct http_target *server = contract_server(state);
    char id[ID_BYTES];

    create(server, "{}", id);
    struct http_answer list = ask(server, "GET", "/session", NULL);
    expect(memmem(list.body, list.body_bytes, id, strlen(id)), WRONG, "a list with the new session", "%s",
           list.summary);
    expect_body(ask(server, "GET", "/health", NULL), "{\"status\":\"ok\"}");
}

const struct check check = {
    .title = "Sessions are created, read, changed and deleted as the contract says",
    .level = MUST,
    .origins = {"the openagentic-sdk HTTP contract"},
    .cases =
        {
            CASE(what_was_written_is_read_back),
            CASE(messages_are_numbered_and_read_back),
            CASE(a_deleted_session_is_gone),
            CASE(an_unknown_session_is_answered_404),
            CASE(a_malformed_id_is_answered_400),
            CASE(a_path_with_dots_or_nul_reaches_no_session),
            CASE(a_prompt_goes_to_the_session_it_names),
            CASE(a_page_is_as_long_as_asked_for),
            CASE(two_million_bytes_are_the_most),
            CASE(metadata_that_the_store_does_not_take_is_413),
            CONTROL(a_new_session_is_listed),
        },
};
