/* What rooms may expect of turns and calls, against a server that does it, and one that does not. */
#include "tests/ws_plays.h"
#include "ws/session.h"
#include "ws/turn.h"

enum { MESSAGE_BYTES = 1 << 16, REFUSALS = 2 };

static struct manifest_server entry = {
    .is_there = true,
    .prompts = {{.kind = "echo", .text = "echo ${TEXT}"}, {.kind = "read", .text = "read ${TEXT}"}},
    .prompt_count = 2,
    .metrics = "/metrics",
};
static struct manifest manifest = {.name = "fixture", .ws = &entry, .directory = "/tmp"};

/* --- an agent --- */

static bool asks;    /* for the file that it is to read */
static bool resumes; /* after so many refusals */

static void say(int client, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(int client, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    play_say(client, WS_TEXT, message);
}

static void end_turn(int client, long id)
{
    say(client, "{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{\"sessionId\":\"s1\",\"update\":{"
                "\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"text\",\"text\":\"one two\"}}}}");
    say(client, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":{\"stopReason\":\"end_turn\"}}", id);
}

static void serve(int client, const char *message, long id)
{
    static int refused;

    if (strstr(message, "\"initialize\""))
        say(client,
            "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":{\"protocolVersion\":1,\"agentCapabilities\":{"
            "\"sessionCapabilities\":{%s}}}}",
            id, resumes ? "\"resume\":{}" : "");
    else if (strstr(message, "\"session/new\""))
        say(client, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":{\"sessionId\":\"s1\"}}", id);
    else if (strstr(message, "\"session/resume\"") && refused++ >= REFUSALS)
        say(client, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":{}}", id);
    else if (strstr(message, "\"read ") && asks)
        say(client,
            "{\"jsonrpc\":\"2.0\",\"id\":\"c1\",\"method\":\"fs/read_text_file\",\"params\":{\"path\":\"/x\"}}");
    else if (strstr(message, "\"session/prompt\""))
        end_turn(client, id);
    else
        say(client, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"error\":{\"code\":-32002,\"message\":\"no\"}}", id);
}

static void act(int client)
{
    static char message[MESSAGE_BYTES];

    answer_101(client, "");
    while (take_frame(client, message) == 0x81) {
        const char *id = strstr(message, "\"id\":");

        if (id)
            serve(client, message, strtol(id + strlen("\"id\":"), NULL, 10));
    }
}

/* --- turns --- */

static void says(void **state, const char *text)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    ws_expect_turn_says(client, sid, ws_ask_prompt(client, sid, ws_prompt(*state, "echo", "x")), text);
    ws_free_all();
}

static void says_two(void **state)
{
    says(state, "two");
}

static void says_three(void **state)
{
    says(state, "three");
}

static void goes_without(void **state, const char *text)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    ws_expect_turn_without(client, sid, ws_ask_prompt(client, sid, ws_prompt(*state, "echo", "x")), text);
    ws_free_all();
}

static void goes_without_two(void **state)
{
    goes_without(state, "two");
}

static void goes_without_three(void **state)
{
    goes_without(state, "three");
}

static void what_a_turn_says(void **state)
{
    (void)state;
    case_manifest = &manifest;
    expect_pass(act, says_two);
    expect_fail(act, says_three, "wrong", "one two");
    expect_pass(act, goes_without_three);
    expect_fail(act, goes_without_two, "wrong", "one two");
}

/* --- calls --- */

static void asks_for_a_file(void **state)
{
    struct ws_client *client = ws_join(*state);
    size_t turn;
    struct ws_asked asked = ws_begin_call(client, ws_new_session(client), WS_READ_FILE, "/x", &turn);

    expect_text(asked.method, "fs/read_text_file", "the call");
    expect(!ws_is_answered(client, turn), WRONG, "a turn under way", "its end");
    ws_free_all();
}

static void a_call_or_its_absence(void **state)
{
    (void)state;
    case_manifest = &manifest;
    asks = true;
    expect_pass(act, asks_for_a_file);
    asks = false;
    expect_fail(act, asks_for_a_file, "silent", "none came");
}

/* --- what is left --- */

static void comes_back(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_again(client, WS_RESUME, "s1");
    ws_free_all();
}

static void a_session_that_comes_back(void **state)
{
    (void)state;
    case_manifest = &manifest;
    resumes = true;
    expect_pass(act, comes_back);
    resumes = false;
    expect_not_judged(act, comes_back, "does not advertise");
}

static void answer_metric(int client, int value)
{
    char text[128];

    hostile_take_request(client);
    snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n\r\nassay_pending_calls %d", value);
    hostile_send(client, text);
    shutdown(client, SHUT_RDWR);
}

/* One less each time. */
static void count_down(int client)
{
    answer_metric(client, 3);
    for (int left = 2; left > 0; left--) {
        int next = accept(hostile_listener, NULL, NULL);

        answer_metric(next, left);
        close(next);
    }
}

static void goes_to_one(void **state)
{
    ws_expect_metric(*state, "assay_pending_calls", 1);
}

static void a_metric_that_comes_back(void **state)
{
    (void)state;
    case_manifest = &manifest;
    expect_pass(count_down, goes_to_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_turn_says),
        cmocka_unit_test(a_call_or_its_absence),
        cmocka_unit_test(a_session_that_comes_back),
        cmocka_unit_test(a_metric_that_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
