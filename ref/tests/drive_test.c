/* The driver over real pipes, run by a thread of the test. */
#include "app/drive.h"
#include "json/parse.h"
#include "json/string.h"
#include "tests/store_fixture.h"

#include <poll.h>
#include <signal.h>
#include <time.h>

enum { ANSWER_TIMEOUT_MS = 60000 };

struct talk {
    char root[64];
    int to_fd;
    int from_fd;
    int in_fd;
    FILE *out;
    pthread_t thread;
    int exit_code;
    bool stopped;
    struct buffer read; /* answers not yet taken */
};

static void *run_driver(void *argument)
{
    struct talk *talk = argument;

    talk->exit_code = drive_run(talk->in_fd, talk->out, NULL);
    fclose(talk->out);
    close(talk->in_fd);
    return NULL;
}

static int start_talk(void **state)
{
    struct talk *talk = calloc(1, sizeof *talk);
    int in[2];
    int out[2];

    strcpy(talk->root, "/tmp/ref-drive-XXXXXX");
    if (!mkdtemp(talk->root) || pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        return -1;
    talk->in_fd = in[0];
    talk->to_fd = in[1];
    talk->from_fd = out[0];
    talk->out = fdopen(out[1], "w");
    talk->read = buffer_new(2 * DRIVE_LINE_MAX_BYTES);
    *state = talk;
    return pthread_create(&talk->thread, NULL, run_driver, talk);
}

/* Waits for the driver's end; with nothing more to read, it has met the end of its input. */
static void expect_exit(struct talk *talk, int code)
{
    if (talk->to_fd >= 0)
        close(talk->to_fd);
    talk->to_fd = -1;
    pthread_join(talk->thread, NULL);
    talk->stopped = true;
    assert_int_equal(talk->exit_code, code);
}

static int end_talk(void **state)
{
    struct talk *talk = *state;

    if (!talk->stopped)
        expect_exit(talk, 0);
    close(talk->from_fd);
    nftw(talk->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    buffer_free(&talk->read);
    free(talk);
    return 0;
}

static void say_bytes(struct talk *talk, const char *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = write(talk->to_fd, data, bytes);

        assert_true(written > 0);
        data += written;
        bytes -= (size_t)written;
    }
}

static void say(struct talk *talk, const char *line)
{
    say_bytes(talk, line, strlen(line));
    say_bytes(talk, "\n", 1);
}

/* The next answer, parsed; the caller deletes it. */
static cJSON *hear(struct talk *talk)
{
    char block[65536];
    size_t searched = 0;
    char *newline;
    cJSON *answer;
    struct error err = {{0}};

    while (talk->read.bytes == searched ||
           !(newline = memchr(talk->read.data + searched, '\n', talk->read.bytes - searched))) {
        struct pollfd readable = {talk->from_fd, POLLIN, 0};
        ssize_t bytes;

        searched = talk->read.bytes;
        assert_int_equal(poll(&readable, 1, ANSWER_TIMEOUT_MS), 1);
        bytes = read(talk->from_fd, block, sizeof block);
        assert_true(bytes > 0);
        assert_true(buffer_add(&talk->read, block, (size_t)bytes));
    }
    if (json_parse(talk->read.data, (size_t)(newline - talk->read.data), &answer, &err) != JSON_OK)
        fail_msg("%s", err.text);
    buffer_drop(&talk->read, (size_t)(newline + 1 - talk->read.data));
    return answer;
}

/* Sends params to a method as request 7 and returns what the answer holds under `member`; the caller deletes it. */
static cJSON *call(struct talk *talk, const char *method, const char *params, const char *member)
{
    struct buffer line = buffer_new(DRIVE_LINE_MAX_BYTES);
    cJSON *answer;
    cJSON *part;

    buffer_add_format(&line, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":", method);
    buffer_add_text(&line, params);
    buffer_add_text(&line, "}\n");
    assert_false(line.failed);
    say_bytes(talk, line.data, line.bytes);
    buffer_free(&line);
    answer = hear(talk);
    assert_int_equal(cJSON_GetObjectItemCaseSensitive(answer, "id")->valueint, 7);
    part = cJSON_DetachItemFromObjectCaseSensitive(answer, member);
    if (!part)
        fail_msg("no %s in the answer to %s: %s", member, method, cJSON_PrintUnformatted(answer));
    cJSON_Delete(answer);
    return part;
}

static void expect_error(cJSON *error, int code, const char *kind, bool definite)
{
    cJSON *data = cJSON_GetObjectItemCaseSensitive(error, "data");

    assert_non_null(error);
    assert_int_equal(cJSON_GetObjectItemCaseSensitive(error, "code")->valueint, code);
    assert_string_equal(cJSON_GetObjectItemCaseSensitive(data, "kind")->valuestring, kind);
    assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(data, "definite")), definite);
    assert_true(strlen(cJSON_GetObjectItemCaseSensitive(error, "message")->valuestring) > 0);
}

