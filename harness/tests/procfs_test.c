/* Trees of real processes: found, measured, and ended however they try to get away. The test starts itself again as
 * the programs it needs, see actors[]. */
#include "base/procfs.h"

#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
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

enum {
    LIFE_S = 300, /* an actor that nobody ends, ends itself */
    END_MS = 20000,
    HOPS_MAX = 2000000,
    BOMB_DEPTH = 6, /* 2^6 - 1 processes */
    CHAIN_LENGTH = 40,
    EXTRA_DESCRIPTORS = 10,
    EXTRA_THREADS = 3,
};

/* ---- actors: each tells `ready` when the tree stands, and stays ---- */

static int ready_fd = -1;

static void tell_ready(void)
{
    if (write(ready_fd, "r", 1) != 1)
        _exit(9);
}

/* A child inherits no alarm. */
static _Noreturn void stay(void)
{
    alarm(LIFE_S);
    for (;;)
        pause();
}

static void act_setsid(void)
{
    setsid();
    tell_ready();
}

static void act_double_fork(void)
{
    if (fork() > 0)
        stay();
    setsid();
    if (fork() > 0)
        _exit(0);
    tell_ready();
}

static void act_deaf(void)
{
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_IGN);
    tell_ready();
}

static void act_chain(void)
{
    for (int i = 1; i < CHAIN_LENGTH; i++)
        if (fork() > 0)
            stay();
    tell_ready();
}

static void act_bomb(void)
{
    for (int i = 0; i < BOMB_DEPTH; i++)
        (void)!fork();
    tell_ready(); /* each does, and the first one counts */
}

/* Each process forks the next one and leaves, in a session of its own: nobody stays where he was seen. */
static void act_hop(void)
{
    tell_ready();
    for (int hop = 0; hop < HOPS_MAX; hop++) {
        setsid();
        if (fork() != 0)
            _exit(0);
    }
    _exit(0);
}

static void *tell_and_stay(void *nothing)
{
    (void)nothing;
    tell_ready();
    stay();
}

static void act_headless(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, tell_and_stay, NULL))
        _exit(9);
    pthread_exit(NULL);
}

static void *stay_too(void *nothing)
{
    (void)nothing;
    stay();
}

static void act_measured(void)
{
    pthread_t thread;

    for (int i = 0; i < EXTRA_DESCRIPTORS; i++)
        if (dup(0) < 0)
            _exit(9);
    for (int i = 0; i < 1 + EXTRA_THREADS; i++)
        if (pthread_create(&thread, NULL, stay_too, NULL))
            _exit(9);
    tell_ready();
}

/* A sanitizer may start a thread of its own with the first one. */
static void act_threaded(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, stay_too, NULL))
        _exit(9);
    tell_ready();
}

static void *spin(void *argument)
{
    for (volatile unsigned long turns = 0;; turns++)
        ;
    return argument;
}

/* Two threads that never rest on one processor, so that one of them always waits. */
static void act_crowded(void)
{
    pthread_t thread;
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0 || pthread_create(&thread, NULL, spin, NULL))
        _exit(9);
    alarm(LIFE_S);
    tell_ready();
    spin(NULL);
}

static void act_misnamed(void)
{
    prctl(PR_SET_NAME, "a) Z 1 (\033[2J");
    tell_ready();
}

static const struct actor {
    const char *name;
    void (*act)(void);
} actors[] = {
    {"threaded", act_threaded}, {"setsid", act_setsid},     {"double-fork", act_double_fork},
    {"deaf", act_deaf},         {"chain", act_chain},       {"bomb", act_bomb},
    {"hop", act_hop},           {"headless", act_headless}, {"measured", act_measured},
    {"misnamed", act_misnamed}, {"crowded", act_crowded},
};

static int play(const char *name, int ready)
{
    ready_fd = ready;
    for (size_t i = 0; i < sizeof actors / sizeof *actors; i++)
        if (!strcmp(actors[i].name, name)) {
            actors[i].act();
            stay();
        }
    return 9;
}

/* Starts an actor and waits until it is ready. */
static pid_t start(const char *name)
{
    int ready[2];
    char fd[16], byte;

    assert_int_equal(pipe(ready), 0);
    snprintf(fd, sizeof fd, "%d", ready[1]);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ready[0]);
        execl("/proc/self/exe", "proc_test", name, fd, (char *)NULL);
        _exit(9);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

/* ---- the tests ---- */

