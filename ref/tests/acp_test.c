/* The ACP core, one client at a time: what is a message, which methods there are, and what a prompt brings about. */
#include "tests/acp_fixture.h"

static void initialize_comes_first_and_once(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join(world);

    (void)state;
    say(world, client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session/new\",\"params\":{\"cwd\":\"/\"}}");
    expect(world, client, "\"id\":1,\"error\":{\"code\":-32010,", "initialize comes first");
    say(world, client,
        "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"1\"}}");
    expect(world, client, "\"id\":2,\"error\":{\"code\":-32602,");
    say(world, client, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"initialize\",\"params\":{\"protocolVersion\":77}}");
    expect(world, client, "\"id\":3,\"result\":{\"protocolVersion\":1,\"agentCapabilities\":{\"loadSession\":true,",
           "\"sessionCapabilities\":{\"list\":{},\"resume\":{},\"close\":{},\"delete\":{}}", "\"authMethods\":[]");
    say(world, client, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"initialize\",\"params\":{\"protocolVersion\":1}}");
    expect(world, client, "\"id\":4,\"error\":{\"code\":-32010,", "initialize comes once");
    expect_silence(world, client);
    world_free(world);
}

static void a_prompt_is_echoed(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = new_session(world, client);

    (void)state;
    prompt(world, client, session.id, 7, "echo x\\\"y");
    expect_silence(world, client); /* the agent is not served on the way in */
    settle(world);
    expect(world, client, "\"method\":\"session/update\"", session.id, "\"sessionUpdate\":\"agent_message_chunk\"",
           "Hello");
    expect(world, client, session.id, "\"content\":{\"type\":\"text\",\"text\":\"x\\\"y\"}");
    expect(world, client, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"stopReason\":\"end_turn\"}}");
    prompt(world, client, session.id, 8, "what nobody knows");
    settle(world);
    expect(world, client, "\"text\":\"what nobody knows\"");
    expect(world, client, "\"id\":8,\"result\"");
    expect_silence(world, client);
    world_free(world);
}

static void what_is_no_message_is_refused(void **state)
{
    static const char *const bad[][2] = {
        {"{", "\"id\":null,\"error\":{\"code\":-32700,"},
        {"hello", "\"id\":null,\"error\":{\"code\":-32700,"},
        {"[]", "\"id\":null,\"error\":{\"code\":-32600,"},
        {"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}]", "\"id\":null,\"error\":{\"code\":-32600,"},
        {"{}", "\"id\":null,\"error\":{\"code\":-32600,"},
        {"1", "\"id\":null,\"error\":{\"code\":-32600,"},
        {"null", "\"id\":null,\"error\":{\"code\":-32600,"},
        {"{\"jsonrpc\":\"1.0\",\"id\":5,\"method\":\"x\"}", "\"id\":5,\"error\":{\"code\":-32600,"},
        {"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":1}", "\"id\":5,\"error\":{\"code\":-32600,"},
        {"{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"x\"}", "\"id\":null,\"error\":{\"code\":-32600,"},
        {"{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"x\"}", "\"id\":null,\"error\":{\"code\":-32600,"},
        {"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"x\"}", "\"id\":null,\"error\":{\"code\":-32600,"},
        {"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"session/list\",\"params\":7}",
         "\"id\":5,\"error\":{\"code\":-32600,"},
        {"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"session/cancel\"}", "\"id\":5,\"error\":{\"code\":-32600,"},
        {"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"Session/new\"}", "\"id\":5,\"error\":{\"code\":-32601,"},
        {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"x\"}", "\"id\":null,\"error\":{\"code\":-32601,"},
    };
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        say(world, client, "%s", bad[i][0]);
        expect(world, client, bad[i][1]);
        expect_silence(world, client);
    }
    assert_int_equal(logged(world, "warning ws.malformed client=1 reason="), 1);
    greeted_session(world, client);
    world_free(world);
}

