/* The contract of routes/routes.h, asked for over a real socket, and the stream of events. */
#include "tests/client.h"

#include "http/chunked.h"
#include "routes/event_hub.h"

static struct answer answer;

static const char unknown[] = "00000000000000000000000000000000";

/* Sends one request on a connection of its own. */
static int exchange(const struct rig *rig, const char *method, const char *path, const char *body)
{
    int fd = dial(rig);
    int status = ask(fd, &answer, method, path, body);

    close(fd);
    return status;
}

static void expect_error(const struct rig *rig, const char *method, const char *path, const char *body, int status,
                         const char *error)
{
    char expected[64];

    snprintf(expected, sizeof expected, "{\"error\":\"%s\"}", error);
    assert_int_equal(exchange(rig, method, path, body), status);
    assert_string_equal(answer.body, expected);
    assert_string_equal(field_of(&answer, "Content-Type"), "application/json");
}

/* Creates a session with that body and copies its id. */
static void create(const struct rig *rig, const char *body, char sid[STORE_SID_BYTES])
{
    assert_int_equal(exchange(rig, "POST", "/session", body), 200);
    assert_int_equal(sscanf(answer.body, "{\"session_id\":\"%32[0-9a-f]\"}", sid), 1);
}

static void serves_a_session_from_birth_to_death(void **state)
{
    struct rig *rig = *state;
    char sid[STORE_SID_BYTES], path[128], expected[256];

    rig_start(rig);
    create(rig, "{\"title\":\"a\\u0062\",\"metadata\":{\"n\":9007199254740993,\"title\":1},\"other\":0}", sid);
    snprintf(path, sizeof path, "/session/%s", sid);
    assert_int_equal(exchange(rig, "GET", path, ""), 200);
    snprintf(expected, sizeof expected,
             "{\"session_id\":\"%s\",\"metadata\":{\"n\":9007199254740993,\"title\":\"a\\u0062\"}}", sid);
    assert_string_equal(answer.body, expected);

    assert_int_equal(exchange(rig, "PATCH", path, "{\"metadata\":{\"n\":1}}"), 200);
    assert_non_null(strstr(answer.body, "\"n\":1"));
    assert_non_null(strstr(answer.body, "\"title\":\"a\\u0062\""));

    assert_int_equal(exchange(rig, "GET", "/session", ""), 200);
    snprintf(expected, sizeof expected, "{\"sessions\":[{\"session_id\":\"%s\"}]}", sid);
    assert_string_equal(answer.body, expected);

    assert_int_equal(exchange(rig, "DELETE", path, ""), 200);
    expect_error(rig, "GET", path, "", 404, "not_found");
    expect_error(rig, "DELETE", path, "", 404, "not_found");
}

static void appends_and_reads_messages(void **state)
{
    struct rig *rig = *state;
    char sid[STORE_SID_BYTES], path[128], body[256];

    rig_start(rig);
    assert_int_equal(exchange(rig, "POST", "/tui/append-prompt", " {\"text\":\"one\"} "), 200);
    assert_int_equal(sscanf(answer.body, "{\"session_id\":\"%32[0-9a-f]\",\"seq\":1}", sid), 1);
    snprintf(body, sizeof body, "{\"session_id\":\"%s\",\"text\":\"t\\u0000\\ud83d\\ude00\"}", sid);
    assert_int_equal(exchange(rig, "POST", "/tui/append-prompt", body), 200);
    assert_non_null(strstr(answer.body, "\"seq\":2}"));
    snprintf(path, sizeof path, "/session/%s/message", sid);
    assert_int_equal(exchange(rig, "POST", path, "{\"text\":\"three\"}"), 200);
    assert_non_null(strstr(answer.body, "\"seq\":3}"));

    snprintf(path, sizeof path, "/session/%s/events", sid);
    assert_int_equal(exchange(rig, "GET", path, ""), 200);
    assert_non_null(strstr(answer.body, "\"seq\":1,\"text\":\"one\"},"));
    assert_non_null(strstr(answer.body, "\"text\":\"t\\u0000\\ud83d\\ude00\"},"));
    assert_non_null(strstr(answer.body, "\"text\":\"three\"}\n]}"));
    snprintf(path, sizeof path, "/session/%s/events?limit=1&after=1", sid);
    assert_int_equal(exchange(rig, "GET", path, ""), 200);
    assert_null(strstr(answer.body, "\"seq\":1,"));
    assert_non_null(strstr(answer.body, "\"seq\":2,"));
    assert_null(strstr(answer.body, "\"seq\":3,"));
    static const char *const bad[] = {"after=", "after=x", "after=-1", "limit=1x", "after=1111111111111111111"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(path, sizeof path, "/session/%s/events?%s", sid, bad[i]);
        expect_error(rig, "GET", path, "", 400, "invalid_request");
    }
}

