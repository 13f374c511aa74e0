/* The judge against chance: histories of a store that locks are always sound, and after any single mutation they never
 * are. */
#include "tests/history_model.h"

enum { ROUNDS = 200 };

static void a_store_that_locks_is_always_sound(void **state)
{
    (void)state;

    for (uint64_t seed = 0; seed < 5 * ROUNDS; seed++) {
        struct model model;
        struct text why;

        text_init(&why, 10000);
        simulate(&model, seed, true);
        assert_true(model.line_count > 20);
        enum history_verdict verdict = verdict_on(&model, &model, &why);
        if (verdict != HISTORY_SOUND)
            fail_msg("seed %llu: %s", (unsigned long long)seed, why.bytes);
        text_free(&why);
    }
}

/* Mutations. Each returns false if this model gives it nothing to spoil. */

static size_t some_line(struct model *model)
{
    return draw(model, model->line_count);
}

static void remove_line(struct model *model, size_t at)
{
    model->line_count--;
    memmove(&model->lines[at], &model->lines[at + 1], (model->line_count - at) * sizeof model->lines[0]);
}

static bool swap_neighbours(struct model *model)
{
    size_t at = draw(model, model->line_count - 1);
    struct line line = model->lines[at];

    model->lines[at] = model->lines[at + 1];
    model->lines[at + 1] = line;
    return true;
}

static bool swap_numbers(struct model *model)
{
    size_t at = draw(model, model->line_count - 1);

    model->lines[at].seq++;
    model->lines[at + 1].seq--;
    return true;
}

static bool swap_payloads(struct model *model)
{
    size_t a = some_line(model);
    size_t b = some_line(model);
    size_t operation = model->lines[a].operation;

    model->lines[a].operation = model->lines[b].operation;
    model->lines[b].operation = operation;
    return a != b && (model->operations[model->lines[a].operation].outcome == ACKNOWLEDGED ||
                      model->operations[operation].outcome == ACKNOWLEDGED);
}

static bool lose_a_line(struct model *model)
{
    size_t at = some_line(model);
    bool acknowledged = model->operations[model->lines[at].operation].outcome == ACKNOWLEDGED;

    remove_line(model, at);
    return acknowledged || at < model->line_count;
}

static bool lose_a_line_and_close_the_gap(struct model *model)
{
    size_t at = some_line(model);
    bool acknowledged = model->operations[model->lines[at].operation].outcome == ACKNOWLEDGED;

    remove_line(model, at);
    for (size_t i = at; i < model->line_count; i++)
        model->lines[i].seq--;
    return acknowledged;
}

static bool repeat_a_line(struct model *model)
{
    size_t at = some_line(model);

    memmove(&model->lines[at + 1], &model->lines[at], (model->line_count - at) * sizeof model->lines[0]);
    model->line_count++;
    return true;
}

static bool repeat_a_line_at_the_end(struct model *model)
{
    struct line line = model->lines[some_line(model)];

    line.seq = model->line_count + 1;
    model->lines[model->line_count++] = line;
    return true;
}

static bool skip_a_number(struct model *model)
{
    for (size_t i = some_line(model); i < model->line_count; i++)
        model->lines[i].seq++;
    return true;
}

static bool give_a_number_twice(struct model *model)
{
    size_t at = draw(model, model->line_count - 1);

    for (size_t i = at + 1; i < model->line_count; i++)
        model->lines[i].seq--;
    return true;
}

static bool flaw_a_line(struct model *model, enum flaw flaw)
{
    model->lines[some_line(model)].flaw = flaw;
    return true;
}

static bool alter_a_payload(struct model *model)
{
    return flaw_a_line(model, ALTERED);
}

static bool cut_a_line_short(struct model *model)
{
    return flaw_a_line(model, CUT_SHORT);
}

static bool leave_a_newline_out(struct model *model)
{
    return flaw_a_line(model, UNENDED);
}

