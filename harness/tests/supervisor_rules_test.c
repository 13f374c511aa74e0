/* The decisions, stepped through by hand: no kernel, no threads, and a clock that stands where the test puts it. */
#include "supervisor/rules.h"

#include "supervisor/emulate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t ms = 1000000;

static int new_plan(void **state)
{
    struct rules *plan = calloc(1, sizeof *plan);

    rules_init(plan);
    *state = plan;
    return 0;
}

static int free_plan(void **state)
{
    rules_free(*state);
    free(*state);

    return 0;
}

/* A call of a thread; the test owns it. */
static struct supervisor_call make_call(pid_t tid, enum supervisor_kind kind, const char *where)
{
    struct supervisor_call call = {.listener = 7, .tid = tid, .kind = kind};

    snprintf(call.where, sizeof call.where, "%s", where);
    return call;
}

static struct supervisor_rule rendezvous_of(unsigned kinds)
{
    return (struct supervisor_rule){
        .kinds = kinds, .where = "*/events.jsonl", .action = SUPERVISOR_RENDEZVOUS, .hold_ms = 20};
}

static void second_writer_goes_first(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule rule = rendezvous_of(SUPERVISOR_WRITE);
    struct supervisor_call a = make_call(1, SUPERVISOR_WRITE, "/d/events.jsonl");
    struct supervisor_call b = make_call(2, SUPERVISOR_WRITE, "/d/events.jsonl");
    unsigned id = rules_add(plan, &rule);

    assert_int_equal(rules_decide(plan, &a, 0).verb, ORDER_HOLD);
    assert_true(rules_next_ns(plan) == 20 * ms);
    struct supervisor_order order = rules_decide(plan, &b, 1 * ms);
    assert_int_equal(order.verb, ORDER_PERFORM);
    assert_ptr_equal(order.partner, &a);
    order = rules_release(plan, order.partner);
    assert_ptr_equal(order.call, &a);
    assert_int_equal(order.verb, ORDER_LET);
    assert_int_equal(plan->rules[id].fired, 1);
    assert_true(rules_next_ns(plan) == INT64_MAX);
}

static void lone_writer_waits_until_its_time_is_up(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule rule = rendezvous_of(SUPERVISOR_WRITE);
    struct supervisor_call a = make_call(1, SUPERVISOR_WRITE, "/d/events.jsonl");

    rules_add(plan, &rule);
    rules_decide(plan, &a, 5 * ms);
    assert_null(rules_due(plan, 25 * ms - 1).call);
    assert_ptr_equal(rules_due(plan, 25 * ms).call, &a);
    assert_null(rules_due(plan, 25 * ms).call);
}

static void calls_of_other_files_and_kinds_do_not_meet(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule rule = rendezvous_of(SUPERVISOR_WRITE | SUPERVISOR_SYNC);
    struct supervisor_call a = make_call(1, SUPERVISOR_WRITE, "/a/events.jsonl");
    struct supervisor_call b = make_call(2, SUPERVISOR_WRITE, "/b/events.jsonl");
    struct supervisor_call c = make_call(3, SUPERVISOR_SYNC, "/a/events.jsonl");
    struct supervisor_call other = make_call(4, SUPERVISOR_WRITE, "/a/meta.json");

    rules_add(plan, &rule);
    assert_int_equal(rules_decide(plan, &a, 0).verb, ORDER_HOLD);
    assert_int_equal(rules_decide(plan, &b, 0).verb, ORDER_HOLD);
    assert_int_equal(rules_decide(plan, &c, 0).verb, ORDER_HOLD);
    assert_int_equal(rules_decide(plan, &other, 0).verb, ORDER_LET);
}

static void rendezvous_rests_after_too_many_fruitless_holds(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule rule = rendezvous_of(SUPERVISOR_WRITE);
    struct supervisor_call a = make_call(1, SUPERVISOR_WRITE, "/d/events.jsonl");

    rules_add(plan, &rule);
    for (int i = 0; i < SUPERVISOR_FRUITLESS_MAX; i++) {
        assert_int_equal(rules_decide(plan, &a, i * 20 * ms).verb, ORDER_HOLD);
        assert_ptr_equal(rules_due(plan, (i + 1) * 20 * ms).call, &a);
    }
    assert_int_equal(rules_decide(plan, &a, 1000 * ms).verb, ORDER_LET);
}

