/* The process around a case: whatever the worker does, there is a verdict that fits, and nobody is left. */
#include "base/error.h"
#include "base/file.h"
#include "case/state.h"
#include "run/evidence.h"
#include "tests/case_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { FLOOD_BYTES = 3 << 20, CHUNK_BYTES = 1 << 16, LIFE_S = 300, PATIENCE_MS = 100000 };

/* 300 s become so many: for cases that are never over. */
static const struct config hasty_config = {.timeout_scale = 0.001};

static _Noreturn void stay(void)
{
    alarm(LIFE_S);
    for (;;)
        pause();
}

static void case_passes(void **state)
{
    (void)state;
    expect(true, WRONG, "this", "that");
}

static void case_fails(void **state)
{
    (void)state;
    expect(false, SILENT, "three", "2\nand more");
}

/* ---- a worker that breaks ---- */

static void case_aborts(void **state)
{
    (void)state;
    signal(SIGABRT, SIG_DFL);
    abort();
}

static void case_exits(void **state)
{
    (void)state;
    expect(true, WRONG, "one", "another");
    _exit(5);
}

static void case_asserts(void **state)
{
    (void)state;
    assert_int_equal(1, 2); /* CMocka's own, which writes no verdict */
}

static void case_dereferences_null(void **state)
{
    (void)state;
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

static void case_is_killed(void **state)
{
    (void)state;
    case_note_state("a note");
    kill(getpid(), SIGKILL);
    stay();
}

static void a_worker_that_breaks_is_our_defect(void **state)
{
    (void)state;
    fixture_run(case_aborts, "none", NULL);
    assert_error(BLAME_HARNESS, "the case's process was ended by signal 6");
    fixture_run(case_exits, "none", NULL);
    assert_error(BLAME_HARNESS, "the case's process exited with status 5");
    fixture_run(case_asserts, "none", NULL);
    assert_error(BLAME_HARNESS, "ended without a verdict");
    fixture_run(case_dereferences_null, "none", NULL);
    assert_error(BLAME_HARNESS, "the case's process was ended by signal 11");
    fixture_run(case_is_killed, "none", NULL);
    assert_error(BLAME_HARNESS, "the case's process was ended by signal 9");
    assert_contains(fixture.result.state, "a note");
}

static void case_kills_its_monitor(void **state)
{
    (void)state;
    expect(true, WRONG, "one", "another");
    kill(getppid(), SIGKILL);
    stay();
}

/* No verdict, and nobody is left: who lost his parent came to us. */
static void a_monitor_that_is_killed_makes_nothing_pass(void **state)
{
    (void)state;
    sigset_t child;
    struct manifest *manifest = manifest_of_driver((char *const[]){(char *)BAD_DRIVER, (char *)"none", NULL});
    pid_t monitor = fixture_start(case_kills_its_monitor, manifest, &fixture_config);
    assert_int_equal(waitpid(monitor, NULL, 0), monitor);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    assert_true(procfs_end_descendants(NULL, PATIENCE_MS));
    sigprocmask(SIG_UNBLOCK, &child, NULL);
    fixture_read();
    assert_false(fixture.judged);
    assert_error(BLAME_HARNESS, "ended without a verdict");
    manifest_free(manifest);
}

/* CMocka would write XML to a file, and abort at a failure. */
static void case_looks_for_variables(void **state)
{
    (void)state;
    for (char **variable = environ; *variable; variable++)
        expect(strncmp(*variable, "CMOCKA_", 7) != 0, WRONG, "no variable of CMocka", "%s", *variable);
    expect(getenv("ASSAY_SCENE") != NULL, WRONG, "all others", "not all");
    expect(false, WRONG, "a failure", "one");
}

static void variables_of_cmocka_are_taken_away(void **state)
{
    (void)state;
    setenv("CMOCKA_TEST_ABORT", "1", 1);
    setenv("ASSAY_SCENE", "1", 1);
    setenv("CMOCKA_MESSAGE_OUTPUT", "xml", 1);
    fixture_run(case_looks_for_variables, "none", NULL);
    unsetenv("CMOCKA_TEST_ABORT");
    unsetenv("CMOCKA_MESSAGE_OUTPUT");
    assert_verdict(VERDICT_FAIL, "wrong", "expected a failure, got one");
}

/* ---- deadlines and interruptions ---- */

static void case_stays(void **state)
{
    (void)state;
    expect(true, WRONG, "one", "another");
    stay();
}

static void case_stops_itself(void **state)
{
    (void)state;
    raise(SIGSTOP);
    stay();
}

static void case_floods_and_stays(void **state)
{
    (void)state;
    static char chunk[CHUNK_BYTES];
    alarm(LIFE_S);
    while (write(case_context()->error_fd, chunk, sizeof chunk) > 0)
        continue;
    stay();
}

/* It is late, which is no finding about the target. */
static void a_case_that_is_not_over_is_inconclusive(void **state)
{
    (void)state;
    char *const driver[] = {(char *)BAD_DRIVER, (char *)"none", NULL};
    fixture_run_with(case_stays, driver, &hasty_config);
    assert_error(BLAME_TARGET, "the case was not over within 0 s");
    fixture_run_with(case_stops_itself, driver, &hasty_config);
    assert_error(BLAME_TARGET, "the case was not over within 0 s");
    fixture_run_with(case_floods_and_stays, driver, &hasty_config);
    assert_error(BLAME_TARGET, "the case was not over within 0 s");
}

static int running_fd; /* a case that has begun writes to it */

static void case_says_that_it_runs(void **state)
{
    (void)state;
    expect(write(running_fd, "r", 1) == 1, WRONG, "a pipe", "none");
    stay();
}

/* Starts the case, from a process in between if there is to be one, and waits until it runs. */
static pid_t start_and_wait(bool in_between, struct manifest *manifest)
{
    int running[2];
    char byte;

    assert_int_equal(pipe(running), 0);
    running_fd = running[1];
    pid_t pid = in_between ? fork() : fixture_start(case_says_that_it_runs, manifest, &fixture_config);
    assert_true(pid >= 0);
    if (pid == 0) {
        fixture_start(case_says_that_it_runs, manifest, &fixture_config);
        stay();
    }
    assert_int_equal(read(running[0], &byte, 1), 1);
    close(running[0]);
    close(running[1]);
    return pid;
}

static void an_interrupted_case_ends_without_a_verdict(void **state)
{
    (void)state;
    struct manifest *manifest = manifest_of_driver((char *const[]){(char *)BAD_DRIVER, (char *)"daemon", NULL});
    pid_t monitor = start_and_wait(false, manifest);
    kill(monitor, SIGTERM);
    fixture_finish(monitor);
    assert_false(fixture.judged);
    manifest_free(manifest);
}

/* The runner is killed: its monitors see that, and end what is theirs. Then we get the dead, since we are a subreaper.
 */
static void nobody_outlives_the_runner(void **state)
{
    (void)state;
    struct manifest *manifest = manifest_of_driver((char *const[]){(char *)BAD_DRIVER, (char *)"none", NULL});
    pid_t runner = start_and_wait(true, manifest);
    kill(runner, SIGKILL);
    alarm(LIFE_S); /* who stays would have us wait */
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    alarm(0);
    assert_int_equal(errno, ECHILD);
    manifest_free(manifest);
}

/* ---- what is left behind ---- */

static void case_leaves_a_daemon(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    expect(pipe(ready) == 0, WRONG, "a pipe", "none");
    if (fork() == 0) {
        setsid();
        if (fork() > 0)
            _exit(0);
        prctl(PR_SET_NAME, "left-behind");
        ssize_t told = write(ready[1], "r", 1);
        if (told == 1)
            stay();
        _exit(1);
    }
    expect(read(ready[0], &byte, 1) == 1, WRONG, "a daemon", "none");
}

static void who_is_left_behind_is_ended_and_named(void **state)
{
    (void)state;
    fixture_run(case_leaves_a_daemon, "none", NULL);
    assert_verdict(VERDICT_PASS, NULL, NULL);
    assert_contains(fixture.result.state, "had to be ended: left-behind (");
}

static struct text read_evidence(const char *name)
{
    char path[PATH_MAX];
    struct error err;
    struct text text;

    assert_true(directory_name(path, "%s/%s", fixture.directory, name));
    if (!file_read(path, 64 << 20, &text, &err))
        fail_msg("%s", err.text);
    return text;
}

static void case_floods(void **state)
{
    (void)state;
    static char chunk[CHUNK_BYTES];
    memset(chunk, 'e', sizeof chunk);
    for (size_t written = 0; written < FLOOD_BYTES; written += sizeof chunk)
        expect(write(case_context()->error_fd, chunk, sizeof chunk) == sizeof chunk, WRONG, "a patient reader", "none");
    printf("the worker's own words\n");
}

static void standard_error_is_kept_up_to_a_limit(void **state)
{
    (void)state;
    fixture_run(case_floods, "none", NULL);
    assert_verdict(VERDICT_PASS, NULL, NULL);
    struct text errors = read_evidence(EVIDENCE_STDERR), log = read_evidence(EVIDENCE_WORKER);
    assert_int_equal(errors.length, STDERR_KEPT_BYTES);
    assert_int_equal(errors.bytes[0], 'e');
    assert_contains(log.bytes, "the worker's own words");
    text_free(&errors);
    text_free(&log);
}

/* A target that knows the names: it can put something there, but not in the way of what we write. */
static void case_fakes_evidence(void **state)
{
    (void)state;
    char path[PATH_MAX];
    expect(directory_name(path, "%s/%s/below", case_directory(), EVIDENCE_STDERR) && directory_make(path), WRONG,
           "a directory", "none");
    expect(directory_name(path, "%s/%s", case_directory(), EVIDENCE_WORKER) && symlink("../victim", path) == 0, WRONG,
           "a link", "none");
    expect(directory_name(path, "%s/record.jsonl", case_directory()) && mkfifo(path, 0600) == 0, WRONG, "a pipe",
           "none");
    expect(write(case_context()->error_fd, "true words", 10) == 10, WRONG, "words", "none");
    fail_case(WRONG, NULL, NULL, "the finding");
}

static void evidence_cannot_be_faked_by_name(void **state)
{
    (void)state;
    char victim[PATH_MAX];
    assert_true(directory_name(victim, "%s/victim", fixture_home));
    int fd = open(victim, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "untouched", 9), 9);
    close(fd);
    fixture_run(case_fakes_evidence, "none", NULL);
    assert_verdict(VERDICT_FAIL, "wrong", "the finding");
    struct text errors = read_evidence(EVIDENCE_STDERR), log = read_evidence(EVIDENCE_WORKER),
                kept = read_evidence("../victim");
    assert_string_equal(errors.bytes, "true words");
    assert_contains(log.bytes, "[==========]");
    assert_string_equal(kept.bytes, "untouched");
    text_free(&errors);
    text_free(&log);
    text_free(&kept);
}

