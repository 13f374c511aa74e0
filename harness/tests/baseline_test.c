/* The baseline: what a line does to verdicts, which lines are refused, and what --write-baseline makes of a file. */
#include "model/baseline.h"

#include "base/file.h"
#include "tests/rooms_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/assay-baseline-XXXXXX";
static char path[64];

static int make_directory(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/known", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory); /* which fails when a temporary file was left behind */
}

static void write_file(const char *bytes, size_t count)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    assert_int_equal(fclose(out), 0);
}

static struct baseline *read_right(const char *text)
{
    struct error err = {""};
    struct baseline *baseline;

    write_file(text, strlen(text));
    baseline = baseline_read(path, fixture_rooms, FIXTURE_ROOMS, &err);
    if (!baseline)
        fail_msg("%s: %s", text, err.text);
    return baseline;
}

static void assert_wrong(const char *text, const char *part)
{
    struct error err = {""};

    write_file(text, strlen(text));
    if (baseline_read(path, fixture_rooms, FIXTURE_ROOMS, &err))
        fail_msg("taken: %s", text);
    if (!strstr(err.text, part) || strncmp(err.text, path, strlen(path)) != 0)
        fail_msg("%s\n  says: %s\n  not: %s", text, err.text, part);
}

#define assert_verdict(baseline, room, test, before, after) \
    assert_int_equal(baseline_verdict(baseline, room, test, VERDICT_##before, 1), VERDICT_##after)

static void a_case_that_is_named_is_expected_to_fail(void **state)
{
    struct baseline *baseline = read_right("# ticket 1\n\nstore/sequence-order:eight_threads # races\n");

    (void)state;
    assert_verdict(baseline, "store/sequence-order", "eight_threads", FAIL, XFAIL);
    assert_verdict(baseline, "store/sequence-order", "eight_threads", PASS, XPASS);
    assert_verdict(baseline, "store/sequence-order", "eight_threads", ERROR, ERROR);
    assert_verdict(baseline, "store/sequence-order", "eight_threads", NA, NA);
    assert_verdict(baseline, "store/sequence-order", "eight_threads", WARN, WARN);
    assert_verdict(baseline, "store/sequence-order", "two_processes", FAIL, FAIL);
    assert_verdict(baseline, "store/sequence-order", "two_processes", PASS, PASS);
    assert_verdict(baseline, "http/invalid-json", "eight_threads", FAIL, FAIL);
    baseline_free(baseline);
}

static void a_room_stands_for_its_cases_and_its_controls_may_do_either(void **state)
{
    struct baseline *baseline = read_right("store/sequence-order");

    (void)state;
    assert_verdict(baseline, "store/sequence-order", "eight_threads", FAIL, XFAIL);
    assert_verdict(baseline, "store/sequence-order", "two_processes", PASS, XPASS);
    assert_verdict(baseline, "store/sequence-order", "one_writer", FAIL, XFAIL);
    assert_verdict(baseline, "store/sequence-order", "one_writer", PASS, PASS);
    assert_verdict(baseline, "http/invalid-json", "every_endpoint", FAIL, FAIL);
    baseline_free(baseline);
}

static void what_fails_sometimes_may_pass_until_it_has_often_enough(void **state)
{
    struct baseline *baseline = read_right("store/sequence-order:eight_threads\t sometimes # a race\n");
    static const enum verdict expected[] = {VERDICT_PASS, VERDICT_XPASS, VERDICT_XPASS};

    (void)state;
    assert_verdict(baseline, "store/sequence-order", "eight_threads", FAIL, XFAIL);
    assert_verdict(baseline, "store/sequence-order", "eight_threads", PASS, PASS);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(baseline_verdict(baseline, "store/sequence-order", "eight_threads", VERDICT_PASS,
                                          BASELINE_SOMETIMES_RUNS - 1 + i),
                         expected[i]);
    baseline_free(baseline);
}

static void a_baseline_without_lines_changes_nothing(void **state)
{
    struct baseline *baseline = baseline_new(fixture_rooms, FIXTURE_ROOMS);

    (void)state;
    assert_verdict(baseline, "store/sequence-order", "eight_threads", FAIL, FAIL);
    assert_verdict(baseline, "store/sequence-order", "eight_threads", PASS, PASS);
    baseline_free(baseline);
    baseline_free(NULL);
}

static void lines_that_name_nothing_are_refused(void **state)
{
    char line[FILE_ENTRY_MAX_BYTES + 2];

    (void)state;
    assert_wrong("store/sequence-order\nstore/sequence-odrer\n", ":2: no room matches");
    assert_wrong("store/sequence-order:eight", ":1: store/sequence-order has no case 'eight'");
    assert_wrong("store", "neither ROOM nor ROOM:CASE");
    assert_wrong("store/*", "neither ROOM nor ROOM:CASE");
    assert_wrong("!store/sequence-order", "neither ROOM nor ROOM:CASE");
    assert_wrong("store/sequence-order sometime", "behind the name in 'store/sequence-order sometime' may stand");
    assert_wrong("sometimes", "neither ROOM nor ROOM:CASE");
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = 0;
    assert_wrong(line, "longer than any name");
}

static void files_are_read_up_to_their_maximum(void **state)
{
    static char bytes[BASELINE_MAX_BYTES + 1];
    struct error err = {""};

    (void)state;
    memset(bytes, '\n', sizeof bytes);
    for (size_t size = BASELINE_MAX_BYTES - 1; size <= BASELINE_MAX_BYTES + 1; size++) {
        struct baseline *baseline;

        write_file(bytes, size);
        baseline = baseline_read(path, fixture_rooms, FIXTURE_ROOMS, &err);
        assert_int_equal(baseline != NULL, size <= BASELINE_MAX_BYTES);
        baseline_free(baseline);
    }
    assert_non_null(strstr(err.text, "too long"));
}

/* ---- writing ---- */

/* Results in which sequence-order's three cases have these verdicts. */
static struct results judged(enum verdict eight_threads, enum verdict two_processes, enum verdict one_writer)
{
    static const char *const names[] = {"eight_threads", "two_processes", "one_writer"};
    enum verdict verdicts[] = {eight_threads, two_processes, one_writer};
    struct results results;
    size_t check;

    results_init(&results, "1", "2026.1", "acme");
    check = results_add_check(&results, "store/sequence-order", "Lines are in order", "must", NULL, NULL);
    for (size_t i = 0; i < 3; i++)
        results_add_case(&results, check,
                         &(struct case_result){.name = (char *)names[i],
                                               .number = i,
                                               .control = i == 2,
                                               .verdict = verdicts[i],
                                               .blame = verdicts[i] == VERDICT_ERROR ? BLAME_TARGET : BLAME_NONE,
                                               .runs = 1});
    return results;
}

static void assert_rewritten(const char *before, struct results results, const char *after, size_t known)
{
    struct baseline *baseline = read_right(before);
    struct error err = {""};
    char now[1024];
    size_t count;
    FILE *in;

    if (!baseline_write(baseline, path, &results, &count, &err))
        fail_msg("%s", err.text);
    in = fopen(path, "r");
    assert_non_null(in);
    now[fread(now, 1, sizeof now - 1, in)] = 0;
    fclose(in);
    assert_string_equal(now, after);
    assert_int_equal(count, known);
    results_free(&results);
    baseline_free(baseline);
}

static void failures_are_added(void **state)
{
    (void)state;
    assert_rewritten("", judged(VERDICT_FAIL, VERDICT_PASS, VERDICT_FAIL),
                     "store/sequence-order:eight_threads\nstore/sequence-order:one_writer\n", 2);
    assert_rewritten("# mine\nhttp/invalid-json # later", judged(VERDICT_FAIL, VERDICT_NA, VERDICT_PASS),
                     "# mine\nhttp/invalid-json # later\nstore/sequence-order:eight_threads\n", 2);
}

static void lines_that_still_hold_stay_as_they_are(void **state)
{
    (void)state;
    assert_rewritten("store/sequence-order:eight_threads # why\n", judged(VERDICT_FAIL, VERDICT_PASS, VERDICT_PASS),
                     "store/sequence-order:eight_threads # why\n", 1);
    assert_rewritten("store/sequence-order\n", judged(VERDICT_FAIL, VERDICT_FAIL, VERDICT_PASS),
                     "store/sequence-order\n", 2);
    assert_rewritten("store/sequence-order\n", judged(VERDICT_ERROR, VERDICT_NA, VERDICT_PASS),
                     "store/sequence-order\n", 2);
}

static void what_passes_goes(void **state)
{
    (void)state;
    assert_rewritten("store/sequence-order:eight_threads\n", judged(VERDICT_PASS, VERDICT_PASS, VERDICT_PASS), "", 0);
    assert_rewritten("store/sequence-order\n", judged(VERDICT_PASS, VERDICT_FAIL, VERDICT_PASS),
                     "store/sequence-order:two_processes\n", 1);
    /* what was not judged is still presumed to fail */
    assert_rewritten("store/sequence-order\n", judged(VERDICT_PASS, VERDICT_NA, VERDICT_PASS),
                     "store/sequence-order:two_processes\n", 1);
}

/* The results in which eight_threads was run so often, and so many of the runs failed. */
static struct results repeated(unsigned runs, unsigned failed)
{
    struct results results = judged(failed ? VERDICT_FAIL : VERDICT_PASS, VERDICT_PASS, VERDICT_PASS);

    results.checks[0].cases[0].runs = runs;
    results.checks[0].cases[0].failed = failed;
    return results;
}

static void what_fails_sometimes_is_written_down_so(void **state)
{
    static const char line[] = "store/sequence-order:eight_threads sometimes\n";

    (void)state;
    assert_rewritten("", repeated(20, 3), line, 1);
    assert_rewritten("", repeated(20, 20), "store/sequence-order:eight_threads\n", 1);
    assert_rewritten(line, repeated(BASELINE_SOMETIMES_RUNS - 1, 0), line, 1);
    assert_rewritten(line, repeated(BASELINE_SOMETIMES_RUNS, 0), "", 0);
    assert_rewritten(line, repeated(20, 20), line, 1);
    assert_rewritten("store/sequence-order sometimes\n", repeated(20, 0),
                     "store/sequence-order:two_processes sometimes\n", 1);
}

static void a_file_that_cannot_be_written_is_named(void **state)
{
    struct baseline *baseline = baseline_new(fixture_rooms, FIXTURE_ROOMS);
    struct results results = judged(VERDICT_FAIL, VERDICT_PASS, VERDICT_PASS);
    struct error err = {""};
    size_t known;

    (void)state;
    assert_false(baseline_write(baseline, "/nonexistent/known", &results, &known, &err));
    assert_non_null(strstr(err.text, "/nonexistent/known: No such file"));
    results_free(&results);
    baseline_free(baseline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_that_is_named_is_expected_to_fail),
        cmocka_unit_test(a_room_stands_for_its_cases_and_its_controls_may_do_either),
        cmocka_unit_test(what_fails_sometimes_may_pass_until_it_has_often_enough),
        cmocka_unit_test(a_baseline_without_lines_changes_nothing),
        cmocka_unit_test(lines_that_name_nothing_are_refused),
        cmocka_unit_test(files_are_read_up_to_their_maximum),
        cmocka_unit_test(failures_are_added),
        cmocka_unit_test(lines_that_still_hold_stay_as_they_are),
        cmocka_unit_test(what_passes_goes),
        cmocka_unit_test(what_fails_sometimes_is_written_down_so),
        cmocka_unit_test(a_file_that_cannot_be_written_is_named),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory) != 0;
}
