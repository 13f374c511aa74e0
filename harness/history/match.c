/* Which append stands on which line.
 *
 * Nearly always the number that an append was answered leads straight to its line. Only lines for which that fails are
 * looked up by their mark, or by value, so the detour costs something only where something is wrong or unknown. */
#include "base/xalloc.h"
#include "history/history_private.h"

#include <stdlib.h>
#include <string.h>

static bool same_payload(const struct history_judgement *judgement, const struct json *line,
                         const struct history_operation *operation)
{
    if (!operation->is_json)
        return true; /* it has no payload to be compared with */
    const struct json *event = json_read_event(operation->event, operation->event_bytes, NULL);
    bool same = history_carries(judgement->rules, line, event);
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

/* Only a broken target answers one number many times. The rest is then found by its mark, which is as fast. */
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
        if (judgement->line_of[operation] == nothing && (!payload || same_payload(judgement, payload, candidate)))
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

/* A mark as text: what has none comes first. */
static const char *mark_of(const struct history_operation *operation)
{
    return operation->mark ? operation->mark : "";
}

static int compare_marks(const void *a, const void *b, void *operations)
{
    const struct history_operation *first = (const struct history_operation *)operations + *(const size_t *)a;
    const struct history_operation *second = (const struct history_operation *)operations + *(const size_t *)b;
    int order = strcmp(mark_of(first), mark_of(second));

    return order != 0 ? order : (first > second) - (first < second);
}

static size_t *sort_by_mark(const struct history_session *session)
{
    size_t *by_mark = xalloc_resize(NULL, session->operation_count, sizeof *by_mark);

    for (size_t i = 0; i < session->operation_count; i++)
        by_mark[i] = i;
    qsort_r(by_mark, session->operation_count, sizeof *by_mark, compare_marks, session->operations);
    return by_mark;
}

/* The mark of a line, empty if it has none. */
static void take_mark(const struct json *line, char mark[HISTORY_MARK_MAX_BYTES + 1])
{
    const char *text;
    size_t bytes = history_mark(line, &text);

    if (bytes > 0)
        memcpy(mark, text, bytes);
    mark[bytes] = '\0';
}

/* The first place in by_mark whose operation's mark is not below. */
static size_t first_with_mark(const struct history_session *session, const size_t *by_mark, const char *mark)
{
    size_t low = 0;
    size_t high = session->operation_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(mark_of(&session->operations[by_mark[middle]]), mark) < 0)
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
    if (!same_payload(judgement, line, operation))
        return operation->mark ? OTHER_PAYLOAD : NO_MATCH;
    if (operation->outcome == REFUSED)
        return MATCH_REFUSED;
    if (judgement->line_of[index] != nothing)
        return MATCH_TWICE;
    return history_must_be_there(operation) ? MATCH_MOVED : MATCH_UNKNOWN;
}

/* Of the operations that share the line's mark (or that have none, if it has none) the one that matches best. */
static enum match best_match(const struct history_judgement *judgement, const size_t *by_mark, const struct json *line,
                             size_t *operation)
{
    const struct history_session *session = judgement->session;
    char mark[HISTORY_MARK_MAX_BYTES + 1];
    enum match best = NO_MATCH;

    take_mark(line, mark);
    for (size_t i = first_with_mark(session, by_mark, mark); i < session->operation_count; i++) {
        if (strcmp(mark_of(&session->operations[by_mark[i]]), mark) != 0)
            break;
        enum match match = match_of(judgement, line, by_mark[i]);
        if (match > best) {
            best = match;
            *operation = by_mark[i];
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
    char mark[HISTORY_MARK_MAX_BYTES + 1];

    take_mark(line, mark);
    for (size_t s = 0; *mark && s < judgement->history->count; s++) {
        const struct history_session *session = judgement->history->sessions[s];

        for (size_t i = 0; session != judgement->session && i < session->operation_count; i++) {
            if (strcmp(mark_of(&session->operations[i]), mark) == 0) {
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

static bool was_answered_another(const struct history_judgement *judgement, size_t operation, size_t line)
{
    uint64_t seq = judgement->session->operations[operation].seq;

    return seq != 0 && seq != judgement->lines[line].seq;
}

static void settle_line(struct history_judgement *judgement, const size_t *by_mark, size_t index)
{
    struct history_finding finding = HISTORY_FINDING;
    const struct json *line = json_read_event(judgement->lines[index].bytes, judgement->lines[index].length, NULL);
    enum match match = best_match(judgement, by_mark, line, &finding.operation);

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
        if (was_answered_another(judgement, finding.operation, index))
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
    size_t *by_mark = NULL;

    for (size_t i = 0; i < judgement->line_count; i++) {
        if (judgement->lines[i].claimed)
            continue;
        if (!by_mark)
            by_mark = sort_by_mark(judgement->session);
        settle_line(judgement, by_mark, i);
    }
    free(by_mark);
}
