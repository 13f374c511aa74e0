#include "warden.h"

#include "check.h"
#include "clock.h"
#include "proc.h"
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct warden {
    struct case_context context;
    int64_t deadline_ns;
    int signal_fd;
    int stderr_read_fd;
    int stderr_file_fd;
    size_t stderr_kept_bytes;
    pid_t worker;
    bool worker_gone;
    bool interrupted;
};

static int create_file(const char *directory, const char *name)
{
    int at = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = openat(at, name, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    close(at);
    return fd;
}

/* Signals arrive through a descriptor, so that one poll() sees everything. */
static int block_signals(void)
{
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGINT);
    sigprocmask(SIG_SETMASK, &watched, NULL);
    return signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool warden_open(struct warden *warden)
{
    const char *directory = warden->context.directory;
    int stderr_pipe[2];
    if (pipe2(stderr_pipe, O_CLOEXEC))
        return false;
    warden->stderr_read_fd = stderr_pipe[0];
    warden->context.error_fd = stderr_pipe[1];
    fcntl(stderr_pipe[0], F_SETFL, O_NONBLOCK);
    warden->context.record_fd = create_file(directory, WARDEN_RECORD);
    warden->stderr_file_fd = create_file(directory, WARDEN_STDERR);
    warden->signal_fd = block_signals();
    return warden->context.record_fd >= 0 && warden->stderr_file_fd >= 0 && warden->signal_fd >= 0;
}

/* The worker's own output (CMocka's) is of interest only when something is wrong with the worker. */
static _Noreturn void become_worker(struct warden *warden)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    int log = create_file(warden->context.directory, WARDEN_LOG);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(nothing, 0);
    dup2(log, 1);
    dup2(log, 2);
    worker_run(&warden->context);
}

/* False when every writer has closed the pipe. */
static bool drain_stderr(struct warden *warden)
{
    char buffer[1 << 16];
    ssize_t count;
    while ((count = read(warden->stderr_read_fd, buffer, sizeof buffer)) > 0) {
        size_t left = STDERR_KEPT_BYTES - warden->stderr_kept_bytes;
        size_t kept = (size_t)count < left ? (size_t)count : left;
        ssize_t written = kept ? write(warden->stderr_file_fd, buffer, kept) : 0;
        if (written > 0)
            warden->stderr_kept_bytes += (size_t)written;
    }
    return count < 0;
}

static void take_signals(struct warden *warden)
{
    struct signalfd_siginfo signal;
    while (read(warden->signal_fd, &signal, sizeof signal) == (ssize_t)sizeof signal)
        if (signal.ssi_signo != SIGCHLD)
            warden->interrupted = true;
    if (waitpid(warden->worker, NULL, WNOHANG) == warden->worker)
        warden->worker_gone = true;
}

static int milliseconds_left(const struct warden *warden)
{
    int64_t left = (warden->deadline_ns - clock_ns()) / 1000000 + 1;
    return left < 0 ? 0 : (int)left;
}

static void watch(struct warden *warden)
{
    struct pollfd polled[2] = {{.fd = warden->signal_fd, .events = POLLIN},
                               {.fd = warden->stderr_read_fd, .events = POLLIN}};
    while (!warden->worker_gone && !warden->interrupted) {
        int left = milliseconds_left(warden);
        if (left == 0)
            return;
        poll(polled, 2, left);
        if (polled[1].revents && !drain_stderr(warden))
            polled[1].fd = -1;
        take_signals(warden);
    }
}

static void record_deadline(const struct warden *warden)
{
    char message[128];
    snprintf(message, sizeof message, "the case was not over within %lld s",
             (long long)((warden->deadline_ns - warden->context.start_ns) / 1000000000));
    record_write(warden->context.record_fd,
                 &(struct case_result){.verdict = VERDICT_FAIL, .how = (char *)"hang", .message = message});
}

static void end_tree(struct warden *warden)
{
    struct text ended;
    text_init(&ended, RECORD_FIELD_BYTES_MAX);
    bool all = proc_end_descendants(&ended, END_OF_TREE_MS);
    if (ended.length)
        record_write_ended(warden->context.record_fd, ended.bytes);
    if (!all)
        record_write(warden->context.record_fd,
                     &(struct case_result){.verdict = VERDICT_ERROR,
                                           .blame = BLAME_ENVIRONMENT,
                                           .message = (char *)"processes of the target could not be ended"});
    text_free(&ended);
    drain_stderr(warden);
}

static _Noreturn void run_warden(struct warden *warden)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setpgid(0, 0);
    if (!warden_open(warden))
        _exit(1);
    warden->worker = fork();
    if (warden->worker == 0)
        become_worker(warden);
    if (warden->worker < 0)
        _exit(1);
    watch(warden);
    if (!warden->worker_gone) {
        if (!warden->interrupted)
            record_deadline(warden);
        kill(warden->worker, SIGKILL);
        waitpid(warden->worker, NULL, 0);
    }
    if (!warden->context.options->keep)
        end_tree(warden);
    _exit(0);
}

pid_t warden_start(const struct case_context *context)
{
    struct warden warden = {.context = *context};
    warden.context.start_ns = clock_ns();
    warden.deadline_ns =
        warden.context.start_ns + (int64_t)(CASE_DEADLINE_MS * context->options->timeout_scale) * 1000000;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        run_warden(&warden);
    return pid;
}
