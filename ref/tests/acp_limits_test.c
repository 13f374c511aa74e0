/* Limits of the ACP core: what happens at each of them, one below, and one above. */
#include "tests/acp_fixture.h"

static void clients_are_counted(void **state)
{
    struct world *world = world_new();
    uint64_t client, more;

    (void)state;
    world->limits.clients = 2;
    world_begin(world);
    client = join(world);
    join(world);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(acp_join(world->acp, world->now_ms, &more), ACP_FULL);
    acp_leave(world->acp, client, world->now_ms);
    join(world);
    assert_int_equal(acp_gauges(world->acp).clients, 2);
    world_free(world);
}

static void sessions_are_counted(void **state)
{
    struct world *world = world_new();
    uint64_t client;
    struct session session;

    (void)state;
    world->limits.sessions = 2;
    world_begin(world);
    client = join_ready(world, "{}");
    session = new_session(world, client);
    new_session(world, client);
    ask(world, client, 1, "session/new", "", "");
    expect(world, client, "\"id\":1,\"error\":{\"code\":-32013,", "ws.sessions");
    ask(world, client, 2, "session/close", session.id, "");
    expect(world, client, "\"id\":2,\"result\"");
    new_session(world, client);
    world_free(world);
}

static void prompts_under_way_are_counted(void **state)
{
    struct world *world = world_new();
    uint64_t client;
    struct session session;

    (void)state;
    world->limits.in_flight = 3;
    world_begin(world);
    client = join_ready(world, "{}");
    session = greeted_session(world, client);
    for (int id = 2; id <= 5; id++)
        prompt(world, client, session.id, id, "sleep 10");
    expect(world, client, "\"id\":5,\"error\":{\"code\":-32011,", "ws.in_flight");
    assert_int_equal(acp_gauges(world->acp).rate_limited_total, 1);
    settle(world);
    for (int id = 2; id <= 4; id++) {
        pass(world, 10);
        expect(world, client, "slept");
        expect(world, client, "\"result\"");
    }
    expect_silence(world, client);
    prompt(world, client, session.id, 6, "echo x");
    settle(world);
    expect(world, client, "\"x\"");
    world_free(world);
}

static void so_are_their_bytes(void **state)
{
    struct world *world = world_new();
    uint64_t client;
    struct session session;
    char text[901];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    world->limits.queue_bytes = 2000;
    world_begin(world);
    client = join_ready(world, "{}");
    session = greeted_session(world, client);
    for (int id = 2; id <= 4; id++)
        prompt(world, client, session.id, id, text);
    expect(world, client, "\"id\":4,\"error\":{\"code\":-32011,", "ws.queue_bytes");
    world_free(world);
}

static void messages_a_second_are_counted(void **state)
{
    struct world *world = world_new();
    uint64_t client;

    (void)state;
    world->limits.rate_per_s = 3;
    world_begin(world);
    client = join_ready(world, "{}");
    for (int id = 2; id <= 3; id++) {
        say(world, client, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"session/list\"}", id);
        expect(world, client, "\"result\"");
    }
    say(world, client, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"session/list\"}");
    expect(world, client, "\"id\":4,\"error\":{\"code\":-32012,", "ws.rate_per_s");
    say(world, client, "{"); /* too fast to be told what is wrong with it */
    expect_silence(world, client);
    assert_int_equal(acp_gauges(world->acp).rate_limited_total, 2);
    pass(world, 1000);
    say(world, client, "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"session/list\"}");
    expect(world, client, "\"id\":5,\"result\"");
    world_free(world);
}

/* A notification could not be told that it came too soon; and who cancels wants less, not more. */
static void a_cancel_never_comes_too_fast(void **state)
{
    struct world *world = world_new();
    uint64_t client;
    struct session session;

    (void)state;
    world->limits.rate_per_s = 3;
    world_begin(world);
    client = join_ready(world, "{}");
    session = new_session(world, client);
    prompt(world, client, session.id, 2, "sleep 10");
    prompt(world, client, session.id, 3, "echo x");
    expect(world, client, "\"id\":3,\"error\":{\"code\":-32012,");
    cancel(world, client, session.id);
    expect(world, client, "\"id\":2,\"result\":{\"stopReason\":\"cancelled\"}");
    world_free(world);
}

/* Who is silent is closed, but not who waits for a prompt, however long that takes. */
static void idle_clients_are_closed(void **state)
{
    struct world *world = world_new();
    uint64_t silent, busy;
    struct session session;

    (void)state;
    world->limits.idle_ms = 100;
    world_begin(world);
    silent = join(world);
    busy = join_ready(world, "{}");
    session = greeted_session(world, busy);
    prompt(world, busy, session.id, 2, "sleep 250");
    settle(world);
    pass(world, 99);
    assert_int_equal(world->inboxes[silent].closed, 0);
    pass(world, 1);
    expect(world, silent, "idle");
    assert_int_equal(world->inboxes[silent].closed, 1000);
    pass(world, 150);
    expect(world, busy, "slept");
    expect(world, busy, "end_turn");
    assert_int_equal(acp_wake_ms(world->acp), world->now_ms + 100);
    pass(world, 99);
    assert_int_equal(world->inboxes[busy].closed, 0);
    pass(world, 1);
    assert_int_equal(world->inboxes[busy].closed, 1000);
    assert_int_equal(acp_gauges(world->acp).clients, 0);
    world_free(world);
}

