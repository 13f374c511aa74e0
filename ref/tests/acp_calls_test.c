/* Calls from the ACP core to its clients: whom it asks and when, whose answers it takes, and what becomes of a call
 * that nobody answers. */
#include "tests/acp_fixture.h"

static const char can_read[] = "{\"fs\":{\"readTextFile\":true}}";

/* Takes the call that is next in the inbox, and notes its id. */
static void expect_call(struct world *world, uint64_t client, const char *method, char id[64])
{
    char *text = heard(world, client);

    assert_non_null(text);
    if (!strstr(text, method))
        fail_msg("client heard %s, not %s", text, method);
    copy_member(text, "id", id);
    assert_int_equal(strlen(id), 36);
    assert_int_equal(id[14], '4');
    free(text);
}

static void answer(struct world *world, uint64_t client, const char *id, const char *rest)
{
    say(world, client, "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",%s}", id, rest);
}

static void expect_end(struct world *world, uint64_t client, const char *said)
{
    settle(world);
    expect(world, client, "agent_message_chunk", said);
    expect(world, client, "\"result\":{\"stopReason\":\"end_turn\"}");
    expect_silence(world, client);
    assert_int_equal(acp_gauges(world->acp).pending_calls, 0);
}

static void a_file_is_read_through_the_client(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, can_read);
    struct session session = greeted_session(world, client);
    char id[64];

    (void)state;
    prompt(world, client, session.id, 2, "read /a \\\"b\\\"");
    settle(world);
    assert_int_equal(acp_gauges(world->acp).pending_calls, 1);
    expect_call(world, client, "\"method\":\"fs/read_text_file\",\"params\":{\"sessionId\":", id);
    answer(world, client, id, "\"result\":{\"content\":\"line 1\\nline 2\"}");
    expect_end(world, client, "line 1\\nline 2");
    world_free(world);
}

/* The answer may be there before the call's message is even taken from the list of actions. */
static void an_instant_answer_is_taken(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, can_read);
    struct session session = greeted_session(world, client);

    (void)state;
    for (int round = 0; round < 10; round++) {
        struct acp_action *call;
        char id[64], text[256];

        prompt(world, client, session.id, 2, "read /x");
        for (call = NULL; !call; call = acp_take_actions(world->acp))
            acp_tick(world->acp, world->now_ms);
        assert_null(call->next);
        copy_member(call->text, "id", id);
        acp_action_free(call);
        snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":{\"content\":\"here\"}}", id);
        acp_receive(world->acp, client, text, strlen(text), world->now_ms);
        expect_end(world, client, "here");
    }
    world_free(world);
}

static void answers_come_before_what_they_look_like(void **state)
{
    static const char *const answers[][2] = {
        {"\"result\":{\"content\":\"x\"},\"method\":\"session/new\"", "\"x\""},
        {"\"method\":\"m\",\"params\":{},\"result\":{\"content\":\"x\"}", "\"x\""},
        {"\"error\":{\"code\":-1,\"message\":\"no\"}", "did not read: JSON-RPC error [-1]: no\""},
        {"\"error\":{\"code\":-1,\"message\":\"no\",\"data\":[1,2]}",
         "did not read: JSON-RPC error [-1]: no - [1,2]\""},
        {"\"error\":{\"code\":-1,\"message\":\"no\"},\"method\":\"m\"", "did not read /x"},
        {"\"error\":{},\"result\":{\"content\":\"x\"}", "did not read /x"},
        {"\"error\":7", "did not read /x"},
        {"\"result\":null", "did not read /x"},
        {"\"result\":{\"content\":7}", "did not read /x"},
        {"\"result\":[]", "did not read /x"},
    };
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, can_read);
    struct session session = greeted_session(world, client);

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        char id[64];

        prompt(world, client, session.id, 2, "read /x");
        settle(world);
        expect_call(world, client, "fs/read_text_file", id);
        answer(world, client, id, answers[i][0]);
        expect_end(world, client, answers[i][1]);
        answer(world, client, id, "\"result\":{\"content\":\"twice\"}");
        expect_silence(world, client);
    }
    world_free(world);
}

static void permission_is_the_option_that_means_it(void **state)
{
    static const char *const answers[][2] = {
        {"{\"outcome\":{\"outcome\":\"selected\",\"optionId\":\"allow-once\"}}", "\"did x\""},
        {"{\"outcome\":{\"outcome\":\"selected\",\"optionId\":\"reject-once\"}}", "did not x"},
        {"{\"outcome\":{\"outcome\":\"selected\",\"optionId\":\"allow_always\"}}", "did not x"},
        {"{\"outcome\":{\"outcome\":\"selected\",\"optionId\":true}}", "did not x"},
        {"{\"outcome\":{\"outcome\":\"selected\"}}", "did not x"},
        {"{\"outcome\":{\"outcome\":\"cancelled\",\"optionId\":\"allow-once\"}}", "did not x"},
        {"{\"outcome\":{\"optionId\":\"allow-once\"}}", "did not x"},
        {"{\"outcome\":\"selected\",\"optionId\":\"allow-once\"}", "did not x"},
        {"{}", "did not x"},
        {"null", "did not x"},
    };
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = greeted_session(world, client);

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        char id[64], rest[256];

        prompt(world, client, session.id, 2, "permit x");
        settle(world);
        expect_call(world, client, "\"optionId\":\"allow-once\"", id);
        snprintf(rest, sizeof rest, "\"result\":%s", answers[i][0]);
        answer(world, client, id, rest);
        expect_end(world, client, answers[i][1]);
    }
    world_free(world);
}

