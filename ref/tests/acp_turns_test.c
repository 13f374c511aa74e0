/* Turns of the ACP core: each is answered once, whatever happens to it; sessions and clients do not feel each other. */
#include "tests/acp_fixture.h"

static void expect_stop(struct world *world, uint64_t client, int id, const char *reason)
{
    char wanted[128];

    snprintf(wanted, sizeof wanted, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"stopReason\":\"%s\"}}", id, reason);
    expect(world, client, wanted);
}

static void expect_error(struct world *world, uint64_t client, int id, int code, const char *what)
{
    char wanted[64];

    snprintf(wanted, sizeof wanted, "\"id\":%d,\"error\":{\"code\":%d,", id, code);
    expect(world, client, wanted, what);
}

static void call_back_request(struct world *world, uint64_t client, const char *id)
{
    say(world, client, "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel_request\",\"params\":{\"requestId\":%s}}", id);
}

static void a_cancelled_turn_is_answered_once(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = greeted_session(world, client);

    (void)state;
    prompt(world, client, session.id, 2, "stream 1000");
    acp_tick(world->acp, world->now_ms);
    collect(world);
    forget_all(world, client);
    cancel(world, client, session.id);
    cancel(world, client, session.id);
    settle(world);
    expect_stop(world, client, 2, "cancelled");
    expect_silence(world, client); /* no update comes behind it */
    prompt(world, client, session.id, 3, "echo next");
    settle(world);
    expect(world, client, "next");
    expect_stop(world, client, 3, "end_turn");
    world_free(world);
}

static void requests_are_called_back_by_client_and_id(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t a = join_ready(world, "{}"), b = join_ready(world, "{}");
    struct session of_a = greeted_session(world, a), of_b = greeted_session(world, b);

    (void)state;
    prompt(world, a, of_a.id, 7, "sleep 10");
    prompt(world, b, of_b.id, 7, "sleep 10");
    settle(world);
    call_back_request(world, b, "7");
    call_back_request(world, b, "7");
    call_back_request(world, b, "\"7\"");
    expect_error(world, b, 7, -32800, "cancelled");
    pass(world, 10);
    expect_silence(world, b);
    expect(world, a, "slept");
    expect_stop(world, a, 7, "end_turn");
    call_back_request(world, a, "7"); /* too late */
    expect_silence(world, a);
    prompt(world, a, of_a.id, 8, "echo x");
    call_back_request(world, a, "8"); /* glued to its request */
    settle(world);
    expect_error(world, a, 8, -32800, "cancelled");
    expect_silence(world, a);
    world_free(world);
}

static void prompts_of_a_session_come_one_after_the_other(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = greeted_session(world, client);

    (void)state;
    prompt(world, client, session.id, 2, "sleep 10");
    prompt(world, client, session.id, 3, "echo third");
    prompt(world, client, session.id, 3, "echo the same id");
    settle(world);
    expect_silence(world, client);
    pass(world, 10);
    expect(world, client, "slept");
    expect_stop(world, client, 2, "end_turn");
    expect(world, client, "third");
    expect_stop(world, client, 3, "end_turn");
    expect(world, client, "the same id");
    expect_stop(world, client, 3, "end_turn");
    for (int id = 4; id < 504; id++) {
        prompt(world, client, session.id, id, "echo x");
        settle(world);
        expect(world, client, "\"x\"");
        expect_stop(world, client, id, "end_turn");
    }
    world_free(world);
}

static void a_cancel_settles_those_that_wait_too(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = greeted_session(world, client);

    (void)state;
    prompt(world, client, session.id, 2, "sleep 10");
    prompt(world, client, session.id, 3, "echo x");
    call_back_request(world, client, "3");
    expect_error(world, client, 3, -32800, "cancelled");
    prompt(world, client, session.id, 4, "echo x");
    settle(world);
    cancel(world, client, session.id);
    settle(world);
    expect_stop(world, client, 2, "cancelled");
    expect_stop(world, client, 4, "cancelled");
    expect_silence(world, client);
    world_free(world);
}

static void sessions_of_one_client_do_not_wait_for_each_other(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session busy = greeted_session(world, client), other = greeted_session(world, client);

    (void)state;
    prompt(world, client, busy.id, 2, "sleep 10");
    settle(world);
    prompt(world, client, other.id, 3, "echo x");
    settle(world);
    expect(world, client, "\"x\"", other.id);
    expect_stop(world, client, 3, "end_turn");
    prompt(world, client, other.id, 4, "sleep 5");
    settle(world);
    cancel(world, client, other.id);
    expect_stop(world, client, 4, "cancelled");
    ask(world, client, 5, "session/load", other.id, "");
    settle(world);
    forget_all(world, client);
    ask(world, client, 6, "session/close", other.id, "");
    expect(world, client, "\"id\":6,\"result\":{}");
    pass(world, 10);
    expect(world, client, "slept", busy.id);
    expect_stop(world, client, 2, "end_turn");
    world_free(world);
}

/* Twenty first prompts at once, and a discovery that takes its time: step by step, one of them begins it, the others
 * find it begun, the first one is cancelled in the middle, and still nobody begins another. */
