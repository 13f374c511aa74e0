/* Calls to a driver, how it dies and stops. The faults of tests/targets/bad_driver are tried on the whole
 * program there; here are those that need a case of their own. */
#include "base/clock.h"
#include "case/state.h"
#include "target/driver.h"
#include "tests/case_fixture.h"

enum { CALL_MS = 20000, LONG_MS = 600000, SOON_MS = 300, ECHOES = 5 };

#define HELLO_ANSWER "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocol\":1,\"surfaces\":{}}}"

static uint64_t send_echo(struct driver *driver, int delay_ms)
{
    struct text params;

    text_init(&params, 100);
    text_addf(&params, "{\"text\":\"%d\",\"delay_ms\":%d}", delay_ms, delay_ms);
    uint64_t id = driver_send(driver, "echo", &params);
    text_free(&params);
    return id;
}

static void expect_echo(struct answer answer, int delay_ms)
{
    char wanted[32];

    snprintf(wanted, sizeof wanted, "%d", delay_ms);
    expect_integer(answer.outcome, ACKNOWLEDGED, "the outcome");
    expect_text(json_get_string(answer.result, "text"), wanted, "the text");
    expect(answer.sent_ns > 0 && answer.answered_ns >= answer.sent_ns + (int64_t)delay_ms * 1000000, WRONG,
           "the times of the call", "others");
}

static void assert_passes(void)
{
    assert_verdict(VERDICT_PASS, NULL, NULL);
}

/* Waits until the process is gone, and leaves it to be reaped. */
static void await_death(const struct driver *driver)
{
    siginfo_t info;

    expect(waitid(P_PID, (id_t)driver_pid(driver), &info, WEXITED | WNOWAIT) == 0, WRONG, "a death", "none");
}

/* ---- calls ---- */

static void case_calls_overlap(void **state)
{
    struct driver *driver = *state;
    uint64_t slow = send_echo(driver, 60), quick = send_echo(driver, 0);

    expect_echo(driver_wait(driver, slow, CALL_MS), 60);
    expect_echo(driver_wait(driver, quick, CALL_MS), 0);
}

static void case_gets_a_wrong_answer(void **state)
{
    struct driver *driver = *state;
    uint64_t wrong = send_echo(driver, 7);

    send_echo(driver, LONG_MS); /* is innocent, and the last that is written */
    driver_wait(driver, wrong, CALL_MS);
    expect(false, WRONG, "another", "this");
}

static void case_hears_what_need_not_come(void **state)
{
    struct driver *driver = *state;
    uint64_t never = send_echo(driver, LONG_MS), quick = send_echo(driver, 0);

    expect(driver_hears(driver, quick, CALL_MS), WRONG, "an answer", "none");
    expect_echo(driver_wait(driver, quick, CALL_MS), 0);
    expect(!driver_hears(driver, never, 1), WRONG, "no answer so far", "one");
}

static void case_waits_for_any(void **state)
{
    struct driver *drivers[] = {*state, driver_start(NULL)};
    size_t which;

    send_echo(drivers[0], LONG_MS);
    uint64_t id, first = send_echo(drivers[1], 0);
    expect_echo(driver_wait_any(drivers, 2, &which, &id, CALL_MS), 0);
    expect(which == 1 && id == first, WRONG, "an answer of the second", "one of %zu", which);
    uint64_t second = send_echo(drivers[0], 10);
    expect_echo(driver_wait_any(drivers, 2, &which, &id, CALL_MS), 10);
    expect(which == 0 && id == second, WRONG, "an answer of the first", "one of %zu", which);
    driver_stop(drivers[1]);
    driver_free(drivers[1]);
}

static void case_gets_errors(void **state)
{
    struct driver *driver = *state;
    struct answer answer = driver_call(driver, "store.nonsense", NULL, CALL_MS);

    expect_integer(answer.outcome, REFUSED, "the outcome");
    expect_text(answer.kind, "unsupported", "the kind");
    expect(answer.result == NULL && answer.message != NULL, WRONG, "a message", "none");
}

static void answers_find_their_calls(void **state)
{
    (void)state;
    fixture_run(case_calls_overlap, "none", NULL);
    assert_passes();
    fixture_run(case_waits_for_any, "none", NULL);
    assert_passes();
    fixture_run(case_hears_what_need_not_come, "none", NULL);
    assert_passes();
    fixture_run(case_gets_errors, "none", NULL);
    assert_passes();
}

static void the_call_that_is_judged_is_shown(void **state)
{
    (void)state;
    fixture_run(case_gets_a_wrong_answer, "none", NULL);
    assert_verdict(VERDICT_FAIL, "wrong", NULL);
    assert_contains(fixture.result.sent, "\"params\":{\"text\":\"7\",\"delay_ms\":7}");
}

static void case_collects_twice(void **state)
{
    struct driver *driver = *state;
    uint64_t id = send_echo(driver, 0);

    expect_echo(driver_wait(driver, id, CALL_MS), 0);
    driver_wait(driver, id, CALL_MS);
}

