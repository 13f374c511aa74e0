/* The counter-example, in words: a headline, then the lines and operations that contradict each other. */
#include "history/history_private.h"

#include <inttypes.h>
#include <string.h>

enum { SHOWN_BYTES = 160, CONTEXT_BYTES = 24, MEMBERS_COMPARED_MAX = 1000 };

/* A counter-example being written. */
struct telling {
    const struct history_judgement *judgement;
    const struct history_finding *finding;
    struct text *why;
    int64_t start_ns; /* when the session's first operation was invoked */
};

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

static double ms_since(const struct telling *telling, int64_t ns)
{
    return (double)(ns - telling->start_ns) / 1e6;
}

static const struct history_line *line_at(const struct telling *telling, size_t index)
{
    return &telling->judgement->lines[index];
}

static const struct history_operation *operation_at(const struct telling *telling, size_t index)
{
    return &telling->judgement->session->operations[index];
}

static void show(const struct telling *telling, const char *bytes, size_t count)
{
    text_add_visible(telling->why, bytes, count, SHOWN_BYTES);
    text_add(telling->why, "\n");
}

static void show_line(const struct telling *telling, size_t index)
{
    if (index == nothing)
        return;
    const struct history_line *line = line_at(telling, index);
    text_addf(telling->why, "  %s %zu: ", telling->judgement->line_word, line->number);
    show(telling, line->bytes, line->length);
}

/* "client 3 (+1.204 .. +1.950 ms, answered seq 17)" */
static void name_operation(const struct telling *telling, const struct history_operation *operation)
{
    text_addf(telling->why, "client %u (%+.3f", operation->client, ms_since(telling, operation->invoked_ns));
    if (operation->outcome == UNKNOWN)
        text_add(telling->why, " ms, outcome unknown)");
    else if (operation->outcome == REFUSED)
        text_addf(telling->why, " .. %+.3f ms, refused)", ms_since(telling, operation->ended_ns));
    else
        text_addf(telling->why, " .. %+.3f ms, answered seq %" PRIu64 ")", ms_since(telling, operation->ended_ns),
                  operation->seq);
}

static void show_event(const struct telling *telling, const struct history_operation *operation)
{
    text_add(telling->why, "  ");
    name_operation(telling, operation);
    text_add(telling->why, " sent: ");
    show(telling, operation->event, operation->event_bytes);
}

static void show_reading(const struct telling *telling, size_t index)
{
    const struct history_reading *reading = &telling->judgement->session->readings[index];

    text_addf(telling->why, "  client %u (%+.3f .. %+.3f ms) read %zu events\n", reading->client,
              ms_since(telling, reading->invoked_ns), ms_since(telling, reading->ended_ns), reading->count);
}

/* Who sent what stands on a line, if that is known. */
static size_t sender_of(const struct telling *telling, size_t line)
{
    for (size_t i = 0; i < telling->judgement->session->operation_count; i++)
        if (telling->judgement->line_of[i] == line)
            return i;
    return nothing;
}

static void name_sender(const struct telling *telling, size_t line)
{
    size_t sender = sender_of(telling, line);

    if (sender == nothing)
        text_add(telling->why, "somebody unknown");
    else
        name_operation(telling, operation_at(telling, sender));
}

static void show_two_lines(const struct telling *telling)
{
    show_line(telling, telling->finding->line);
    show_line(telling, telling->finding->other_line);
    text_add(telling->why, "  sent by ");
    name_sender(telling, telling->finding->line);
    text_add(telling->why, " and ");
    name_sender(telling, telling->finding->other_line);
    text_add(telling->why, "\n");
}

static void tell_bad_line(const struct telling *telling, const char *fault)
{
    const struct history_finding *finding = telling->finding;

    text_addf(telling->why, "%s %zu %s\n  %s %zu: ", telling->judgement->line_word, finding->number, fault,
              telling->judgement->line_word, finding->number);
    show(telling, finding->bytes, finding->length);
}