/* An open cannot be made in the target's stead: the first waits for the next sign of life of the second's thread. */
static void first_opener_follows_the_second(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule rule = rendezvous_of(SUPERVISOR_OPEN);
    struct supervisor_call a = make_call(1, SUPERVISOR_OPEN, "/d/events.jsonl");
    struct supervisor_call b = make_call(2, SUPERVISOR_OPEN, "/d/events.jsonl");
    struct supervisor_call c = make_call(3, SUPERVISOR_OPEN, "/d/events.jsonl");

    rules_add(plan, &rule);
    rules_decide(plan, &a, 0);
    struct supervisor_order order = rules_decide(plan, &b, 1 * ms);
    assert_int_equal(order.verb, ORDER_LET);
    assert_null(order.partner);
    assert_int_equal(rules_decide(plan, &c, 1 * ms).verb, ORDER_HOLD); /* a has its pair already */
    rules_heard(plan, 3, 2 * ms);
    assert_null(rules_due(plan, 2 * ms).call);
    rules_heard(plan, 2, 2 * ms);
    assert_ptr_equal(rules_due(plan, 2 * ms).call, &a);
}

static void first_opener_does_not_wait_for_ever(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule rule = rendezvous_of(SUPERVISOR_OPEN);
    struct supervisor_call a = make_call(1, SUPERVISOR_OPEN, "/d/events.jsonl");
    struct supervisor_call b = make_call(2, SUPERVISOR_OPEN, "/d/events.jsonl");

    rules_add(plan, &rule);
    rules_decide(plan, &a, 0);
    rules_decide(plan, &b, 0);
    assert_null(rules_due(plan, SUPERVISOR_SETTLE_MS * ms - 1).call);
    assert_ptr_equal(rules_due(plan, SUPERVISOR_SETTLE_MS * ms).call, &a);
}

static void only_the_nth_call_over_all_threads_fails(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule rule = {
        .kinds = SUPERVISOR_WRITE, .where = "*.jsonl", .action = SUPERVISOR_FAIL, .nth = 3, .error = ENOSPC};
    unsigned id = rules_add(plan, &rule);

    for (pid_t tid = 1; tid <= 5; tid++) {
        struct supervisor_call call = make_call(tid, SUPERVISOR_WRITE, "/d/events.jsonl");
        enum supervisor_verb verb = rules_decide(plan, &call, 0).verb;

        assert_int_equal(verb, tid == 3 ? ORDER_RETURN : ORDER_LET);
        assert_int_equal(call.answer, tid == 3 ? -ENOSPC : 0);
    }
    assert_int_equal(plan->rules[id].seen, 5);
    assert_int_equal(plan->rules[id].fired, 1);
}

static void every_action_gives_its_order(void **state)
{
    static const struct {
        enum supervisor_action action;
        enum supervisor_kind kind;
        enum supervisor_verb verb;
        int64_t how_much;
    } expected[] = {
        {SUPERVISOR_DELAY, SUPERVISOR_LOCK, ORDER_HOLD, SUPERVISOR_ALL},
        {SUPERVISOR_FAIL, SUPERVISOR_SYNC, ORDER_RETURN, SUPERVISOR_ALL},
        {SUPERVISOR_CUT, SUPERVISOR_WRITE, ORDER_PERFORM, 5},
        {SUPERVISOR_KILL_BEFORE, SUPERVISOR_RENAME, ORDER_KILL_BEFORE, SUPERVISOR_ALL},
        {SUPERVISOR_KILL_WITHIN, SUPERVISOR_WRITE, ORDER_KILL_WITHIN, SUPERVISOR_HALF},
        {SUPERVISOR_KILL_AFTER, SUPERVISOR_RENAME, ORDER_KILL_AFTER, SUPERVISOR_ALL},
        {SUPERVISOR_HOLD_AFTER_SEND, SUPERVISOR_SEND, ORDER_SEND_AND_HOLD, SUPERVISOR_ALL},
        {SUPERVISOR_RECORD, SUPERVISOR_WRITE, ORDER_PERFORM, SUPERVISOR_ALL},
        {SUPERVISOR_RECORD, SUPERVISOR_CONNECT, ORDER_LET, SUPERVISOR_ALL},
    };
    struct rules *plan = *state;

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        struct supervisor_call call = make_call(1, expected[i].kind, "/d/x");
        struct supervisor_rule rule = {.kinds = expected[i].kind,
                                       .where = "*",
                                       .action = expected[i].action,
                                       .nth = 1,
                                       .error = EIO,
                                       .bytes = 5,
                                       .hold_ms = 3};

        assert_null(rules_objection(plan, &rule, ~0u));
        unsigned id = rules_add(plan, &rule);
        struct supervisor_order order = rules_decide(plan, &call, 0);
        assert_int_equal(order.verb, expected[i].verb);
        assert_int_equal(order.how_much, expected[i].how_much);
        assert_int_equal(order.record, expected[i].action == SUPERVISOR_RECORD);
        assert_int_equal(plan->rules[id].fired, 1);
        rules_remove(plan, id);
        while (rules_due(plan, INT64_MAX - 1).call)
            continue;
    }
}

