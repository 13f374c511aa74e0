/* What a case says, and what becomes of it: passes, findings with their levels and evidence, and what is no judgement.
 */
#include "tests/case_fixture.h"

static void case_passes(void **state)
{
    (void)state;
    expect(true, WRONG, "something", "something else");
}

static void case_meets_nothing(void **state)
{
    (void)state;
}

static void case_fails(void **state)
{
    (void)state;
    sent("%s", "a\nstimulus");
    expect(true, WRONG, "one", "another");
    expect(1 + 1 == 3, SILENT, "three", "%d\nand more", 1 + 1);
}

static void case_has_a_finding(void **state)
{
    (void)state;
    fail_case(RACE, "expected", "actual", "the %s finding", "first");
}

static void case_meets_what_may_never_happen(void **state)
{
    (void)state;
    expect_at(MUST);
    expect(true, WRONG, "never", "so far");
    expect(false, WRONG, "never", "now");
}

static void case_meets_it_no_more(void **state)
{
    (void)state;
    expect_at(MUST);
    expect_at(LEVEL_OF_CHECK);
    expect(false, WRONG, "better", "this");
}

static void case_does_not_apply(void **state)
{
    (void)state;
    not_applicable("for %s", "a reason");
}

static void case_errs(void **state)
{
    (void)state;
    error_of_environment("no %s", "memory");
}

static void a_case_that_passes_passes(void **state)
{
    (void)state;
    fixture_run(case_passes, "none", NULL);
    assert_true(fixture.judged);
    assert_verdict(VERDICT_PASS, NULL, NULL);
    assert_null(fixture.result.state);
}

static void a_finding_may_have_a_level_of_its_own(void **state)
{
    (void)state;
    fixture_run(case_meets_what_may_never_happen, "none", NULL);
    assert_string_equal(fixture.result.level, "must");
    fixture_run(case_meets_it_no_more, "none", NULL);
    assert_string_equal(fixture.result.level, "should");
}

static void a_case_that_met_nothing_is_our_defect(void **state)
{
    (void)state;
    fixture_run(case_meets_nothing, "none", NULL);
    assert_error(BLAME_HARNESS, "without meeting a single expectation");
}

static void a_failure_carries_its_evidence(void **state)
{
    (void)state;
    fixture_run(case_fails, "none", NULL);
    assert_verdict(VERDICT_FAIL, "silent", "expected three, got 2");
    assert_string_equal(fixture.result.sent, "a\\nstimulus");
    assert_string_equal(fixture.result.expected, "three");
    assert_string_equal(fixture.result.actual, "2\nand more");
    fixture_run(case_has_a_finding, "none", NULL);
    assert_verdict(VERDICT_FAIL, "race", "the first finding");
}

static void case_hangs(void **state)
{
    (void)state;
    expect(false, HANG, "an answer", "none");
}

static void a_control_that_fails_is_no_finding(void **state)
{
    (void)state;
    fixture_is_control = true;
    fixture_run(case_has_a_finding, "none", NULL);
    assert_int_equal(fixture.result.verdict, VERDICT_ERROR);
    assert_int_equal(fixture.result.blame, BLAME_TARGET);
    assert_string_equal(fixture.result.how, "race"); /* by which the runner knows */
    assert_string_equal(fixture.result.message, "the control failed, so the room is not judged: the first finding");
    assert_string_equal(fixture.result.expected, "expected");
    fixture_run(case_meets_what_may_never_happen, "none", NULL);
    assert_verdict(VERDICT_FAIL, "wrong", "expected never, got now");
    fixture_run(case_hangs, "none", NULL);
    assert_verdict(VERDICT_FAIL, "hang", "expected an answer, got none");
    fixture_run(case_does_not_apply, "none", NULL);
    assert_verdict(VERDICT_NA, NULL, "for a reason");
    fixture_is_control = false;
}

static void what_is_no_judgement_says_so(void **state)
{
    (void)state;
    fixture_run(case_does_not_apply, "none", NULL);
    assert_verdict(VERDICT_NA, NULL, "for a reason");
    fixture_run(case_errs, "none", NULL);
    assert_error(BLAME_ENVIRONMENT, "no memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_that_passes_passes),
        cmocka_unit_test(a_finding_may_have_a_level_of_its_own),
        cmocka_unit_test(a_case_that_met_nothing_is_our_defect),
        cmocka_unit_test(a_failure_carries_its_evidence),
        cmocka_unit_test(a_control_that_fails_is_no_finding),
        cmocka_unit_test(what_is_no_judgement_says_so),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close) ? 1 : 0;
}