static void tell_refused(const struct telling *telling)
{
    text_addf(telling->why, "%s %zu carries an append that was refused\n", telling->judgement->line_word,
              line_at(telling, telling->finding->line)->number);
    show_line(telling, telling->finding->line);
    show_event(telling, operation_at(telling, telling->finding->operation));
}

static void tell_twice(const struct telling *telling)
{
    const char *word = telling->judgement->line_word;

    text_addf(telling->why, "%s %zu and %s %zu carry one and the same append: it is there twice\n", word,
              line_at(telling, telling->finding->other_line)->number, word,
              line_at(telling, telling->finding->line)->number);
    show_line(telling, telling->finding->other_line);
    show_line(telling, telling->finding->line);
    show_event(telling, operation_at(telling, telling->finding->operation));
}

/* Shows a value around the first byte in which its text differs from the other one's. */
static void show_around_difference(const struct telling *telling, const char *label, const struct json *value,
                                   const struct json *other)
{
    size_t same = 0;

    while (same < value->raw_bytes && same < other->raw_bytes && value->raw[same] == other->raw[same])
        same++;
    size_t from = same > CONTEXT_BYTES ? same - CONTEXT_BYTES : 0;
    /* Not in the middle of a character. */
    while (from > 0 && ((unsigned char)value->raw[from] & 0xC0) == 0x80)
        from--;
    text_addf(telling->why, "  %s (%zu bytes, the first difference at %zu): %s", label, value->raw_bytes, same,
              from > 0 ? "…" : "");
    text_add_visible(telling->why, value->raw + from, value->raw_bytes - from, 2 * CONTEXT_BYTES);
    text_add(telling->why, "\n");
}

static bool assigned_by_store(const struct json *member)
{
    return strcmp(member->name, "seq") == 0 || strcmp(member->name, "ts") == 0;
}

/* The first member of `of` that `in` lacks or has with another value. What has very many members is not taken apart. */
static bool tell_first_difference(const struct telling *telling, const struct json *of, const struct json *in,
                                  const char *lacking)
{
    size_t compared = 0;

    for (const struct json *member = of->child; member && compared < MEMBERS_COMPARED_MAX; member = member->next) {
        compared++;
        const struct json *other = json_get(in, member->name);
        if (assigned_by_store(member) || (other && json_equal(member, other)))
            continue;
        text_add(telling->why, "  member \"");
        text_add_visible(telling->why, member->name, member->name_bytes, 2 * CONTEXT_BYTES);
        text_addf(telling->why, "\" %s\n", other ? "has another value" : lacking);
        if (other) {
            show_around_difference(telling, "sent", member, other);
            show_around_difference(telling, "stored", other, member);
        }
        return true;
    }
    return false;
}

static void tell_wrong_payload(const struct telling *telling)
{
    const struct history_line *line = line_at(telling, telling->finding->line);
    const struct history_operation *operation = operation_at(telling, telling->finding->operation);
    const struct json *stored = json_read_event(line->bytes, line->length, NULL);
    const struct json *sent = json_read_event(operation->event, operation->event_bytes, NULL);

    text_addf(telling->why, "%s %zu does not carry what was sent\n", telling->judgement->line_word, line->number);
    show_line(telling, telling->finding->line);
    show_event(telling, operation);
    if (!tell_first_difference(telling, sent, stored, "is missing"))
        tell_first_difference(telling, stored, sent, "was never sent");
    json_free(stored);
    json_free(sent);
}

static void tell_foreign(const struct telling *telling)
{
    const struct history_finding *finding = telling->finding;

    text_addf(telling->why, "%s %zu carries what nobody sent to this session\n", telling->judgement->line_word,
              line_at(telling, finding->line)->number);
    show_line(telling, finding->line);
    if (finding->of) {
        text_add(telling->why, "  it was sent to session ");
        text_add_visible(telling->why, finding->of->sid, strlen(finding->of->sid), SHOWN_BYTES);
        text_addf(telling->why, " by client %u\n", finding->of->operations[finding->other_operation].client);
    }
}

