/* A pool of child processes: so many at a time, waited for together, each ended when its time is over, and all of them
 * when the user interrupts.
 *
 *     pool_open(&pool, 4, POOL_NEVER);
 *     for (;;) {
 *         for (int job; !pool.signal && (job = pool_free(&pool)) >= 0 && there_is_more();)
 *             pool_enter(&pool, (unsigned)job, start_one(), POOL_NEVER, clock_ms() + 1000);
 *         if (pool.running == 0)
 *             break;
 *         pool_wait(&pool, 200);
 *         for (int job; (job = pool_ended(&pool, &status)) >= 0;)
 *             ...
 *     }
 *     pool_close(&pool);
 *
 * How a process is started, and what its end means, is the caller's affair. While a pool is open SIGCHLD, SIGINT,
 * SIGTERM and SIGHUP are blocked and arrive here; pools may be nested, and the inner one takes them. One thread uses a
 * pool, the only one of its process. */
#ifndef ASSAY_RUN_POOL_H
#define ASSAY_RUN_POOL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define POOL_NEVER INT64_MAX

struct pool_job {
    pid_t pid; /* 0: free */
    bool asked;
    int64_t ask_ms;  /* when it is asked to end (SIGTERM), once, by clock_ms() */
    int64_t kill_ms; /* when it is killed */
};

struct pool {
    struct pool_job *jobs;
    unsigned size;
    unsigned running;
    int64_t patience_ms;
    int signal; /* the first of SIGINT, SIGTERM and SIGHUP that came; 0: none */
    int signal_fd;
    sigset_t before; /* the signals that were blocked before: what a child has to set again */
};

/* A pool of `size` free jobs. When a signal comes, every job is asked to end, and killed patience_ms later, or at its
 * own time if that is sooner. Ended by pool_close(), which waits for nobody. */
void pool_open(struct pool *pool, unsigned size, int64_t patience_ms);
void pool_close(struct pool *pool);

/* The first job that is free, or -1. */
int pool_free(const struct pool *pool);

/* The free job is now that child, to be asked to end and to be killed at those times, or POOL_NEVER. Not to be called
 * when a signal has come. */
void pool_enter(struct pool *pool, unsigned job, pid_t pid, int64_t ask_ms, int64_t kill_ms);

/* Blocks until a child has ended or a signal has come, timeout_ms at most, and ends those whose time is over. */
void pool_wait(struct pool *pool, int timeout_ms);

/* A job that has ended and is free now, with its status as of waitpid(2), which may be NULL; or -1. Children that are
 * no jobs, orphans that have become ours, are taken off the list of processes on the way. */
int pool_ended(struct pool *pool, int *status);

#endif
