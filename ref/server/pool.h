/* A fixed number of threads that run jobs which may block. Jobs wait in a list made of the jobs themselves, so
 * submitting cannot fail; whoever submits bounds their number. */
#ifndef REF_SERVER_POOL_H
#define REF_SERVER_POOL_H

#include "base/error.h"

#include <stdbool.h>

enum { POOL_THREADS_MAX = 64 };

struct pool_job {
    struct pool_job *next;
    void (*run)(struct pool_job *job); /* in one of the pool's threads; may free the job */
};

struct pool;

/* NULL: no memory or no threads, and err says which. */
struct pool *pool_start(int threads, struct error *err);

/* Any thread; does not block. The pool uses the job until run() is called. */
void pool_submit(struct pool *pool, struct pool_job *job);

/* Runs what was submitted, ends the threads, frees the pool. Blocks for the jobs. */
void pool_stop(struct pool *pool);

#endif