static void ids_go_back_as_they_came(void **state)
{
    static const char *const ids[] = {"\"\"", "\"\\u0061\"", "0", "-1", "9007199254740993", "1.5", "1e3", "null"};
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = greeted_session(world, client);

    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        char wanted[64];

        say(world, client,
            "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"session/"
            "prompt\",\"params\":{\"sessionId\":\"%s\",\"prompt\":[]}}",
            ids[i], session.id);
        settle(world);
        expect(world, client, "\"text\":\"\"");
        snprintf(wanted, sizeof wanted, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":", ids[i]);
        expect(world, client, wanted);
    }
    world_free(world);
}

static void notifications_are_never_answered(void **state)
{
    static const char *const messages[] = {
        "{\"jsonrpc\":\"2.0\",\"method\":\"unknown\"}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"session/new\",\"params\":{\"cwd\":\"/\",\"mcpServers\":[]}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\",\"params\":{\"sessionId\":7}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\",\"params\":7}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\"}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel_request\",\"params\":{\"requestId\":99}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel_request\",\"params\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":\"nobody asked\",\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"\"}}",
        "{\"jsonrpc\":\"2.0\",\"result\":{}}",
        "{\"id\":[1],\"result\":1}",
    };
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");

    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        say(world, client, "%s", messages[i]);
    settle(world);
    expect_silence(world, client);
    assert_int_equal(acp_gauges(world->acp).sessions, 0);
    world_free(world);
}

static void params_are_checked(void **state)
{
    static const char *const bad[][2] = {
        {"session/new", "{}"},
        {"session/new", "[]"},
        {"session/new", "{\"cwd\":\"/\"}"},
        {"session/new", "{\"cwd\":\"here\",\"mcpServers\":[]}"},
        {"session/new", "{\"cwd\":\"/a\\u0000b\",\"mcpServers\":[]}"},
        {"session/new", "{\"cwd\":\"/\",\"mcpServers\":{}}"},
        {"session/prompt", "{\"prompt\":[]}"},
        {"session/prompt", "{\"sessionId\":7,\"prompt\":[]}"},
        {"session/prompt", "{\"sessionId\":\"%s\"}"},
        {"session/prompt", "{\"sessionId\":\"%s\",\"prompt\":\"text\"}"},
        {"session/prompt", "{\"sessionId\":\"%s\",\"prompt\":[{\"type\":\"text\"}]}"},
        {"session/prompt", "{\"sessionId\":\"%s\",\"prompt\":[{\"type\":\"image\",\"data\":\"\"}]}"},
        {"session/prompt", "{\"sessionId\":\"%s\",\"prompt\":[\"text\"]}"},
        {"session/set_mode", "{\"sessionId\":\"%s\"}"},
        {"session/set_mode", "{\"sessionId\":\"%s\",\"modeId\":\"ask\"}"},
        {"session/list", "{\"cwd\":\"here\"}"},
        {"session/list", "{\"cursor\":\"AAAA\"}"},
        {"session/list", "{\"cursor\":7}"},
        {"session/delete", "{}"},
    };
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = new_session(world, client);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *hole = strstr(bad[i][1], "%s");
        int before = hole ? (int)(hole - bad[i][1]) : (int)strlen(bad[i][1]);

        say(world, client, "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"%s\",\"params\":%.*s%s%s}", bad[i][0], before,
            bad[i][1], hole ? session.id : "", hole ? hole + 2 : "");
        expect(world, client, "\"id\":5,\"error\":{\"code\":-32602,");
    }
    assert_int_equal(acp_gauges(world->acp).sessions, 1);
    world_free(world);
}

static void errors_are_complete(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = greeted_session(world, client);

    (void)state;
    prompt(world, client, session.id, 3, "fail -32050 out of \\\"cheese\\\"");
    settle(world);
    expect(world, client,
           "\"id\":3,\"error\":{\"code\":-32050,\"message\":\"out of \\\"cheese\\\"\",\"data\":{\"detail\":");
    prompt(world, client, session.id, 4, "fail");
    settle(world);
    expect(world, client, "\"id\":4,\"error\":{\"code\":-32603,\"message\":\"\"");
    greeted_session(world, client);
    world_free(world);
}

