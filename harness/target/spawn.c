/* From argv to a running process, and to its end. */
#include "target/spawn.h"

#include "base/clock.h"
#include "base/error.h"
#include "supervisor/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIPE_BYTES = 1 << 20 };

struct pipes {
    int input[2], output[2], failure[2]; /* the last carries a struct failure when exec did not happen */
};

struct failure { /* error 0: none */
    int error;
    bool in_directory; /* the directory is what failed, not the program */
};

static void close_pair(int pair[2])
{
    if (pair[0] >= 0)
        close(pair[0]);
    if (pair[1] >= 0)
        close(pair[1]);
}

static void pipes_close(struct pipes *pipes)
{
    close_pair(pipes->input);
    close_pair(pipes->output);
    close_pair(pipes->failure);
}

static bool pipes_open(struct pipes *pipes)
{
    *pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
    if (!pipe2(pipes->input, O_CLOEXEC) && !pipe2(pipes->output, O_CLOEXEC) && !pipe2(pipes->failure, O_CLOEXEC)) {
        /* Large events cross in fewer turns; where the system gives no more room, they take longer. */
        fcntl(pipes->input[1], F_SETPIPE_SZ, PIPE_BYTES);
        fcntl(pipes->output[1], F_SETPIPE_SZ, PIPE_BYTES);
        return true;
    }
    pipes_close(pipes);
    return false;
}

static void reset_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* So that it dies with its parent, which may have died already. */
static void die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        raise(SIGKILL);
}

/* All that the child needs. */
struct birth {
    const struct spawn_request *request;
    struct pipes *pipes;
    struct supervisor_entry entry; /* if the request names a supervisor */
    pid_t parent;
};

/* Runs in the child; returns only when something failed, with errno. What failed is the program, unless said. */
static void become_program(const struct birth *birth, struct failure *failure)
{
    const struct spawn_request *request = birth->request;
    const struct pipes *pipes = birth->pipes;

    die_with(birth->parent);
    reset_signals();
    setpgid(0, 0);
    /* Descriptors that assay itself was started with would be the target's, too. */
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    int output_fd = request->output_is_error ? request->error_fd : pipes->output[1];
    if (dup2(pipes->input[0], 0) < 0 || dup2(output_fd, 1) < 0 || dup2(request->error_fd, 2) < 0)
        return;
    failure->in_directory = request->directory && chdir(request->directory) < 0;
    if (failure->in_directory)
        return;
    for (char *const *variable = request->environment; variable && *variable; variable++)
        putenv(*variable);
    if (request->supervisor && supervisor_enter(&birth->entry) < 0)
        return;
    execvp(request->argv[0], (char *const *)request->argv);
}

static _Noreturn void run_child(const struct birth *birth)
{
    struct failure failure = {0};

    become_program(birth, &failure);
    failure.error = errno;
    ssize_t told = write(birth->pipes->failure[1], &failure, sizeof failure);
    _exit(told < 0 ? 126 : 127);
}

/* The pipe closes by itself when exec succeeds. */
static struct failure read_failure(int fd)
{
    struct failure failure;
    ssize_t count;

    do {
        count = read(fd, &failure, sizeof failure);
    } while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof failure ? failure : (struct failure){0};
}

/* Waits until exec has happened or failed. */
static bool has_started(const struct birth *birth, struct error *err)
{
    struct pipes *pipes = birth->pipes;

    close(pipes->failure[1]);
    pipes->failure[1] = -1;
    struct failure failure = read_failure(pipes->failure[0]);
    if (failure.in_directory)
        error_set(err, "%s cannot be entered: %s", birth->request->directory, strerror(failure.error));
    else if (failure.error)
        error_set(err, "%s cannot be started: %s", birth->request->argv[0], strerror(failure.error));
    return !failure.error;
}

/* Forks, and lets the supervisor take over what it is to watch. Returns the pid of the running program; or -1 and
 * err, with nobody left to be waited for. */
static pid_t fork_program(struct birth *birth, struct error *err)
{
    struct supervisor *supervisor = birth->request->supervisor;

    if (supervisor && supervisor_prepare(supervisor, &birth->entry, err) != SUPERVISOR_OK)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        run_child(birth);
    if (pid < 0)
        error_set(err, "no process: %s", strerror(errno));
    bool attached = !supervisor || supervisor_attach(supervisor, &birth->entry, pid, err) == SUPERVISOR_OK;
    if (pid < 0 || (attached && has_started(birth, err)))
        return pid;
    waitpid(pid, NULL, 0);
    return -1;
}

bool spawn_start(const struct spawn_request *request, struct spawned *process, struct error *err)
{
    struct pipes pipes;

    if (!pipes_open(&pipes)) {
        error_set(err, "no pipe: %s", strerror(errno));
        return false;
    }
    struct birth birth = {.request = request, .pipes = &pipes, .parent = getpid()};
    pid_t pid = fork_program(&birth, err);
    if (pid > 0) {
        *process = (struct spawned){pid, pipes.input[1], pipes.output[0]};
        pipes.input[1] = pipes.output[0] = -1;
    }
    pipes_close(&pipes);
    return pid > 0;
}

static int milliseconds_until(int64_t deadline_ns)
{
    int64_t left_ms = (deadline_ns - clock_ns() + 999999) / 1000000;

    return left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

/* One read, so that whoever never stops writing is still waited for no longer than agreed. */
static void read_and_drop(struct pollfd *output)
{
    char dropped[1 << 14];

    if (output->revents && read(output->fd, dropped, sizeof dropped) == 0)
        output->fd = -1;
}

bool spawn_wait_draining(pid_t pid, int *status, int64_t timeout_ms, int output_fd)
{
    int64_t deadline_ns = clock_ns() + timeout_ms * 1000000;
    struct pollfd polled[2] = {{.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN},
                               {.fd = output_fd, .events = POLLIN}};
    int left_ms;

    do {
        left_ms = milliseconds_until(deadline_ns);
        poll(polled, 2, left_ms);
        read_and_drop(&polled[1]);
    } while (left_ms > 0 && !polled[0].revents);
    close(polled[0].fd);
    return waitpid(pid, status, WNOHANG) == pid;
}

bool spawn_wait(pid_t pid, int *status, int64_t timeout_ms)
{
    return spawn_wait_draining(pid, status, timeout_ms, -1);
}

void spawn_describe(int status, char *text, size_t bytes)
{
    if (WIFSIGNALED(status))
        snprintf(text, bytes, "was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(text, bytes, "exited with status %d", WEXITSTATUS(status));
}
