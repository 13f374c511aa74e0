/* How cases become checks, and checks an exit code. */
#include "model/results.h"

#include "check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void set_up_one(struct results *results)
{
    results_init(results, "0.1.0", "2026.1", "acme");
    results_add_check(results, "store/one", "One", "must", NULL, NULL);
}

static void add(struct results *results, const char *name, enum verdict verdict)
{
    struct case_result result = {.name = (char *)name, .verdict = verdict, .ms = 10};

    if (verdict == VERDICT_ERROR)
        result.blame = BLAME_TARGET;
    results_add_case(results, 0, &result);
}

static void a_check_is_as_bad_as_its_worst_case(void **state)
{
    (void)state;
    static const enum verdict by_rank[] = {VERDICT_NA,    VERDICT_PASS,  VERDICT_XFAIL, VERDICT_WARN,
                                           VERDICT_XPASS, VERDICT_ERROR, VERDICT_FAIL};

    for (size_t i = 0; i < VERDICT_COUNT; i++) {
        for (size_t j = 0; j < VERDICT_COUNT; j++) {
            bool unjudged = by_rank[i] == VERDICT_NA && by_rank[j] == VERDICT_PASS; /* a states the requirement */
            struct results results;

            set_up_one(&results);
            add(&results, "a", by_rank[i]);
            add(&results, "b", by_rank[j]);
            assert_int_equal(results.checks[0].verdict, by_rank[i > j || unjudged ? i : j]);
            assert_int_equal(results.counts[results.checks[0].verdict], 1);
            results_free(&results);
        }
    }
}

static void counts_are_of_checks_that_have_a_case(void **state)
{
    (void)state;
    struct results results;
    size_t sum = 0;

    set_up_one(&results);
    results_add_check(&results, "store/two", "Two", "must", NULL, NULL);
    for (int i = 0; i < 5; i++)
        add(&results, (const char *[]){"a", "b", "c", "d", "e"}[i], VERDICT_PASS);
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        sum += results.counts[verdict];
    assert_int_equal(sum, 1);
    assert_int_equal(results.checks[0].ms, 50);
    assert_int_equal(results.checks[1].verdict, VERDICT_NA);
    results_free(&results);
}

static void errors_are_blamed_on_the_harness_first(void **state)
{
    (void)state;
    static const enum blame blames[] = {BLAME_ENVIRONMENT, BLAME_HARNESS, BLAME_TARGET};
    struct results results;

    set_up_one(&results);
    for (size_t i = 0; i < 3; i++)
        results_add_case(&results, 0,
                         &(struct case_result){.name = (char *)blame_name(blames[i]),
                                               .verdict = VERDICT_ERROR,
                                               .blame = blames[i],
                                               .message = (char *)blame_name(blames[i])});
    assert_int_equal(results.checks[0].blame, BLAME_HARNESS);
    assert_string_equal(results.checks[0].message, "harness");
    results_free(&results);
}

static void a_remark_of_a_pass_is_the_message_of_the_check(void **state)
{
    (void)state;
    struct results results;

    set_up_one(&results);
    add(&results, "a", VERDICT_PASS);
    results_add_case(&results, 0, &(struct case_result){.name = (char *)"b", .message = (char *)"class D1"});
    assert_string_equal(results.checks[0].message, "class D1");
    results_add_case(&results, 0,
                     &(struct case_result){.name = (char *)"c", .verdict = VERDICT_FAIL, .message = (char *)"lost"});
    assert_string_equal(results.checks[0].message, "lost");
    results_free(&results);
}

static void add_number(struct results *results, const char *name, size_t number, bool control, enum verdict verdict)
{
    results_add_case(
        results, 0,
        &(struct case_result){
            .name = (char *)name, .number = number, .control = control, .verdict = verdict, .message = (char *)name});
}

static void the_first_case_states_the_requirement(void **state)
{
    (void)state;
    struct results results;
    char cases[64];

    set_up_one(&results);
    add_number(&results, "second", 1, false, VERDICT_PASS);
    assert_int_equal(results.checks[0].verdict, VERDICT_PASS);
    check_result_cases(&results.checks[0], cases, sizeof cases);
    assert_string_equal(cases, "1 case");
    add_number(&results, "requirement", 0, false, VERDICT_NA);
    assert_int_equal(results.checks[0].verdict, VERDICT_NA);
    assert_string_equal(results.checks[0].message, "requirement");
    add_number(&results, "control", 2, true, VERDICT_PASS);
    assert_int_equal(results.checks[0].verdict, VERDICT_NA);
    check_result_cases(&results.checks[0], cases, sizeof cases);
    assert_string_equal(cases, "2 of 3 cases judged");
    add_number(&results, "worse", 3, false, VERDICT_WARN);
    assert_int_equal(results.checks[0].verdict, VERDICT_WARN);
    results_free(&results);
}

