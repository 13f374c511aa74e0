/* Runs the program assay as its users do, on bad targets, and looks at all it leaves: exit code, words, stream,
 * reports, processes. */
#ifndef ASSAY_TESTS_REFEREE_FIXTURE_H
#define ASSAY_TESTS_REFEREE_FIXTURE_H

#include "base/clock.h"
#include "base/directory.h"
#include "base/error.h"
#include "base/file.h"
#include "base/procfs.h"
#include "json/json.h"
#include "model/results.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define BAD_DRIVER BIN_DIR "/targets/bad_driver"
#define ONE_CASE "store/sequence-order:one_client_appends_one_after_the_other"

enum { SCENE_OUTPUT_MAX = 4 << 20, SCENE_WORDS_MAX = 64, SCENE_LIFE_S = 500 };

static char fixture_home[] = "/tmp/assay-referee-XXXXXX";

static struct { /* of the last run */
    int code;   /* 128 and the signal, if one ended it */
    struct text out, err;
    struct results results; /* of run.jsonl */
} ran;

/* We become the parent of whoever loses his own, so nobody of a run is hidden from us. */
static int fixture_open(void **state)
{
    (void)state;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    alarm(SCENE_LIFE_S);
    return mkdtemp(fixture_home) && chdir(fixture_home) == 0 ? 0 : -1;
}

static void fixture_forget(void)
{
    text_free(&ran.out);
    text_free(&ran.err);
    results_free(&ran.results);
    memset(&ran, 0, sizeof ran);
}

static int fixture_close(void **state)
{
    (void)state;
    fixture_forget();
    procfs_end_descendants(NULL, SCENE_LIFE_S * 1000); /* of a test that failed */
    return chdir("/") == 0 && directory_remove(fixture_home) ? 0 : -1;
}

static _Noreturn void fixture_become_assay(char *const *argv)
{
    int out = open("stdout", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int err = open("stderr", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (out >= 0 && err >= 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2)
        execv(BIN_DIR "/assay", argv);
    _exit(99);
}

/* The line is split at blanks; "-- driver…" is added if there is a driver, whose words end with a NULL. */
static pid_t fixture_start(const char *line, const char *const *driver)
{
    static char words[4096];
    char *argv[SCENE_WORDS_MAX + 1], *rest = NULL;
    size_t count = 0;

    assert_true(snprintf(words, sizeof words, "assay %s", line) < (int)sizeof words);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        argv[count++] = word;
    if (driver)
        argv[count++] = (char *)"--";
    while (driver && *driver)
        argv[count++] = (char *)*driver++;
    assert_true(count <= SCENE_WORDS_MAX);
    argv[count] = NULL;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        fixture_become_assay(argv);
    return pid;
}

static struct text fixture_read(const char *path)
{
    struct text text;
    struct error err;

    if (!file_read(path, SCENE_OUTPUT_MAX, &text, &err))
        fail_msg("%s", err.text);
    return text;
}

/* Waits for assay, after which nobody may be left, and takes in what it said. */
static void fixture_finish(pid_t pid)
{
    int status;

    fixture_forget();
    assert_int_equal(waitpid(pid, &status, 0), pid);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ran.out = fixture_read("stdout");
    ran.err = fixture_read("stderr");
    errno = 0;
    if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
        fail_msg("somebody is left behind\n%s", ran.err.bytes);
}

static void fixture_run(const char *line, const char *const *driver)
{
    fixture_finish(fixture_start(line, driver));
}

static inline void assert_code(int code)
{
    if (ran.code != code)
        fail_msg("exit code %d, not %d\n%s\n%s", ran.code, code, ran.out.bytes, ran.err.bytes);
}

static inline void assert_contains(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("\"%s\" does not contain \"%s\"", text ? text : "nothing", part);
}

/* The stream is whole, and of this run. */
static inline void fixture_read_stream(const char *path)
{
    struct error err;

    if (!results_read(&ran.results, path, &err))
        fail_msg("%s", err.text);
    assert_int_equal(results_exit_code(&ran.results, 1), ran.code);
}

/* The only case of the only check. */
static inline const struct case_result *fixture_case(void)
{
    assert_int_equal(ran.results.check_count, 1);
    assert_int_equal(ran.results.checks[0].case_count, 1);
    return &ran.results.checks[0].cases[0];
}

#endif