static void assert_nobody_is_left(void)
{
    errno = 0;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void assert_ends(const char *actor, const char *named)
{
    struct text ended;

    text_init(&ended, 1 << 16);
    start(actor);
    assert_true(procfs_end_descendants(&ended, END_MS));
    assert_nobody_is_left();
    if (!strstr(ended.bytes, named))
        fail_msg("\"%s\" is not named in \"%s\"", named, ended.bytes);
    text_free(&ended);
}

static void nobody_is_ended_at_once(void **state)
{
    (void)state;
    struct text ended;
    text_init(&ended, 100);
    assert_true(procfs_end_descendants(&ended, 0));
    assert_string_equal(ended.bytes, "");
    text_free(&ended);
}

static void a_session_of_its_own_is_no_way_out(void **state)
{
    (void)state;
    assert_ends("setsid", "exe (");
}

static void a_double_fork_is_no_way_out(void **state)
{
    (void)state;
    assert_ends("double-fork", "), exe (");
}

static void ignored_signals_are_no_way_out(void **state)
{
    (void)state;
    assert_ends("deaf", "exe (");
}

static void a_process_without_its_first_thread_is_alive(void **state)
{
    (void)state;
    pid_t found[4], pid = start("headless");
    assert_int_equal(procfs_descendants(getpid(), found, 4), 1);
    assert_int_equal(found[0], pid);
    assert_true(procfs_end_descendants(NULL, END_MS));
    assert_nobody_is_left();
}

static void a_bomb_is_put_out(void **state)
{
    (void)state;
    assert_ends("bomb", "exe (");
}

static void who_hops_from_process_to_process_is_caught(void **state)
{
    (void)state;
    start("hop");
    assert_true(procfs_end_descendants(NULL, END_MS));
    assert_nobody_is_left();
}

static void names_are_escaped_and_mislead_nobody(void **state)
{
    (void)state;
    assert_ends("misnamed", "a) Z 1 (\\e[2J (");
}

static void a_long_chain_is_found_whole(void **state)
{
    (void)state;
    pid_t found[2 * CHAIN_LENGTH];
    start("chain");
    assert_int_equal(procfs_descendants(getpid(), found, 2 * CHAIN_LENGTH), CHAIN_LENGTH);
    assert_int_equal(procfs_descendants(getpid(), found, CHAIN_LENGTH - 1), CHAIN_LENGTH - 1);
    assert_true(procfs_end_descendants(NULL, END_MS));
    assert_int_equal(procfs_descendants(getpid(), found, 2 * CHAIN_LENGTH), 0);
}

/* A dead child that nobody has reaped does not live. */
static void zombies_do_not_count(void **state)
{
    (void)state;
    pid_t found[4], pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(procfs_descendants(getpid(), found, 4), 0);
    assert_true(procfs_end_descendants(NULL, END_MS));
    assert_nobody_is_left();
}

static void what_a_tree_uses_is_counted(void **state)
{
    (void)state;
    struct procfs_usage threaded = procfs_tree_usage(start("threaded"));
    struct procfs_usage measured = procfs_tree_usage(start("measured"));
    struct procfs_usage both = procfs_tree_usage(getpid());
    assert_int_equal(threaded.processes, 1);
    assert_true(threaded.resident_bytes > 0);
    assert_int_equal(measured.descriptors, threaded.descriptors + EXTRA_DESCRIPTORS);
    assert_int_equal(measured.threads, threaded.threads + EXTRA_THREADS);
    assert_int_equal(both.processes, 3);
    assert_true(both.descriptors > threaded.descriptors + measured.descriptors);
    assert_true(procfs_end_descendants(NULL, END_MS));
}

static void what_waits_for_a_processor_is_counted(void **state)
{
    (void)state;
    if (access("/proc/self/schedstat", R_OK) != 0)
        skip();
    pid_t crowded = start("crowded");
    int64_t deadline_ns = clock_ns() + (int64_t)END_MS * 1000000;
    while (procfs_tree_usage(crowded).waited_ns < 1000000)
        assert_true(clock_ns() < deadline_ns);
    assert_true(procfs_end_descendants(NULL, END_MS));
}

static void a_process_that_is_gone_uses_nothing(void **state)
{
    (void)state;
    pid_t pid = start("threaded");
    assert_true(procfs_end_descendants(NULL, END_MS));
    struct procfs_usage usage = procfs_tree_usage(pid);
    assert_int_equal(usage.descriptors, 0);
    assert_int_equal(usage.threads, 0);
}

int main(int argc, char **argv)
{
    sigset_t child;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_ended_at_once),
        cmocka_unit_test(a_session_of_its_own_is_no_way_out),
        cmocka_unit_test(a_double_fork_is_no_way_out),
        cmocka_unit_test(ignored_signals_are_no_way_out),
        cmocka_unit_test(a_process_without_its_first_thread_is_alive),
        cmocka_unit_test(a_bomb_is_put_out),
        cmocka_unit_test(who_hops_from_process_to_process_is_caught),
        cmocka_unit_test(names_are_escaped_and_mislead_nobody),
        cmocka_unit_test(a_long_chain_is_found_whole),
        cmocka_unit_test(zombies_do_not_count),
        cmocka_unit_test(what_a_tree_uses_is_counted),
        cmocka_unit_test(what_waits_for_a_processor_is_counted),
        cmocka_unit_test(a_process_that_is_gone_uses_nothing),
    };

    if (argc == 3)
        return play(argv[1], atoi(argv[2]));
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