/* Whatever comes first, what was said of another case stands. */
static void a_later_case_may_be_na(void **state)
{
    (void)state;
    struct results results;

    set_up_one(&results);
    add_number(&results, "control", 0, true, VERDICT_NA);
    add_number(&results, "requirement", 1, false, VERDICT_PASS);
    add_number(&results, "other", 2, false, VERDICT_NA);
    add_number(&results, "another", 3, false, VERDICT_NA);
    assert_int_equal(results.checks[0].verdict, VERDICT_PASS);
    assert_int_equal(check_result_judged(&results.checks[0]), 1);
    results_free(&results);
}

static void controls_alone_are_no_pass(void **state)
{
    (void)state;
    struct results results;

    set_up_one(&results);
    results_add_case(&results, 0, &(struct case_result){.name = (char *)"control", .control = true});
    assert_int_equal(results.checks[0].verdict, VERDICT_PASS);
    results_add_case(
        &results, 0,
        &(struct case_result){.name = (char *)"case", .verdict = VERDICT_NA, .message = (char *)"has no fork"});
    assert_int_equal(results.checks[0].verdict, VERDICT_NA);
    assert_string_equal(results.checks[0].message, "has no fork");
    results_free(&results);
}

static void cases_stand_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    static const size_t arrivals[] = {2, 0, 3, 1};
    static const char *const names[] = {"zero", "one", "two", "three"};
    struct results results;

    set_up_one(&results);
    for (size_t i = 0; i < 4; i++)
        results_add_case(&results, 0, &(struct case_result){.name = (char *)names[arrivals[i]], .number = arrivals[i]});
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(results.checks[0].cases[i].name, names[i]);
    results_free(&results);
}

/* Adds the verdicts as runs of one case, and returns it. */
static struct case_result *run_again(struct results *results, const enum verdict *verdicts, size_t count)
{
    set_up_one(results);
    for (size_t i = 0; i < count; i++)
        add(results, "same", verdicts[i]);
    assert_int_equal(results->checks[0].case_count, 1);
    assert_int_equal(results->counts[results->checks[0].verdict], 1);
    return &results->checks[0].cases[0];
}

static void one_bad_run_is_enough(void **state)
{
    (void)state;
    struct results results;
    struct case_result *same =
        run_again(&results, (enum verdict[]){VERDICT_PASS, VERDICT_FAIL, VERDICT_PASS, VERDICT_FAIL}, 4);

    assert_int_equal(same->verdict, VERDICT_FAIL);
    assert_int_equal(same->runs, 4);
    assert_int_equal(same->failed, 2);
    assert_int_equal(same->ms, 40);
    results_free(&results);
}

static void what_fails_at_times_keeps_its_place_in_the_baseline(void **state)
{
    (void)state;
    struct results results;

    for (int order = 0; order < 2; order++) {
        struct case_result *same = run_again(
            &results, (enum verdict[]){order ? VERDICT_XPASS : VERDICT_XFAIL, order ? VERDICT_XFAIL : VERDICT_XPASS},
            2);

        assert_int_equal(same->verdict, VERDICT_XFAIL);
        assert_int_equal(same->failed, 1);
        results_free(&results);
    }
}

static void lists_may_be_full_or_absent(void **state)
{
    (void)state;
    struct check full = {0};
    struct results results;

    for (size_t i = 0; i < CHECK_ORIGINS_MAX; i++)
        full.origins[i] = "RFC";
    results_init(&results, "0.1.0", "2026.1", "acme");
    results_add_check(&results, "store/full", "Full", "must", full.origins, full.tags);
    results_add_check(&results, "store/none", "None", "must", NULL, NULL);
    assert_string_equal(results.checks[0].origins[CHECK_ORIGINS_MAX - 1], "RFC");
    assert_null(results.checks[0].origins[CHECK_ORIGINS_MAX]);
    assert_null(results.checks[0].tags[0]);
    assert_null(results.checks[1].origins[0]);
    results_free(&results);
}

