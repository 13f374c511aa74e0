/* A case of a surface against a server that is a thread of the test: it runs as rooms do, in a process that leaves a
 * verdict record, and the test looks at the record. Whoever includes this defines case_target(). */
#ifndef ASSAY_TESTS_SERVER_CASE_FIXTURE_H
#define ASSAY_TESTS_SERVER_CASE_FIXTURE_H

#include "base/clock.h"
#include "case/record.h"
#include "case/state.h"
#include "check.h"
#include "tests/hostile_server.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

/* What the case gets as its state: the server at that address. Called once, in the process of the case. */
static void *case_target(const struct sockaddr_in *address);

/* --- in the process of the case --- */

/* Where silence is to be shown, waiting for it is short; where an answer is to come, it may take its time: the machine
 * is busy with other tests. */
static const double SHORT = 0.05, MODERATE = 0.25, LONG = 2;
static double timeout_scale;

/* Of the target, and the case's own, for those that look into them. */
static const struct manifest *case_manifest;
static const char *case_home = "/tmp";

static inline _Noreturn void run_case(void (*run)(void **), void *target, int record_fd)
{
    static const struct check check = {.level = MUST};
    static const struct room room = {.id = "case/case", .check = &check};
    static struct case_context context;
    const struct CMUnitTest tests[] = {{"case", run, NULL, NULL, target}};
    int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);

    dup2(quiet, 1);
    dup2(quiet, 2);
    context = (struct case_context){.room = &room,
                                    .test = &check.cases[0],
                                    .timeout_scale = timeout_scale,
                                    .record_fd = record_fd,
                                    .manifest = case_manifest,
                                    .directory = case_home,
                                    .start_ns = clock_ns()};
    case_begin(&context);
    int failed = cmocka_run_group_tests_name("case", tests, NULL, NULL);
    if (!failed)
        record_write(record_fd, &(struct case_result){.verdict = VERDICT_PASS});
    _exit(0);
}

/* --- in the process of the test --- */

static inline struct case_result judge(void (*play)(int), void (*run)(void **))
{
    struct hostile_server server;
    char path[] = "/tmp/assay-server-case-XXXXXX";
    struct case_result result = {0};
    int record_fd = mkostemp(path, O_CLOEXEC);

    assert_true(record_fd >= 0);
    assert_true(hostile_server_listen(&server, play));
    pid_t pid = fork();
    if (pid == 0) {
        close(server.listener);
        run_case(run, case_target(&server.address), record_fd);
    }
    assert_true(pid > 0);
    assert_true(hostile_server_begin(&server));
    waitpid(pid, NULL, 0);
    hostile_server_stop(&server);
    record_read(record_fd, &result);
    close(record_fd);
    unlink(path);
    return result;
}

static inline void expect_pass_at(double scale, void (*play)(int), void (*run)(void **))
{
    timeout_scale = scale;
    struct case_result result = judge(play, run);

    if (result.verdict != VERDICT_PASS)
        print_message("%s\n", result.message ? result.message : "no record");
    assert_int_equal(result.verdict, VERDICT_PASS);
    case_result_free(&result);
}

static inline void expect_pass(void (*play)(int), void (*run)(void **))
{
    expect_pass_at(LONG, play, run);
}

/* For what passes because a wait comes to its end. */
static inline void expect_pass_in_time(void (*play)(int), void (*run)(void **))
{
    expect_pass_at(MODERATE, play, run);
}

static inline void expect_fail(void (*play)(int), void (*run)(void **), const char *how, const char *actual)
{
    bool waits = strcmp(how, "hang") == 0 || strcmp(actual, "not finished") == 0 || strstr(actual, "and then");

    timeout_scale = waits ? SHORT : LONG;
    struct case_result result = judge(play, run);
    assert_int_equal(result.verdict, VERDICT_FAIL);
    assert_string_equal(result.how, how);
    if (!strstr(result.actual, actual))
        fail_msg("%s", result.actual);
    case_result_free(&result);
}

static inline void expect_not_judged(void (*play)(int), void (*run)(void **), const char *why)
{
    timeout_scale = LONG;
    struct case_result result = judge(play, run);

    assert_int_equal(result.verdict, VERDICT_NA);
    assert_non_null(strstr(result.message, why));
    case_result_free(&result);
}

#endif