static void first_rule_decides_and_records_observe(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule record = {.kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_RECORD};
    struct supervisor_rule fail = {.kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_FAIL, .error = EIO};
    struct supervisor_rule kill = {.kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_KILL_BEFORE, .nth = 1};
    struct supervisor_call call = make_call(1, SUPERVISOR_WRITE, "/d/x");

    rules_add(plan, &fail);
    unsigned killer = rules_add(plan, &kill);
    rules_add(plan, &record);
    struct supervisor_order order = rules_decide(plan, &call, 0);
    assert_int_equal(order.verb, ORDER_RETURN);
    assert_true(order.record);
    assert_int_equal(plan->rules[killer].seen, 1);
    assert_int_equal(plan->rules[killer].fired, 0);
}

static void a_recorded_call_is_made_in_stead_after_its_hold(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule delay = {.kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_DELAY, .hold_ms = 1};
    struct supervisor_rule record = {.kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_RECORD};
    struct supervisor_call call = make_call(1, SUPERVISOR_WRITE, "/d/x");

    rules_add(plan, &delay);
    rules_add(plan, &record);
    assert_int_equal(rules_decide(plan, &call, 0).verb, ORDER_HOLD);
    struct supervisor_order order = rules_due(plan, 1 * ms);
    assert_int_equal(order.verb, ORDER_PERFORM);
    assert_true(order.record);
}

static void removing_a_rule_lets_its_calls_go(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule delay = {
        .kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_DELAY, .hold_ms = 1000};
    struct supervisor_call call = make_call(1, SUPERVISOR_WRITE, "/d/x");
    unsigned id = rules_add(plan, &delay);

    rules_decide(plan, &call, 1 * ms);
    rules_remove(plan, id);
    assert_ptr_equal(rules_due(plan, 2 * ms).call, &call);
    assert_int_equal(rules_kinds(plan), 0);
    assert_int_equal(rules_decide(plan, &call, 3 * ms).verb, ORDER_LET);
}

/* The rule may go while the call is made, outside of the plan. */
static void removed_rule_does_not_hold_what_was_made(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule rule = {
        .kinds = SUPERVISOR_SEND, .where = "*", .action = SUPERVISOR_HOLD_AFTER_SEND, .hold_ms = 1000};
    struct supervisor_call call = make_call(1, SUPERVISOR_SEND, "127.0.0.1:80");
    unsigned id = rules_add(plan, &rule);

    assert_int_equal(rules_decide(plan, &call, 0).verb, ORDER_SEND_AND_HOLD);
    rules_remove(plan, id);
    assert_false(rules_hold_made(plan, &call, id, 1000 * ms));
    assert_int_equal(plan->hold_count, 0);
}

static void sync_of_everything_matches_any_glob_and_rename_by_either_name(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule rule = {
        .kinds = SUPERVISOR_SYNC | SUPERVISOR_RENAME, .where = "*/meta.json", .action = SUPERVISOR_RECORD};
    struct supervisor_call sync = make_call(1, SUPERVISOR_SYNC, "");
    struct supervisor_call rename = make_call(1, SUPERVISOR_RENAME, "/d/meta.json.tmp");

    rules_add(plan, &rule);
    assert_false(rules_matches(plan, &sync));
    sync.everywhere = true;
    assert_true(rules_matches(plan, &sync));
    assert_false(rules_matches(plan, &rename));
    snprintf(rename.to, sizeof rename.to, "/d/meta.json");
    assert_true(rules_matches(plan, &rename));
}

static void a_sync_of_everything_cannot_fail(void **state)
{
    static const struct supervisor_shape sync_shape = {.name = "sync", .fd = -1}, fsync_shape = {.name = "fsync"};
    struct rules *plan = *state;
    struct supervisor_rule rule = {.kinds = SUPERVISOR_SYNC, .where = "*", .action = SUPERVISOR_FAIL, .error = EIO};
    struct supervisor_call sync = make_call(1, SUPERVISOR_SYNC, ""), fsync = make_call(1, SUPERVISOR_SYNC, "/d/x");
    unsigned id = rules_add(plan, &rule);

    sync.shape = &sync_shape;
    sync.everywhere = true;
    fsync.shape = &fsync_shape;
    assert_int_equal(rules_decide(plan, &sync, 0).verb, ORDER_LET);
    assert_int_equal(plan->rules[id].fired, 0);
    assert_int_equal(rules_decide(plan, &fsync, 0).verb, ORDER_RETURN);
    assert_int_equal(plan->rules[id].fired, 1);
}

