/* The judge against chance: histories of a store that locks are always sound, and after any single mutation they never
 * are. The store is simulated, with a clock that advances by chance, so every run with one seed is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "history.h"

enum { CLIENTS = 6, OPERATIONS_MAX = 60, LINES_MAX = OPERATIONS_MAX + 2, READS_MAX = 40, ROUNDS = 300 };

static const char sid[] = "0123456789abcdef0123456789abcdef";

struct operation {
    unsigned client;
    int64_t invoked_ns;
    int64_t ended_ns;
    enum outcome outcome;
    uint64_t seq; /* that was answered */
    bool named;   /* the event has an "op" */
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

struct world {
    uint64_t random;
    struct operation operations[OPERATIONS_MAX];
    size_t operation_count;
    struct line lines[LINES_MAX];
    size_t line_count;
    struct reading reads[READS_MAX];
    size_t read_count;
};

/* splitmix64: small, and the same everywhere. */
static uint64_t draw(struct world *world, uint64_t below)
{
    uint64_t z = world->random += 0x9E3779B97F4A7C15;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (z ^ z >> 31) % below;
}

/* A client of the simulated store: idle, or with an append or a read under way. */
struct actor {
    enum { IDLE, APPENDING, APPENDED, READING } state;
    size_t index;
};

static void begin(struct world *world, struct actor *actor, unsigned client, int64_t now, bool retries)
{
    if (draw(world, 4) == 0 && world->read_count < READS_MAX) {
        actor->state = READING;
        actor->index = world->read_count++;
        world->reads[actor->index] = (struct reading){.invoked_ns = now, .count = world->line_count};
    } else if (world->operation_count < OPERATIONS_MAX) {
        actor->state = APPENDING;
        actor->index = world->operation_count++;
        struct operation *operation = &world->operations[actor->index];
        *operation = (struct operation){.client = client, .invoked_ns = now, .outcome = ACKNOWLEDGED};
        operation->event = actor->index;
        operation->named = draw(world, 8) > 0;
        if (retries && actor->index > 0 && draw(world, 6) == 0) {
            const struct operation *earlier = &world->operations[draw(world, actor->index)];
            operation->event = earlier->event;
            operation->named = earlier->named;
        }
    }
}

/* Where the store holds its lock: the append takes effect, or it does not. */
static void take_effect(struct world *world, struct operation *operation, size_t index)
{
    uint64_t chance = draw(world, 20);

    if (chance == 0) {
        operation->outcome = REFUSED;
        return;
    }
    if (chance == 1) {
        operation->outcome = UNKNOWN;
        return;
    }
    operation->seq = world->line_count + 1;
    world->lines[world->line_count++] = (struct line){.seq = operation->seq, .operation = index};
    if (chance == 2)
        operation->outcome = UNKNOWN;
}

static void step(struct world *world, struct actor *actor, unsigned client, int64_t now, bool retries)
{
    switch (actor->state) {
    case IDLE:
        begin(world, actor, client, now, retries);
        break;
    case APPENDING:
        take_effect(world, &world->operations[actor->index], actor->index);
        actor->state = APPENDED;
        break;
    case APPENDED:
        world->operations[actor->index].ended_ns = now;
        actor->state = IDLE;
        break;
    case READING:
        /* What a read shows was there at some moment while it was under way. */
        if (draw(world, 2) == 0)
            world->reads[actor->index].count = world->line_count;
        world->reads[actor->index].ended_ns = now;
        actor->state = IDLE;
        break;
    }
}

static void simulate(struct world *world, uint64_t seed, bool retries)
{
    struct actor actors[CLIENTS] = {{IDLE, 0}};
    int64_t now = 0;

    memset(world, 0, sizeof *world);
    world->random = seed;
    for (size_t i = 0; i < 10 * OPERATIONS_MAX; i++) {
        unsigned client = (unsigned)draw(world, CLIENTS);
        now += (int64_t)draw(world, 3) * 1000; /* often nothing: equal times must be no trouble */
        step(world, &actors[client], client, now, retries);
    }
    for (unsigned client = 0; client < CLIENTS; client++)
        while (actors[client].state != IDLE)
            step(world, &actors[client], client, now += 1000, retries);
}

static void add_event(struct text *text, const struct operation *operation, bool altered)
{
    if (operation->named)
        text_addf(text, "\"op\":\"c-%04zu\",\"text\":\"%s\"", operation->event, altered ? "troth" : "truth");
    else
        text_addf(text, "\"n\":%zu,\"altered\":%s", operation->event, altered ? "true" : "false");
}

