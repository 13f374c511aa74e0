/* The process around a case: forks its worker, keeps the deadline, ends the tree, writes down what was left. */
#include "run/monitor.h"

#include "base/clock.h"
#include "base/procfs.h"
#include "case/exchange.h"
#include "case/record.h"
#include "run/evidence.h"
#include "run/worker.h"
#include "target/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK_BYTES = 1 << 16, CHUNKS_PER_LOOK = 16 };

struct monitor {
    struct case_context context;
    int64_t deadline_ns;
    int signal_fd;
    int error_read_fd;
    int log_fd;
    struct text errors; /* of the target's processes */
    pid_t worker;
    int worker_status;
    bool worker_gone;
    bool target_left; /* the case is over, and its worker holds the target (--keep) */
    bool interrupted;
};

/* ---- the worker's side ---- */

/* The target lives as long as we do. SIGUSR1 tells the monitor that the case is over. */
static void hold_target(pid_t monitor)
{
    struct text names;

    text_init(&names, RECORD_FIELD_BYTES_MAX);
    procfs_name_descendants(getpid(), &names);
    case_note_state("left running: %s; 'kill %d' ends it", names.length ? names.bytes : "nothing", (int)getpid());
    text_free(&names);
    prctl(PR_SET_PDEATHSIG, 0);
    if (getppid() != monitor)
        return;
    kill(monitor, SIGUSR1);
    for (;;)
        pause();
}

/* The worker's own output (CMocka's) is of interest only when something is wrong with the worker. */
static _Noreturn void become_worker(struct monitor *monitor, pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (getppid() != parent || dup2(nothing, 0) < 0 || dup2(monitor->log_fd, 1) < 0 || dup2(monitor->log_fd, 2) < 0)
        _exit(2);
    int code = worker_run(&monitor->context);
    if (worker_leaves_target())
        hold_target(parent);
    _exit(code);
}

/* ---- watching ---- */

/* Signals arrive through a descriptor, so that one poll() sees everything. */
static int block_signals(void)
{
    sigset_t watched;

    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGUSR1);
    sigprocmask(SIG_SETMASK, &watched, NULL);
    return signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A few chunks at a time: a target that never stops writing must not keep us from looking at the clock. */
static void drain_errors(struct monitor *monitor)
{
    static char chunk[CHUNK_BYTES];
    ssize_t count = 1;

    for (int i = 0; i < CHUNKS_PER_LOOK && count > 0; i++) {
        count = read(monitor->error_read_fd, chunk, sizeof chunk);
        if (count > 0)
            text_add_bytes(&monitor->errors, chunk, (size_t)count);
    }
}