static void holds_are_bounded(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule delay = {.kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_DELAY, .hold_ms = 10};
    struct supervisor_call *calls = calloc(SUPERVISOR_HOLDS_MAX + 1, sizeof *calls);

    rules_add(plan, &delay);
    for (int i = 0; i <= SUPERVISOR_HOLDS_MAX; i++) {
        calls[i] = make_call(i + 1, SUPERVISOR_WRITE, "/d/x");
        calls[i].listener = i % 2;
        enum supervisor_verb verb = rules_decide(plan, &calls[i], i).verb;
        assert_int_equal(verb, i < SUPERVISOR_HOLDS_MAX ? ORDER_HOLD : ORDER_LET);
    }
    assert_false(rules_hold_made(plan, &calls[SUPERVISOR_HOLDS_MAX], 0, 5));
    assert_ptr_equal(rules_due(plan, 10 * ms + 1).call, &calls[0]); /* the oldest first */
    assert_true(rules_hold_made(plan, &calls[SUPERVISOR_HOLDS_MAX], 0, 5));
    int forgotten = 0;
    for (struct supervisor_call *call; (call = rules_forget(plan, 1)) != NULL; forgotten++)
        assert_int_equal(call->listener, 1);
    assert_int_equal(forgotten, SUPERVISOR_HOLDS_MAX / 2);
    while (rules_forget(plan, -1))
        continue;
    assert_int_equal(plan->hold_count, 0);
    free(calls);
}

static void rules_are_bounded(void **state)
{
    struct rules *plan = *state;
    struct supervisor_rule rule = {.kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_RECORD};

    for (int i = 0; i < SUPERVISOR_RULES_MAX; i++) {
        assert_null(rules_objection(plan, &rule, SUPERVISOR_WRITE));
        rules_add(plan, &rule);
    }
    assert_non_null(rules_objection(plan, &rule, SUPERVISOR_WRITE));
}

static void rules_without_sense_are_refused(void **state)
{
    static const struct supervisor_rule senseless[] = {
        {.kinds = 0, .where = "*", .action = SUPERVISOR_RECORD},
        {.kinds = SUPERVISOR_CONNECT, .where = "*", .action = SUPERVISOR_RECORD}, /* not watched below */
        {.kinds = SUPERVISOR_WRITE, .where = NULL, .action = SUPERVISOR_RECORD},
        {.kinds = SUPERVISOR_SYNC, .where = "*", .action = SUPERVISOR_CUT, .bytes = 1},
        {.kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_CUT, .bytes = 0},
        {.kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_FAIL, .error = 0},
        {.kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_FAIL, .error = 4096},
        {.kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_KILL_BEFORE, .nth = 0},
        {.kinds = SUPERVISOR_SYNC, .where = "*", .action = SUPERVISOR_KILL_WITHIN, .nth = 1},
        {.kinds = SUPERVISOR_LOCK, .where = "*", .action = SUPERVISOR_KILL_AFTER, .nth = 1},
        {.kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_HOLD_AFTER_SEND, .hold_ms = 1},
        {.kinds = SUPERVISOR_WRITE, .where = "*", .action = SUPERVISOR_DELAY, .hold_ms = 0},
    };
    struct rules *plan = *state;

    for (size_t i = 0; i < sizeof senseless / sizeof senseless[0]; i++)
        assert_non_null(rules_objection(plan, &senseless[i], SUPERVISOR_FILES));
}

#define STEP(function) cmocka_unit_test_setup_teardown(function, new_plan, free_plan)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STEP(second_writer_goes_first),
        STEP(lone_writer_waits_until_its_time_is_up),
        STEP(calls_of_other_files_and_kinds_do_not_meet),
        STEP(rendezvous_rests_after_too_many_fruitless_holds),
        STEP(first_opener_follows_the_second),
        STEP(first_opener_does_not_wait_for_ever),
        STEP(only_the_nth_call_over_all_threads_fails),
        STEP(every_action_gives_its_order),
        STEP(first_rule_decides_and_records_observe),
        STEP(a_recorded_call_is_made_in_stead_after_its_hold),
        STEP(removing_a_rule_lets_its_calls_go),
        STEP(removed_rule_does_not_hold_what_was_made),
        STEP(sync_of_everything_matches_any_glob_and_rename_by_either_name),
        STEP(a_sync_of_everything_cannot_fail),
        STEP(holds_are_bounded),
        STEP(rules_are_bounded),
        STEP(rules_without_sense_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
