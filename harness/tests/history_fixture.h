/* Small histories for the tests of the judge: events, lines, appends, reads, and what the judge must say of them. */
#ifndef ASSAY_TESTS_HISTORY_FIXTURE_H
#define ASSAY_TESTS_HISTORY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "history/history.h"

static const char sid[] = "0123456789abcdef0123456789abcdef";

#define EVENT(op) "{\"type\":\"user.message\",\"text\":\"" op "\"}"
#define RECORD(seq, op) "{\"type\":\"user.message\",\"ts\":\"2026-01-01\",\"seq\":" #seq ",\"text\":\"" op "\"}"
#define LINE(seq, op) RECORD(seq, op) "\n"

static const struct history_rules strict = {.gaps = false, .torn_lines = 0};

static inline void add(struct history *history, const char *event, int64_t invoked_ms, int64_t ended_ms,
                       enum outcome outcome, uint64_t seq)
{
    history_add_append(history, &(struct history_append){
                                    .sid = sid,
                                    .client = 1,
                                    .invoked_ns = invoked_ms * 1000000,
                                    .ended_ns = ended_ms * 1000000,
                                    .outcome = outcome,
                                    .seq = seq,
                                    .event = event,
                                    .event_bytes = strlen(event),
                                });
}

static inline void acknowledged(struct history *history, const char *event, int64_t invoked_ms, int64_t ended_ms,
                                uint64_t seq)
{
    add(history, event, invoked_ms, ended_ms, ACKNOWLEDGED, seq);
}

/* Three appends, one after the other. */
static inline struct history *three(void)
{
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 1, 1);
    acknowledged(history, EVENT("b"), 2, 3, 2);
    acknowledged(history, EVENT("c"), 4, 5, 3);
    return history;
}

/* Three appends, all at once: no order is known. */
static inline struct history *three_at_once(void)
{
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 9, 1);
    acknowledged(history, EVENT("b"), 0, 9, 2);
    acknowledged(history, EVENT("c"), 0, 9, 3);
    return history;
}

static inline void read_events(struct history *history, int64_t invoked_ms, int64_t ended_ms, const char *const *events,
                               size_t count)
{
    history_add_read(history, &(struct history_read){
                                  .sid = sid,
                                  .client = 9,
                                  .invoked_ns = invoked_ms * 1000000,
                                  .ended_ns = ended_ms * 1000000,
                                  .events = events,
                                  .count = count,
                              });
}

#define READ(history, invoked_ms, ended_ms, ...)                                   \
    read_events(history, invoked_ms, ended_ms, (const char *const[]){__VA_ARGS__}, \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static inline void judge_bytes(struct history *history, const char *file, size_t bytes, struct history_rules rules,
                               enum history_verdict expected, const char *telling)
{
    struct text why;

    text_init(&why, 10000);
    enum history_verdict verdict = history_judge(history, sid, file, bytes, &rules, &why);
    if (verdict != expected)
        fail_msg("expected %d, judged %d: %s", expected, verdict, why.bytes);
    if (telling && !strstr(why.bytes, telling))
        fail_msg("\"%s\" is not in the counter-example: %s", telling, why.bytes);
    assert_int_equal(why.length == 0, expected == HISTORY_SOUND);
    text_free(&why);
}

static inline void judge(struct history *history, const char *file, struct history_rules rules,
                         enum history_verdict expected, const char *telling)
{
    judge_bytes(history, file, file ? strlen(file) : 0, rules, expected, telling);
}

static inline void expect_verdict(struct history *history, const char *file, enum history_verdict expected,
                                  const char *telling)
{
    judge(history, file, strict, expected, telling);
    history_free(history);
}

#endif
