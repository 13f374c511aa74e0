/* The routes of sessions do what the contract says: what was written is read back, an unknown session is 404, and an id
 * that cannot be one is 400. */
#include "check.h"
#include "json.h"
#include "peers/http_expect.h"

#include <stdio.h>
#include <string.h>

enum { ID_BYTES = 64, PATH_BYTES = 256 };

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

/* Every route of a session, with that id. */
static void expect_everywhere(struct http_target *server, const char *id, int status, const char *error)
{
    static const struct http_endpoint routes[] = {
        {"GET", "", NULL},        {"PATCH", "", "{\"title\":\"x\"}"},       {"DELETE", "", NULL},
        {"GET", "/events", NULL}, {"POST", "/message", "{\"text\":\"x\"}"},
    };
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
        "..",
        "%2e%2e",
        "0011223344556677..99aabbccddeeff",
        "00112233445566778899aabbccddeef%00",
    };
    struct http_target *server = contract_server(state);

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        expect_everywhere(server, ids[i], 400, "invalid_session_id");
    expect_error(ask(server, "POST", "/tui/append-prompt", "{\"text\":\"x\",\"session_id\":\"../../etc\"}"), 400,
                 "invalid_session_id");
    expect_error(ask(server, "POST", "/tui/append-prompt", "{\"text\":\"x\",\"session_id\":\"a\\u0000b\"}"), 400,
                 "invalid_session_id");
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
            CONTROL(a_new_session_is_listed),
        },
};
