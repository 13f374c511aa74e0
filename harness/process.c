#include "process.h"

#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGV_MAX = 256, PIPE_BYTES = 1 << 20 };

struct pipes {
    int input[2], output[2], failure[2]; /* failure carries errno when exec did not happen */
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

static void build_argv(const struct process_request *request, const char **argv)
{
    size_t count = 0;
    for (const char *const *word = request->wrap; word && *word && count < ARGV_MAX - 1; word++)
        argv[count++] = *word;
    for (const char *const *word = request->argv; *word && count < ARGV_MAX - 1; word++)
        argv[count++] = *word;
    argv[count] = NULL;
}

/* Runs in the child; returns only when something failed, with errno. */
static void become_program(const struct process_request *request, const struct pipes *pipes,
                           const struct supervisor_entry *entry)
{
    const char *argv[ARGV_MAX];
    build_argv(request, argv);
    reset_signals();
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(pipes->input[0], 0) < 0 || dup2(pipes->output[1], 1) < 0 || dup2(request->error_fd, 2) < 0)
        return;
    if (request->directory && chdir(request->directory) < 0)
        return;
    for (char *const *variable = request->environment; variable && *variable; variable++)
        putenv(*variable);
    if (entry && supervisor_enter(entry) < 0)
        return;
    execvp(argv[0], (char *const *)argv);
}

static _Noreturn void run_child(const struct process_request *request, const struct pipes *pipes,
                                const struct supervisor_entry *entry)
{
    become_program(request, pipes, entry);
    int why = errno;
    ssize_t told = write(pipes->failure[1], &why, sizeof why);
    _exit(told < 0 ? 126 : 127);
}

/* The pipe closes by itself when exec succeeds. */
static int read_failure(int fd)
{
    int why = 0;
    ssize_t count;
    do {
        count = read(fd, &why, sizeof why);
    } while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof why ? why : 0;
}

/* Forks, and lets the supervisor take over what it is to watch; -1 and error_text otherwise. */
static pid_t fork_program(const struct process_request *request, const struct pipes *pipes, char *error_text,
                          size_t error_bytes)
{
    struct supervisor_entry entry, *used = request->supervisor ? &entry : NULL;
    if (used && supervisor_prepare(request->supervisor, &entry, error_text, error_bytes) != SUPERVISOR_OK)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        run_child(request, pipes, used);
    if (pid < 0)
        snprintf(error_text, error_bytes, "no process: %s", strerror(errno));
    if (used && supervisor_attach(request->supervisor, &entry, pid, error_text, error_bytes) != SUPERVISOR_OK &&
        pid > 0) {
        waitpid(pid, NULL, 0);
        return -1;
    }
    return pid;
}

bool process_start(const struct process_request *request, struct process *process, char *error_text, size_t error_bytes)
{
    struct pipes pipes;
    if (!pipes_open(&pipes)) {
        snprintf(error_text, error_bytes, "no pipe: %s", strerror(errno));
        return false;
    }
    pid_t pid = fork_program(request, &pipes, error_text, error_bytes);
    if (pid < 0) {
        pipes_close(&pipes);
        return false;
    }
    close(pipes.failure[1]);
    pipes.failure[1] = -1;
    int why = read_failure(pipes.failure[0]);
    if (why) {
        snprintf(error_text, error_bytes, "%s cannot be started: %s", request->argv[0], strerror(why));
        waitpid(pid, NULL, 0);
        pipes_close(&pipes);
        return false;
    }
    *process = (struct process){pid, pipes.input[1], pipes.output[0]};
    pipes.input[1] = pipes.output[0] = -1;
    pipes_close(&pipes);
    return true;
}

bool process_wait(pid_t pid, int *status, long timeout_ms)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd >= 0) {
        struct pollfd ended = {.fd = fd, .events = POLLIN};
        while (poll(&ended, 1, (int)timeout_ms) < 0 && errno == EINTR) {
        }
        close(fd);
    }
    return waitpid(pid, status, WNOHANG) == pid;
}

void process_describe(int status, char *text, size_t bytes)
{
    if (WIFSIGNALED(status))
        snprintf(text, bytes, "was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(text, bytes, "exited with status %d", WEXITSTATUS(status));
}
