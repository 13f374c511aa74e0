/* Sessions of the ACP core: whose they are, how they come back, how they end. The races among them are walked into by
 * hand, step by step, the way they have hurt others. */
#include "tests/acp_fixture.h"

static void expect_denied(struct world *world, uint64_t client, int id)
{
    char wanted[64];

    snprintf(wanted, sizeof wanted, "\"id\":%d,\"error\":{\"code\":-32002,\"message\":\"access denied", id);
    expect(world, client, wanted);
    expect_silence(world, client);
}

static void others_sessions_are_out_of_reach(void **state)
{
    static const char *const methods[] = {"session/load", "session/resume", "session/close", "session/set_mode"};
    struct world *world = world_begin(world_new());
    uint64_t a = join_ready(world, "{}"), b = join_ready(world, "{}");
    struct session session = greeted_session(world, a);

    (void)state;
    prompt(world, a, session.id, 2, "sleep 10");
    settle(world);
    prompt(world, b, session.id, 3, "echo mine");
    expect_denied(world, b, 3);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        ask(world, b, 4, methods[i], session.id, "");
        expect_denied(world, b, 4);
        claim(world, b, 5, methods[i], &session); /* not even with its token, while its owner is there */
        expect_denied(world, b, 5);
    }
    cancel(world, b, session.id);
    ask(world, b, 6, "session/delete", session.id, "");
    expect(world, b, "{\"jsonrpc\":\"2.0\",\"id\":6,\"result\":{}}"); /* as for one that never was */
    expect_silence(world, b);
    pass(world, 10);
    expect(world, a, "slept");
    expect(world, a, "\"id\":2,\"result\":{\"stopReason\":\"end_turn\"}");
    world_free(world);
}

static void nobody_makes_sessions_by_naming_them(void **state)
{
    static const char *const ids[] = {"", "stdio", "punie-session-0", "00000000-0000-4000-8000-000000000000",
                                      "\\u0000"};
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");

    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        prompt(world, client, ids[i], 1, "echo x");
        expect_denied(world, client, 1);
        ask(world, client, 2, "session/load", ids[i], "");
        expect_denied(world, client, 2);
    }
    assert_int_equal(acp_gauges(world->acp).sessions, 0);
    world_free(world);
}

/* Whose a session is, is a matter of the connection, and of nothing that is said on it. */
static void a_forged_client_id_means_nothing(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t a = join_ready(world, "{}"), b = join_ready(world, "{}");
    char id[64];
    char *text;

    (void)state;
    say(world, b,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session/new\",\"client_id\":1,\"params\":{\"cwd\":\"/"
        "\",\"mcpServers\":[],"
        "\"client_id\":1,\"clientId\":\"1\"}}");
    text = heard(world, b);
    assert_non_null(text);
    copy_member(text, "sessionId", id);
    free(text);
    prompt(world, b, id, 2, "echo b");
    settle(world);
    expect(world, b, "Hello");
    expect_silence(world, a);
    prompt(world, a, id, 3, "echo a");
    expect_denied(world, a, 3);
    world_free(world);
}

/* Ids of clients: taken and registered in one step, and never twice, whoever comes and goes in between. */
static void ids_of_clients_are_never_used_again(void **state)
{
    enum { ROUNDS = 20, TOGETHER = 50 };
    struct world *world = world_begin(world_new());
    uint64_t last = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t clients[TOGETHER];

        for (int i = 0; i < TOGETHER; i++) {
            clients[i] = join_ready(world, "{}");
            assert_true(clients[i] > last);
            last = clients[i];
            new_session(world, clients[i]);
        }
        assert_int_equal(acp_gauges(world->acp).clients, TOGETHER);
        for (int i = 0; i < TOGETHER; i++)
            acp_leave(world->acp, clients[i], world->now_ms);
        say(world, clients[0], "{"); /* late words of one that has gone */
        acp_leave(world->acp, clients[0], world->now_ms);
        expect_silence(world, clients[0]);
    }
    assert_int_equal(acp_gauges(world->acp).clients, 0);
    assert_int_equal(acp_gauges(world->acp).sessions, ROUNDS * TOGETHER);
    world_free(world);
}

