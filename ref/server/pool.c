/* Threads that take jobs from one list, first come, first served. */
#include "server/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct pool_job *first;
    struct pool_job **last; /* where the next job's address goes */
    bool stopping;
    int threads;
    pthread_t thread[POOL_THREADS_MAX];
};

/* The next job; NULL: there will be no more. */
static struct pool_job *take(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->first && !pool->stopping)
        pthread_cond_wait(&pool->wake, &pool->lock);
    struct pool_job *job = pool->first;
    if (job) {
        pool->first = job->next;
        if (!pool->first)
            pool->last = &pool->first;
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void *work(void *argument)
{
    struct pool *pool = argument;
    struct pool_job *job;

    while ((job = take(pool)))
        job->run(job);
    return NULL;
}

struct pool *pool_start(int threads, struct error *err)
{
    struct pool *pool = calloc(1, sizeof *pool);

    if (!pool) {
        error_set_errno(err, "cannot start threads");
        return NULL;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->last = &pool->first;
    while (pool->threads < threads) {
        errno = pthread_create(&pool->thread[pool->threads], NULL, work, pool);
        if (errno != 0) {
            error_set_errno(err, "cannot start threads");
            pool_stop(pool);
            return NULL;
        }
        pool->threads++;
    }
    return pool;
}

void pool_submit(struct pool *pool, struct pool_job *job)
{
    pthread_mutex_lock(&pool->lock);
    job->next = NULL;
    *pool->last = job;
    pool->last = &job->next;
    pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

void pool_stop(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->threads; i++)
        pthread_join(pool->thread[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
