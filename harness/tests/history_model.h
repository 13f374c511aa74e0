/* A simulated store that locks, its clients, and the history and file that they leave. The clock advances by chance, so
 * every run with one seed is the same. */
#ifndef ASSAY_TESTS_HISTORY_MODEL_H
#define ASSAY_TESTS_HISTORY_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "history/history.h"

enum { CLIENTS = 6, OPERATIONS_MAX = 60, LINES_MAX = OPERATIONS_MAX + 2, READS_MAX = 40 };

static const char sid[] = "0123456789abcdef0123456789abcdef";

struct operation {
    unsigned client;
    int64_t invoked_ns;
    int64_t ended_ns;
    enum outcome outcome;
    uint64_t seq; /* that was answered */
    bool named;   /* the event has a mark */
    size_t event; /* which event it is; an append that is tried again has another one's */
};

enum flaw { FLAWLESS, ALTERED, CUT_SHORT, UNENDED, NOT_SENT };

struct line {
    uint64_t seq;
    size_t operation;
    enum flaw flaw;
};

struct reading {
    int64_t invoked_ns;
    int64_t ended_ns;
    size_t count;
};

struct model {
    uint64_t random;
    struct operation operations[OPERATIONS_MAX];
    size_t operation_count;
    struct line lines[LINES_MAX];
    size_t line_count;
    struct reading reads[READS_MAX];
    size_t read_count;
};

/* splitmix64: small, and the same everywhere. */
static inline uint64_t draw(struct model *model, uint64_t below)
{
    uint64_t z = model->random += 0x9E3779B97F4A7C15;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (z ^ z >> 31) % below;
}

/* A client of the simulated store: idle, or with an append or a read under way. */
struct actor {
    enum { IDLE, APPENDING, APPENDED, READING } state;
    size_t index;
};

static inline void begin(struct model *model, struct actor *actor, unsigned client, int64_t now, bool retries)
{
    if (draw(model, 4) == 0 && model->read_count < READS_MAX) {
        actor->state = READING;
        actor->index = model->read_count++;
        model->reads[actor->index] = (struct reading){.invoked_ns = now, .count = model->line_count};
    } else if (model->operation_count < OPERATIONS_MAX) {
        actor->state = APPENDING;
        actor->index = model->operation_count++;
        struct operation *operation = &model->operations[actor->index];
        *operation = (struct operation){.client = client, .invoked_ns = now, .outcome = ACKNOWLEDGED};
        operation->event = actor->index;
        operation->named = draw(model, 8) > 0;
        if (retries && actor->index > 0 && draw(model, 6) == 0) {
            const struct operation *earlier = &model->operations[draw(model, actor->index)];

            operation->event = earlier->event;
            operation->named = earlier->named;
        }
    }
}

/* Where the store holds its lock: the append takes effect, or it does not. */
static inline void take_effect(struct model *model, struct operation *operation, size_t index)
{
    uint64_t chance = draw(model, 20);

    if (chance == 0) {
        operation->outcome = REFUSED;
        return;
    }
    if (chance == 1) {
        operation->outcome = UNKNOWN;
        return;
    }
    operation->seq = model->line_count + 1;
    model->lines[model->line_count++] = (struct line){.seq = operation->seq, .operation = index};
    if (chance == 2)
        operation->outcome = UNKNOWN;
}

static inline void step(struct model *model, struct actor *actor, unsigned client, int64_t now, bool retries)
{
    switch (actor->state) {
    case IDLE:
        begin(model, actor, client, now, retries);
        break;
    case APPENDING:
        take_effect(model, &model->operations[actor->index], actor->index);
        actor->state = APPENDED;
        break;
    case APPENDED:
        model->operations[actor->index].ended_ns = now;
        actor->state = IDLE;
        break;
    case READING:
        /* What a read shows was there at some moment while it was under way. */
        if (draw(model, 2) == 0)
            model->reads[actor->index].count = model->line_count;
        model->reads[actor->index].ended_ns = now;
        actor->state = IDLE;
        break;
    }
}