static void start_store(struct talk *talk, const char *more)
{
    char params[200];

    snprintf(params, sizeof params, "{\"directory\":\"%s\"%s}", talk->root, more);
    cJSON_Delete(call(talk, "store.start", params, "result"));
}

/* Makes a session; params gets `{"sid":"…"` and more. */
static void create_session(struct talk *talk, char sid[STORE_SID_BYTES])
{
    cJSON *result = call(talk, "store.create", "{}", "result");

    snprintf(sid, STORE_SID_BYTES, "%s", cJSON_GetObjectItemCaseSensitive(result, "sid")->valuestring);
    assert_int_equal(strlen(sid), STORE_SID_CHARS);
    cJSON_Delete(result);
}

static void expect_number(struct talk *talk, const char *method, const char *params, const char *member, int number)
{
    cJSON *result = call(talk, method, params, "result");

    assert_int_equal(cJSON_GetObjectItemCaseSensitive(result, member)->valueint, number);
    cJSON_Delete(result);
}

static void refuses(struct talk *talk, const char *method, const char *params, int code, const char *kind)
{
    cJSON *error = call(talk, method, params, "error");

    expect_error(error, code, kind, true);
    cJSON_Delete(error);
}

static void hello_names_what_is_served(void **state)
{
    cJSON *result = call(*state, "hello", "{\"protocol\":1,\"unknown\":[]}", "result");
    cJSON *surfaces = cJSON_GetObjectItemCaseSensitive(result, "surfaces");
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(surfaces, "store"));

    assert_string_equal(text, "[\"create\",\"append\",\"read\",\"metadata\",\"delete\",\"fork\",\"resume\"]");
    free(text);
    text = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(result, "features"));
    assert_string_equal(text, "[\"raw_events\",\"durable\"]");
    free(text);
    assert_int_equal(cJSON_GetObjectItemCaseSensitive(result, "protocol")->valueint, 1);
    cJSON_Delete(result);
}

/* Sixteen wait for a minute, and one that does not is answered at once. The end of the input lets the others go. */
static void echoes_overlap(void **state)
{
    struct talk *talk = *state;
    bool seen[17] = {false};

    for (int id = 16; id >= 0; id--) {
        char line[200];

        snprintf(
            line, sizeof line,
            "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"echo\",\"params\":{\"text\":\"\\u00e9%d\",\"delay_ms\":%d}}",
            id, id, id > 0 ? DRIVE_ECHO_MAX_MS : 0);
        say(talk, line);
    }
    for (int i = 0; i <= 16; i++) {
        cJSON *answer = hear(talk);
        cJSON *result = cJSON_GetObjectItemCaseSensitive(answer, "result");
        int id = cJSON_GetObjectItemCaseSensitive(answer, "id")->valueint;
        char text[20];

        assert_true(id >= 0 && id <= 16 && !seen[id]);
        assert_true(i > 0 || id == 0);
        seen[id] = true;
        snprintf(text, sizeof text, "\xc3\xa9%d", id);
        assert_string_equal(cJSON_GetObjectItemCaseSensitive(result, "text")->valuestring, text);
        cJSON_Delete(answer);
        if (i == 0)
            expect_exit(talk, 0);
    }
}

