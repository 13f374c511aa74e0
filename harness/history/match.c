/* Which append stands on which line.
 *
 * Nearly always the number that an append was answered leads straight to its line. Only lines for which that fails are
 * looked up by their "op", or by value, so the detour costs something only where something is wrong or unknown. */
#include "base/xalloc.h"
#include "history/history_private.h"

#include <stdlib.h>
#include <string.h>

static bool same_payload(const struct json *line, const struct history_operation *operation)
{
    static const char *const assigned_by_the_store[] = {"seq", "ts", NULL};

    if (!operation->is_json)
        return true; /* it has no payload to be compared with */
    const struct json *event = json_read_event(operation->event, operation->event_bytes, NULL);
    bool same = json_equal_without(line, event, assigned_by_the_store);
    json_free(event);
    return same;
}

/* The place in by_seq of the first operation with at least that number. */
static size_t first_with_seq(const struct history_judgement *judgement, uint64_t seq)
{
    size_t low = 0;
    size_t high = judgement->by_seq_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (judgement->session->operations[judgement->by_seq[middle]].seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void claim(struct history_judgement *judgement, size_t line, size_t operation)
{
    judgement->line_of[operation] = line;
    judgement->lines[line].claimed = true;
}

/* Only a broken target answers one number many times. The rest is then found by its "op", which is as fast. */
enum { SAME_SEQ_TRIED_MAX = 16 };

/* Finds an operation without a line that was answered this line's number. With a payload, it must be the line's own. */
static size_t answered_with(const struct history_judgement *judgement, uint64_t seq, const struct json *payload)
{
    size_t first = first_with_seq(judgement, seq);

    for (size_t i = first; i < judgement->by_seq_count && i - first < SAME_SEQ_TRIED_MAX; i++) {
        size_t operation = judgement->by_seq[i];
        const struct history_operation *candidate = &judgement->session->operations[operation];

        if (candidate->seq != seq)
            break;
        if (judgement->line_of[operation] == nothing && (!payload || same_payload(payload, candidate)))
            return operation;
    }
    return nothing;
}

void history_match_answer(struct history_judgement *judgement, size_t index, const struct json *line)
{
    size_t operation = answered_with(judgement, judgement->lines[index].seq, line);

    if (operation != nothing)
        claim(judgement, index, operation);
}

/* Operations by "op"; those without one come first. */
static int compare_ops(const void *a, const void *b, void *operations)
{
    const struct history_operation *first = (const struct history_operation *)operations + *(const size_t *)a;
    const struct history_operation *second = (const struct history_operation *)operations + *(const size_t *)b;
    int order = strcmp(first->op ? first->op : "", second->op ? second->op : "");

    return order != 0 ? order : (first > second) - (first < second);
}

static size_t *sort_by_op(const struct history_session *session)
{
    size_t *by_op = xalloc_resize(NULL, session->operation_count, sizeof *by_op);

    for (size_t i = 0; i < session->operation_count; i++)
        by_op[i] = i;
    qsort_r(by_op, session->operation_count, sizeof *by_op, compare_ops, session->operations);
    return by_op;
}

/* The first place in by_op whose operation's "op" is not below; op may be NULL. */
static size_t first_with_op(const struct history_session *session, const size_t *by_op, const char *op)
{
    size_t low = 0;
    size_t high = session->operation_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *name = session->operations[by_op[middle]].op;

        if (strcmp(name ? name : "", op ? op : "") < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What an operation of the same payload makes of a line that no answer led to; the best match wins. */
enum match { NO_MATCH, OTHER_PAYLOAD, MATCH_REFUSED, MATCH_TWICE, MATCH_UNKNOWN, MATCH_MOVED };

static enum match match_of(const struct history_judgement *judgement, const struct json *line, size_t index)
{
    const struct history_operation *operation = &judgement->session->operations[index];

    if (!operation->is_json)
        return NO_MATCH;
    if (!same_payload(line, operation))
        return operation->op ? OTHER_PAYLOAD : NO_MATCH;
    if (operation->outcome == REFUSED)
        return MATCH_REFUSED;
    if (judgement->line_of[index] != nothing)
        return MATCH_TWICE;
    return history_must_be_there(operation) ? MATCH_MOVED : MATCH_UNKNOWN;
}

/* Of the operations that share the line's "op" (or that have none, if it has none) the one that matches best. */
static enum match best_match(const struct history_judgement *judgement, const size_t *by_op, const struct json *line,
                             size_t *operation)
{
    const struct history_session *session = judgement->session;
    const char *op = json_get_string(line, "op");
    enum match best = NO_MATCH;

    for (size_t i = first_with_op(session, by_op, op); i < session->operation_count; i++) {
        const char *name = session->operations[by_op[i]].op;

        if (strcmp(name ? name : "", op ? op : "") != 0)
            break;
        enum match match = match_of(judgement, line, by_op[i]);
        if (match > best) {
            best = match;
            *operation = by_op[i];
        }
    }
    return best;
}

/* An append whose outcome is unknown, and whose event is no JSON, may have left any line. */
static size_t unknown_and_unreadable(struct history_judgement *judgement)
{
    for (; judgement->unreadable < judgement->session->operation_count; judgement->unreadable++) {
        const struct history_operation *operation = &judgement->session->operations[judgement->unreadable];

        if (!operation->is_json && operation->outcome != REFUSED && !history_must_be_there(operation) &&
            judgement->line_of[judgement->unreadable] == nothing)
            return judgement->unreadable;
    }
    return nothing;
}

/* Another session to which the line's event was sent: the store has mixed them up. */
static void find_in_other_sessions(const struct history_judgement *judgement, const struct json *line,
                                   struct history_finding *finding)
{
    const char *op = json_get_string(line, "op");

    for (size_t s = 0; op && s < judgement->history->count; s++) {
        const struct history_session *session = judgement->history->sessions[s];

        for (size_t i = 0; session != judgement->session && i < session->operation_count; i++) {
            if (session->operations[i].op && strcmp(session->operations[i].op, op) == 0) {
                finding->of = session;
                finding->other_operation = i;
                return;
            }
        }
    }
}

/* Nothing that was sent looks like this line. If an answer gave its number away, it should be that append's line. */
static void settle_stranger(struct history_judgement *judgement, size_t index, const struct json *line)
{
    struct history_finding finding = HISTORY_FINDING;

    finding.line = index;
    /* Only the first such line is going to be shown, so only that one is worth the search. */
    if (judgement->findings[HISTORY_FOREIGN].times + judgement->findings[HISTORY_WRONG_PAYLOAD].times == 0)
        find_in_other_sessions(judgement, line, &finding);
    finding.operation = finding.of ? nothing : answered_with(judgement, judgement->lines[index].seq, NULL);
    if (finding.operation != nothing) {
        claim(judgement, index, finding.operation);
        history_find_fault(judgement, HISTORY_WRONG_PAYLOAD, finding);
        return;
    }
    size_t unreadable = finding.of ? nothing : unknown_and_unreadable(judgement);
    if (unreadable != nothing)
        claim(judgement, index, unreadable);
    else
        history_find_fault(judgement, HISTORY_FOREIGN, finding);
}

static void settle_line(struct history_judgement *judgement, const size_t *by_op, size_t index)
{
    struct history_finding finding = HISTORY_FINDING;
    const struct json *line = json_read_event(judgement->lines[index].bytes, judgement->lines[index].length, NULL);
    enum match match = best_match(judgement, by_op, line, &finding.operation);

    finding.line = index;
    switch (match) {
    case NO_MATCH:
        settle_stranger(judgement, index, line);
        break;
    case OTHER_PAYLOAD:
        if (judgement->line_of[finding.operation] == nothing)
            claim(judgement, index, finding.operation);
        history_find_fault(judgement, HISTORY_WRONG_PAYLOAD, finding);
        break;
    case MATCH_REFUSED:
        history_find_fault(judgement, HISTORY_REFUSED_BUT_THERE, finding);
        break;
    case MATCH_TWICE:
        finding.other_line = judgement->line_of[finding.operation];
        history_find_fault(judgement, HISTORY_TWICE, finding);
        break;
    case MATCH_MOVED:
        claim(judgement, index, finding.operation);
        if (judgement->session->operations[finding.operation].seq != judgement->lines[index].seq)
            history_find_fault(judgement, HISTORY_WRONG_SEQ, finding);
        break;
    case MATCH_UNKNOWN:
        claim(judgement, index, finding.operation);
        break;
    }
    json_free(line);
}

void history_match_lines(struct history_judgement *judgement)
{
    size_t *by_op = NULL;

    for (size_t i = 0; i < judgement->line_count; i++) {
        if (judgement->lines[i].claimed)
            continue;
        if (!by_op)
            by_op = sort_by_op(judgement->session);
        settle_line(judgement, by_op, i);
    }
    free(by_op);
}