static void strings_have_a_maximum(void **state)
{
    (void)state;
    for (size_t bytes = RESULTS_STRING_MAX_BYTES - 1; bytes <= RESULTS_STRING_MAX_BYTES + 1; bytes++) {
        struct results results;
        char *message = malloc(bytes + 1);

        assert_non_null(message);
        memset(message, 'm', bytes);
        message[bytes] = '\0';
        set_up_one(&results);
        results_add_case(&results, 0,
                         &(struct case_result){.name = (char *)"a", .verdict = VERDICT_FAIL, .message = message});
        size_t kept = bytes < RESULTS_STRING_MAX_BYTES ? bytes : RESULTS_STRING_MAX_BYTES;
        assert_int_equal(strlen(results.checks[0].cases[0].message), kept);
        assert_int_equal(strlen(results.checks[0].message), kept);
        results_free(&results);
        free(message);
    }
}

/* The exit code of a run whose checks have these verdicts, one case each. */
static int exit_code_of(const enum verdict *verdicts, const enum blame *blames, size_t count, size_t min)
{
    struct results results;
    char id[] = "store/a";

    results_init(&results, "0.1.0", "2026.1", "acme");
    for (size_t i = 0; i < count; i++, id[6]++) {
        size_t check = results_add_check(&results, id, "A", "must", NULL, NULL);

        results_add_case(
            &results, check,
            &(struct case_result){.name = (char *)"a", .verdict = verdicts[i], .blame = blames ? blames[i] : 0});
    }
    int code = results_exit_code(&results, min);
    results_free(&results);
    return code;
}

#define EXIT_CODE(min, ...) \
    exit_code_of((enum verdict[]){__VA_ARGS__}, NULL, sizeof((enum verdict[]){__VA_ARGS__}) / sizeof(enum verdict), min)

static void exit_codes_follow_the_table(void **state)
{
    (void)state;
    assert_int_equal(EXIT_CODE(1, VERDICT_PASS), 0);
    assert_int_equal(EXIT_CODE(1, VERDICT_PASS, VERDICT_WARN, VERDICT_NA, VERDICT_XFAIL), 0);
    assert_int_equal(EXIT_CODE(1, VERDICT_PASS, VERDICT_FAIL), 1);
    assert_int_equal(EXIT_CODE(1, VERDICT_PASS, VERDICT_XPASS), 1);
    assert_int_equal(EXIT_CODE(1, VERDICT_NA), 4);
    assert_int_equal(EXIT_CODE(0, VERDICT_NA), 0);
    assert_int_equal(EXIT_CODE(1, VERDICT_XFAIL, VERDICT_WARN), 4);
    assert_int_equal(EXIT_CODE(1, VERDICT_PASS, VERDICT_PASS), 0);
    assert_int_equal(EXIT_CODE(2, VERDICT_PASS, VERDICT_PASS), 0);
    assert_int_equal(EXIT_CODE(3, VERDICT_PASS, VERDICT_PASS), 4);
    assert_int_equal(exit_code_of(NULL, NULL, 0, 0), 4);
}

static void violations_come_before_errors(void **state)
{
    (void)state;
    static const enum verdict verdicts[] = {VERDICT_PASS, VERDICT_ERROR, VERDICT_ERROR, VERDICT_ERROR, VERDICT_FAIL};
    static const enum blame blames[] = {BLAME_NONE, BLAME_TARGET, BLAME_ENVIRONMENT, BLAME_HARNESS, BLAME_NONE};

    assert_int_equal(exit_code_of(verdicts, blames, 2, 1), 3);
    assert_int_equal(exit_code_of(verdicts, blames, 3, 1), 3);
    assert_int_equal(exit_code_of(verdicts, blames, 4, 1), 70);
    assert_int_equal(exit_code_of(verdicts, blames, 5, 1), 1);
    assert_int_equal(exit_code_of(verdicts + 1, blames + 1, 1, 2), 3);
}

/* A check is FAIL by one case, yet the ERROR of another counts in the exit code only when there is no FAIL at all. */
static void an_error_hidden_in_a_failed_check_changes_nothing(void **state)
{
    (void)state;
    struct results results;

    set_up_one(&results);
    add(&results, "broken", VERDICT_ERROR);
    assert_int_equal(results_exit_code(&results, 1), 3);
    add(&results, "wrong", VERDICT_XPASS);
    assert_int_equal(results.checks[0].verdict, VERDICT_ERROR);
    assert_int_equal(results_exit_code(&results, 1), 1);
    results_free(&results);
}

static void an_interruption_comes_before_all(void **state)
{
    (void)state;
    static const int signals[] = {0, 2, 15};
    static const int codes[] = {130, 130, 143};
    struct results results;

    set_up_one(&results);
    add(&results, "wrong", VERDICT_FAIL);
    results.interrupted = true;
    for (size_t i = 0; i < 3; i++) {
        results.signal = signals[i];
        assert_int_equal(results_exit_code(&results, 1), codes[i]);
    }
    results_free(&results);
}