static void echo_delays_have_a_maximum(void **state)
{
    refuses(*state, "echo", "{\"text\":\"x\",\"delay_ms\":60001}", -32602, "refused");
    refuses(*state, "echo", "{\"text\":\"x\",\"delay_ms\":-1}", -32602, "refused");
    refuses(*state, "echo", "{\"delay_ms\":1}", -32602, "refused");
    /* The maximum itself is taken; the end of the input cuts it short. */
    say(*state, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"x\",\"delay_ms\":60000}}");
    say(*state, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"echo\",\"params\":{\"text\":\"x\",\"delay_ms\":59999}}");
    expect_exit(*state, 0);
}

static void bad_lines_are_answered(void **state)
{
    static const struct {
        const char *line;
        int code;
        const char *kind;
    } bad[] = {
        {"", -32700, "refused"},
        {"{", -32700, "refused"},
        {"{\"id\":1,\"id\":2}", -32700, "refused"},
        {"[]", -32600, "refused"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"hello\"}", -32600, "refused"},
        {"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"hello\"}", -32600, "refused"},
        {"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"hello\"}", -32600, "refused"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1}", -32600, "refused"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\",\"params\":[]}", -32602, "refused"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\"}", -32601, "unsupported"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"store.\"}", -32601, "unsupported"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stor.append\"}", -32601, "unsupported"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\\u0000\"}", -32601, "unsupported"},
    };
    struct talk *talk = *state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cJSON *answer;

        say(talk, bad[i].line);
        answer = hear(talk);
        expect_error(cJSON_GetObjectItemCaseSensitive(answer, "error"), bad[i].code, bad[i].kind, true);
        if (bad[i].code == -32700)
            assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(answer, "id")));
        cJSON_Delete(answer);
    }
}

/* Lines of the maximum and around it: padded with white space. One that is too long is skipped. */
static void lines_have_a_maximum(void **state)
{
    static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"hello\"}";
    struct talk *talk = *state;
    char *line = malloc(DRIVE_LINE_MAX_BYTES + 2);

    assert_non_null(line);
    for (int off = -1; off <= 1; off++) {
        size_t bytes = (size_t)(DRIVE_LINE_MAX_BYTES + off);
        cJSON *answer;

        memset(line, ' ', bytes);
        memcpy(line, request, sizeof request - 1);
        line[bytes] = '\n';
        say_bytes(talk, line, bytes + 1);
        answer = hear(talk);
        assert_int_equal(cJSON_HasObjectItem(answer, "result"), off <= 0);
        cJSON_Delete(answer);
    }
    free(line);
    cJSON_Delete(call(talk, "hello", "{}", "result"));
}

static void a_server_takes_no_limit_that_it_lacks(void **state)
{
    struct talk *talk = *state;

    refuses(talk, "http.start", "{\"directory\":\"/tmp\",\"limits\":{\"body_byte\":1}}", -32000, "unsupported");
    refuses(talk, "ws.start", "{\"directory\":\"/tmp\",\"limits\":{\"body_bytes\":1}}", -32000, "unsupported");
    refuses(talk, "ws.start", "{\"directory\":\"/tmp\",\"limits\":{\"idle_ms\":0}}", -32602, "refused");
}

