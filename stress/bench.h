/* Benchmarks: what something costs, as a ratio to something simple (its anchor) that was measured in the same run. The
 * ratio says something about the code; the time alone says as much about the machine and its other guests. */
#ifndef STRESS_BENCH_H
#define STRESS_BENCH_H

#include <stddef.h>

struct bench {
    const char *name;
    void (*run)(void *context, size_t count); /* does it so many times */
    void *context;
    size_t count;
};

/* Runs both BENCH_ROUNDS times by turns, for the machine's other guests to disturb both, and prints a line for each
 * with the best time for one, and the ratio. */
void bench_compare(const struct bench *anchor, const struct bench *subject);

/* Ends the process: without its result a benchmark is nothing. */
_Noreturn void bench_fail(const char *why);

#endif