static void whoever_has_the_token_brings_it_back(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t a = join_ready(world, "{}"), b;
    struct session first = greeted_session(world, a), second = greeted_session(world, a);

    (void)state;
    assert_string_not_equal(first.token, second.token);
    assert_int_equal(strlen(first.token), 43);
    acp_leave(world->acp, a, world->now_ms);
    b = join_ready(world, "{}");
    prompt(world, b, first.id, 1, "echo x");
    expect_denied(world, b, 1);
    ask(world, b, 2, "session/resume", first.id, "");
    expect_denied(world, b, 2);
    ask(world, b, 3, "session/resume", first.id, ",\"_meta\":{\"resumeToken\":7}");
    expect_denied(world, b, 3);
    memcpy(first.token, second.token, sizeof first.token);
    claim(world, b, 4, "session/resume", &first);
    expect_denied(world, b, 4);
    claim(world, b, 5, "session/resume", &second);
    settle(world);
    expect(world, b, "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{}}"); /* and nothing is replayed */
    expect_silence(world, b);
    prompt(world, b, second.id, 6, "echo again");
    settle(world);
    expect(world, b, "again"); /* and nobody is greeted twice */
    expect(world, b, "\"id\":6,\"result\"");
    world_free(world);
}

static void other_sessions_of_the_old_client_stay(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t a = join_ready(world, "{}"), b, c;
    struct session first = greeted_session(world, a), second = greeted_session(world, a);

    (void)state;
    acp_leave(world->acp, a, world->now_ms);
    b = join_ready(world, "{}");
    c = join_ready(world, "{}");
    claim(world, b, 1, "session/resume", &first);
    expect(world, b, "\"id\":1,\"result\":{}");
    claim(world, c, 2, "session/load", &second);
    settle(world);
    expect(world, c, "user_message_chunk");
    prompt(world, b, second.id, 3, "echo x");
    expect_denied(world, b, 3);
    world_free(world);
}

static void load_replays_what_was_said(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t a = join_ready(world, "{}"), b;
    struct session session = greeted_session(world, a);

    (void)state;
    prompt(world, a, session.id, 2, "stream 2");
    settle(world);
    forget_all(world, a);
    for (int turn = 0; turn < 2; turn++) {
        uint64_t client = turn == 0 ? a : b;

        claim(world, client, 9, "session/load", &session);
        settle(world);
        expect(world, client, "user_message_chunk", "echo ready", session.id);
        expect(world, client, "agent_message_chunk", "Hello");
        expect(world, client, "agent_message_chunk", "\"ready\"");
        expect(world, client, "user_message_chunk", "stream 2");
        expect(world, client, "agent_message_chunk", "\"1\"");
        expect(world, client, "agent_message_chunk", "\"2\"");
        expect(world, client, "{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}");
        expect_silence(world, client);
        acp_leave(world->acp, a, world->now_ms);
        b = join_ready(world, "{}");
    }
    world_free(world);
}

static void load_during_a_turn_is_refused(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = greeted_session(world, client);

    (void)state;
    prompt(world, client, session.id, 2, "sleep 1000");
    settle(world);
    ask(world, client, 3, "session/load", session.id, "");
    expect(world, client, "\"id\":3,\"error\":{\"code\":-32010,");
    cancel(world, client, session.id);
    settle(world);
    expect(world, client, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"stopReason\":\"cancelled\"}}");
    expect_silence(world, client);
    world_free(world);
}

static void histories_keep_whole_turns(void **state)
{
    struct world *world = world_new();
    uint64_t client;
    struct session session;

    (void)state;
    world->limits.history_bytes = 4000;
    world_begin(world);
    client = join_ready(world, "{}");
    session = greeted_session(world, client);
    prompt(world, client, session.id, 2, "big 3800"); /* so that the turn before it loses its first half */
    settle(world);
    forget_all(world, client);
    ask(world, client, 9, "session/load", session.id, "");
    settle(world);
    expect(world, client, "user_message_chunk", "big 3800");
    expect(world, client, "agent_message_chunk", "bbb");
    expect(world, client, "\"id\":9,\"result\":{}");
    prompt(world, client, session.id, 3, "echo last");
    prompt(world, client, session.id, 4, "big 5000"); /* too long by itself */
    prompt(world, client, session.id, 5, "echo best");
    settle(world);
    forget_all(world, client);
    ask(world, client, 9, "session/load", session.id, "");
    settle(world);
    expect(world, client, "user_message_chunk", "echo best");
    expect(world, client, "agent_message_chunk", "\"best\"");
    expect(world, client, "\"id\":9,\"result\":{}");
    world_free(world);
}

