/* The judgement: history_judge(), and the rules about appends that look at more than one line. */
#include "base/xalloc.h"
#include "history/history_private.h"

#include <stdlib.h>
#include <string.h>

static void index_answers(struct history_judgement *judgement)
{
    const struct history_session *session = judgement->session;
    struct history_keyed *answers = xalloc_resize(NULL, session->operation_count, sizeof *answers);
    size_t count = 0;

    for (size_t i = 0; i < session->operation_count; i++)
        if (history_must_be_there(&session->operations[i]))
            answers[count++] = (struct history_keyed){(int64_t)session->operations[i].seq, i};
    history_sort(answers, count);
    judgement->by_seq = xalloc_resize(NULL, count, sizeof *judgement->by_seq);
    for (size_t i = 0; i < count; i++)
        judgement->by_seq[i] = answers[i].index;
    judgement->by_seq_count = count;
    free(answers);
}

/* Whether all numbers from first to last belonged to lines that the case itself damaged. */
static bool all_damaged(const struct history_session *session, uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        size_t i = 0;

        while (i < session->damaged_count && session->damaged[i] != seq)
            i++;
        if (i == session->damaged_count)
            return false;
    }
    return true;
}

/* Rule b for two lines that follow each other by number; before may be `nothing`. */
static void judge_neighbours(struct history_judgement *judgement, size_t before, size_t after)
{
    const struct history_line *lines = judgement->lines;
    uint64_t expected = before == nothing ? 1 : lines[before].seq + 1;
    struct history_finding finding = HISTORY_FINDING;

    finding.line = before;
    finding.other_line = after;
    finding.seq = expected;
    if (lines[after].seq < expected)
        history_find_fault(judgement, HISTORY_DUPLICATE_SEQ, finding);
    else if (lines[after].seq > expected && !judgement->rules->gaps && !judgement->rules->given &&
             !all_damaged(judgement->session, expected, lines[after].seq - 1))
        history_find_fault(judgement, HISTORY_GAP, finding);
}

static void judge_numbers(struct history_judgement *judgement)
{
    struct history_keyed *by_number = xalloc_resize(NULL, judgement->line_count, sizeof *by_number);
    bool sorted = true;

    for (size_t i = 0; i < judgement->line_count; i++) {
        struct history_finding finding = HISTORY_FINDING;

        by_number[i] = (struct history_keyed){(int64_t)judgement->lines[i].seq, i};
        if (i == 0 || judgement->lines[i].seq >= judgement->lines[i - 1].seq)
            continue;
        sorted = false;
        finding.line = i - 1;
        finding.other_line = i;
        history_find_fault(judgement, HISTORY_OUT_OF_ORDER, finding);
    }
    if (!sorted)
        history_sort(by_number, judgement->line_count);
    for (size_t i = 0; i < judgement->line_count; i++)
        judge_neighbours(judgement, i == 0 ? nothing : by_number[i - 1].index, by_number[i].index);
    free(by_number);
}

static void judge_losses(struct history_judgement *judgement)
{
    for (size_t i = 0; i < judgement->by_seq_count; i++) {
        struct history_finding finding = HISTORY_FINDING;

        finding.operation = judgement->by_seq[i];
        if (judgement->line_of[finding.operation] == nothing)
            history_find_fault(judgement, HISTORY_LOST, finding);
    }
}

uint64_t history_number(const struct history_judgement *judgement, size_t operation)
{
    const struct history_operation *append = &judgement->session->operations[operation];

    if (history_must_be_there(append) && append->seq != 0)
        return append->seq;
    size_t line = judgement->line_of[operation];
    return line == nothing ? 0 : judgement->lines[line].seq;
}

uint64_t history_place(const struct history_judgement *judgement, size_t operation)
{
    size_t line = judgement->line_of[operation];

    if (judgement->shuffled)
        return line == nothing ? 0 : judgement->lines[line].number;
    return history_number(judgement, operation);
}

/* Rule c: a sweep in the order of invocation, which carries along the highest place acknowledged so far. */
static void judge_real_time(struct history_judgement *judgement)
{
    const struct history_operation *operations = judgement->session->operations;
    size_t count = judgement->session->operation_count;
    struct history_keyed *invoked = xalloc_resize(NULL, count, sizeof *invoked);
    struct history_keyed *ended = xalloc_resize(NULL, judgement->by_seq_count, sizeof *ended);

    for (size_t i = 0; i < count; i++)
        invoked[i] = (struct history_keyed){operations[i].invoked_ns, i};
    for (size_t i = 0; i < judgement->by_seq_count; i++)
        ended[i] = (struct history_keyed){operations[judgement->by_seq[i]].ended_ns, judgement->by_seq[i]};
    history_sort(invoked, count);
    history_sort(ended, judgement->by_seq_count);

    size_t highest = nothing;
    size_t next = 0;
    for (size_t i = 0; i < count; i++) {
        for (; next < judgement->by_seq_count && ended[next].key < invoked[i].key; next++)
            if (highest == nothing || history_place(judgement, ended[next].index) > history_place(judgement, highest))
                highest = ended[next].index;
        uint64_t place = history_place(judgement, invoked[i].index);
        if (place == 0 || highest == nothing || history_place(judgement, highest) < place)
            continue;
        struct history_finding finding = HISTORY_FINDING;
        finding.operation = highest;
        finding.other_operation = invoked[i].index;
        history_find_fault(judgement, HISTORY_REAL_TIME, finding);
    }
    free(invoked);
    free(ended);
}

static void judge_all(struct history_judgement *judgement, const char *file, size_t file_bytes)
{
    index_answers(judgement);
    if (file)
        history_take_file(judgement, file, file_bytes);
    else
        history_take_reads(judgement);
    history_match_lines(judgement);
    history_sort_given(judgement);
    judge_numbers(judgement);
    judge_losses(judgement);
    judge_real_time(judgement);
    history_judge_reads(judgement);
}

enum history_verdict history_judge(const struct history *history, const char *sid, const char *file, size_t file_bytes,
                                   const struct history_rules *rules, struct text *why)
{
    static const struct history_session unused;
    const struct history_session *session = history_find(history, sid);
    struct history_judgement judgement = {.history = history, .session = session ? session : &unused, .rules = rules};

    judgement.line_of = xalloc_resize(NULL, judgement.session->operation_count, sizeof *judgement.line_of);
    for (size_t i = 0; i < judgement.session->operation_count; i++)
        judgement.line_of[i] = nothing;
    judge_all(&judgement, file, file_bytes);

    enum history_verdict verdict = history_first_found(&judgement);
    text_clear(why);
    if (verdict != HISTORY_SOUND)
        history_explain(&judgement, verdict, why);
    free(judgement.lines);
    free(judgement.line_of);
    free(judgement.by_seq);
    return verdict;
}