static void take_signals(struct monitor *monitor)
{
    struct signalfd_siginfo signal;

    while (read(monitor->signal_fd, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        monitor->target_left |= signal.ssi_signo == SIGUSR1;
        monitor->interrupted |= signal.ssi_signo == SIGTERM || signal.ssi_signo == SIGINT;
    }
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        if (pid == monitor->worker) {
            monitor->worker_gone = true;
            monitor->worker_status = status;
        }
}

static int milliseconds_left(const struct monitor *monitor)
{
    int64_t left_ms = (monitor->deadline_ns - clock_ns() + 999999) / 1000000;

    return left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

static void watch(struct monitor *monitor)
{
    struct pollfd polled[2] = {{.fd = monitor->signal_fd, .events = POLLIN},
                               {.fd = monitor->error_read_fd, .events = POLLIN}};

    while (!monitor->worker_gone && !monitor->interrupted && !monitor->target_left) {
        int left_ms = milliseconds_left(monitor);

        if (left_ms == 0)
            return;
        poll(polled, 2, left_ms);
        drain_errors(monitor);
        take_signals(monitor);
    }
}

/* ---- when the case is over ---- */

/* Each call of the target has a time of its own, so a case that is late had many slow ones: the target, or the machine,
 * is too slow to be judged, which is no finding. */
static void record_deadline(const struct monitor *monitor)
{
    char message[160];

    snprintf(message, sizeof message,
             "the case was not over within %lld s; if the target or the machine is slow, --timeout-scale gives it more",
             (long long)((monitor->deadline_ns - monitor->context.start_ns) / 1000000000));
    record_write(monitor->context.record_fd,
                 &(struct case_result){.verdict = VERDICT_ERROR, .blame = BLAME_TARGET, .message = message});
}

/* The worker exits with 0 or 1, or it is broken. */
static void record_end(const struct monitor *monitor)
{
    int status = monitor->worker_status;
    char how[128];

    if (monitor->interrupted)
        return;
    if (!monitor->worker_gone && !monitor->target_left)
        record_deadline(monitor);
    if (!monitor->worker_gone || (WIFEXITED(status) && WEXITSTATUS(status) <= 1))
        return;
    spawn_describe(status, how, sizeof how);
    record_write_broken(monitor->context.record_fd, how);
}

static void end_tree(struct monitor *monitor)
{
    struct text ended, state;

    text_init(&ended, RECORD_FIELD_BYTES_MAX);
    text_init(&state, RECORD_FIELD_BYTES_MAX);
    if (!monitor->worker_gone) {
        kill(monitor->worker, SIGKILL);
        spawn_wait(monitor->worker, &monitor->worker_status, END_OF_TREE_MS);
    }
    bool all = procfs_end_descendants(&ended, END_OF_TREE_MS);
    if (ended.length)
        text_addf(&state, "had to be ended: %s", ended.bytes);
    if (!all)
        text_addf(&state, "%snot all processes of the target could be ended", state.length ? "; " : "");
    if (state.length)
        record_write_state(monitor->context.record_fd, state.bytes);
    text_free(&ended);
    text_free(&state);
}

static void write_evidence(struct monitor *monitor)
{
    static char log[LOG_KEPT_BYTES];
    const char *directory = monitor->context.directory;
    ssize_t log_bytes = pread(monitor->log_fd, log, sizeof log, 0);

    drain_errors(monitor);
    evidence_write(directory, EVIDENCE_WORKER, log, log_bytes < 0 ? 0 : (size_t)log_bytes);
    evidence_write(directory, EVIDENCE_STDERR, monitor->errors.bytes, monitor->errors.length);
    evidence_write_exchange(directory, monitor->context.record_fd, monitor->context.keep, monitor->context.exchange);
    evidence_keep_log(directory, monitor->context.record_fd);
}

/* ---- its life ---- */

static bool monitor_open(struct monitor *monitor)
{
    int error_pipe[2];

    if (pipe2(error_pipe, O_CLOEXEC))
        return false;
    monitor->error_read_fd = error_pipe[0];
    monitor->context.error_fd = error_pipe[1];
    fcntl(error_pipe[0], F_SETFL, O_NONBLOCK);
    text_init(&monitor->errors, STDERR_KEPT_BYTES);
    monitor->log_fd = memfd_create(EVIDENCE_WORKER, MFD_CLOEXEC);
    monitor->signal_fd = block_signals();
    monitor->context.exchange = exchange_create();
    return monitor->log_fd >= 0 && monitor->signal_fd >= 0 && monitor->context.exchange;
}

static bool fork_worker(struct monitor *monitor)
{
    pid_t parent = getpid();

    monitor->worker = fork();
    if (monitor->worker == 0)
        become_worker(monitor, parent);
    return monitor->worker > 0;
}

static _Noreturn void fail_to_start(const struct monitor *monitor)
{
    struct case_result result = {
        .verdict = VERDICT_ERROR, .blame = BLAME_ENVIRONMENT, .message = (char *)strerror(errno)};

    record_write(monitor->context.record_fd, &result);
    _exit(1);
}

static _Noreturn void run_monitor(struct monitor *monitor, pid_t parent)
{
    setpgid(0, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (!monitor_open(monitor) || getppid() != parent || !fork_worker(monitor))
        fail_to_start(monitor);
    watch(monitor);
    record_end(monitor);
    if (!monitor->target_left || monitor->interrupted)
        end_tree(monitor);
    write_evidence(monitor);
    _exit(0);
}

int64_t monitor_deadline_ms(double timeout_scale, bool long_run)
{
    return (int64_t)(CASE_DEADLINE_MS * timeout_scale) * (long_run ? 10 : 1);
}

pid_t monitor_start(const struct case_context *context)
{
    struct monitor monitor = {.context = *context};

    monitor.context.start_ns = clock_ns();
    monitor.deadline_ns =
        monitor.context.start_ns + monitor_deadline_ms(context->timeout_scale, context->long_run) * 1000000;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        run_monitor(&monitor, parent);
    return pid;
}
