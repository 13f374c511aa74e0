/* Does the transcript agree with the events? */
#include "check.h"
#include "store/store_private.h"

#include <string.h>

enum { LINES_MAX = 4096 };

struct lines {
    const struct json *lines[LINES_MAX];
    size_t count;
};

static struct lines read_lines(struct store *store, const char *sid, enum store_file which)
{
    struct lines lines = {0};
    struct text file = store_file(store, sid, which);
    const char *line = file.bytes, *behind = file.bytes + file.length;

    for (const char *end; (end = memchr(line, '\n', (size_t)(behind - line))); line = end + 1) {
        const struct json *value = json_read(line, (size_t)(end - line), NULL);

        expect(value && lines.count < LINES_MAX, WRONG, "strict JSON on every line", "%.300s", line);
        lines.lines[lines.count++] = value;
    }
    expect(line == behind, WRONG, "a newline behind the last line", "%.300s", line);
    text_free(&file);
    return lines;
}

static void free_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        json_free(lines->lines[i]);
}

static const char *role_of(const struct json *event)
{
    const char *type = json_get_string(event, "type");

    if (type && !strcmp(type, "user.message"))
        return "user";
    return type && !strcmp(type, "assistant.message") ? "assistant" : NULL;
}

/* The numbers differ: how that is called. */
static enum how how_they_differ(struct store *store, const char *sid)
{
    if (!store_may_repeat(store))
        return WRONG;
    expect_transcript(store, store_repeat_in_turn(store, sid));
    return RACE;
}

void expect_transcript(struct store *store, const char *sid)
{
    struct lines events = read_lines(store, sid, STORE_EVENTS), said = read_lines(store, sid, STORE_TRANSCRIPT);
    size_t at = 0;

    for (size_t i = 0; i < events.count; i++) {
        const char *role = role_of(events.lines[i]);
        int64_t seq = -1, transcript_seq = -1;

        if (!role)
            continue;
        json_get_integer(events.lines[i], "seq", &seq);
        const struct json *line = at < said.count ? said.lines[at] : NULL;
        bool numbered = json_get_integer(line, "seq", &transcript_seq);
        bool same = numbered && seq == transcript_seq;
        expect(same, same ? WRONG : how_they_differ(store, sid), "the message's event and its line under one number",
               "line %zu of the transcript carries seq %lld where the events have %lld", at + 1,
               (long long)transcript_seq, (long long)seq);
        expect_text(json_get_string(line, "role"), role, "the role");
        expect_text(json_get_string(line, "text"), json_get_string(events.lines[i], "text"), "the text");
        at++;
    }
    expect_integer((int64_t)said.count, (int64_t)at, "lines in the transcript:");
    free_lines(&events);
    free_lines(&said);
}
