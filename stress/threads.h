/* Threads that work at the same time, each on what is its own: what they share is what is tested, and nothing else, for
 * every lock of the test's own would put things in order that the tested code must order itself. */
#ifndef STRESS_THREADS_H
#define STRESS_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { THREADS_COUNT = 8, CREW_COMPLAINT_BYTES = 160 };

struct worker {
    size_t number;
    uint64_t random;
    const void *shared; /* what run() was given; not changed while threads run */
    void *own;          /* this worker's element of what run() was given */
    size_t complaints;
    char complaint[CREW_COMPLAINT_BYTES]; /* the first one */
};

/* Runs the function on THREADS_COUNT threads, which begin together, and waits for all. own: an array of elements of
 * own_bytes, one for each. Prints the complaints to standard error and returns how many there were. */
size_t threads_run(void (*function)(struct worker *worker), uint64_t seed, const void *shared, void *own,
                   size_t own_bytes);

/* 0 to below - 1, from the worker's own random numbers: the same for one seed. */
uint64_t threads_draw(struct worker *worker, uint64_t below);

/* Unless it holds: a complaint. The thread goes on. Returns whether it holds. */
bool threads_expect(struct worker *worker, bool holds, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