static void says_400_to_what_is_not_json(void **state)
{
    static const struct {
        const char *method;
        const char *path;
    } endpoints[] = {
        {"POST", "/tui/append-prompt"},
        {"POST", "/session"},
        {"PATCH", "/session/00000000000000000000000000000000"},
        {"POST", "/session/00000000000000000000000000000000/message"},
    };
    static const char *const not_json[] = {
        "{not-json",
        "",
        "  ",
        "{\"text\":\"x\"",
        "{\"text\":\"x\",}",
        "{\"text\":NaN}",
        "{}{}",
        "\xef\xbb\xbf{}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":1,\"a\":2}",
        "\"\n\"",
    };
    static const char *const other[] = {
        "[]", "null", "3", "\"text\"", "{\"text\":1,\"title\":1}", "{\"text\":null,\"metadata\":[]}"};
    struct rig *rig = *state;

    rig_start(rig);
    for (size_t e = 0; e < sizeof endpoints / sizeof *endpoints; e++) {
        for (size_t i = 0; i < sizeof not_json / sizeof *not_json; i++)
            expect_error(rig, endpoints[e].method, endpoints[e].path, not_json[i], 400, "invalid_json");
        for (size_t i = 0; i < sizeof other / sizeof *other; i++)
            expect_error(rig, endpoints[e].method, endpoints[e].path, other[i], 400, "invalid_request");
    }
    assert_int_equal(exchange(rig, "GET", "/session", ""), 200);
    assert_string_equal(answer.body, "{\"sessions\":[]}");
}

static void survives_depth(void **state)
{
    static char body[100001];
    struct rig *rig = *state;

    rig_start(rig);
    memset(body, '[', sizeof body - 1);
    expect_error(rig, "POST", "/session", body, 400, "invalid_json");
    assert_int_equal(exchange(rig, "POST", "/session", "{}"), 200);
}

static void tells_bad_ids_from_unknown_ones(void **state)
{
    static const char *const bad[] = {"x",
                                      "..",
                                      "%2e%2e",
                                      "0000000000000000000000000000000G",
                                      "000000000000000000000000000000000",
                                      "ABCDEF00000000000000000000000000"};
    struct rig *rig = *state;
    char path[128], body[128];

    rig_start(rig);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(path, sizeof path, "/session/%s", bad[i]);
        expect_error(rig, "GET", path, "", 400, "invalid_session_id");
        expect_error(rig, "DELETE", path, "", 400, "invalid_session_id");
        snprintf(path, sizeof path, "/session/%s/message", bad[i]);
        expect_error(rig, "POST", path, "{\"text\":\"\"}", 400, "invalid_session_id");
        snprintf(body, sizeof body, "{\"text\":\"\",\"session_id\":\"%s\"}", bad[i]);
        expect_error(rig, "POST", "/tui/append-prompt", body, 400, "invalid_session_id");
    }
    snprintf(body, sizeof body, "{\"text\":\"\",\"session_id\":\"%s\"}", unknown);
    expect_error(rig, "POST", "/tui/append-prompt", body, 404, "not_found");
    snprintf(body, sizeof body, "{\"text\":\"\",\"session_id\":\"%s\\u0000\"}", unknown);
    expect_error(rig, "POST", "/tui/append-prompt", body, 400, "invalid_session_id");
    expect_error(rig, "POST", "/tui/append-prompt", "{\"text\":\"\",\"session_id\":1}", 400, "invalid_request");
}