static void tell_duplicate(const struct telling *telling)
{
    const struct history_line *line = line_at(telling, telling->finding->line);
    const char *word = telling->judgement->line_word;

    text_addf(telling->why, "%s %zu and %s %zu both carry seq %" PRIu64 ": one number, two appends\n", word,
              line->number, word, line_at(telling, telling->finding->other_line)->number, line->seq);
    show_two_lines(telling);
}

static void tell_order(const struct telling *telling)
{
    const struct history_line *line = line_at(telling, telling->finding->line);
    const struct history_line *next = line_at(telling, telling->finding->other_line);
    const char *word = telling->judgement->line_word;

    text_addf(telling->why,
              "%s %zu carries seq %" PRIu64 ", %s %zu carries seq %" PRIu64 ": file order is not sequence order\n",
              word, line->number, line->seq, word, next->number, next->seq);
    show_two_lines(telling);
}

static void tell_lost(const struct telling *telling)
{
    const struct history_judgement *judgement = telling->judgement;
    const struct history_operation *operation = operation_at(telling, telling->finding->operation);

    text_addf(telling->why,
              "seq %" PRIu64 " was acknowledged, and what was sent is on none of the %zu %ss: it is lost\n",
              operation->seq, judgement->line_count, judgement->line_word);
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
    const struct history_line *line = line_at(telling, telling->finding->line);

    text_addf(telling->why, "an append was answered seq %" PRIu64 ", and stands on %s %zu under seq %" PRIu64 "\n",
              operation_at(telling, telling->finding->operation)->seq, telling->judgement->line_word, line->number,
              line->seq);
    show_line(telling, telling->finding->line);
    show_event(telling, operation_at(telling, telling->finding->operation));
}

static void tell_gap(const struct telling *telling)
{
    const struct history_finding *finding = telling->finding;
    const struct history_line *after = line_at(telling, finding->other_line);

    text_addf(telling->why, "seq %" PRIu64 " is missing: ", finding->seq);
    if (finding->line != nothing)
        text_addf(telling->why, "%s %zu carries seq %" PRIu64 ", ", telling->judgement->line_word,
                  line_at(telling, finding->line)->number, line_at(telling, finding->line)->seq);
    text_addf(telling->why, "%s %zu carries seq %" PRIu64 "\n", telling->judgement->line_word, after->number,
              after->seq);
    show_line(telling, finding->line);
    show_line(telling, finding->other_line);
}

static void tell_real_time(const struct telling *telling)
{
    const struct history_operation *before = operation_at(telling, telling->finding->operation);
    const struct history_operation *after = operation_at(telling, telling->finding->other_operation);
    size_t line = telling->judgement->line_of[telling->finding->other_operation];
    uint64_t seq = after->outcome == ACKNOWLEDGED && !after->damaged ? after->seq : line_at(telling, line)->seq;

    text_addf(telling->why,
              "seq %" PRIu64
              " was acknowledged %.3f ms before another append was invoked, and that one got seq %" PRIu64
              ": numbers run against time\n",
              before->seq, (double)(after->invoked_ns - before->ended_ns) / 1e6, seq);
    show_event(telling, before);
    show_event(telling, after);
    show_line(telling, line);
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
                  line_at(telling, finding->line)->number);
    text_add(telling->why, "  read: ");
    show(telling, finding->bytes, finding->length);
    show_line(telling, finding->line);
    show_reading(telling, finding->reading);
}

static void tell_misses(const struct telling *telling)
{
    const struct history_operation *operation = operation_at(telling, telling->finding->operation);
    const struct history_reading *reading = &telling->judgement->session->readings[telling->finding->reading];

    text_addf(telling->why,
              "a read shows %zu events and not seq %" PRIu64 ", which was acknowledged %.3f ms before it was invoked\n",
              reading->count, operation->seq, (double)(reading->invoked_ns - operation->ended_ns) / 1e6);
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
