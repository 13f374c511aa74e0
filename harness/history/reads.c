/* Rule e, about reads. The record keeps the longest read whole, and of every other one only its length and where it
 * departs from that one; so a reader may read a long session as often as it likes. */
#include "base/xalloc.h"
#include "history/history_private.h"

#include <stdlib.h>
#include <string.h>

static bool shows_line(const struct history_judgement *judgement, const char *event, const struct history_line *line)
{
    const struct json *shown = json_read_event(event, strlen(event), NULL);
    const struct json *stored = json_read_event(line->bytes, line->length, NULL);
    bool same = shown && history_shows(judgement->rules, shown, stored);

    json_free(shown);
    json_free(stored);
    return same;
}

/* How far the longest read agrees with the file. */
static size_t agreement(const struct history_judgement *judgement)
{
    const struct history_session *session = judgement->session;
    size_t i = 0;

    while (i < session->seen_count && i < judgement->line_count &&
           shows_line(judgement, session->seen[i], &judgement->lines[i]))
        i++;
    return i;
}

/* Where numbers are shuffled, a read in between may show one and not yet those below it. */
static bool is_excused(const struct history_judgement *judgement, const struct history_reading *reading)
{
    return judgement->shuffled && history_is_disturbed(judgement, reading);
}

static void judge_prefixes(struct history_judgement *judgement)
{
    size_t sound = agreement(judgement);

    for (size_t i = 0; i < judgement->session->reading_count; i++) {
        const struct history_reading *reading = &judgement->session->readings[i];
        struct history_finding finding = HISTORY_FINDING;

        if (is_excused(judgement, reading))
            continue;
        finding.reading = i;
        if (reading->odd) {
            /* Either this read is wrong at that place, or the ones before it are, and are found out below. */
            if (reading->odd_index < judgement->line_count &&
                shows_line(judgement, reading->odd, &judgement->lines[reading->odd_index]))
                continue;
            finding.bytes = reading->odd;
            finding.number = reading->odd_index;
        } else if (reading->count > sound) {
            finding.bytes = judgement->session->seen[sound];
            finding.number = sound;
        } else {
            continue;
        }
        finding.length = strlen(finding.bytes);
        finding.line = finding.number < judgement->line_count ? finding.number : nothing;
        history_find_fault(judgement, HISTORY_READ_NOT_PREFIX, finding);
    }
}

static struct history_keyed *sorted_by_time(struct history_keyed *moments, size_t count)
{
    history_sort(moments, count);
    return moments;
}

static struct history_keyed *reads_begun(const struct history_session *session)
{
    struct history_keyed *moments = xalloc_resize(NULL, session->reading_count, sizeof *moments);

    for (size_t i = 0; i < session->reading_count; i++)
        moments[i] = (struct history_keyed){session->readings[i].invoked_ns, i};
    return sorted_by_time(moments, session->reading_count);
}

static struct history_keyed *reads_ended(const struct history_session *session)
{
    struct history_keyed *moments = xalloc_resize(NULL, session->reading_count, sizeof *moments);

    for (size_t i = 0; i < session->reading_count; i++)
        moments[i] = (struct history_keyed){session->readings[i].ended_ns, i};
    return sorted_by_time(moments, session->reading_count);
}

static struct history_keyed *appends_ended(const struct history_judgement *judgement)
{
    struct history_keyed *moments = xalloc_resize(NULL, judgement->by_seq_count, sizeof *moments);

    for (size_t i = 0; i < judgement->by_seq_count; i++) {
        size_t operation = judgement->by_seq[i];

        moments[i] = (struct history_keyed){judgement->session->operations[operation].ended_ns, operation};
    }
    return sorted_by_time(moments, judgement->by_seq_count);
}

/* A read holds all that was acknowledged before it was invoked: the farthest line of such an append must be in it. */
static void judge_recency(struct history_judgement *judgement, const struct history_keyed *begun)
{
    struct history_keyed *ended = appends_ended(judgement);
    size_t farthest = nothing;
    size_t next = 0;

    for (size_t i = 0; i < judgement->session->reading_count; i++) {
        for (; next < judgement->by_seq_count && ended[next].key < begun[i].key; next++) {
            size_t line = judgement->line_of[ended[next].index];

            if (line != nothing && (farthest == nothing || line > judgement->line_of[farthest]))
                farthest = ended[next].index;
        }
        struct history_finding finding = HISTORY_FINDING;
        finding.reading = begun[i].index;
        finding.operation = farthest;
        if (farthest != nothing &&
            judgement->line_of[farthest] >= judgement->session->readings[finding.reading].count &&
            !is_excused(judgement, &judgement->session->readings[finding.reading]))
            history_find_fault(judgement, HISTORY_READ_MISSES, finding);
    }
    free(ended);
}

/* A read that was invoked after another had ended shows no less. */
static void judge_progress(struct history_judgement *judgement, const struct history_keyed *begun)
{
    const struct history_reading *readings = judgement->session->readings;
    struct history_keyed *ended = reads_ended(judgement->session);
    size_t longest = nothing;
    size_t next = 0;

    for (size_t i = 0; i < judgement->session->reading_count; i++) {
        for (; next < judgement->session->reading_count && ended[next].key < begun[i].key; next++)
            if (longest == nothing || readings[ended[next].index].count > readings[longest].count)
                longest = ended[next].index;
        struct history_finding finding = HISTORY_FINDING;
        finding.reading = longest;
        finding.other_reading = begun[i].index;
        if (longest != nothing && readings[longest].count > readings[finding.other_reading].count)
            history_find_fault(judgement, HISTORY_READ_WENT_BACK, finding);
    }
    free(ended);
}

void history_judge_reads(struct history_judgement *judgement)
{
    if (judgement->session->reading_count == 0)
        return;
    struct history_keyed *begun = reads_begun(judgement->session);
    judge_prefixes(judgement);
    judge_recency(judgement, begun);
    judge_progress(judgement, begun);
    free(begun);
}
