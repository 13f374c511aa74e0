/* What the supervisor's tests share: a supervisor on a private directory, and victims (victims/) started under it. */
#ifndef ASSAY_TESTS_SUPERVISED_H
#define ASSAY_TESTS_SUPERVISED_H

#include "base/error.h"
#include "supervisor/supervisor.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define VICTIM(name) BIN_DIR "/victims/" name

enum { DEADLINE_MS = 30000, OUTPUT_MAX_BYTES = 4096, LINES_MAX = 4096 };

struct supervised {
    struct supervisor *supervisor;
    char directory[64];
    char events[128]; /* DIRECTORY/events.jsonl */
};

struct victim {
    pid_t pid;
    int input, output;
};

static inline int set_up(void **state)
{
    struct supervised *supervised = calloc(1, sizeof *supervised);
    struct error err = {""};

    snprintf(supervised->directory, sizeof supervised->directory, "/tmp/assay-supervisor-XXXXXX");
    assert_non_null(mkdtemp(supervised->directory));
    snprintf(supervised->events, sizeof supervised->events, "%s/events.jsonl", supervised->directory);
    if (supervisor_start(&supervised->supervisor, SUPERVISOR_FILES | SUPERVISOR_SOCKETS, &err))
        fail_msg("no supervisor: %s", err.text);
    *state = supervised;
    return 0;
}

static inline int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline int tear_down(void **state)
{
    struct supervised *supervised = *state;

    supervisor_stop(supervised->supervisor);
    nftw(supervised->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(supervised);
    return 0;
}

#define SUPERVISED(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* The child's side of start_victim(). */
static inline _Noreturn void become_victim(const struct supervisor_entry *entry, const char *const argv[], int input,
                                           int output)
{
    setpgid(0, 0);
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    if (!entry || supervisor_enter(entry) == 0)
        execv(argv[0], (char *const *)argv);
    _exit(127);
}

/* Starts argv[0] under the supervisor, or without one if that is NULL. */
static inline struct victim start_victim(struct supervisor *supervisor, const char *const argv[])
{
    struct supervisor_entry entry;
    int input[2], output[2];
    struct error err;

    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    if (supervisor)
        assert_int_equal(supervisor_prepare(supervisor, &entry, &err), SUPERVISOR_OK);
    pid_t pid = fork();
    if (pid == 0)
        become_victim(supervisor ? &entry : NULL, argv, input[0], output[1]);
    close(input[0]);
    close(output[1]);
    if (supervisor && supervisor_attach(supervisor, &entry, pid, &err) != SUPERVISOR_OK)
        fail_msg("not supervised: %s", err.text);
    return (struct victim){pid, input[1], output[0]};
}

#define START(supervised, ...) start_victim((supervised)->supervisor, (const char *const[]){__VA_ARGS__, NULL})

/* Reads until `wanted` has come or, if that is NULL, until the output closes. */
static inline void read_output(struct victim *victim, char output[OUTPUT_MAX_BYTES], const char *wanted)
{
    int64_t deadline_ns = clock_ns() + DEADLINE_MS * INT64_C(1000000);
    size_t length = 0;
    ssize_t got = 1;

    output[0] = '\0';
    while (got > 0 && length < OUTPUT_MAX_BYTES - 1 && !(wanted && strstr(output, wanted))) {
        struct pollfd readable = {.fd = victim->output, .events = POLLIN};
        int left_ms = (int)((deadline_ns - clock_ns()) / 1000000);

        if (left_ms <= 0 || poll(&readable, 1, left_ms) != 1)
            fail_msg("the victim said only '%s'", output);
        got = read(victim->output, output + length, OUTPUT_MAX_BYTES - 1 - length);
        length += got > 0 ? (size_t)got : 0;
        output[length] = '\0';
    }
}

/* Waits for its end, within the deadline, and reaps it. */
static inline int end_of(struct victim *victim)
{
    int status = -1, pidfd = (int)syscall(SYS_pidfd_open, victim->pid, 0);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};

    assert_true(pidfd >= 0);
    int events = poll(&ended, 1, DEADLINE_MS);
    close(pidfd);
    close(victim->input);
    close(victim->output);
    if (events != 1)
        kill(-victim->pid, SIGKILL);
    assert_int_equal(waitpid(victim->pid, &status, 0), victim->pid);
    assert_int_equal(events, 1);
    return status;
}

/* Runs to the end and returns the status; what it printed is compared. */
static inline void expect_output(struct victim victim, const char *expected)
{
    char output[OUTPUT_MAX_BYTES];

    read_output(&victim, output, NULL);
    int status = end_of(&victim);
    assert_string_equal(output, expected);
    assert_int_equal(status, 0);
}

static inline void expect_untroubled(const struct supervised *supervised)
{
    const char *trouble = supervisor_trouble(supervised->supervisor);

    if (trouble)
        fail_msg("%s", trouble);
}

static inline off_t size_of(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 ? status.st_size : -1;
}

static inline void expect_content(const char *path, const char *expected)
{
    char content[OUTPUT_MAX_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    ssize_t length = read(fd, content, sizeof content - 1);
    close(fd);
    assert_true(length >= 0);
    content[length] = '\0';
    assert_string_equal(content, expected);
}

#endif