static void knows_its_paths_and_methods(void **state)
{
    struct rig *rig = *state;

    rig_start(rig);
    expect_error(rig, "GET", "/", "", 404, "not_found");
    expect_error(rig, "GET", "/session/", "", 404, "not_found");
    expect_error(rig, "GET", "/session/x/y", "", 404, "not_found");
    expect_error(rig, "GET", "/health/", "", 404, "not_found");
    expect_error(rig, "PUT", "/session", "{}", 405, "method_not_allowed");
    assert_string_equal(field_of(&answer, "Allow"), "POST, GET, HEAD");
    expect_error(rig, "get", "/health", "", 405, "method_not_allowed");
    assert_string_equal(field_of(&answer, "Allow"), "GET, HEAD");

    int fd = dial(rig);
    say(fd, "HEAD /health HTTP/1.1\r\nHost: a\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    hear_head(fd, &answer);
    assert_string_equal(field_of(&answer, "Content-Length"), "15");
    assert_int_equal(hear(fd, &answer), 404);
    close(fd);
}

/* Sends a GET with those fields and returns the status. */
static int ask_with(const struct rig *rig, const char *fields)
{
    char request[512];
    int fd = dial(rig);

    snprintf(request, sizeof request, "GET /health HTTP/1.1\r\n%s\r\n", fields);
    say(fd, request);
    int status = hear(fd, &answer);
    close(fd);
    return status;
}

static void asks_for_the_token(void **state)
{
    static const char *const wrong[] = {"",
                                        "Authorization: Bearer s3cre\r\n",
                                        "Authorization: Bearer s3cret1\r\n",
                                        "Authorization: Bearer S3cret\r\n",
                                        "Authorization: Basic s3cret\r\n",
                                        "Authorization: s3cret\r\n",
                                        "Authorization: Bearer\r\n",
                                        "Authorization: Bearer s3cret\r\nAuthorization: Bearer s3cret\r\n"};
    struct rig *rig = *state;
    char fields[256];

    rig->config.token = "s3cret";
    rig_start(rig);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(fields, sizeof fields, "Host: a\r\n%s", wrong[i]);
        assert_int_equal(ask_with(rig, fields), 401);
        assert_string_equal(answer.body, "{\"error\":\"unauthorized\"}");
        assert_string_equal(field_of(&answer, "WWW-Authenticate"), "Bearer");
    }
    assert_int_equal(ask_with(rig, "Host: a\r\nAuthorization: bearer s3cret\r\n"), 200);
}

static void admits_only_local_hosts_and_origins(void **state)
{
    static const struct {
        const char *fields;
        int status;
    } rows[] = {
        {"Host: localhost\r\n", 200},
        {"Host: LocalHost:80\r\n", 200},
        {"Host: 127.0.0.1:8080\r\n", 200},
        {"Host: [::1]:1\r\n", 200},
        {"Host: evil.example\r\n", 403},
        {"Host: localhost.evil.example\r\n", 403},
        {"Host: 127.0.0.1.evil.example\r\n", 403},
        {"Host:\r\n", 403},
        {"Host: localhost\r\nOrigin: http://localhost:3000\r\n", 200},
        {"Host: localhost\r\nOrigin: https://127.0.0.1\r\n", 200},
        {"Host: localhost\r\nOrigin: https://my.example\r\n", 200},
        {"Host: localhost\r\nOrigin: http://evil.example\r\n", 403},
        {"Host: localhost\r\nOrigin: http://localhost@evil.example\r\n", 403},
        {"Host: localhost\r\nOrigin: http://localhost:80@evil.example\r\n", 403},
        {"Host: localhost\r\nOrigin: null\r\n", 403},
        {"Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://evil.example\r\n", 403},
    };
    struct rig *rig = *state;

    rig->config.local_only = true;
    rig->config.origins = (const char *const[]){"https://other.example", "https://my.example", NULL};
    rig_start(rig);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int status = ask_with(rig, rows[i].fields);

        if (status != rows[i].status)
            print_message("%s", rows[i].fields);
        assert_int_equal(status, rows[i].status);
    }
    int fd = dial(rig);
    say(fd, "GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_int_equal(hear(fd, &answer), 403);
    close(fd);
}

/* Reads the next event of a stream: what stands between "data: " and the empty line. */
static const char *hear_event(int fd)
{
    static char event[1 << 16];
    size_t length = 0;

    do {
        assert_true(length < sizeof event - 1);
        assert_int_equal(recv(fd, event + length++, 1, 0), 1);
        event[length] = '\0';
    } while (length < 2 || strcmp(event + length - 2, "\n\n") != 0);
    assert_memory_equal(event, "data: ", 6);
    event[length - 2] = '\0';
    return event + 6;
}

