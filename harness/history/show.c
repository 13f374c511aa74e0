/* The words of which a counter-example is made: a line, an operation, a read, a difference. */
#include "history/show_private.h"

#include <inttypes.h>
#include <string.h>

enum { CONTEXT_BYTES = 24, MEMBERS_COMPARED_MAX = 1000 };

static double ms_since(const struct telling *telling, int64_t ns)
{
    return (double)(ns - telling->start_ns) / 1e6;
}

const struct history_line *telling_line(const struct telling *telling, size_t index)
{
    return &telling->judgement->lines[index];
}

const struct history_operation *telling_operation(const struct telling *telling, size_t index)
{
    return &telling->judgement->session->operations[index];
}

void show_bytes(const struct telling *telling, const char *bytes, size_t count)
{
    text_add_visible(telling->why, bytes, count, SHOWN_BYTES);
    text_add(telling->why, "\n");
}

void show_line(const struct telling *telling, size_t index)
{
    if (index == nothing)
        return;
    const struct history_line *line = telling_line(telling, index);
    text_addf(telling->why, "  %s %zu: ", telling->judgement->line_word, line->number);
    show_bytes(telling, line->bytes, line->length);
}

/* "client 3 (+1.204 .. +1.950 ms, answered seq 17)" */
static void name_operation(const struct telling *telling, const struct history_operation *operation)
{
    text_addf(telling->why, "client %u (%+.3f", operation->client, ms_since(telling, operation->invoked_ns));
    if (operation->outcome == UNKNOWN)
        text_add(telling->why, " ms, outcome unknown)");
    else if (operation->outcome == REFUSED)
        text_addf(telling->why, " .. %+.3f ms, refused)", ms_since(telling, operation->ended_ns));
    else if (operation->seq == 0)
        text_addf(telling->why, " .. %+.3f ms, acknowledged)", ms_since(telling, operation->ended_ns));
    else
        text_addf(telling->why, " .. %+.3f ms, answered seq %" PRIu64 ")", ms_since(telling, operation->ended_ns),
                  operation->seq);
}

void show_event(const struct telling *telling, const struct history_operation *operation)
{
    text_add(telling->why, "  ");
    name_operation(telling, operation);
    text_add(telling->why, " sent: ");
    show_bytes(telling, operation->event, operation->event_bytes);
}

void show_reading(const struct telling *telling, size_t index)
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
        name_operation(telling, telling_operation(telling, sender));
}

void show_two_lines(const struct telling *telling)
{
    show_line(telling, telling->finding->line);
    show_line(telling, telling->finding->other_line);
    text_add(telling->why, "  sent by ");
    name_sender(telling, telling->finding->line);
    text_add(telling->why, " and ");
    name_sender(telling, telling->finding->other_line);
    text_add(telling->why, "\n");
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

void show_first_difference(const struct telling *telling, const struct json *of, const struct json *in)
{
    size_t compared = 0;

    for (const struct json *member = of->child; member && compared < MEMBERS_COMPARED_MAX; member = member->next) {
        compared++;
        const struct json *other = json_get(in, member->name);
        if (!history_counts(telling->judgement->rules, of, member->name) || (other && json_equal(member, other)))
            continue;
        text_add(telling->why, "  member \"");
        text_add_visible(telling->why, member->name, member->name_bytes, 2 * CONTEXT_BYTES);
        text_addf(telling->why, "\" %s\n", other ? "has another value" : "is missing");
        if (other) {
            show_around_difference(telling, "sent", member, other);
            show_around_difference(telling, "stored", other, member);
        }
        return;
    }
}
