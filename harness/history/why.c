/* The counter-example, in words: a headline, then the lines and operations that contradict each other. */
#include "history/show_private.h"

#include <inttypes.h>
#include <string.h>

static int64_t first_invocation(const struct history_session *session)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < session->operation_count; i++)
        if (session->operations[i].invoked_ns < first)
            first = session->operations[i].invoked_ns;
    for (size_t i = 0; i < session->reading_count; i++)
        if (session->readings[i].invoked_ns < first)
            first = session->readings[i].invoked_ns;
    return first;
}

static void tell_bad_line(const struct telling *telling, const char *fault)
{
    const struct history_finding *finding = telling->finding;

    text_addf(telling->why, "%s %zu %s\n  %s %zu: ", telling->judgement->line_word, finding->number, fault,
              telling->judgement->line_word, finding->number);
    show_bytes(telling, finding->bytes, finding->length);
}

static void tell_refused(const struct telling *telling)
{
    text_addf(telling->why, "%s %zu carries an append that was refused\n", telling->judgement->line_word,
              telling_line(telling, telling->finding->line)->number);
    show_line(telling, telling->finding->line);
    show_event(telling, telling_operation(telling, telling->finding->operation));
}

static void tell_twice(const struct telling *telling)
{
    const char *word = telling->judgement->line_word;

    text_addf(telling->why, "%s %zu and %s %zu carry one and the same append: it is there twice\n", word,
              telling_line(telling, telling->finding->other_line)->number, word,
              telling_line(telling, telling->finding->line)->number);
    show_line(telling, telling->finding->other_line);
    show_line(telling, telling->finding->line);
    show_event(telling, telling_operation(telling, telling->finding->operation));
}

static void tell_wrong_payload(const struct telling *telling)
{
    const struct history_line *line = telling_line(telling, telling->finding->line);
    const struct history_operation *operation = telling_operation(telling, telling->finding->operation);
    const struct json *stored = json_read_event(line->bytes, line->length, NULL);
    const struct json *sent = json_read_event(operation->event, operation->event_bytes, NULL);

    text_addf(telling->why, "%s %zu does not carry what was sent\n", telling->judgement->line_word, line->number);
    show_line(telling, telling->finding->line);
    show_event(telling, operation);
    show_first_difference(telling, sent, stored);
    json_free(stored);
    json_free(sent);
}

static void tell_foreign(const struct telling *telling)
{
    const struct history_finding *finding = telling->finding;

    text_addf(telling->why, "%s %zu carries what nobody sent to this session\n", telling->judgement->line_word,
              telling_line(telling, finding->line)->number);
    show_line(telling, finding->line);
    if (finding->of) {
        text_add(telling->why, "  it was sent to session ");
        text_add_visible(telling->why, finding->of->sid, strlen(finding->of->sid), SHOWN_BYTES);
        text_addf(telling->why, " by client %u\n", finding->of->operations[finding->other_operation].client);
    }
}

static void tell_duplicate(const struct telling *telling)
{
    const struct history_line *line = telling_line(telling, telling->finding->line);
    const char *word = telling->judgement->line_word;

    text_addf(telling->why, "%s %zu and %s %zu both carry seq %" PRIu64 ": one number, two appends\n", word,
              line->number, word, telling_line(telling, telling->finding->other_line)->number, line->seq);
    show_two_lines(telling);
}

static void tell_order(const struct telling *telling)
{
    const struct history_line *line = telling_line(telling, telling->finding->line);
    const struct history_line *next = telling_line(telling, telling->finding->other_line);
    const char *word = telling->judgement->line_word;

    text_addf(telling->why,
              "%s %zu carries seq %" PRIu64 ", %s %zu carries seq %" PRIu64 ": file order is not sequence order\n",
              word, line->number, line->seq, word, next->number, next->seq);
    show_two_lines(telling);
}

static void tell_lost(const struct telling *telling)
{
    const struct history_judgement *judgement = telling->judgement;
    const struct history_operation *operation = telling_operation(telling, telling->finding->operation);

    if (operation->seq != 0)
        text_addf(telling->why, "seq %" PRIu64, operation->seq);
    else
        text_add(telling->why, "an append");
    text_addf(telling->why, " was acknowledged, and what was sent is on none of the %zu %ss: it is lost\n",
              judgement->line_count, judgement->line_word);
    show_event(telling, operation);
    for (size_t i = 0; i < judgement->line_count; i++) {
        if (judgement->lines[i].seq == operation->seq) {
            show_line(telling, i);
            break;
        }
    }
}

static void tell_wrong_seq(const struct telling *telling)
{
    const struct history_line *line = telling_line(telling, telling->finding->line);

    text_addf(telling->why, "an append was answered seq %" PRIu64 ", and stands on %s %zu under seq %" PRIu64 "\n",
              telling_operation(telling, telling->finding->operation)->seq, telling->judgement->line_word, line->number,
              line->seq);
    show_line(telling, telling->finding->line);
    show_event(telling, telling_operation(telling, telling->finding->operation));
}