static void store_methods_serve(void **state)
{
    struct talk *talk = *state;
    char sid[STORE_SID_BYTES];
    char params[300];
    cJSON *result;
    char *text;

    refuses(talk, "store.create", "{}", -32000, "refused");
    refuses(talk, "store.start", "{\"directory\":\"relative\"}", -32602, "refused");
    refuses(talk, "store.start", "{\"directory\":\"/tmp\\u0000\"}", -32602, "refused");
    refuses(talk, "store.start", "{\"directory\":\"/tmp\",\"limits\":{\"event_bytes\":1.5}}", -32602, "refused");
    refuses(talk, "store.start", "{\"directory\":\"/nonexistent\"}", -32000, "failed");
    start_store(talk, ",\"limits\":{\"event_bytes\":100},\"durable\":true");
    create_session(talk, sid);
    snprintf(params, sizeof params, "{\"sid\":\"%s\",\"event\":\"{\\\"type\\\":\\\"a\\\"}\"}", sid);
    expect_number(talk, "store.append", params, "seq", 1);
    /* {"type":"b","x":"é"} */
    snprintf(params, sizeof params, "{\"sid\":\"%s\",\"event_base64\":\"eyJ0eXBlIjoiYiIsIngiOiLDqSJ9\"}", sid);
    expect_number(talk, "store.append", params, "seq", 2);
    snprintf(params, sizeof params, "{\"sid\":\"%s\",\"after\":1,\"limit\":5}", sid);
    result = call(talk, "store.read", params, "result");
    text = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(result, "events"), 0)->valuestring;
    assert_memory_equal(text, "{\"type\":\"b\",\"ts\":\"", 18);
    assert_string_equal(text + 18 + 24, "\",\"seq\":2,\"x\":\"\xc3\xa9\"}");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(result, "events")), 1);
    cJSON_Delete(result);
    snprintf(params, sizeof params, "{\"sid\":\"%s\",\"patch\":{\"title\":\"t\",\"n\":1e400}}", sid);
    cJSON_Delete(call(talk, "store.metadata", params, "result"));
    snprintf(params, sizeof params, "{\"sid\":\"%s\",\"head\":1}", sid);
    result = call(talk, "store.metadata", params, "result");
    assert_string_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(result, "metadata"), "title")->valuestring, "t");
    cJSON_Delete(result);
    expect_number(talk, "store.resume", params, "next_seq", 3);
    result = call(talk, "store.fork", params, "result");
    snprintf(params, sizeof params, "{\"sid\":\"%s\"}", cJSON_GetObjectItem(result, "sid")->valuestring);
    cJSON_Delete(result);
    expect_number(talk, "store.resume", params, "next_seq", 2);
    cJSON_Delete(call(talk, "store.delete", params, "result"));
    refuses(talk, "store.delete", params, -32000, "refused");
    snprintf(params, sizeof params, "{\"directory\":\"%s\"}", talk->root);
    refuses(talk, "store.start", params, -32000, "refused");
}

static void store_methods_refuse(void **state)
{
    struct talk *talk = *state;
    char sid[STORE_SID_BYTES];
    char params[300];

    start_store(talk, "");
    create_session(talk, sid);
    refuses(talk, "store.append", "{\"event\":\"{}\"}", -32602, "refused");
    refuses(talk, "store.append", "{\"sid\":1,\"event\":\"{}\"}", -32602, "refused");
    snprintf(params, sizeof params, "{\"sid\":\"%s\"}", sid);
    refuses(talk, "store.append", params, -32602, "refused");
    snprintf(params, sizeof params, "{\"sid\":\"%s\\u0000\",\"event\":\"{\\\"type\\\":\\\"x\\\"}\"}", sid);
    refuses(talk, "store.append", params, -32000, "refused");
    snprintf(params, sizeof params, "{\"sid\":\"%s\",\"event\":\"{\\\"type\\\":\\\"x\\\"}\\u0000\"}", sid);
    refuses(talk, "store.append", params, -32000, "refused");
    snprintf(params, sizeof params, "{\"sid\":\"%s\",\"event_base64\":\"!!!!\"}", sid);
    refuses(talk, "store.append", params, -32602, "refused");
    snprintf(params, sizeof params, "{\"sid\":\"%s\",\"event_base64\":\"\"}", sid);
    refuses(talk, "store.append", params, -32000, "refused");
    snprintf(params, sizeof params, "{\"sid\":\"%s\",\"after\":\"1\"}", sid);
    refuses(talk, "store.read", params, -32602, "refused");
    snprintf(params, sizeof params, "{\"sid\":\"%s\",\"patch\":[]}", sid);
    refuses(talk, "store.metadata", params, -32000, "refused");
    snprintf(params, sizeof params, "{\"sid\":\"%s\",\"event_base64\":\"eyJ0eXBlIjoieCIsImEiOjF9\"}", sid);
    expect_number(talk, "store.append", params, "seq", 1);
}