static void a_load_can_be_slow_and_be_cancelled(void **state)
{
    struct world *world = world_new();
    uint64_t client;
    struct session session;

    (void)state;
    world->limits.queue_bytes = 1000;
    world_begin(world);
    client = join_ready(world, "{}");
    session = greeted_session(world, client);
    prompt(world, client, session.id, 2, "stream 100");
    settle(world);
    forget_all(world, client);
    world->inboxes[client].stalled = true;
    ask(world, client, 3, "session/load", session.id, "");
    settle(world);
    assert_true(acp_gauges(world->acp).queue_bytes < 1500);
    assert_int_equal(world->inboxes[client].closed, 0);
    prompt(world, client, session.id, 4, "echo behind it");
    forget_all(world, client);
    say(world, client, "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel_request\",\"params\":{\"requestId\":3}}");
    expect(world, client, "\"id\":3,\"error\":{\"code\":-32800,");
    acp_taken(world->acp, client, 1 << 20, world->now_ms);
    settle(world);
    expect(world, client, "behind it");
    expect(world, client, "\"id\":4,\"result\"");
    world_free(world);
}

/* A session that waits expires; between then and the sweep it is not to be had. One that was taken over in time is not
 * swept, neither by a sweep that was due already nor after its first grace period. */
static void what_was_resumed_is_never_swept(void **state)
{
    struct world *world = world_new();
    uint64_t a, b;
    struct session kept, lost;

    (void)state;
    world->limits.grace_ms = 100;
    world_begin(world);
    a = join_ready(world, "{}");
    kept = greeted_session(world, a);
    lost = greeted_session(world, a);
    acp_leave(world->acp, a, world->now_ms);
    b = join_ready(world, "{}");
    world->now_ms += 99;
    claim(world, b, 1, "session/resume", &kept);
    expect(world, b, "\"id\":1,\"result\":{}");
    world->now_ms += 1; /* the grace is over, and no sweep has come yet */
    claim(world, b, 2, "session/resume", &lost);
    expect_denied(world, b, 2);
    assert_int_equal(acp_gauges(world->acp).sessions, 2);
    settle(world);
    assert_int_equal(acp_gauges(world->acp).sessions, 1);
    pass(world, 1000);
    prompt(world, b, kept.id, 3, "echo alive");
    settle(world);
    expect(world, b, "alive");
    world_free(world);
}

/* The old connection's end is noticed only when the session has long been taken over. */
static void a_late_leave_takes_nothing_along(void **state)
{
    struct world *world = world_new();
    uint64_t a, b;
    struct session session;

    (void)state;
    world->limits.grace_ms = 1000;
    world_begin(world);
    a = join_ready(world, "{}");
    session = greeted_session(world, a);
    acp_leave(world->acp, a, world->now_ms);
    b = join_ready(world, "{}");
    claim(world, b, 1, "session/resume", &session);
    expect(world, b, "\"id\":1,\"result\":{}");
    prompt(world, b, session.id, 2, "sleep 5");
    settle(world);
    acp_leave(world->acp, a, world->now_ms);
    pass(world, 5);
    pass(world, world->limits.grace_ms - 5);
    expect(world, b, "slept");
    expect(world, b, "\"id\":2,\"result\":{\"stopReason\":\"end_turn\"}");
    assert_int_equal(acp_gauges(world->acp).sessions, 1);
    world_free(world);
}