static void add_line(struct text *file, const struct world *world, const struct line *line)
{
    static const struct operation stranger = {.named = true, .event = 9999};
    const struct operation *operation = line->flaw == NOT_SENT ? &stranger : &world->operations[line->operation];

    text_addf(file, "{\"seq\":%llu,\"ts\":%llu,", (unsigned long long)line->seq, (unsigned long long)line->seq * 17);
    if (line->flaw == CUT_SHORT) {
        text_add(file, "\n");
        return;
    }
    add_event(file, operation, line->flaw == ALTERED);
    text_add(file, line->flaw == UNENDED ? "}" : "}\n");
}

static void record_appends(struct history *history, const struct world *world)
{
    for (size_t i = 0; i < world->operation_count; i++) {
        const struct operation *operation = &world->operations[i];
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
static void record_reads(struct history *history, const struct world *world, const struct world *original)
{
    char *events[LINES_MAX];

    for (size_t i = 0; i < original->line_count; i++) {
        struct text event;
        text_init(&event, 1000);
        add_line(&event, original, &original->lines[i]);
        event.bytes[event.length - 1] = '\0';
        events[i] = text_take(&event);
        text_free(&event);
    }
    for (size_t i = 0; i < world->read_count; i++)
        history_add_read(history, &(struct history_read){.sid = sid,
                                                         .client = 99,
                                                         .invoked_ns = world->reads[i].invoked_ns,
                                                         .ended_ns = world->reads[i].ended_ns,
                                                         .events = (const char *const *)events,
                                                         .count = world->reads[i].count});
    for (size_t i = 0; i < original->line_count; i++)
        free(events[i]);
}

static enum history_verdict verdict_on(const struct world *world, const struct world *original, struct text *why)
{
    const struct history_rules strict = {.gaps = false};
    struct history *history = history_create();
    struct text file;

    text_init(&file, 1 << 20);
    record_appends(history, world);
    record_reads(history, world, original);
    for (size_t i = 0; i < world->line_count; i++)
        add_line(&file, world, &world->lines[i]);
    enum history_verdict verdict = history_judge(history, sid, file.bytes, file.length, &strict, why);
    text_free(&file);
    history_free(history);
    return verdict;
}

static void a_store_that_locks_is_always_sound(void **state)
{
    (void)state;

    for (uint64_t seed = 0; seed < 10 * ROUNDS; seed++) {
        struct world world;
        struct text why;
        text_init(&why, 10000);
        simulate(&world, seed, true);
        assert_true(world.line_count > 20);
        enum history_verdict verdict = verdict_on(&world, &world, &why);
        if (verdict != HISTORY_SOUND)
            fail_msg("seed %llu: %s: %s", (unsigned long long)seed, history_verdict_name(verdict), why.bytes);
        text_free(&why);
    }
}

/* Mutations. Each returns false if this world gives it nothing to spoil. */

static size_t some_line(struct world *world)
{
    return draw(world, world->line_count);
}

static void remove_line(struct world *world, size_t at)
{
    world->line_count--;
    memmove(&world->lines[at], &world->lines[at + 1], (world->line_count - at) * sizeof world->lines[0]);
}

static bool swap_neighbours(struct world *world)
{
    size_t at = draw(world, world->line_count - 1);
    struct line line = world->lines[at];

    world->lines[at] = world->lines[at + 1];
    world->lines[at + 1] = line;
    return true;
}

static bool swap_numbers(struct world *world)
{
    size_t at = draw(world, world->line_count - 1);

    world->lines[at].seq++;
    world->lines[at + 1].seq--;
    return true;
}

static bool swap_payloads(struct world *world)
{
    size_t a = some_line(world);
    size_t b = some_line(world);
    size_t operation = world->lines[a].operation;

    world->lines[a].operation = world->lines[b].operation;
    world->lines[b].operation = operation;
    return a != b && (world->operations[world->lines[a].operation].outcome == ACKNOWLEDGED ||
                      world->operations[operation].outcome == ACKNOWLEDGED);
}

static bool lose_a_line(struct world *world)
{
    size_t at = some_line(world);
    bool acknowledged = world->operations[world->lines[at].operation].outcome == ACKNOWLEDGED;

    remove_line(world, at);
    return acknowledged || at < world->line_count;
}

static bool lose_a_line_and_close_the_gap(struct world *world)
{
    size_t at = some_line(world);
    bool acknowledged = world->operations[world->lines[at].operation].outcome == ACKNOWLEDGED;

    remove_line(world, at);
    for (size_t i = at; i < world->line_count; i++)
        world->lines[i].seq--;
    return acknowledged;
}

static bool repeat_a_line(struct world *world)
{
    size_t at = some_line(world);

    memmove(&world->lines[at + 1], &world->lines[at], (world->line_count - at) * sizeof world->lines[0]);
    world->line_count++;
    return true;
}

static bool repeat_a_line_at_the_end(struct world *world)
{
    struct line line = world->lines[some_line(world)];

    line.seq = world->line_count + 1;
    world->lines[world->line_count++] = line;
    return true;
}

static bool skip_a_number(struct world *world)
{
    for (size_t i = some_line(world); i < world->line_count; i++)
        world->lines[i].seq++;
    return true;
}

static bool give_a_number_twice(struct world *world)
{
    size_t at = draw(world, world->line_count - 1);

    for (size_t i = at + 1; i < world->line_count; i++)
        world->lines[i].seq--;
    return true;
}

static bool flaw_a_line(struct world *world, enum flaw flaw)
{
    world->lines[some_line(world)].flaw = flaw;
    return true;
}

static bool alter_a_payload(struct world *world)
{
    return flaw_a_line(world, ALTERED);
}

static bool cut_a_line_short(struct world *world)
{
    return flaw_a_line(world, CUT_SHORT);
}

static bool leave_a_newline_out(struct world *world)
{
    return flaw_a_line(world, UNENDED);
}

static bool replace_a_line(struct world *world)
{
    return flaw_a_line(world, NOT_SENT);
}

static bool add_a_stranger(struct world *world)
{
    world->lines[world->line_count] = (struct line){.seq = world->line_count + 1, .flaw = NOT_SENT};
    world->line_count++;
    return true;
}

static bool append_what_was_refused(struct world *world)
{
    for (size_t i = 0; i < world->operation_count; i++) {
        if (world->operations[i].outcome == REFUSED) {
            world->lines[world->line_count] = (struct line){.seq = world->line_count + 1, .operation = i};
            world->line_count++;
            return true;
        }
    }
    return false;
}

static bool refuse_what_was_appended(struct world *world)
{
    world->operations[world->lines[some_line(world)].operation].outcome = REFUSED;
    return true;
}

static bool answer_another_number(struct world *world)
{
    struct operation *operation = &world->operations[world->lines[some_line(world)].operation];

    operation->seq += draw(world, 2) ? 1 : (uint64_t)-1;
    return operation->outcome == ACKNOWLEDGED;
}

/* Two lines, their numbers and their answers change places: only time still knows which came first. */
static bool run_against_time(struct world *world)
{
    for (size_t i = 0; i + 1 < world->line_count; i++) {
        struct operation *first = &world->operations[world->lines[i].operation];
        struct operation *second = &world->operations[world->lines[i + 1].operation];
        if (first->outcome != ACKNOWLEDGED || second->outcome != ACKNOWLEDGED || first->ended_ns >= second->invoked_ns)
            continue;
        size_t operation = world->lines[i].operation;
        world->lines[i].operation = world->lines[i + 1].operation;
        world->lines[i + 1].operation = operation;
        first->seq++;
        second->seq--;
        world->read_count = 0;
        return true;
    }
    return false;
}

static bool read_less_than_was_acknowledged(struct world *world)
{
    for (size_t i = 0; i < world->read_count; i++) {
        for (size_t line = 0; line < world->line_count; line++) {
            const struct operation *operation = &world->operations[world->lines[line].operation];
            if (operation->outcome == ACKNOWLEDGED && operation->ended_ns < world->reads[i].invoked_ns) {
                world->reads[i].count = line;
                return true;
            }
        }
    }
    return false;
}

static bool read_less_than_before(struct world *world)
{
    for (size_t i = 0; i + 1 < world->read_count; i++) {
        if (world->reads[i].ended_ns < world->reads[i + 1].invoked_ns && world->reads[i].count > 0) {
            world->reads[i + 1].count = world->reads[i].count - 1;
            return true;
        }
    }
    return false;
}

/* All the lines of some read vanish, though none of them was ever acknowledged. */
static bool forget_what_was_read(struct world *world)
{
    size_t longest = 0;

    for (size_t i = 0; i < world->read_count; i++)
        if (world->reads[i].count > longest)
            longest = world->reads[i].count;
    if (longest == 0)
        return false;
    for (size_t i = longest - 1; i < world->line_count; i++)
        world->operations[world->lines[i].operation].outcome = UNKNOWN;
    world->line_count = longest - 1;
    return true;
}

static const struct mutation {
    const char *name;
    bool (*mutate)(struct world *world);
    enum history_verdict verdict; /* that must be found; HISTORY_SOUND: any but that */
} mutations[] = {
    {"swap_neighbours", swap_neighbours, HISTORY_OUT_OF_ORDER},
    {"swap_numbers", swap_numbers, HISTORY_OUT_OF_ORDER},
    {"swap_payloads", swap_payloads, HISTORY_WRONG_SEQ},
    {"lose_a_line", lose_a_line, HISTORY_SOUND},
    {"lose_a_line_and_close_the_gap", lose_a_line_and_close_the_gap, HISTORY_LOST},
    {"repeat_a_line", repeat_a_line, HISTORY_TWICE},
    {"repeat_a_line_at_the_end", repeat_a_line_at_the_end, HISTORY_TWICE},
    {"skip_a_number", skip_a_number, HISTORY_SOUND},
    {"give_a_number_twice", give_a_number_twice, HISTORY_DUPLICATE_SEQ},
    {"alter_a_payload", alter_a_payload, HISTORY_SOUND},
    {"cut_a_line_short", cut_a_line_short, HISTORY_NOT_JSON},
    {"leave_a_newline_out", leave_a_newline_out, HISTORY_NOT_JSON},
    {"replace_a_line", replace_a_line, HISTORY_SOUND},
    {"add_a_stranger", add_a_stranger, HISTORY_FOREIGN},
    {"append_what_was_refused", append_what_was_refused, HISTORY_REFUSED_BUT_THERE},
    {"refuse_what_was_appended", refuse_what_was_appended, HISTORY_REFUSED_BUT_THERE},
    {"answer_another_number", answer_another_number, HISTORY_WRONG_SEQ},
    {"run_against_time", run_against_time, HISTORY_REAL_TIME},
    {"read_less_than_was_acknowledged", read_less_than_was_acknowledged, HISTORY_READ_MISSES},
    {"read_less_than_before", read_less_than_before, HISTORY_SOUND},
    {"forget_what_was_read", forget_what_was_read, HISTORY_READ_NOT_PREFIX},
};

/* Returns whether the mutation could be applied. */
static bool judge_mutated(const struct mutation *mutation, uint64_t seed)
{
    struct world original;
    struct world world;
    struct text why;

    simulate(&original, seed, false);
    world = original;
    if (!mutation->mutate(&world))
        return false;
    text_init(&why, 10000);
    enum history_verdict verdict = verdict_on(&world, &original, &why);
    if (verdict == HISTORY_SOUND || (mutation->verdict != HISTORY_SOUND && verdict != mutation->verdict))
        fail_msg("seed %llu, %s: judged %s: %s", (unsigned long long)seed, mutation->name,
                 history_verdict_name(verdict), why.bytes);
    text_free(&why);
    return true;
}

static void every_mutation_is_flagged(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof mutations / sizeof *mutations; i++) {
        size_t applied = 0;
        for (uint64_t seed = 0; seed < ROUNDS; seed++)
            applied += judge_mutated(&mutations[i], seed);
        if (applied < ROUNDS / 3)
            fail_msg("%s could be applied only %zu times", mutations[i].name, applied);
    }
}

/* Enters `count` appends of as many clients as overlap, and returns the seconds of processor time to judge them. */
static double seconds_to_judge(size_t count)
{
    const struct history_rules strict = {.gaps = false};
    struct history *history = history_create();
    struct text file;
    struct text why;

    text_init(&file, SIZE_MAX / 2);
    text_init(&why, 10000);
    for (size_t i = 0; i < count; i++) {
        char event[128];
        int bytes = snprintf(event, sizeof event, "{\"type\":\"user.message\",\"op\":\"c%zu-%zu\",\"text\":\"some\"}",
                             i % 50, i / 50);
        /* Entered in the order of their ends, which is not that of their numbers. */
        size_t place = i ^ 7;
        history_add_append(history, &(struct history_append){.sid = sid,
                                                             .client = (unsigned)(i % 50),
                                                             .invoked_ns = (int64_t)(place * 10),
                                                             .ended_ns = (int64_t)(place * 10 + 200),
                                                             .outcome = i % 10 ? ACKNOWLEDGED : UNKNOWN,
                                                             .seq = i + 1,
                                                             .event = event,
                                                             .event_bytes = (size_t)bytes});
        text_addf(&file, "{\"type\":\"user.message\",\"ts\":%zu,\"seq\":%zu,%s\n", i * 1000, i + 1, event + 23);
    }

    clock_t start = clock();
    enum history_verdict verdict = history_judge(history, sid, file.bytes, file.length, &strict, &why);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (verdict != HISTORY_SOUND)
        fail_msg("%s", why.bytes);
    text_free(&file);
    text_free(&why);
    history_free(history);
    return seconds;
}

/* Ten times the operations cost ten times the time and a little more, but not a hundred times. */
static void cost_grows_with_the_number_of_operations(void **state)
{
    (void)state;
    double small = seconds_to_judge(20000);
    double large = seconds_to_judge(200000);

    print_message("%.3f s for 20,000 operations, %.3f s for 200,000\n", small, large);
    assert_true(large < 40 * small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_that_locks_is_always_sound),
        cmocka_unit_test(every_mutation_is_flagged),
        cmocka_unit_test(cost_grows_with_the_number_of_operations),
    };
    return cmocka_run_group_tests_name("history_random", tests, NULL, NULL) != 0;
}
