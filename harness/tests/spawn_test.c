/* Programs started, watched and ended. The test starts itself again as the programs it needs: "self MODE ...". */
#include "target/spawn.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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

#define SELF "/proc/self/exe"

enum { WAIT_MS = 100000, LIFE_S = 300, FLOOD_BYTES = 4 << 20, OUTPUT_MAX = 1 << 16, WORDS = 1000 };

/* ---- what the test is as a program ---- */

static int print_words(int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        printf("[%s]", argv[i]);
    return 0;
}

static int print_surroundings(void)
{
    char here[4096];
    size_t descriptors = 0;
    DIR *fds = opendir("/proc/self/fd");

    if (!fds)
        return 9;
    while (readdir(fds))
        descriptors++;
    closedir(fds);
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    printf("%s descriptors=%zu leader=%d blocked=%d ignored=%d assay=%s", getcwd(here, sizeof here),
           descriptors - 3 /* . and .. and the list */, getpgid(0) == getpid(), sigismember(&blocked, SIGUSR1),
           signal(SIGPIPE, SIG_DFL) == SIG_IGN, getenv("ASSAY_TEST"));
    return 0;
}

static int flood(void)
{
    static char bytes[FLOOD_BYTES];

    return fwrite(bytes, 1, sizeof bytes, stdout) == sizeof bytes ? 0 : 9;
}

static _Noreturn void stay(void)
{
    alarm(LIFE_S);
    for (;;)
        pause();
}

/* Starts one that stays, says its pid, and leaves without waiting for it. */
static int leave_child(void)
{
    static const char *const argv[] = {SELF, "stay", NULL};
    struct spawned process;
    struct error err;

    if (!spawn_start(&(struct spawn_request){.argv = argv, .error_fd = 2}, &process, &err))
        return 9;
    printf("%d\n", (int)process.pid);
    return 0;
}

static int play(int argc, char **argv)
{
    if (!strcmp(argv[1], "words"))
        return print_words(argc, argv);
    if (!strcmp(argv[1], "surroundings"))
        return print_surroundings();
    if (!strcmp(argv[1], "flood"))
        return flood();
    if (!strcmp(argv[1], "stay"))
        stay();
    if (!strcmp(argv[1], "leave-child"))
        return leave_child();
    if (!strcmp(argv[1], "exit"))
        return atoi(argv[2]);
    if (!strcmp(argv[1], "abort"))
        signal(SIGABRT, SIG_DFL), abort();
    return 9;
}

/* ---- helpers ---- */

static struct spawned start(const char *const *argv)
{
    struct spawned process;
    struct error err;

    if (!spawn_start(&(struct spawn_request){.argv = argv, .error_fd = 2}, &process, &err))
        fail_msg("%s", err.text);
    return process;
}

/* Closes its input, reads its output to the end, waits; returns the wait status. */
static int finish(struct spawned process, char output[OUTPUT_MAX])
{
    int status;
    size_t length = 0;

    close(process.input_fd);
    for (ssize_t count; (count = read(process.output_fd, output + length, OUTPUT_MAX - 1 - length)) > 0;)
        length += (size_t)count;
    output[length] = '\0';
    close(process.output_fd);
    assert_true(spawn_wait(process.pid, &status, WAIT_MS));
    return status;
}

static void assert_refused(struct spawn_request request, const char *why_not)
{
    struct spawned process;
    struct error err = {""};

    request.error_fd = 2;
    assert_false(spawn_start(&request, &process, &err));
    assert_string_equal(err.text, why_not);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* ---- the tests ---- */

static void words_arrive_as_they_are(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    static const char *const argv[] = {SELF, "words", "two words", "", "$(id)", "*", "a\nb", "'", "\"", NULL};
    assert_int_equal(finish(start(argv), output), 0);
    assert_string_equal(output, "[two words][][$(id)][*][a\nb]['][\"]");
}

static void any_number_of_words_is_passed_on(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    static const char *argv[WORDS + 3] = {SELF, "words"};
    for (size_t i = 0; i < WORDS; i++)
        argv[2 + i] = "w";
    assert_int_equal(finish(start(argv), output), 0);
    assert_int_equal(strlen(output), 3 * WORDS);
}

static void it_starts_with_clean_surroundings(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX], variable[] = "ASSAY_TEST=yes";
    static const char *const argv[] = {SELF, "surroundings", NULL};
    char *environment[] = {variable, NULL};
    struct spawned process;
    struct error err;
    int leaked = dup(2); /* not close-on-exec */
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct spawn_request request = {.argv = argv, .directory = "/usr", .environment = environment, .error_fd = 2};
    assert_true(spawn_start(&request, &process, &err));
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    close(leaked);
    assert_int_equal(finish(process, output), 0);
    assert_string_equal(output, "/usr descriptors=3 leader=1 blocked=0 ignored=0 assay=yes");
    assert_null(getenv("ASSAY_TEST"));
}