static void sessions_are_listed_page_by_page(void **state)
{
    enum { MINE = 25 };
    struct world *world = world_begin(world_new());
    uint64_t a = join_ready(world, "{}"), b = join_ready(world, "{}");
    struct session mine[MINE], other = new_session(world, b);
    char cursor[64] = "", request[160] = "";
    int seen = 0;

    (void)state;
    for (int i = 0; i < MINE; i++)
        mine[i] = new_session_in(world, a, i % 2 ? "/odd" : "/even");
    do {
        char *text;

        say(world, a, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session/list\",\"params\":{%s}}", request);
        text = heard(world, a);
        assert_null(strstr(text, other.id));
        for (int i = 0; i < ACP_PAGE_SESSIONS && seen < MINE; i++)
            assert_non_null(strstr(text, mine[seen++].id));
        cursor[0] = '\0';
        if (strstr(text, "nextCursor"))
            copy_member(text, "nextCursor", cursor);
        free(text);
        snprintf(request, sizeof request, "\"cursor\":\"%s\"", cursor);
        say(world, b, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"session/list\",\"params\":{%s}}", request);
        expect(world, b, "\"code\":-32602"); /* a cursor is its client's alone */
    } while (cursor[0]);
    assert_int_equal(seen, MINE);
    say(world, a, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"session/list\",\"params\":{\"cwd\":\"/none\"}}");
    expect(world, a, "\"id\":3,\"result\":{\"sessions\":[]}}");
    say(world, b, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"session/list\"}");
    expect(world, b, "\"id\":4,\"result\":{\"sessions\":[{\"sessionId\":", other.id, "\"cwd\":\"/project\"}]}}");
    world_free(world);
}

static void closed_sessions_are_gone(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session closed = greeted_session(world, client), deleted = greeted_session(world, client);
    struct session left = greeted_session(world, client);

    (void)state;
    prompt(world, client, closed.id, 2, "sleep 1000");
    prompt(world, client, left.id, 3, "sleep 10");
    settle(world);
    ask(world, client, 4, "session/close", closed.id, "");
    expect(world, client, "\"id\":2,\"result\":{\"stopReason\":\"cancelled\"}");
    expect(world, client, "\"id\":4,\"result\":{}");
    ask(world, client, 5, "session/delete", deleted.id, "");
    expect(world, client, "\"id\":5,\"result\":{}");
    ask(world, client, 6, "session/close", closed.id, "");
    expect_denied(world, client, 6);
    claim(world, client, 7, "session/load", &deleted);
    expect_denied(world, client, 7);
    pass(world, 10);
    expect(world, client, "slept", left.id);
    expect(world, client, "\"id\":3,\"result\":{\"stopReason\":\"end_turn\"}");
    assert_int_equal(acp_gauges(world->acp).sessions, 1);
    world_free(world);
}

static void a_failing_end_stops_no_other(void **state)
{
    struct world *world = world_new();
    uint64_t client;

    (void)state;
    world->limits.grace_ms = 100;
    world_begin(world);
    client = join_ready(world, "{}");
    for (int i = 0; i < 3; i++) {
        struct session session = greeted_session(world, client);

        prompt(world, client, session.id, 2, i == 1 ? "fail-close" : "echo fine");
        settle(world);
        forget_all(world, client);
    }
    acp_leave(world->acp, client, world->now_ms);
    pass(world, 100);
    assert_int_equal(acp_gauges(world->acp).sessions, 0);
    assert_int_equal(logged(world, "error cleanup.failed step=session_closed"), 1);
    assert_int_equal(acp_wake_ms(world->acp) == INT64_MAX, 1);
    greeted_session(world, join_ready(world, "{}"));
    world_free(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_sessions_are_out_of_reach),     cmocka_unit_test(nobody_makes_sessions_by_naming_them),
        cmocka_unit_test(a_forged_client_id_means_nothing),     cmocka_unit_test(ids_of_clients_are_never_used_again),
        cmocka_unit_test(whoever_has_the_token_brings_it_back), cmocka_unit_test(other_sessions_of_the_old_client_stay),
        cmocka_unit_test(load_replays_what_was_said),           cmocka_unit_test(load_during_a_turn_is_refused),
        cmocka_unit_test(histories_keep_whole_turns),           cmocka_unit_test(a_load_can_be_slow_and_be_cancelled),
        cmocka_unit_test(what_was_resumed_is_never_swept),      cmocka_unit_test(a_late_leave_takes_nothing_along),
        cmocka_unit_test(sessions_are_listed_page_by_page),     cmocka_unit_test(closed_sessions_are_gone),
        cmocka_unit_test(a_failing_end_stops_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