static bool replace_a_line(struct model *model)
{
    return flaw_a_line(model, NOT_SENT);
}

static bool add_a_stranger(struct model *model)
{
    model->lines[model->line_count] = (struct line){.seq = model->line_count + 1, .flaw = NOT_SENT};
    model->line_count++;
    return true;
}

static bool append_what_was_refused(struct model *model)
{
    for (size_t i = 0; i < model->operation_count; i++) {
        if (model->operations[i].outcome == REFUSED) {
            model->lines[model->line_count] = (struct line){.seq = model->line_count + 1, .operation = i};
            model->line_count++;
            return true;
        }
    }
    return false;
}

static bool refuse_what_was_appended(struct model *model)
{
    model->operations[model->lines[some_line(model)].operation].outcome = REFUSED;
    return true;
}

static bool answer_another_number(struct model *model)
{
    struct operation *operation = &model->operations[model->lines[some_line(model)].operation];

    operation->seq += operation->seq == 1 || draw(model, 2) ? 1 : (uint64_t)-1;
    return operation->outcome == ACKNOWLEDGED;
}

/* Two lines, their numbers and their answers change places: only time still knows which came first. */
static bool run_against_time(struct model *model)
{
    for (size_t i = 0; i + 1 < model->line_count; i++) {
        struct operation *first = &model->operations[model->lines[i].operation];
        struct operation *second = &model->operations[model->lines[i + 1].operation];

        if (first->outcome != ACKNOWLEDGED || second->outcome != ACKNOWLEDGED || first->ended_ns >= second->invoked_ns)
            continue;
        size_t operation = model->lines[i].operation;
        model->lines[i].operation = model->lines[i + 1].operation;
        model->lines[i + 1].operation = operation;
        first->seq++;
        second->seq--;
        model->read_count = 0;
        return true;
    }
    return false;
}

static bool read_less_than_was_acknowledged(struct model *model)
{
    for (size_t i = 0; i < model->read_count; i++) {
        for (size_t line = 0; line < model->line_count; line++) {
            const struct operation *operation = &model->operations[model->lines[line].operation];

            if (operation->outcome == ACKNOWLEDGED && operation->ended_ns < model->reads[i].invoked_ns) {
                model->reads[i].count = line;
                return true;
            }
        }
    }
    return false;
}

static bool read_less_than_before(struct model *model)
{
    for (size_t i = 0; i + 1 < model->read_count; i++) {
        if (model->reads[i].ended_ns < model->reads[i + 1].invoked_ns && model->reads[i].count > 0) {
            model->reads[i + 1].count = model->reads[i].count - 1;
            return true;
        }
    }
    return false;
}

/* All the lines of some read vanish, though none of them was ever acknowledged. */
static bool forget_what_was_read(struct model *model)
{
    size_t longest = 0;

    for (size_t i = 0; i < model->read_count; i++)
        if (model->reads[i].count > longest)
            longest = model->reads[i].count;
    if (longest == 0)
        return false;
    for (size_t i = longest - 1; i < model->line_count; i++)
        model->operations[model->lines[i].operation].outcome = UNKNOWN;
    model->line_count = longest - 1;
    return true;
}

static const struct mutation {
    const char *name;
    bool (*mutate)(struct model *model);
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
    struct model original;
    struct model model;
    struct text why;

    simulate(&original, seed, false);
    model = original;
    if (!mutation->mutate(&model))
        return false;
    text_init(&why, 10000);
    enum history_verdict verdict = verdict_on(&model, &original, &why);
    if (verdict == HISTORY_SOUND || (mutation->verdict != HISTORY_SOUND && verdict != mutation->verdict))
        fail_msg("seed %llu, %s: judged %d: %s", (unsigned long long)seed, mutation->name, verdict, why.bytes);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_that_locks_is_always_sound),
        cmocka_unit_test(every_mutation_is_flagged),
    };

    return cmocka_run_group_tests_name("history_random", tests, NULL, NULL) != 0;
}