static void streams_come_whole_and_in_order(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = greeted_session(world, client);

    (void)state;
    prompt(world, client, session.id, 3, "stream 1000");
    settle(world);
    for (int i = 1; i <= 1000; i++) {
        char wanted[32];

        snprintf(wanted, sizeof wanted, "\"text\":\"%d\"", i);
        expect(world, client, wanted, session.id);
    }
    expect(world, client, "\"id\":3,\"result\"");
    world_free(world);
}

static void a_big_text_comes_in_chunks(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = greeted_session(world, client);
    size_t bytes = 0;
    char *text;

    (void)state;
    prompt(world, client, session.id, 3, "big 1048577");
    settle(world);
    for (int chunk = 0; chunk < 2; chunk++) {
        text = heard(world, client);
        assert_non_null(text);
        bytes += strspn(strstr(text, "\"text\":\"") + 8, "b");
        free(text);
    }
    assert_int_equal(bytes, 1048577);
    expect(world, client, "\"id\":3,\"result\"");
    world_free(world);
}

static void time_passes_for_sleepers(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = greeted_session(world, client);

    (void)state;
    prompt(world, client, session.id, 3, "sleep 50");
    settle(world);
    assert_int_equal(acp_wake_ms(world->acp), world->now_ms + 50);
    pass(world, 49);
    expect_silence(world, client);
    pass(world, 1);
    expect(world, client, "slept");
    expect(world, client, "\"id\":3,\"result\"");
    world_free(world);
}

static void what_is_no_script_is_said_back(void **state)
{
    static const char *const prompts[] = {"sleep",    "sleep -1", "sleep 3600001",   "stream 1000001", "stream 1x",
                                          "big many", "echoes x", "slow-discover x", "big 268435457"};
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = greeted_session(world, client);

    (void)state;
    for (size_t i = 0; i < sizeof prompts / sizeof *prompts; i++) {
        char wanted[64];

        prompt(world, client, session.id, 3, prompts[i]);
        settle(world);
        snprintf(wanted, sizeof wanted, "\"text\":\"%s\"", prompts[i]);
        expect(world, client, wanted);
        expect(world, client, "\"id\":3,\"result\"");
    }
    prompt(world, client, session.id, 4, "stream 0");
    settle(world);
    expect(world, client, "\"id\":4,\"result\"");
    world_free(world);
}

/* Text and links are what every agent takes; the texts make one prompt. */
static void blocks_make_one_prompt(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = greeted_session(world, client);

    (void)state;
    say(world, client,
        "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"session/prompt\",\"params\":{\"prompt\":[ "
        "{\"type\":\"text\",\"text\":"
        "\"echo a\"} "
        ",{\"type\":\"resource_link\",\"uri\":\"file:///x\",\"name\":\"x\"},{\"text\":\"\\u0062\\u0000\",\"type\":"
        "\"text\",\"_meta\":{\"x\":[1]}} ],\"_meta\":null,\"sessionId\":\"%s\"}}",
        session.id);
    settle(world);
    expect(world, client, "\"text\":\"ab\\u0000\"");
    expect(world, client, "\"id\":3,\"result\"");
    world_free(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(initialize_comes_first_and_once),
        cmocka_unit_test(a_prompt_is_echoed),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(ids_go_back_as_they_came),
        cmocka_unit_test(notifications_are_never_answered),
        cmocka_unit_test(params_are_checked),
        cmocka_unit_test(errors_are_complete),
        cmocka_unit_test(streams_come_whole_and_in_order),
        cmocka_unit_test(what_is_no_script_is_said_back),
        cmocka_unit_test(blocks_make_one_prompt),
        cmocka_unit_test(a_big_text_comes_in_chunks),
        cmocka_unit_test(time_passes_for_sleepers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