static void case_waits_for_nothing(void **state)
{
    struct driver *driver = *state;
    size_t which;
    uint64_t id;

    driver_wait_any(&driver, 1, &which, &id, CALL_MS);
}

static void case_calls_the_dead(void **state)
{
    struct driver *driver = *state;

    driver_kill(driver);
    send_echo(driver, 0);
}

static void case_sends_as_many_as_may_be(void **state)
{
    for (size_t i = 0; i < DRIVER_CALLS_MAX; i++)
        send_echo(*state, 0);
    case_note_state("as many as may be");
    send_echo(*state, 0);
}

static void wrong_use_is_our_defect(void **state)
{
    (void)state;
    fixture_run(case_collects_twice, "none", NULL);
    assert_error(BLAME_HARNESS, "was waited for twice");
    fixture_run(case_waits_for_nothing, "none", NULL);
    assert_error(BLAME_HARNESS, "where none is in flight");
    fixture_run(case_calls_the_dead, "none", NULL);
    assert_error(BLAME_HARNESS, "echo was called on a driver that is not running");
    fixture_run(case_sends_as_many_as_may_be, "none", NULL);
    assert_error(BLAME_HARNESS, "more than 4096 calls in flight");
    assert_contains(fixture.result.state, "as many as may be");
}

/* ---- silence ---- */

static void case_waits_in_vain(void **state)
{
    struct driver *driver = *state;

    send_echo(driver, 0);
    driver_wait(driver, send_echo(driver, LONG_MS), SOON_MS);
}

static void case_waits_for_any_in_vain(void **state)
{
    struct driver *drivers[] = {*state, driver_start(NULL)};
    size_t which;
    uint64_t id;

    send_echo(drivers[1], LONG_MS);
    driver_wait_any(drivers, 2, &which, &id, SOON_MS);
}

static void a_call_that_is_not_answered_is_a_hang(void **state)
{
    (void)state;
    fixture_run(case_waits_in_vain, "none", NULL);
    assert_verdict(VERDICT_FAIL, "hang", "echo was not answered within 300 ms");
    assert_true(fixture.result.at_ms >= SOON_MS);
    assert_null(fixture.result.state); /* it was alive, and stopped when asked */
    fixture_run(case_waits_for_any_in_vain, "none", NULL);
    assert_verdict(VERDICT_FAIL, "hang", "echo was not answered within 300 ms");
}

/* Half a line, a byte at a time, so that something always comes. */
static void a_trickle_is_a_hang(void **state)
{
    (void)state;
    char *const driver[] = {(char *)"sh", (char *)"-c",
                            (char *)"read l; echo '" HELLO_ANSWER "'; while printf x; do read -t 0.05 l; done", NULL};
    fixture_run_with(case_waits_in_vain, driver, &fixture_config);
    assert_verdict(VERDICT_FAIL, "hang", "echo was not answered within 300 ms");
    assert_contains(fixture.result.actual, "half a line: xx");
}

/* ---- death ---- */

static void case_calls(void **state)
{
    struct driver *driver = *state;

    expect_echo(driver_wait(driver, send_echo(driver, 0), CALL_MS), 0);
}

static void case_expects_a_death(void **state)
{
    struct driver *driver = *state;
    uint64_t slow = send_echo(driver, LONG_MS);

    driver_may_die(driver);
    kill(driver_pid(driver), SIGKILL);
    expect_integer(driver_wait(driver, slow, CALL_MS).outcome, UNKNOWN, "the outcome");
    expect(driver_is_dead(driver), WRONG, "a dead driver", "none");
}

static void case_kills(void **state)
{
    struct driver *driver = *state;
    uint64_t slow = send_echo(driver, LONG_MS);

    driver_kill(driver);
    driver_kill(driver);
    struct answer answer = driver_wait(driver, slow, CALL_MS);
    expect(answer.outcome == UNKNOWN && answer.answered_ns == 0, WRONG, "no answer", "one");
}

/* The other driver has nothing to do, and that is when it goes. */
static void case_loses_an_idle_one(void **state)
{
    struct driver *drivers[] = {*state, driver_start(NULL)};
    size_t which;
    uint64_t id;

    send_echo(drivers[0], LONG_MS);
    kill(driver_pid(drivers[1]), SIGKILL);
    driver_wait_any(drivers, 2, &which, &id, CALL_MS);
}

static void a_death_in_mid_call_is_a_crash(void **state)
{
    (void)state;
    fixture_run(case_calls, "crash", "echo");
    assert_verdict(VERDICT_FAIL, "crash", "the target was ended by signal 11");
    assert_contains(fixture.result.message, "with 1 call in flight");
    fixture_run(case_calls, "leaves", "echo");
    assert_verdict(VERDICT_FAIL, "crash", "the target exited with status 0 with 1 call in flight");
    fixture_run(case_loses_an_idle_one, "none", NULL);
    assert_verdict(VERDICT_FAIL, "crash", "the target was ended by signal 9");
}

