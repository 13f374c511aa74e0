/* What counts as a bug found, and what does not. */
#include "red/kills.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct mutant torn = {.check = "store/torn",
                                   .patch = "glued",
                                   .test = "finds",
                                   .how = "wrong",
                                   .evidence = "line 2",
                                   .target = "/target.json"};

static struct error err;

/* A run of the mutant's room in which the case that the patch names, its control, and another case say this. */
static struct results make(const struct case_result *finds, const struct case_result *control,
                           const struct case_result *other)
{
    struct results results;

    results_init(&results, "1", "s", "t");
    results_add_check(&results, "store/torn", "T", "must", NULL, NULL);
    if (finds)
        results_add_case(&results, 0, finds);
    results_add_case(&results, 0, control);
    results_add_case(&results, 0, other);
    return results;
}

static const struct case_result found = {.name = (char *)"finds",
                                         .verdict = VERDICT_FAIL,
                                         .how = (char *)"wrong",
                                         .message = (char *)"the file is wrong",
                                         .actual = (char *)"line 1\nline 2\n"};
static const struct case_result sound = {.name = (char *)"control", .control = true};
static const struct case_result other = {.name = (char *)"other"};

static void expect_killed(struct results results)
{
    if (!kills_mutant(&results, &torn, &err))
        fail_msg("%s", err.text);
    results_free(&results);
}

static void expect_survived(struct results results, const char *expected)
{
    assert_false(kills_mutant(&results, &torn, &err));
    assert_string_equal(err.text, expected);
    results_free(&results);
}

static void the_right_finding_kills(void **state)
{
    (void)state;
    struct case_result elsewhere = found;

    expect_killed(make(&found, &sound, &other));
    elsewhere.actual = NULL;
    elsewhere.expected = (char *)"no line 2";
    expect_killed(make(&elsewhere, &sound, &other));
    elsewhere.expected = NULL;
    elsewhere.sent = (char *)"line 2";
    expect_killed(make(&elsewhere, &sound, &other));
    elsewhere.sent = NULL;
    elsewhere.message = (char *)"see line 2";
    expect_killed(make(&elsewhere, &sound, &other));
}

static void other_cases_may_say_what_they_like(void **state)
{
    (void)state;
    struct case_result says = other;

    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        says.verdict = (enum verdict)verdict;
        says.blame = verdict == VERDICT_ERROR ? BLAME_TARGET : BLAME_NONE;
        expect_killed(make(&found, &sound, &says));
    }
}

static void no_other_verdict_kills(void **state)
{
    (void)state;
    struct case_result says = found;

    says.how = NULL;
    says.verdict = VERDICT_PASS;
    expect_survived(make(&says, &sound, &other), "finds says PASS, not FAIL (wrong): the file is wrong");
    says.verdict = VERDICT_ERROR;
    says.blame = BLAME_TARGET;
    expect_survived(make(&says, &sound, &other), "finds says ERROR of the target, not FAIL (wrong): the file is wrong");
    says.verdict = VERDICT_NA;
    says.blame = BLAME_NONE;
    expect_survived(make(&says, &sound, &other), "finds says NA, not FAIL (wrong): the file is wrong");
}

static void a_crash_is_no_finding(void **state)
{
    (void)state;
    struct case_result crashed = found;

    crashed.how = (char *)"crash";
    expect_survived(make(&crashed, &sound, &other), "finds says FAIL (crash), not FAIL (wrong): the file is wrong");
    struct mutant crashing = torn;
    crashing.how = "crash";
    struct results results = make(&crashed, &sound, &other);
    assert_true(kills_mutant(&results, &crashing, &err));
    results_free(&results);
}

static void the_evidence_must_be_there(void **state)
{
    (void)state;
    struct case_result vague = found;

    vague.actual = (char *)"line 3";
    expect_survived(make(&vague, &sound, &other), "finds says FAIL (wrong) without \"line 2\": the file is wrong");
    struct mutant unproven = torn;
    unproven.evidence = "";
    struct results results = make(&found, &sound, &other);
    assert_false(kills_mutant(&results, &unproven, &err));
    assert_string_equal(err.text, "the patch names no evidence; finds says: the file is wrong");
    results_free(&results);
}

static void controls_must_pass(void **state)
{
    (void)state;
    struct case_result failing = sound;

    failing.verdict = VERDICT_FAIL;
    failing.how = (char *)"hang";
    failing.message = (char *)"no answer";
    expect_survived(make(&found, &failing, &other), "the control control says FAIL (hang): no answer");
    failing.verdict = VERDICT_NA;
    failing.how = NULL;
    expect_survived(make(&found, &failing, &other), "the control control says NA: no answer");
}

static void our_own_error_spoils_it(void **state)
{
    (void)state;
    struct case_result broken = other;

    broken.verdict = VERDICT_ERROR;
    broken.blame = BLAME_HARNESS;
    expect_survived(make(&found, &sound, &broken), "the case other says ERROR of the harness: ");
}

static void what_was_not_run_kills_nothing(void **state)
{
    (void)state;
    struct results results = make(&found, &sound, &other);
    struct results empty;

    results.interrupted = true;
    expect_survived(results, "the run was interrupted");
    expect_survived(make(NULL, &sound, &other), "the room has no case finds");
    results_init(&empty, "1", "s", "t");
    expect_survived(empty, "there is no such room");
}

static void only_a_pass_is_green(void **state)
{
    (void)state;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        struct case_result says = {.name = (char *)"a", .verdict = (enum verdict)verdict, .message = (char *)"why"};
        struct results results = make(&says, &sound, &other);
        bool green = kills_green(&results, "store/torn", &err);

        assert_int_equal(green, verdict == VERDICT_PASS);
        results.interrupted = true;
        assert_false(kills_green(&results, "store/torn", &err));
        assert_false(kills_green(&results, "store/other", &err));
        results_free(&results);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_finding_kills),    cmocka_unit_test(other_cases_may_say_what_they_like),
        cmocka_unit_test(no_other_verdict_kills),     cmocka_unit_test(a_crash_is_no_finding),
        cmocka_unit_test(the_evidence_must_be_there), cmocka_unit_test(controls_must_pass),
        cmocka_unit_test(our_own_error_spoils_it),    cmocka_unit_test(what_was_not_run_kills_nothing),
        cmocka_unit_test(only_a_pass_is_green),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