static int subscribe(const struct rig *rig)
{
    int fd = dial(rig);

    say(fd, "GET /event HTTP/1.1\r\nHost: a\r\n\r\n");
    hear_head(fd, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(field_of(&answer, "Content-Type"), "text/event-stream");
    assert_string_equal(hear_event(fd), "{\"type\":\"server.connected\"}");
    return fd;
}

static void tells_subscribers_in_order(void **state)
{
    enum { SUBSCRIBERS = 5, MESSAGES = 40 };
    struct rig *rig = *state;
    char sid[STORE_SID_BYTES], path[128], expected[256];
    int fds[SUBSCRIBERS];

    server_limit_set(&rig->config.limits, "http.heartbeat_ms", 60000);
    rig_start(rig);
    create(rig, "{}", sid);
    for (int i = 0; i < SUBSCRIBERS; i++)
        fds[i] = subscribe(rig);
    snprintf(path, sizeof path, "/session/%s/message", sid);
    for (int i = 0; i < MESSAGES; i++)
        assert_int_equal(exchange(rig, "POST", path, "{\"text\":\"m\"}"), 200);
    for (int i = 0; i < SUBSCRIBERS; i++) {
        for (int m = 1; m <= MESSAGES; m++) {
            snprintf(expected, sizeof expected,
                     "{\"type\":\"session.event\",\"session_id\":\"%s\",\"seq\":%d,\"event\":{\"type\":"
                     "\"user.message\",\"text\":\"m\"}}",
                     sid, m);
            assert_string_equal(hear_event(fds[i]), expected);
        }
    }
    assert_int_equal(exchange(rig, "GET", "/metrics", ""), 200);
    assert_non_null(strstr(answer.body, "\nassay_clients 5\n"));
    assert_non_null(strstr(answer.body, "\nassay_sessions 1\n"));
    assert_non_null(strstr(answer.body, "\nassay_requests_total{route=\"append_message\",status=\"200\"} 40\n"));
    for (int i = 0; i < SUBSCRIBERS; i++)
        close(fds[i]);
}

static void sends_heartbeats(void **state)
{
    struct rig *rig = *state;

    server_limit_set(&rig->config.limits, "http.heartbeat_ms", 100);
    rig_start(rig);
    int fd = subscribe(rig);
    assert_string_equal(hear_event(fd), "{\"type\":\"server.heartbeat\"}");
    assert_string_equal(hear_event(fd), "{\"type\":\"server.heartbeat\"}");
    close(fd);
}

/* A subscriber that reads nothing is cut off as soon as it is too far behind; another one misses nothing. */
static void drops_subscribers_that_fall_behind(void **state)
{
    enum { MESSAGES_MAX = 1000, TEXT_BYTES = 200000 }; /* the kernel's own buffers fill up before the queue does */
    static char body[TEXT_BYTES + 64];
    struct rig *rig = *state;
    char sid[STORE_SID_BYTES], path[128];

    server_limit_set(&rig->config.limits, "http.event_queue", 8);
    rig_start(rig);
    create(rig, "{}", sid);
    int deaf = subscribe(rig);
    snprintf(path, sizeof path, "/session/%s/message", sid);
    int length = snprintf(body, sizeof body, "{\"text\":\"");
    memset(body + length, 'x', TEXT_BYTES);
    strcpy(body + length + TEXT_BYTES, "\"}");
    int sent = 0;
    do {
        assert_true(sent++ < MESSAGES_MAX);
        assert_int_equal(exchange(rig, "POST", path, body), 200);
        assert_int_equal(exchange(rig, "GET", "/metrics", ""), 200);
    } while (strstr(answer.body, "\nassay_dropped_total 0\n"));
    assert_non_null(strstr(answer.body, "\nassay_dropped_total 1\n"));
    assert_non_null(strstr(answer.body, "\nassay_clients 0\n"));
    assert_non_null(strstr(answer.body, "\nassay_queue_bytes 0\n"));
    close(deaf);
    int next = subscribe(rig);
    assert_int_equal(exchange(rig, "POST", path, "{\"text\":\"m\"}"), 200);
    snprintf(body, sizeof body, "\"seq\":%d,", sent + 1);
    assert_non_null(strstr(hear_event(next), body));
    close(next);
}

static void hub_holds_what_it_says(void **state)
{
    struct event_hub hub;
    struct buffer event = buffer_new(100), out = buffer_new(1000);

    (void)state;
    assert_true(event_hub_init(&hub, 3));
    uint64_t cursor = event_hub_join(&hub);
    assert_int_equal(event_hub_next(&hub, &cursor, &out), EVENT_HUB_NONE);
    for (int count = 1; count <= 4; count++) {
        uint64_t late = cursor;

        buffer_add_format(&event, "%d", count);
        assert_true(event_hub_publish(&hub, &event));
        assert_int_equal(event_hub_is_lapped(&hub, late), count > 3);
        buffer_clear(&out);
        assert_int_equal(event_hub_next(&hub, &late, &out), count > 3 ? EVENT_HUB_LAPPED : EVENT_HUB_OK);
        if (count == 3)
            assert_string_equal(out.data, "123");
    }
    event_hub_leave(&hub);
    cursor = event_hub_join(&hub);
    assert_int_equal(event_hub_next(&hub, &cursor, &out), EVENT_HUB_NONE);
    event_hub_destroy(&hub);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(serves_a_session_from_birth_to_death, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(appends_and_reads_messages, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(says_400_to_what_is_not_json, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(survives_depth, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(tells_bad_ids_from_unknown_ones, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(knows_its_paths_and_methods, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(asks_for_the_token, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(admits_only_local_hosts_and_origins, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(tells_subscribers_in_order, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(sends_heartbeats, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(drops_subscribers_that_fall_behind, rig_set_up, rig_tear_down),
        cmocka_unit_test(hub_holds_what_it_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