static void a_death_that_was_planned_is_none(void **state)
{
    (void)state;
    fixture_run(case_expects_a_death, "none", NULL);
    assert_passes();
    fixture_run(case_kills, "none", NULL);
    assert_passes();
}

static void case_calls_and_waits_for_the_death(void **state)
{
    expect(*state != NULL, WRONG, "a driver", "none");
    await_death(*state);
}

/* Nothing was in flight; it still had not been asked to go. */
static void a_death_between_calls_is_a_crash(void **state)
{
    (void)state;
    char *const driver[] = {(char *)"sh", (char *)"-c", (char *)"read l; echo '" HELLO_ANSWER "'; exit 0", NULL};
    fixture_run_with(case_calls_and_waits_for_the_death, driver, &fixture_config);
    assert_verdict(VERDICT_FAIL, "crash", "the target exited with status 0 with 0 calls in flight");
}

static void a_signal_instead_of_an_end_is_a_crash(void **state)
{
    (void)state;
    fixture_run(case_calls, "crash", "stop");
    assert_verdict(VERDICT_FAIL, "crash", "the target was ended by signal 11 (Segmentation fault) when it was asked");
    fixture_run(case_expects_a_death, "crash", "stop");
    assert_passes();
}

/* ---- the end ---- */

static void case_leaves_calls_behind(void **state)
{
    struct text params;

    text_init(&params, 1 << 20);
    text_add(&params, "{\"text\":\"");
    for (size_t i = 0; i < 1000; i++)
        text_addf(&params, "%0100zu", i);
    text_add(&params, "\"}");
    for (int i = 0; i < ECHOES; i++)
        driver_send(*state, "echo", &params);
    text_free(&params);
    expect(true, WRONG, "one", "another");
}

/* Its answers fill the pipe; nobody waits for them, yet it can write them and go. */
static void a_driver_stops_with_answers_that_nobody_awaits(void **state)
{
    (void)state;
    fixture_run(case_leaves_calls_behind, "none", NULL);
    assert_passes();
    assert_null(fixture.result.state);
}

static void one_that_does_not_stop_is_ended(void **state)
{
    (void)state;
    fixture_run(case_calls, "stubborn", NULL);
    assert_passes();
    assert_contains(fixture.result.state, "the driver did not stop when asked");
}

static void case_calls_nothing(void **state)
{
    expect(*state != NULL, WRONG, "a driver", "none");
}

/* It goes when it is asked to: what it reads after hello is that. */
static void an_odd_exit_status_is_noted(void **state)
{
    (void)state;
    char *const driver[] = {(char *)"sh", (char *)"-c", (char *)"read l; echo '" HELLO_ANSWER "'; read l; exit 3",
                            NULL};
    fixture_run_with(case_calls_nothing, driver, &fixture_config);
    assert_passes();
    assert_contains(fixture.result.state, "the driver exited with status 3");
}

/* ---- doubts ---- */

static const char *say_what_is_wrong(void *of)
{
    return of;
}

static void case_fails_in_doubt(void **state)
{
    (void)state;
    case_doubt(say_what_is_wrong, (char *)"nobody saw it");
    expect(false, WRONG, "this", "that");
}

static void case_does_not_apply_in_doubt(void **state)
{
    (void)state;
    case_doubt(say_what_is_wrong, (char *)"nobody saw it");
    not_applicable("nothing was met");
}

static void case_fails_without_doubt(void **state)
{
    (void)state;
    case_doubt(say_what_is_wrong, NULL);
    expect(false, WRONG, "this", "that");
}

static void a_verdict_in_doubt_is_an_error_of_the_environment(void **state)
{
    (void)state;
    fixture_run(case_fails_in_doubt, "none", NULL);
    assert_error(BLAME_ENVIRONMENT, "nobody saw it");
    fixture_run(case_does_not_apply_in_doubt, "none", NULL);
    assert_error(BLAME_ENVIRONMENT, "nobody saw it");
    fixture_run(case_fails_without_doubt, "none", NULL);
    assert_verdict(VERDICT_FAIL, "wrong", "expected this, got that");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_find_their_calls),
        cmocka_unit_test(the_call_that_is_judged_is_shown),
        cmocka_unit_test(wrong_use_is_our_defect),
        cmocka_unit_test(a_call_that_is_not_answered_is_a_hang),
        cmocka_unit_test(a_trickle_is_a_hang),
        cmocka_unit_test(a_death_in_mid_call_is_a_crash),
        cmocka_unit_test(a_death_that_was_planned_is_none),
        cmocka_unit_test(a_death_between_calls_is_a_crash),
        cmocka_unit_test(a_signal_instead_of_an_end_is_a_crash),
        cmocka_unit_test(a_driver_stops_with_answers_that_nobody_awaits),
        cmocka_unit_test(one_that_does_not_stop_is_ended),
        cmocka_unit_test(an_odd_exit_status_is_noted),
        cmocka_unit_test(a_verdict_in_doubt_is_an_error_of_the_environment),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close) ? 1 : 0;
}
