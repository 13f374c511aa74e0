/* The lines of the file, or the events of the longest read in their place, and what is wrong with one by itself. */
#include "base/xalloc.h"
#include "history/history_private.h"

#include <stdio.h>
#include <string.h>

static void add_line(struct history_judgement *judgement, struct history_line line, const struct json *object)
{
    if (judgement->line_count == judgement->line_capacity) {
        judgement->line_capacity = judgement->line_capacity ? 2 * judgement->line_capacity : 64;
        judgement->lines = xalloc_resize(judgement->lines, judgement->line_capacity, sizeof *judgement->lines);
    }
    judgement->lines[judgement->line_count++] = line;
    history_match_answer(judgement, judgement->line_count - 1, object);
}

/* A line that is no JSON, or not ended: a fault, unless the rules leave room for it. */
static void torn_line(struct history_judgement *judgement, const struct history_line *line, const char *why)
{
    struct history_finding finding = HISTORY_FINDING;

    if (judgement->torn_lines < judgement->rules->torn_lines) {
        judgement->torn_lines++;
        return;
    }
    finding.bytes = line->bytes;
    finding.length = line->length;
    finding.number = line->number;
    snprintf(finding.text, sizeof finding.text, "%s", why);
    history_find_fault(judgement, HISTORY_NOT_JSON, finding);
}

static void take_object(struct history_judgement *judgement, struct history_line line, const struct json *object)
{
    int64_t seq;

    if (json_get_integer(object, "seq", &seq) && seq >= 1) {
        line.seq = (uint64_t)seq;
        add_line(judgement, line, object);
        return;
    }
    struct history_finding finding = HISTORY_FINDING;
    finding.bytes = line.bytes;
    finding.length = line.length;
    finding.number = line.number;
    history_find_fault(judgement, HISTORY_NO_SEQ, finding);
}

static void take_line(struct history_judgement *judgement, struct history_line line, bool ended)
{
    struct json_error error;
    char why[sizeof((struct history_finding *)0)->text];
    const struct json *object = json_read_event(line.bytes, line.length, &error);

    if (line.length == 0)
        torn_line(judgement, &line, "is empty");
    else if (!object) {
        snprintf(why, sizeof why, "is no JSON: %s (byte %zu)", error.text, error.offset + 1);
        torn_line(judgement, &line, why);
    } else if (object->type != JSON_OBJECT)
        torn_line(judgement, &line, "is JSON, but no object");
    else {
        if (!ended)
            torn_line(judgement, &line, "is not ended by a newline");
        take_object(judgement, line, object);
    }
    json_free(object);
}

void history_take_file(struct history_judgement *judgement, const char *file, size_t bytes)
{
    const char *at = file;
    const char *end = file + bytes;

    judgement->line_word = "line";
    for (size_t number = 1; at < end; number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline ? newline : end;

        take_line(judgement, (struct history_line){.bytes = at, .length = (size_t)(line_end - at), .number = number},
                  newline != NULL);
        at = newline ? newline + 1 : end;
    }
}

void history_take_reads(struct history_judgement *judgement)
{
    const struct history_session *session = judgement->session;

    judgement->line_word = "event";
    for (size_t i = 0; i < session->seen_count; i++)
        take_line(judgement,
                  (struct history_line){.bytes = session->seen[i], .length = strlen(session->seen[i]), .number = i + 1},
                  true);
}
