/* Runs a case of a test's own under a real monitor, against a real driver, as the runner would. */
#ifndef ASSAY_TESTS_CASE_FIXTURE_H
#define ASSAY_TESTS_CASE_FIXTURE_H

#include "base/directory.h"
#include "base/procfs.h"
#include "case/record.h"
#include "check.h"
#include "run/config.h"
#include "run/monitor.h"
#include "target/manifest.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define BAD_DRIVER BIN_DIR "/targets/bad_driver"

/* Of the last case. */
static struct {
    char directory[PATH_MAX]; /* stays until the next case */
    int record_fd;
    struct case_result result;
    bool judged;
} fixture;

static bool fixture_is_control; /* what runs next */

static char fixture_home[] = "/tmp/assay-fixture-XXXXXX";

/* For the group: CMocka's set-up and tear-down. */
static int fixture_open(void **state)
{
    (void)state;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    fixture.record_fd = -1;
    return mkdtemp(fixture_home) ? 0 : -1;
}

static int fixture_close(void **state)
{
    (void)state;
    case_result_free(&fixture.result);
    if (fixture.record_fd >= 0)
        close(fixture.record_fd);
    return directory_remove(fixture_home) ? 0 : -1;
}

/* Starts the monitor of a case of the room "driver/test": its state is a struct driver. */
static pid_t fixture_start(void (*run)(void **), const struct manifest *manifest, const struct config *config)
{
    /* static, for the worker lives longer than this call */
    static struct check check;
    static struct room room;

    check = (struct check){
        .title = "a test", .level = SHOULD, .cases = {{.name = "test", .run = run, .control = fixture_is_control}}};
    room = (struct room){.id = "driver/test", .readme = "", .check = &check};
    if (fixture.record_fd >= 0)
        close(fixture.record_fd);
    fixture.record_fd = record_open();
    assert_true(fixture.record_fd >= 0);
    assert_true(directory_name(fixture.directory, "%s/case", fixture_home));
    assert_true(directory_remove(fixture.directory) && directory_make(fixture.directory));
    struct case_context context = {.room = &room,
                                   .test = &check.cases[0],
                                   .manifest = manifest,
                                   .directory = fixture.directory,
                                   .timeout_scale = config->timeout_scale,
                                   .long_run = config->long_run,
                                   .keep = config->keep,
                                   .wrap = config->wrap,
                                   .record_fd = fixture.record_fd};
    pid_t monitor = monitor_start(&context);
    assert_true(monitor > 0);
    return monitor;
}

static void fixture_read(void)
{
    case_result_free(&fixture.result);
    fixture.result = (struct case_result){0};
    fixture.judged = record_read(fixture.record_fd, &fixture.result);
}

/* Waits for the monitor; then nobody may be left. */
static void fixture_finish(pid_t monitor)
{
    assert_int_equal(waitpid(monitor, NULL, 0), monitor);
    errno = 0;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    fixture_read();
}

static const struct config fixture_config = {.timeout_scale = 1};

/* The driver's words, up to a NULL. */
static void fixture_run_with(void (*run)(void **), char *const *driver, const struct config *config)
{
    struct manifest *manifest = manifest_of_driver(driver);

    manifest->start_timeout_ms = MANIFEST_START_MAX_MS; /* a small scale is meant for the case */
    fixture_finish(fixture_start(run, manifest, config));
    manifest_free(manifest);
}

static inline void fixture_run(void (*run)(void **), const char *mode, const char *method)
{
    fixture_run_with(run, (char *const[]){(char *)BAD_DRIVER, (char *)mode, (char *)method, NULL}, &fixture_config);
}

static inline void assert_contains(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("\"%s\" does not contain \"%s\"", text ? text : "nothing", part);
}

static void assert_verdict(enum verdict verdict, const char *how, const char *message)
{
    const struct case_result *result = &fixture.result;

    if (result->verdict != verdict)
        fail_msg("%s, not %s: %s", verdict_name(result->verdict), verdict_name(verdict),
                 result->message ? result->message : "no message");
    assert_true((how == NULL) == (result->how == NULL));
    if (how)
        assert_string_equal(result->how, how);
    if (message)
        assert_contains(result->message, message);
}

static inline void assert_error(enum blame blame, const char *message)
{
    assert_verdict(VERDICT_ERROR, NULL, message);
    assert_int_equal(fixture.result.blame, blame);
}

#endif