/* Events that double when quoted fill more than a page: fewer come, and the rest on the next call. */
static void answers_fit_into_a_line(void **state)
{
    struct talk *talk = *state;
    enum { EVENT_BYTES = STORE_PAGE_MAX_BYTES / 2, EVENTS = 3 };
    char *params = malloc(EVENT_BYTES * 4);
    char sid[STORE_SID_BYTES];
    int got = 0;
    size_t at;

    start_store(talk, "");
    create_session(talk, sid);
    at = (size_t)sprintf(params, "{\"sid\":\"%s\",\"event\":\"{\\\"type\\\":\\\"x\\\",\\\"a\\\":\\\"", sid);
    for (size_t i = 0; i < EVENT_BYTES / 2; i++, at += 4)
        memcpy(params + at, "\\\\\\\"", 4);
    strcpy(params + at, "\\\"}\"}");
    for (int i = 1; i <= EVENTS; i++)
        expect_number(talk, "store.append", params, "seq", i);
    while (got < EVENTS) {
        cJSON *result;
        int count;

        snprintf(params, 200, "{\"sid\":\"%s\",\"after\":%d}", sid, got);
        result = call(talk, "store.read", params, "result");
        count = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(result, "events"));
        cJSON_Delete(result);
        assert_true(count > 0 && count < EVENTS);
        got += count;
    }
    assert_int_equal(got, EVENTS);
    free(params);
}

static void stop_is_answered_last(void **state)
{
    struct talk *talk = *state;

    say(talk, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"x\",\"delay_ms\":30000}}");
    say(talk, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"stop\"}");
    for (int id = 1; id <= 2; id++) {
        cJSON *answer = hear(talk);

        assert_int_equal(cJSON_GetObjectItemCaseSensitive(answer, "id")->valueint, id);
        assert_true(cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(answer, "result")));
        cJSON_Delete(answer);
    }
    pthread_join(talk->thread, NULL);
    talk->stopped = true;
    assert_int_equal(talk->exit_code, 0);
    close(talk->to_fd);
}

/* More requests than threads, and a store that is used by all of them. */
static void many_requests_at_once(void **state)
{
    struct talk *talk = *state;
    enum { REQUESTS = 3 * DRIVE_THREADS_MAX };
    bool seen[REQUESTS + 1] = {false};
    char sid[STORE_SID_BYTES];

    start_store(talk, "");
    create_session(talk, sid);
    for (int id = 0; id < REQUESTS; id++) {
        char line[300];

        snprintf(line, sizeof line,
                 "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"store.append\",\"params\":{\"sid\":\"%s\","
                 "\"event\":\"{\\\"type\\\":\\\"user.message\\\"}\"}}",
                 id, sid);
        say(talk, line);
    }
    for (int i = 0; i < REQUESTS; i++) {
        cJSON *answer = hear(talk);
        cJSON *result = cJSON_GetObjectItemCaseSensitive(answer, "result");
        int seq = cJSON_GetObjectItemCaseSensitive(result, "seq")->valueint;

        assert_true(seq >= 1 && seq <= REQUESTS && !seen[seq]);
        seen[seq] = true;
        cJSON_Delete(answer);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hello_names_what_is_served, start_talk, end_talk),
        cmocka_unit_test_setup_teardown(echoes_overlap, start_talk, end_talk),
        cmocka_unit_test_setup_teardown(echo_delays_have_a_maximum, start_talk, end_talk),
        cmocka_unit_test_setup_teardown(bad_lines_are_answered, start_talk, end_talk),
        cmocka_unit_test_setup_teardown(lines_have_a_maximum, start_talk, end_talk),
        cmocka_unit_test_setup_teardown(a_server_takes_no_limit_that_it_lacks, start_talk, end_talk),
        cmocka_unit_test_setup_teardown(store_methods_serve, start_talk, end_talk),
        cmocka_unit_test_setup_teardown(store_methods_refuse, start_talk, end_talk),
        cmocka_unit_test_setup_teardown(answers_fit_into_a_line, start_talk, end_talk),
        cmocka_unit_test_setup_teardown(stop_is_answered_last, start_talk, end_talk),
        cmocka_unit_test_setup_teardown(many_requests_at_once, start_talk, end_talk),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