/* What one client can do is nothing that another one can, and a session's client changes. */
static void capabilities_belong_to_their_client(void **state)
{
    static const char *const lacking[] = {"{}",
                                          "{\"fs\":{}}",
                                          "{\"fs\":{\"readTextFile\":false}}",
                                          "null",
                                          "{\"fs\":{\"readTextFile\":\"true\"}}",
                                          "{\"fs\":{\"writeTextFile\":true}}"};
    struct world *world = world_begin(world_new());
    uint64_t able = join_ready(world, can_read);
    struct session session = greeted_session(world, able);
    char id[64];

    (void)state;
    for (size_t i = 0; i < sizeof lacking / sizeof *lacking; i++) {
        uint64_t client = join_ready(world, lacking[i]);
        struct session other = greeted_session(world, client);

        prompt(world, client, other.id, 2, "read /x");
        expect_end(world, client, "cannot read here");
    }
    prompt(world, able, session.id, 3, "read /x");
    settle(world);
    expect_call(world, able, "fs/read_text_file", id);
    acp_leave(world->acp, able, world->now_ms);
    able = join_ready(world, "{}");
    claim(world, able, 4, "session/resume", &session);
    expect(world, able, "\"id\":4,\"result\"");
    prompt(world, able, session.id, 5, "read /x");
    expect_end(world, able, "cannot read here");
    world_free(world);
}

static void only_who_was_asked_can_answer(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t a = join_ready(world, can_read), b = join_ready(world, can_read);
    struct session of_a = greeted_session(world, a), of_b = greeted_session(world, b);
    char id_a[64], id_b[64];

    (void)state;
    prompt(world, a, of_a.id, 2, "read /a");
    prompt(world, b, of_b.id, 2, "read /b");
    settle(world);
    expect_call(world, a, "/a", id_a);
    expect_call(world, b, "/b", id_b);
    answer(world, b, id_a, "\"result\":{\"content\":\"forged\"}");
    settle(world);
    expect_silence(world, a);
    expect_silence(world, b);
    assert_int_equal(acp_gauges(world->acp).pending_calls, 2);
    answer(world, a, id_a, "\"result\":{\"content\":\"right\"}");
    settle(world);
    expect(world, a, "right");
    cancel(world, b, of_b.id);
    answer(world, b, id_b, "\"result\":{\"content\":\"late\"}");
    settle(world);
    expect(world, b, "\"id\":2,\"result\":{\"stopReason\":\"cancelled\"}");
    expect_silence(world, b);
    assert_int_equal(acp_gauges(world->acp).pending_calls, 0);
    world_free(world);
}

static void calls_are_not_waited_for_for_ever(void **state)
{
    struct world *world = world_new();
    uint64_t client;
    struct session session;
    char first[64] = "", id[64];

    (void)state;
    world->limits.request_ms = 100;
    world_begin(world);
    client = join_ready(world, can_read);
    session = greeted_session(world, client);
    for (int round = 0; round < 1000; round++) {
        prompt(world, client, session.id, 2, round % 2 ? "read /x" : "permit x");
        settle(world);
        expect_call(world, client, round % 2 ? "fs/read_text_file" : "session/request_permission", id);
        assert_string_not_equal(first, id);
        memcpy(first, id, sizeof first);
        pass(world, 99);
        expect_silence(world, client);
        assert_int_equal(acp_gauges(world->acp).pending_calls, 1);
        pass(world, 1);
        expect_end(world, client, round % 2 ? "no answer: /x" : "did not x");
        answer(world, client, id, "\"result\":{\"content\":\"late\"}");
    }
    world_free(world);
}

static void calls_end_with_their_client(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, can_read);
    struct session sessions[3];
    char id[64], line[128];

    (void)state;
    for (int i = 0; i < 3; i++) {
        sessions[i] = greeted_session(world, client);
        prompt(world, client, sessions[i].id, 2, "read /x");
        settle(world);
        expect_call(world, client, "/x", id);
    }
    acp_leave(world->acp, client, world->now_ms);
    assert_int_equal(acp_gauges(world->acp).pending_calls, 0);
    snprintf(line, sizeof line, "ws.abort client=1 request=%s method=fs/read_text_file", id);
    assert_int_equal(logged(world, line), 1);
    assert_int_equal(logged(world, "ws.abort"), 3);
    assert_int_equal(logged(world, "ws.left client=1 sessions=3 turns=3 aborted=3"), 1);
    client = join_ready(world, "{}");
    claim(world, client, 1, "session/resume", &sessions[0]);
    expect(world, client, "\"id\":1,\"result\"");
    prompt(world, client, sessions[0].id, 2, "echo at once");
    expect_end(world, client, "at once");
    world_free(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_through_the_client),
        cmocka_unit_test(an_instant_answer_is_taken),
        cmocka_unit_test(answers_come_before_what_they_look_like),
        cmocka_unit_test(permission_is_the_option_that_means_it),
        cmocka_unit_test(capabilities_belong_to_their_client),
        cmocka_unit_test(only_who_was_asked_can_answer),
        cmocka_unit_test(calls_are_not_waited_for_for_ever),
        cmocka_unit_test(calls_end_with_their_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
