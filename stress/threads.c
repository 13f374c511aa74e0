/* Threads behind one barrier, each with its own random numbers and its own complaints. */
#include "threads.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct thread {
    pthread_t id;
    pthread_barrier_t *start;
    void (*function)(struct worker *worker);
    struct worker worker;
};

static void *run_thread(void *argument)
{
    struct thread *thread = argument;

    pthread_barrier_wait(thread->start);
    thread->function(&thread->worker);
    return NULL;
}

size_t threads_run(void (*function)(struct worker *worker), uint64_t seed, const void *shared, void *own,
                   size_t own_bytes)
{
    static struct thread threads[THREADS_COUNT];
    pthread_barrier_t start;
    size_t complaints = 0;

    pthread_barrier_init(&start, NULL, THREADS_COUNT);
    for (size_t i = 0; i < THREADS_COUNT; i++) {
        threads[i] = (struct thread){.start = &start, .function = function};
        threads[i].worker = (struct worker){
            .number = i, .random = seed * THREADS_COUNT + i, .shared = shared, .own = (char *)own + i * own_bytes};
        if (pthread_create(&threads[i].id, NULL, run_thread, &threads[i]) != 0) {
            perror("pthread_create");
            exit(1);
        }
    }
    for (size_t i = 0; i < THREADS_COUNT; i++) {
        const struct worker *worker = &threads[i].worker;

        pthread_join(threads[i].id, NULL);
        complaints += worker->complaints;
        if (worker->complaints > 0)
            fprintf(stderr, "thread %zu, %zu times, first: %s\n", i, worker->complaints, worker->complaint);
    }
    pthread_barrier_destroy(&start);
    return complaints;
}

/* splitmix64: small, and the same everywhere. */
uint64_t threads_draw(struct worker *worker, uint64_t below)
{
    uint64_t z = worker->random += 0x9E3779B97F4A7C15;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (z ^ z >> 31) % below;
}

bool threads_expect(struct worker *worker, bool holds, const char *format, ...)
{
    va_list arguments;

    if (holds)
        return true;
    if (worker->complaints++ > 0)
        return false;
    va_start(arguments, format);
    vsnprintf(worker->complaint, sizeof worker->complaint, format, arguments);
    va_end(arguments);
    return false;
}
