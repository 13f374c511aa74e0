/* Waits for several children and for signals through one descriptor, and keeps the children's deadlines. */
#include "run/pool.h"

#include "base/clock.h"
#include "base/xalloc.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

void pool_open(struct pool *pool, unsigned size, int64_t patience_ms)
{
    sigset_t watched;

    *pool = (struct pool){.size = size, .patience_ms = patience_ms};
    pool->jobs = xalloc_resize(NULL, size, sizeof *pool->jobs);
    memset(pool->jobs, 0, size * sizeof *pool->jobs);
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGHUP);
    sigprocmask(SIG_BLOCK, &watched, &pool->before);
    pool->signal_fd = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

void pool_close(struct pool *pool)
{
    free(pool->jobs);
    close(pool->signal_fd);
    sigprocmask(SIG_SETMASK, &pool->before, NULL);
}

int pool_free(const struct pool *pool)
{
    for (unsigned job = 0; job < pool->size; job++)
        if (!pool->jobs[job].pid)
            return (int)job;
    return -1;
}

void pool_enter(struct pool *pool, unsigned job, pid_t pid, int64_t ask_ms, int64_t kill_ms)
{
    pool->jobs[job] = (struct pool_job){.pid = pid, .ask_ms = ask_ms, .kill_ms = kill_ms};
    pool->running++;
}

static void interrupt(struct pool *pool, int signal)
{
    int64_t now_ms = clock_ms();
    int64_t kill_ms = pool->patience_ms < POOL_NEVER - now_ms ? now_ms + pool->patience_ms : POOL_NEVER;

    pool->signal = signal;
    for (unsigned i = 0; i < pool->size; i++) {
        struct pool_job *job = &pool->jobs[i];

        job->ask_ms = now_ms;
        job->kill_ms = kill_ms < job->kill_ms ? kill_ms : job->kill_ms;
    }
}

static void end_overdue(struct pool *pool)
{
    int64_t now_ms = clock_ms();

    for (unsigned i = 0; i < pool->size; i++) {
        struct pool_job *job = &pool->jobs[i];

        if (job->pid && now_ms >= job->kill_ms) {
            kill(job->pid, SIGKILL);
        } else if (job->pid && !job->asked && now_ms >= job->ask_ms) {
            kill(job->pid, SIGTERM);
            job->asked = true;
        }
    }
}

void pool_wait(struct pool *pool, int timeout_ms)
{
    struct pollfd news = {.fd = pool->signal_fd, .events = POLLIN};
    struct signalfd_siginfo signal;

    poll(&news, 1, timeout_ms);
    while (read(pool->signal_fd, &signal, sizeof signal) == (ssize_t)sizeof signal)
        if (signal.ssi_signo != SIGCHLD && !pool->signal)
            interrupt(pool, (int)signal.ssi_signo);
    end_overdue(pool);
}

int pool_ended(struct pool *pool, int *status)
{
    for (pid_t pid; (pid = waitpid(-1, status, WNOHANG)) > 0;)
        for (unsigned job = 0; job < pool->size; job++)
            if (pool->jobs[job].pid == pid) {
                pool->jobs[job].pid = 0;
                pool->running--;
                return (int)job;
            }
    return -1;
}
