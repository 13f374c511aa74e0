/* Numbers that the callers gave. Appends that overlap may reach the file in any order, whatever their numbers; of those
 * that do not, the earlier one stands first. */
#include "base/xalloc.h"
#include "history/history_private.h"

#include <stdlib.h>
#include <string.h>

/* What has no known end may still be under way. */
static int64_t end_of(const struct history_operation *operation)
{
    return operation->outcome == UNKNOWN ? INT64_MAX : operation->ended_ns;
}

static bool any_overlap(const struct history_session *session)
{
    struct history_keyed *begun = xalloc_resize(NULL, session->operation_count + 1, sizeof *begun);
    int64_t latest_end = INT64_MIN;
    bool overlap = false;

    for (size_t i = 0; i < session->operation_count; i++)
        begun[i] = (struct history_keyed){session->operations[i].invoked_ns, i};
    history_sort(begun, session->operation_count);
    for (size_t i = 0; i < session->operation_count; i++) {
        int64_t end = end_of(&session->operations[begun[i].index]);

        overlap |= begun[i].key < latest_end;
        latest_end = end > latest_end ? end : latest_end;
    }
    free(begun);
    return overlap;
}

static void move(size_t *line, const size_t *now_at)
{
    if (*line != nothing)
        *line = now_at[*line];
}

/* The lines in the order of their numbers, and whatever points to one with them. */
static void sort_lines(struct history_judgement *judgement)
{
    size_t count = judgement->line_count;
    struct history_keyed *by_number = xalloc_resize(NULL, count + 1, sizeof *by_number);
    struct history_line *sorted = xalloc_resize(NULL, count + 1, sizeof *sorted);
    size_t *now_at = xalloc_resize(NULL, count + 1, sizeof *now_at);

    for (size_t i = 0; i < count; i++)
        by_number[i] = (struct history_keyed){(int64_t)judgement->lines[i].seq, i};
    history_sort(by_number, count);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = judgement->lines[by_number[i].index];
        now_at[by_number[i].index] = i;
    }
    for (size_t i = 0; i < judgement->session->operation_count; i++)
        move(&judgement->line_of[i], now_at);
    for (size_t i = 0; i < HISTORY_VERDICTS; i++) {
        struct history_finding *finding = &judgement->findings[i];

        if (finding->times == 0)
            continue;
        move(&finding->line, now_at);
        move(&finding->other_line, now_at);
    }
    free(judgement->lines);
    judgement->lines = sorted;
    judgement->line_capacity = count + 1;
    free(by_number);
    free(now_at);
}

void history_sort_given(struct history_judgement *judgement)
{
    judgement->shuffled = judgement->rules->given && any_overlap(judgement->session);
    if (judgement->shuffled)
        sort_lines(judgement);
}

bool history_is_disturbed(const struct history_judgement *judgement, const struct history_reading *reading)
{
    for (size_t i = 0; i < judgement->session->operation_count; i++) {
        const struct history_operation *append = &judgement->session->operations[i];

        if (append->invoked_ns < reading->ended_ns && end_of(append) > reading->invoked_ns)
            return true;
    }
    return false;
}