/* Whoever started the program may be silent, and is told apart from others by that alone. */
static void a_kept_client_is_never_idle(void **state)
{
    struct world *world = world_new();
    uint64_t client;
    struct session session;

    (void)state;
    world->limits.idle_ms = 100;
    world_begin(world);
    client = join_ready(world, "{}");
    acp_keep(world->acp, client);
    session = greeted_session(world, client);
    assert_false(acp_is_busy(world->acp, client));
    assert_true(acp_wake_ms(world->acp) == INT64_MAX);
    prompt(world, client, session.id, 2, "sleep 50");
    assert_true(acp_is_busy(world->acp, client));
    pass(world, 0);
    pass(world, 50);
    assert_false(acp_is_busy(world->acp, client));
    pass(world, 10000);
    assert_int_equal(world->inboxes[client].closed, 0);
    world_free(world);
}

/* A reader that does not read costs no more than its queue, and nobody else anything. */
static void turns_wait_for_slow_readers(void **state)
{
    struct world *world = world_new();
    uint64_t slow, quick;
    struct session session, other;
    int64_t most_bytes;

    (void)state;
    world->limits.queue_bytes = 10000;
    most_bytes = world->limits.queue_bytes + 1000;
    world_begin(world);
    slow = join_ready(world, "{}");
    quick = join_ready(world, "{}");
    session = greeted_session(world, slow);
    other = greeted_session(world, quick);
    world->inboxes[slow].stalled = true;
    prompt(world, slow, session.id, 2, "stream 1000");
    settle(world);
    assert_in_range(acp_gauges(world->acp).queue_bytes, world->limits.queue_bytes, most_bytes);
    assert_true(acp_is_behind(world->acp, slow));
    prompt(world, quick, other.id, 3, "stream 1000");
    settle(world);
    assert_in_range(acp_gauges(world->acp).queue_bytes, world->limits.queue_bytes, most_bytes);
    for (int i = 0; i < 1000; i++) {
        forget_all(world, slow);
        acp_taken(world->acp, slow, 1000, world->now_ms);
        settle(world);
    }
    assert_int_equal(acp_gauges(world->acp).queue_bytes, 0);
    assert_false(acp_is_behind(world->acp, slow));
    world->inboxes[slow].stalled = false;
    greeted_session(world, slow);
    world_free(world);
}

static void who_asks_on_and_never_reads_is_closed(void **state)
{
    struct world *world = world_new();
    uint64_t client;

    (void)state;
    world->limits.queue_bytes = 10000;
    world_begin(world);
    client = join_ready(world, "{}");
    world->inboxes[client].stalled = true;
    for (int i = 0; i < 1000 && world->inboxes[client].closed == 0; i++) {
        say(world, client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session/list\"}");
        assert_true(acp_gauges(world->acp).queue_bytes <= 3 * world->limits.queue_bytes);
    }
    assert_int_equal(world->inboxes[client].closed, 1013);
    assert_int_equal(acp_gauges(world->acp).queue_bytes, 0);
    world_free(world);
}

static void long_texts_are_refused(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = greeted_session(world, client);
    char *text = malloc(AGENT_TEXT_MAX_BYTES + 2);

    (void)state;
    assert_non_null(text);
    for (int over = -1; over <= 1; over++) {
        memset(text, 'y', AGENT_TEXT_MAX_BYTES + 1);
        text[AGENT_TEXT_MAX_BYTES + over] = '\0';
        prompt(world, client, session.id, 2, text);
        settle(world);
        if (over > 0) {
            expect(world, client, "\"id\":2,\"error\":{\"code\":-32602,", "too long");
        } else {
            expect(world, client, "yyy");
            expect(world, client, "end_turn");
        }
        expect_silence(world, client);
    }
    free(text);
    world_free(world);
}

static void long_ids_are_not_said_back(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    char *id = malloc(ACP_ID_MAX_BYTES);

    (void)state;
    assert_non_null(id);
    for (int over = -1; over <= 1; over++) {
        memset(id, 'i', ACP_ID_MAX_BYTES);
        id[ACP_ID_MAX_BYTES - 2 + over] = '\0'; /* and two quotation marks */
        say(world, client, "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"session/list\"}", id);
        if (over > 0)
            expect(world, client, "\"id\":null,\"error\":{\"code\":-32600,");
        else
            expect(world, client, id, "\"result\"");
    }
    free(id);
    world_free(world);
}

static void paths_have_a_longest(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    char cwd[ACP_CWD_MAX_BYTES + 2];

    (void)state;
    for (int over = -1; over <= 1; over++) {
        memset(cwd, '/', sizeof cwd);
        cwd[ACP_CWD_MAX_BYTES + over] = '\0';
        say(world, client,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session/new\",\"params\":{\"cwd\":\"%s\",\"mcpServers\":[]}}",
            cwd);
        expect(world, client, over > 0 ? "\"error\":{\"code\":-32602," : "\"result\":{\"sessionId\":");
    }
    world_free(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kept_client_is_never_idle),   cmocka_unit_test(a_cancel_never_comes_too_fast),
        cmocka_unit_test(clients_are_counted),           cmocka_unit_test(sessions_are_counted),
        cmocka_unit_test(prompts_under_way_are_counted), cmocka_unit_test(so_are_their_bytes),
        cmocka_unit_test(messages_a_second_are_counted), cmocka_unit_test(idle_clients_are_closed),
        cmocka_unit_test(turns_wait_for_slow_readers),   cmocka_unit_test(who_asks_on_and_never_reads_is_closed),
        cmocka_unit_test(long_texts_are_refused),        cmocka_unit_test(long_ids_are_not_said_back),
        cmocka_unit_test(paths_have_a_longest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
