/* How a driver is started: its words and variables, what stands before them, and what a sanitised one is told. */
#include "base/error.h"
#include "base/file.h"
#include "target/command.h"
#include "target/driver.h"
#include "tests/case_fixture.h"

enum { CALL_MS = 20000 };

static void case_calls(void **state)
{
    struct answer answer = driver_call(*state, "store.nonsense", NULL, CALL_MS);

    expect_integer(answer.outcome, REFUSED, "the outcome");
}

static void assert_passes(void)
{
    assert_verdict(VERDICT_PASS, NULL, NULL);
}

static void one_that_cannot_be_started_is_an_error_of_the_target(void **state)
{
    (void)state;
    fixture_run_with(case_calls, (char *const[]){(char *)"/nonexistent/driver", NULL}, &fixture_config);
    assert_error(BLAME_TARGET, "/nonexistent/driver cannot be started: No such file or directory");
    fixture_run_with(case_calls, (char *const[]){(char *)"false", NULL}, &fixture_config);
    assert_error(BLAME_TARGET, "the driver exited with status 1 before it answered hello");
}

static void words_before_the_driver_are_put_there(void **state)
{
    (void)state;
    const struct config wrapped = {.timeout_scale = 1, .wrap = "env  -u HOME"};
    char *const driver[] = {(char *)BAD_DRIVER, (char *)"none", NULL};
    fixture_run_with(case_calls, driver, &wrapped);
    assert_passes();
    const struct config broken = {.timeout_scale = 1, .wrap = "/nonexistent/debugger --args"};
    fixture_run_with(case_calls, driver, &broken);
    assert_error(BLAME_TARGET, "/nonexistent/debugger cannot be started");
}

static void words_before_the_driver_have_a_maximum(void **state)
{
    char wrap[4 * (COMMAND_WRAP_MAX + 1) + 1] = "";
    const struct config config = {.timeout_scale = 1, .wrap = wrap};
    char *const driver[] = {(char *)BAD_DRIVER, (char *)"none", NULL};

    (void)state;
    for (int words = 1; words <= COMMAND_WRAP_MAX + 1; words++) {
        strcat(wrap, "env ");
        if (words < COMMAND_WRAP_MAX - 1)
            continue;
        fixture_run_with(case_calls, driver, &config);
        if (words <= COMMAND_WRAP_MAX)
            assert_passes();
        else
            assert_error(BLAME_ENVIRONMENT, "--wrap has more than 64 words");
    }
}

/* A manifest whose driver is a shell that runs the script, and then the right driver. */
static void run_manifest(void (*run)(void **), const char *script, const char *more)
{
    char path[PATH_MAX];
    struct error err;

    assert_true(directory_name(path, "%s/manifest.json", fixture_home));
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file,
            "{\"name\":\"fixture\",\"driver\":[\"sh\",\"-c\",\"%s; exec " BAD_DRIVER
            " none\",\"${DIR}\",\"${PORT}\"]%s}",
            script, more);
    assert_int_equal(fclose(file), 0);
    struct manifest *manifest = manifest_read(path, &err);
    if (!manifest)
        fail_msg("%s", err.text);
    fixture_finish(fixture_start(run, manifest, &fixture_config));
    manifest_free(manifest);
}

static void case_reads_what_was_filled_in(void **state)
{
    (void)state;
    char path[PATH_MAX], wanted[PATH_MAX];
    struct error err;
    struct text said = {0};
    unsigned port = 0, same = 0;
    expect(directory_name(path, "%s/said", case_directory()) && file_read(path, 1 << 16, &said, &err), WRONG, "a file",
           "%s", err.text);
    const char *ports = strrchr(said.bytes, ' ');
    expect(ports && sscanf(ports, " %u:%u", &port, &same) == 2 && port > 0 && port == same, WRONG,
           "one port in both places", "%s", said.bytes);
    snprintf(wanted, sizeof wanted, "%s %s/x %u:%u\n", case_directory(), case_directory(), port, port);
    expect_text(said.bytes, wanted, "the driver's words");
    text_free(&said);
}

static void directory_and_port_are_filled_in(void **state)
{
    (void)state;
    run_manifest(case_reads_what_was_filled_in, "echo $0 $IN $1:$PO > $0/said",
                 ",\"env\":{\"IN\":\"${DIR}/x\",\"PO\":\"${PORT}\"}");
    assert_passes();
}

static void case_reads_runtime_options(void **state)
{
    (void)state;
    char path[PATH_MAX], wanted[PATH_MAX];
    struct error err;
    struct text said = {0};
    expect(directory_name(path, "%s/said", case_directory()) && file_read(path, 1 << 16, &said, &err), WRONG, "a file",
           "%s", err.text);
    snprintf(wanted, sizeof wanted, "verbosity=0:log_path='%s/sanitizer-report':exitcode=99:halt_on_error=0\n",
             case_directory());
    expect_text(said.bytes, wanted, "the options");
    text_free(&said);
}

/* What the sanitizer's runtime would leave, at the place it was told. */
static void reports_of_a_sanitizer_are_found(void **state)
{
    (void)state;
    static const char sanitized[] = ",\"sanitizer\":\"tsan\",\"env\":{\"TSAN_OPTIONS\":\"verbosity=0\"}";
    run_manifest(case_reads_runtime_options, "echo \\\"$TSAN_OPTIONS\\\" > $0/said", sanitized);
    assert_passes();
    run_manifest(case_calls, "echo 'WARNING: ThreadSanitizer: data race' > $0/sanitizer-report.77", sanitized);
    assert_verdict(VERDICT_FAIL, "race", "the target's sanitizer wrote a report: sanitizer-report.77");
    run_manifest(case_calls, "echo 'ERROR: LeakSanitizer: detected' > $0/sanitizer-report.77", sanitized);
    assert_verdict(VERDICT_FAIL, "leak", "the target's sanitizer wrote a report");
    run_manifest(case_calls, "mkfifo $0/sanitizer-report.77", sanitized);
    assert_passes();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_cannot_be_started_is_an_error_of_the_target),
        cmocka_unit_test(words_before_the_driver_are_put_there),
        cmocka_unit_test(words_before_the_driver_have_a_maximum),
        cmocka_unit_test(directory_and_port_are_filled_in),
        cmocka_unit_test(reports_of_a_sanitizer_are_found),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close) ? 1 : 0;
}