static void what_cannot_be_started_is_named(void **state)
{
    (void)state;
    static const char *const nowhere[] = {"/nonexistent/program", "x", NULL};
    static const char *const unknown[] = {"assay-no-such-program", NULL};
    static const char *const forbidden[] = {"/etc/passwd", NULL};
    static const char *const fine[] = {SELF, "exit", "0", NULL};
    setenv("PATH", "/usr/bin:/bin", 1); /* another one may hold directories that are closed to us */
    assert_refused((struct spawn_request){.argv = nowhere},
                   "/nonexistent/program cannot be started: No such file or directory");
    assert_refused((struct spawn_request){.argv = unknown},
                   "assay-no-such-program cannot be started: No such file or directory");
    assert_refused((struct spawn_request){.argv = forbidden}, "/etc/passwd cannot be started: Permission denied");
    assert_refused((struct spawn_request){.argv = fine, .directory = "/nonexistent"},
                   "/nonexistent cannot be entered: No such file or directory");
}

static void a_start_that_fails_leaves_no_descriptor(void **state)
{
    (void)state;
    static const char *const nowhere[] = {"/nonexistent/program", NULL};
    size_t before = procfs_tree_usage(getpid()).descriptors;
    for (int i = 0; i < 10; i++)
        assert_refused((struct spawn_request){.argv = nowhere},
                       "/nonexistent/program cannot be started: No such file or directory");
    assert_int_equal(procfs_tree_usage(getpid()).descriptors, before);
}

static void the_end_is_described(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    static const char *const three[] = {SELF, "exit", "3", NULL}, *const aborts[] = {SELF, "abort", NULL};
    char how[128];
    spawn_describe(finish(start(three), output), how, sizeof how);
    assert_string_equal(how, "exited with status 3");
    spawn_describe(finish(start(aborts), output), how, sizeof how);
    assert_string_equal(how, "was ended by signal 6 (Aborted)");
}

static void waiting_ends_with_its_time(void **state)
{
    (void)state;
    static const char *const stays[] = {SELF, "stay", NULL};
    struct spawned process = start(stays);
    int status;
    int64_t begun = clock_ns();
    assert_false(spawn_wait(process.pid, &status, 0));
    assert_false(spawn_wait(process.pid, &status, 50));
    assert_true(clock_ns() - begun >= 50 * 1000000);
    kill(process.pid, SIGKILL);
    assert_true(spawn_wait(process.pid, &status, WAIT_MS));
    assert_true(WIFSIGNALED(status));
    assert_false(spawn_wait(process.pid, &status, 0)); /* reaped only once */
    close(process.input_fd);
    close(process.output_fd);
}

/* It can end only when somebody reads what it writes. */
static void a_full_pipe_keeps_nobody(void **state)
{
    (void)state;
    static const char *const floods[] = {SELF, "flood", NULL};
    struct spawned process = start(floods);
    int status = -1;
    fcntl(process.output_fd, F_SETFL, O_NONBLOCK);
    assert_true(spawn_wait_draining(process.pid, &status, WAIT_MS, process.output_fd));
    assert_int_equal(status, 0);
    close(process.input_fd);
    close(process.output_fd);
}

/* Who writes for ever is waited for no longer than agreed. */
static void an_endless_writer_is_not_waited_for(void **state)
{
    (void)state;
    static const char *const endless[] = {"yes", NULL};
    struct spawned process = start(endless);
    int status;
    fcntl(process.output_fd, F_SETFL, O_NONBLOCK);
    assert_false(spawn_wait_draining(process.pid, &status, 100, process.output_fd));
    kill(process.pid, SIGKILL);
    assert_true(spawn_wait(process.pid, &status, WAIT_MS));
    close(process.input_fd);
    close(process.output_fd);
}

/* The orphan is ours, since we are a subreaper, and it must be dead. */
static void it_dies_with_its_parent(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    static const char *const leaves[] = {SELF, "leave-child", NULL};
    int status;
    assert_int_equal(finish(start(leaves), output), 0);
    pid_t orphan = atoi(output);
    assert_true(orphan > 0);
    assert_true(spawn_wait(orphan, &status, WAIT_MS));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_arrive_as_they_are),
        cmocka_unit_test(any_number_of_words_is_passed_on),
        cmocka_unit_test(it_starts_with_clean_surroundings),
        cmocka_unit_test(what_cannot_be_started_is_named),
        cmocka_unit_test(a_start_that_fails_leaves_no_descriptor),
        cmocka_unit_test(the_end_is_described),
        cmocka_unit_test(waiting_ends_with_its_time),
        cmocka_unit_test(a_full_pipe_keeps_nobody),
        cmocka_unit_test(an_endless_writer_is_not_waited_for),
        cmocka_unit_test(it_dies_with_its_parent),
    };

    if (argc > 1)
        return play(argc, argv);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