/* ---- merging ---- */

static struct results part_of(const char *target, const char *host, const char *check, const char *test,
                              enum verdict verdict)
{
    struct results part;
    size_t number;

    results_init(&part, "1", "2026.1", target);
    results_identify(&part, &(struct identity){.host = (char *)host, .started = (char *)host, .level = (char *)"must"});
    part.planned_cases = 1;
    part.wall_ms = verdict == VERDICT_FAIL ? 7 : 5;
    number = results_add_check(&part, check, "A title", "must", NULL, NULL);
    results_add_case(&part, number, &(struct case_result){.name = (char *)test, .verdict = verdict});
    return part;
}

static void parts_of_a_run_are_one(void **state)
{
    struct results whole = part_of("t", "b", "store/x", "one", VERDICT_PASS);
    struct results failed = part_of("t", "a", "store/x", "two", VERDICT_FAIL);
    struct results third = part_of("t", "a", "store/y", "one", VERDICT_PASS);

    (void)state;
    third.interrupted = true;
    assert_true(results_merge(&whole, &failed, NULL));
    assert_true(results_merge(&whole, &third, NULL));
    assert_int_equal(whole.check_count, 2);
    assert_int_equal(whole.checks[0].case_count, 2);
    assert_int_equal(whole.checks[0].verdict, VERDICT_FAIL);
    assert_int_equal(whole.counts[VERDICT_FAIL], 1);
    assert_int_equal(whole.counts[VERDICT_PASS], 1);
    assert_int_equal(whole.planned_checks, 2);
    assert_int_equal(whole.planned_cases, 3);
    assert_int_equal(whole.wall_ms, 7);
    assert_true(whole.interrupted);
    assert_string_equal(whole.identity.started, "a");
    assert_string_equal(whole.identity.host, "b; a; a");
    assert_string_equal(whole.identity.level, "must");
    results_free(&whole);
    results_free(&failed);
    results_free(&third);
}

static void what_was_run_twice_counts_twice(void **state)
{
    struct results whole = part_of("t", "a", "store/x", "one", VERDICT_PASS);
    struct results again = part_of("t", "a", "store/x", "one", VERDICT_FAIL);

    (void)state;
    assert_true(results_merge(&whole, &again, NULL));
    assert_int_equal(whole.checks[0].cases[0].runs, 2);
    assert_int_equal(whole.checks[0].cases[0].failed, 1);
    assert_int_equal(whole.checks[0].verdict, VERDICT_FAIL);
    results_free(&whole);
    results_free(&again);
}

static void runs_of_different_targets_are_not_merged(void **state)
{
    struct results whole = part_of("t", "a", "store/x", "one", VERDICT_PASS);
    struct results other = part_of("u", "a", "store/y", "one", VERDICT_PASS);
    struct error err = {""};

    (void)state;
    assert_false(results_merge(&whole, &other, &err));
    assert_non_null(strstr(err.text, "a run of another target, u, where the first was of t"));
    assert_int_equal(whole.check_count, 1);
    results_free(&whole);
    results_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_a_run_are_one),
        cmocka_unit_test(what_was_run_twice_counts_twice),
        cmocka_unit_test(runs_of_different_targets_are_not_merged),
        cmocka_unit_test(a_check_is_as_bad_as_its_worst_case),
        cmocka_unit_test(counts_are_of_checks_that_have_a_case),
        cmocka_unit_test(errors_are_blamed_on_the_harness_first),
        cmocka_unit_test(a_remark_of_a_pass_is_the_message_of_the_check),
        cmocka_unit_test(the_first_case_states_the_requirement),
        cmocka_unit_test(a_later_case_may_be_na),
        cmocka_unit_test(controls_alone_are_no_pass),
        cmocka_unit_test(cases_stand_in_the_order_of_their_numbers),
        cmocka_unit_test(one_bad_run_is_enough),
        cmocka_unit_test(what_fails_at_times_keeps_its_place_in_the_baseline),
        cmocka_unit_test(lists_may_be_full_or_absent),
        cmocka_unit_test(strings_have_a_maximum),
        cmocka_unit_test(exit_codes_follow_the_table),
        cmocka_unit_test(violations_come_before_errors),
        cmocka_unit_test(an_error_hidden_in_a_failed_check_changes_nothing),
        cmocka_unit_test(an_interruption_comes_before_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