static inline void simulate(struct model *model, uint64_t seed, bool retries)
{
    struct actor actors[CLIENTS] = {{IDLE, 0}};
    int64_t now = 0;

    memset(model, 0, sizeof *model);
    model->random = seed;
    for (size_t i = 0; i < 10 * OPERATIONS_MAX; i++) {
        unsigned client = (unsigned)draw(model, CLIENTS);

        now += (int64_t)draw(model, 3) * 1000; /* often nothing: equal times must be no trouble */
        step(model, &actors[client], client, now, retries);
    }
    for (unsigned client = 0; client < CLIENTS; client++)
        while (actors[client].state != IDLE)
            step(model, &actors[client], client, now += 1000, retries);
}

static inline void add_event(struct text *text, const struct operation *operation, bool altered)
{
    if (operation->named)
        text_addf(text, "\"text\":\"c-%04zu %s\"", operation->event, altered ? "troth" : "truth");
    else
        text_addf(text, "\"n\":%zu,\"altered\":%s", operation->event, altered ? "true" : "false");
}

static inline void add_line(struct text *file, const struct model *model, const struct line *line)
{
    static const struct operation stranger = {.named = true, .event = 9999};
    const struct operation *operation = line->flaw == NOT_SENT ? &stranger : &model->operations[line->operation];

    text_addf(file, "{\"seq\":%llu,\"ts\":%llu,", (unsigned long long)line->seq, (unsigned long long)line->seq * 17);
    if (line->flaw == CUT_SHORT) {
        text_add(file, "\n");
        return;
    }
    add_event(file, operation, line->flaw == ALTERED);
    text_add(file, line->flaw == UNENDED ? "}" : "}\n");
}

static inline void record_appends(struct history *history, const struct model *model)
{
    for (size_t i = 0; i < model->operation_count; i++) {
        const struct operation *operation = &model->operations[i];
        struct text event;

        text_init(&event, 1000);
        text_add(&event, "{");
        add_event(&event, operation, false);
        text_add(&event, "}");
        history_add_append(history, &(struct history_append){.sid = sid,
                                                             .client = operation->client,
                                                             .invoked_ns = operation->invoked_ns,
                                                             .ended_ns = operation->ended_ns,
                                                             .outcome = operation->outcome,
                                                             .seq = operation->seq,
                                                             .event = event.bytes,
                                                             .event_bytes = event.length});
        text_free(&event);
    }
}

/* Reads show the lines as they were before any mutation, without their newline. */
static inline void record_reads(struct history *history, const struct model *model, const struct model *original)
{
    char *events[LINES_MAX];

    for (size_t i = 0; i < original->line_count; i++) {
        struct text event;

        text_init(&event, 1000);
        add_line(&event, original, &original->lines[i]);
        event.bytes[event.length - 1] = '\0';
        events[i] = text_take(&event);
    }
    for (size_t i = 0; i < model->read_count; i++)
        history_add_read(history, &(struct history_read){.sid = sid,
                                                         .client = 99,
                                                         .invoked_ns = model->reads[i].invoked_ns,
                                                         .ended_ns = model->reads[i].ended_ns,
                                                         .events = (const char *const *)events,
                                                         .count = model->reads[i].count});
    for (size_t i = 0; i < original->line_count; i++)
        free(events[i]);
}

static inline enum history_verdict verdict_on(const struct model *model, const struct model *original, struct text *why)
{
    const struct history_rules strict = {.gaps = false};
    struct history *history = history_create();
    struct text file;

    text_init(&file, 1 << 20);
    record_appends(history, model);
    record_reads(history, model, original);
    for (size_t i = 0; i < model->line_count; i++)
        add_line(&file, model, &model->lines[i]);
    enum history_verdict verdict = history_judge(history, sid, file.bytes, file.length, &strict, why);
    text_free(&file);
    history_free(history);
    return verdict;
}

#endif