static void tell_gap(const struct telling *telling)
{
    const struct history_finding *finding = telling->finding;
    const struct history_line *after = telling_line(telling, finding->other_line);

    text_addf(telling->why, "seq %" PRIu64 " is missing: ", finding->seq);
    if (finding->line != nothing)
        text_addf(telling->why, "%s %zu carries seq %" PRIu64 ", ", telling->judgement->line_word,
                  telling_line(telling, finding->line)->number, telling_line(telling, finding->line)->seq);
    text_addf(telling->why, "%s %zu carries seq %" PRIu64 "\n", telling->judgement->line_word, after->number,
              after->seq);
    show_line(telling, finding->line);
    show_line(telling, finding->other_line);
}

static void tell_real_time(const struct telling *telling)
{
    const struct history_operation *before = telling_operation(telling, telling->finding->operation);
    const struct history_operation *after = telling_operation(telling, telling->finding->other_operation);
    bool shuffled = telling->judgement->shuffled;

    text_addf(telling->why,
              "%s %" PRIu64 " was acknowledged %.3f ms before another append was invoked, and that one got %s %" PRIu64
              ": %ss run against time\n",
              shuffled ? "line" : "seq", history_place(telling->judgement, telling->finding->operation),
              (double)(after->invoked_ns - before->ended_ns) / 1e6, shuffled ? "line" : "seq",
              history_place(telling->judgement, telling->finding->other_operation), shuffled ? "line" : "number");
    show_event(telling, before);
    show_event(telling, after);
    show_line(telling, telling->judgement->line_of[telling->finding->other_operation]);
}

static void tell_not_prefix(const struct telling *telling)
{
    const struct history_finding *finding = telling->finding;
    const char *word = telling->judgement->line_word;

    if (finding->line == nothing)
        text_addf(telling->why, "a read shows an event %zu, but there are only %zu %ss\n", finding->number + 1,
                  telling->judgement->line_count, word);
    else
        text_addf(telling->why, "a read shows as its event %zu what is not on %s %zu\n", finding->number + 1, word,
                  telling_line(telling, finding->line)->number);
    text_add(telling->why, "  read: ");
    show_bytes(telling, finding->bytes, finding->length);
    show_line(telling, finding->line);
    show_reading(telling, finding->reading);
}

static void tell_misses(const struct telling *telling)
{
    const struct history_operation *operation = telling_operation(telling, telling->finding->operation);
    const struct history_reading *reading = &telling->judgement->session->readings[telling->finding->reading];

    text_addf(telling->why,
              "a read shows %zu events and not seq %" PRIu64 ", which was acknowledged %.3f ms before it was invoked\n",
              reading->count, history_number(telling->judgement, telling->finding->operation),
              (double)(reading->invoked_ns - operation->ended_ns) / 1e6);
    show_event(telling, operation);
    show_reading(telling, telling->finding->reading);
}

static void tell_went_back(const struct telling *telling)
{
    const struct history_reading *readings = telling->judgement->session->readings;

    text_addf(telling->why, "a read shows %zu events, after an earlier one had shown %zu\n",
              readings[telling->finding->other_reading].count, readings[telling->finding->reading].count);
    show_reading(telling, telling->finding->reading);
    show_reading(telling, telling->finding->other_reading);
}

static void tell(const struct telling *telling, enum history_verdict verdict)
{
    static void (*const tellers[HISTORY_VERDICTS])(const struct telling *) = {
        [HISTORY_REFUSED_BUT_THERE] = tell_refused,
        [HISTORY_TWICE] = tell_twice,
        [HISTORY_WRONG_PAYLOAD] = tell_wrong_payload,
        [HISTORY_FOREIGN] = tell_foreign,
        [HISTORY_DUPLICATE_SEQ] = tell_duplicate,
        [HISTORY_OUT_OF_ORDER] = tell_order,
        [HISTORY_LOST] = tell_lost,
        [HISTORY_WRONG_SEQ] = tell_wrong_seq,
        [HISTORY_GAP] = tell_gap,
        [HISTORY_REAL_TIME] = tell_real_time,
        [HISTORY_READ_NOT_PREFIX] = tell_not_prefix,
        [HISTORY_READ_MISSES] = tell_misses,
        [HISTORY_READ_WENT_BACK] = tell_went_back,
    };

    if (verdict == HISTORY_NOT_JSON)
        tell_bad_line(telling, telling->finding->text);
    else if (verdict == HISTORY_NO_SEQ)
        tell_bad_line(telling, "has no \"seq\" that is an integer from 1");
    else
        tellers[verdict](telling);
}

void history_explain(const struct history_judgement *judgement, enum history_verdict verdict, struct text *why)
{
    const struct telling telling = {
        .judgement = judgement,
        .finding = &judgement->findings[verdict],
        .why = why,
        .start_ns = first_invocation(judgement->session),
    };

    tell(&telling, verdict);
    if (telling.finding->times > 1)
        text_addf(why, "  and %zu more of this kind\n", telling.finding->times - 1);
}