static void a_session_is_discovered_once(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}");
    struct session session = new_session(world, client), other = new_session(world, client);

    (void)state;
    prompt(world, client, session.id, 1, "slow-discover 50");
    settle(world);
    for (int id = 2; id <= 20; id++)
        prompt(world, client, session.id, id, "slow-discover 50");
    pass(world, 25);
    cancel(world, client, other.id);
    call_back_request(world, client, "1");
    expect_error(world, client, 1, -32800, "cancelled");
    settle(world);
    expect_silence(world, client);
    assert_int_equal(acp_gauges(world->acp).discoveries_total, 1);
    pass(world, 25); /* not 50: the discovery that was begun goes on */
    expect(world, client, "Hello");
    for (int id = 2; id <= 20; id++) {
        expect(world, client, "discovered");
        expect_stop(world, client, id, "end_turn");
    }
    assert_int_equal(acp_gauges(world->acp).discoveries_total, 1);
    prompt(world, client, other.id, 30, "echo x");
    settle(world);
    assert_int_equal(acp_gauges(world->acp).discoveries_total, 2);
    world_free(world);
}

static void turns_do_not_last_for_ever(void **state)
{
    struct world *world = world_new();
    uint64_t client;
    struct session session;

    (void)state;
    world->limits.long_ms = 100;
    world_begin(world);
    client = join_ready(world, "{\"fs\":{\"readTextFile\":true}}");
    session = greeted_session(world, client);
    prompt(world, client, session.id, 2, "sleep 101");
    prompt(world, client, session.id, 3, "read /x");
    prompt(world, client, session.id, 4, "sleep 99");
    pass(world, 99);
    expect_silence(world, client);
    pass(world, 1);
    expect_error(world, client, 2, -32800, "ws.long_ms");
    expect(world, client, "fs/read_text_file");
    pass(world, 100);
    expect_error(world, client, 3, -32800, "ws.long_ms");
    assert_int_equal(acp_gauges(world->acp).pending_calls, 0);
    pass(world, 99);
    expect(world, client, "slept");
    expect_stop(world, client, 4, "end_turn");
    world_free(world);
}

static void a_leaving_owner_ends_its_turns(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}"), other = join_ready(world, "{}");
    struct session session = greeted_session(world, client), fine = greeted_session(world, other);

    (void)state;
    prompt(world, client, session.id, 2, "stream 100000");
    prompt(world, client, session.id, 3, "echo never");
    acp_tick(world->acp, world->now_ms);
    collect(world);
    forget_all(world, client);
    acp_leave(world->acp, client, world->now_ms);
    settle(world);
    expect_silence(world, client);
    assert_int_equal(logged(world, "warning ws.left client=1 sessions=1 turns=2 aborted=0"), 1);
    assert_int_equal(logged(world, "warning"), 1);
    prompt(world, other, fine.id, 4, "echo x");
    settle(world);
    expect(world, other, "\"x\"");
    expect_stop(world, other, 4, "end_turn");
    acp_leave(world->acp, other, world->now_ms);
    assert_int_equal(logged(world, "debug ws.left client=2 sessions=1 turns=0 aborted=0"), 1);
    world_free(world);
}

/* However long a stream is, others have their go in between. */
static void a_stream_leaves_room_for_others(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t busy = join_ready(world, "{}"), other = join_ready(world, "{}");
    struct session stream = greeted_session(world, busy), session = greeted_session(world, other);
    char *text;
    int count = 0;

    (void)state;
    prompt(world, busy, stream.id, 2, "stream 1000000");
    prompt(world, other, session.id, 3, "echo x");
    acp_tick(world->acp, world->now_ms);
    collect(world);
    expect(world, other, "\"x\"");
    expect_stop(world, other, 3, "end_turn");
    for (; (text = heard(world, busy)); count++)
        free(text);
    assert_in_range(count, 1, 100);
    world_free(world);
}

static void shutting_down_settles_everything(void **state)
{
    struct world *world = world_begin(world_new());
    uint64_t client = join_ready(world, "{}"), other = join_ready(world, "{}"), late;
    struct session session = greeted_session(world, client);

    (void)state;
    prompt(world, client, session.id, 2, "permit x");
    settle(world);
    expect(world, client, "session/request_permission");
    acp_stop(world->acp, world->now_ms);
    collect(world);
    expect_stop(world, client, 2, "cancelled");
    assert_int_equal(world->inboxes[client].closed, 1001);
    assert_int_equal(world->inboxes[other].closed, 1001);
    assert_int_equal(acp_join(world->acp, world->now_ms, &late), ACP_FULL);
    assert_int_equal(acp_gauges(world->acp).clients, 0);
    assert_int_equal(acp_gauges(world->acp).sessions, 0);
    assert_int_equal(acp_gauges(world->acp).pending_calls, 0);
    assert_int_equal(logged(world, "ws.abort"), 1);
    world_free(world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancelled_turn_is_answered_once),
        cmocka_unit_test(requests_are_called_back_by_client_and_id),
        cmocka_unit_test(prompts_of_a_session_come_one_after_the_other),
        cmocka_unit_test(a_cancel_settles_those_that_wait_too),
        cmocka_unit_test(sessions_of_one_client_do_not_wait_for_each_other),
        cmocka_unit_test(a_session_is_discovered_once),
        cmocka_unit_test(turns_do_not_last_for_ever),
        cmocka_unit_test(a_leaving_owner_ends_its_turns),
        cmocka_unit_test(a_stream_leaves_room_for_others),
        cmocka_unit_test(shutting_down_settles_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
