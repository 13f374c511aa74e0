/* A pool of children: which of them has ended, and how those end that do not by themselves. */
#include "run/pool.h"

#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { HANG_MS = 60000, WAIT_MS = 20000 };

enum manner {
    ENDS,    /* at once, with the status 3 */
    LISTENS, /* ends by SIGTERM, and not before */
    DEAF,    /* not even so: it leaves blocked what the pool has blocked */
};

static pid_t start(const struct pool *pool, enum manner manner)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (manner != DEAF)
        sigprocmask(SIG_SETMASK, &pool->before, NULL);
    if (manner == ENDS)
        _exit(3);
    for (;;)
        pause();
}

/* The job that ends next. */
static int next_of(struct pool *pool, int *status)
{
    int64_t until_ms = clock_ms() + WAIT_MS;
    int job;

    while ((job = pool_ended(pool, status)) < 0 && clock_ms() < until_ms)
        pool_wait(pool, 100);
    assert_true(job >= 0);
    return job;
}

static void jobs_are_taken_and_freed(void **state)
{
    (void)state;
    struct pool pool;
    int status;

    pool_open(&pool, 2, POOL_NEVER);
    assert_int_equal(pool_ended(&pool, &status), -1);
    assert_int_equal(pool_free(&pool), 0);
    pool_enter(&pool, 0, start(&pool, LISTENS), POOL_NEVER, clock_ms() + HANG_MS);
    assert_int_equal(pool_free(&pool), 1);
    pool_enter(&pool, 1, start(&pool, ENDS), POOL_NEVER, POOL_NEVER);
    assert_int_equal(pool_free(&pool), -1);
    assert_int_equal(pool.running, 2);
    assert_int_equal(next_of(&pool, &status), 1);
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_int_equal(pool_free(&pool), 1);
    kill(pool.jobs[0].pid, SIGTERM);
    assert_int_equal(next_of(&pool, NULL), 0);
    assert_int_equal(pool.running, 0);
    assert_int_equal(pool.signal, 0);
    pool_close(&pool);
}

static void a_job_is_asked_at_its_time_and_then_killed(void **state)
{
    (void)state;
    struct pool pool;
    int status;

    pool_open(&pool, 1, POOL_NEVER);
    pool_enter(&pool, 0, start(&pool, LISTENS), clock_ms() + 50, clock_ms() + HANG_MS);
    assert_int_equal(next_of(&pool, &status), 0);
    assert_int_equal(WTERMSIG(status), SIGTERM);
    pool_enter(&pool, 0, start(&pool, DEAF), clock_ms(), clock_ms() + 50);
    assert_int_equal(next_of(&pool, &status), 0);
    assert_int_equal(WTERMSIG(status), SIGKILL);
    assert_int_equal(pool.signal, 0);
    pool_close(&pool);
}

static void a_signal_ends_all_and_the_deaf_after_a_while(void **state)
{
    (void)state;
    struct pool pool;
    int statuses[2];

    pool_open(&pool, 3, 50);
    pool_enter(&pool, 0, start(&pool, LISTENS), POOL_NEVER, POOL_NEVER);
    pool_enter(&pool, 1, start(&pool, DEAF), POOL_NEVER, POOL_NEVER);
    raise(SIGHUP);
    pool_wait(&pool, WAIT_MS);
    assert_int_equal(pool.signal, SIGHUP);
    raise(SIGINT); /* the first one counts */
    for (int i = 0, status; i < 2; i++) {
        int job = next_of(&pool, &status);

        statuses[job] = status;
    }
    assert_int_equal(WTERMSIG(statuses[0]), SIGTERM);
    assert_int_equal(WTERMSIG(statuses[1]), SIGKILL);
    assert_int_equal(pool.signal, SIGHUP);
    pool_close(&pool);
}

static void a_pool_without_end_of_patience_kills_nobody(void **state)
{
    (void)state;
    struct pool pool;
    int status;

    pool_open(&pool, 1, POOL_NEVER);
    pool_enter(&pool, 0, start(&pool, DEAF), POOL_NEVER, POOL_NEVER);
    raise(SIGTERM);
    pool_wait(&pool, WAIT_MS);
    assert_int_equal(pool.signal, SIGTERM);
    pool_wait(&pool, 0);
    assert_int_equal(pool_ended(&pool, &status), -1);
    kill(pool.jobs[0].pid, SIGKILL);
    assert_int_equal(next_of(&pool, &status), 0);
    pool_close(&pool);
}

static void children_that_are_no_jobs_are_taken_off_the_list(void **state)
{
    (void)state;
    struct pool pool;

    pool_open(&pool, 1, POOL_NEVER);
    pid_t stranger = start(&pool, ENDS);
    int64_t until_ms = clock_ms() + WAIT_MS;
    while (kill(stranger, 0) == 0 && clock_ms() < until_ms) {
        pool_wait(&pool, 100);
        assert_int_equal(pool_ended(&pool, NULL), -1);
    }
    assert_int_equal(errno, ESRCH);
    pool_close(&pool);
}

static void the_inner_pool_takes_the_signal_and_signals_are_as_before(void **state)
{
    (void)state;
    struct pool outer, inner;
    sigset_t blocked;

    pool_open(&outer, 1, POOL_NEVER);
    pool_open(&inner, 1, POOL_NEVER);
    raise(SIGTERM);
    pool_wait(&inner, WAIT_MS);
    assert_int_equal(inner.signal, SIGTERM);
    raise(inner.signal); /* passed on */
    pool_close(&inner);
    pool_wait(&outer, WAIT_MS);
    assert_int_equal(outer.signal, SIGTERM);
    pool_close(&outer);
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    assert_int_equal(sigismember(&blocked, SIGTERM), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_are_taken_and_freed),
        cmocka_unit_test(a_job_is_asked_at_its_time_and_then_killed),
        cmocka_unit_test(a_signal_ends_all_and_the_deaf_after_a_while),
        cmocka_unit_test(a_pool_without_end_of_patience_kills_nobody),
        cmocka_unit_test(children_that_are_no_jobs_are_taken_off_the_list),
        cmocka_unit_test(the_inner_pool_takes_the_signal_and_signals_are_as_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