/* What a person looks at to see what went to and fro, even if the worker did not live to tell. */
static void the_exchange_is_kept_unless_the_case_passes(void **state)
{
    static void (*const cases[])(void **) = {case_fails, case_is_killed};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_run(cases[i], "none", NULL);
        struct text exchange = read_evidence(EVIDENCE_EXCHANGE);
        assert_contains(exchange.bytes, "driver 1       - started as process ");
        assert_contains(exchange.bytes, "> 98 bytes: {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\"");
        assert_contains(exchange.bytes, "bytes: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocol\":1");
        text_free(&exchange);
    }
    fixture_run(case_passes, "none", NULL);
    char path[PATH_MAX];
    assert_true(directory_name(path, "%s/%s", fixture.directory, EVIDENCE_EXCHANGE));
    assert_int_equal(access(path, F_OK), -1);
}

/* ---- --keep ---- */

static void a_target_may_be_left_running(void **state)
{
    (void)state;
    const struct config keep = {.timeout_scale = 1, .keep = true};
    struct manifest *manifest = manifest_of_driver((char *const[]){(char *)BAD_DRIVER, (char *)"none", NULL});
    pid_t found[4], monitor = fixture_start(case_fails, manifest, &keep);
    assert_int_equal(waitpid(monitor, NULL, 0), monitor);
    fixture_read();
    assert_verdict(VERDICT_FAIL, "silent", NULL);
    assert_contains(fixture.result.state, "left running: bad_driver (");
    pid_t holder = atoi(strstr(fixture.result.state, "'kill ") + strlen("'kill "));
    assert_int_equal(procfs_descendants(getpid(), found, 4), 2);
    assert_int_equal(found[0], holder);
    assert_int_equal(found[1], atoi(strchr(fixture.result.state, '(') + 1));
    kill(holder, SIGTERM);
    alarm(LIFE_S); /* the driver dies with it, and is ours now; who stays would have us wait */
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    alarm(0);
    assert_int_equal(errno, ECHILD);
    manifest_free(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_that_breaks_is_our_defect),
        cmocka_unit_test(a_monitor_that_is_killed_makes_nothing_pass),
        cmocka_unit_test(variables_of_cmocka_are_taken_away),
        cmocka_unit_test(a_case_that_is_not_over_is_inconclusive),
        cmocka_unit_test(an_interrupted_case_ends_without_a_verdict),
        cmocka_unit_test(nobody_outlives_the_runner),
        cmocka_unit_test(who_is_left_behind_is_ended_and_named),
        cmocka_unit_test(standard_error_is_kept_up_to_a_limit),
        cmocka_unit_test(evidence_cannot_be_faked_by_name),
        cmocka_unit_test(the_exchange_is_kept_unless_the_case_passes),
        cmocka_unit_test(a_target_may_be_left_running),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close) ? 1 : 0;
}
