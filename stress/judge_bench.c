/* What it costs the referee to judge a history, beside qsort() of as many 64-bit keys:
 *
 *     stress-judge_bench
 */
#include "bench.h"
#include "history/history.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPERATIONS = 1000000, CLIENTS = 50, WHY_MAX_BYTES = 1 << 16 };

static const char sid[] = "0123456789abcdef0123456789abcdef";

struct subject {
    struct history *history;
    struct text file;
    uint64_t *keys;
};

/* As many clients append as overlap. They are entered in the order of their ends, which is not that of their numbers,
 * and a tenth of the answers is lost. */
static void add_operation(struct subject *subject, size_t i)
{
    int64_t place = (int64_t)(i ^ 7);
    char event[128];
    int bytes = snprintf(event, sizeof event, "{\"type\":\"user.message\",\"text\":\"c%zu-%zu some\"}", i % CLIENTS,
                         i / CLIENTS);

    history_add_append(subject->history, &(struct history_append){.sid = sid,
                                                                  .client = (unsigned)(i % CLIENTS),
                                                                  .invoked_ns = place * 10,
                                                                  .ended_ns = place * 10 + 200,
                                                                  .outcome = i % 10 ? ACKNOWLEDGED : UNKNOWN,
                                                                  .seq = i + 1,
                                                                  .event = event,
                                                                  .event_bytes = (size_t)bytes});
    text_addf(&subject->file, "{\"ts\":\"2026-01-31T23:59:59.999Z\",\"seq\":%zu,%s\n", i + 1, event + 1);
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static void sort_keys(void *context, size_t count)
{
    struct subject *subject = context;
    uint64_t random = 1;

    for (size_t i = 0; i < count; i++)
        subject->keys[i] = random = random * 6364136223846793005 + 1442695040888963407;
    qsort(subject->keys, count, sizeof *subject->keys, compare_keys);
}

static void judge(void *context, size_t count)
{
    const struct history_rules rules = {.gaps = false};
    const struct subject *subject = context;
    struct text why;

    (void)count;
    text_init(&why, WHY_MAX_BYTES);
    if (history_judge(subject->history, sid, subject->file.bytes, subject->file.length, &rules, &why) != HISTORY_SOUND)
        bench_fail(why.bytes);
    text_free(&why);
}

int main(void)
{
    struct subject subject = {.history = history_create(), .keys = calloc(OPERATIONS, sizeof *subject.keys)};

    if (!subject.keys)
        bench_fail("out of memory");
    text_init(&subject.file, SIZE_MAX / 2);
    for (size_t i = 0; i < OPERATIONS; i++)
        add_operation(&subject, i);
    bench_compare(&(struct bench){"qsort, a key of 1,000,000", sort_keys, &subject, OPERATIONS},
                  &(struct bench){"history_judge, an append of 1,000,000", judge, &subject, OPERATIONS});
    text_free(&subject.file);
    history_free(subject.history);
    free(subject.keys);
    return 0;
}
