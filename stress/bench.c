/* Two things measured by turns, and the ratio of their best times. */
#include "bench.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BENCH_ROUNDS = 3 };

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void run_once(const struct bench *bench, double *best_ns)
{
    int64_t start_ns = now_ns();

    bench->run(bench->context, bench->count);
    double each_ns = (double)(now_ns() - start_ns) / (double)bench->count;
    if (*best_ns == 0 || each_ns < *best_ns)
        *best_ns = each_ns;
}

static void print_row(const struct bench *bench, double each_ns, double anchor_ns)
{
    printf("%-46s %11.3f us %9.2f\n", bench->name, each_ns / 1000, each_ns / anchor_ns);
}

void bench_compare(const struct bench *anchor, const struct bench *subject)
{
    double anchor_ns = 0, subject_ns = 0;

    for (int round = 0; round < BENCH_ROUNDS; round++) {
        run_once(anchor, &anchor_ns);
        run_once(subject, &subject_ns);
    }
    print_row(anchor, anchor_ns, anchor_ns);
    print_row(subject, subject_ns, anchor_ns);
}

void bench_fail(const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    exit(1);
}
