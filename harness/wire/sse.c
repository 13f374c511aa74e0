/* Takes the next event out of a stream of server-sent events. */
#include "wire/sse.h"

#include <string.h>

struct line {
    const char *begin;
    size_t bytes;
    size_t behind; /* where the next line begins */
};

/* The line at `at`; false: its end has not come. */
static bool next_line(const char *body, size_t bytes, size_t at, struct line *line)
{
    size_t end = at;

    while (end < bytes && body[end] != '\r' && body[end] != '\n')
        end++;
    if (end == bytes)
        return false;
    *line = (struct line){body + at, end - at, end + 1};
    if (body[end] == '\r' && end + 1 < bytes && body[end + 1] == '\n')
        line->behind++;
    return true;
}

/* The value of a line "data", "data:value" or "data: value"; false: it is another one. */
static bool data_of(const struct line *line, const char **value, size_t *bytes)
{
    if (line->bytes < 4 || memcmp(line->begin, "data", 4) != 0 || (line->bytes > 4 && line->begin[4] != ':'))
        return false;
    size_t skip = line->bytes > 4 ? 5 : 4;
    if (skip < line->bytes && line->begin[skip] == ' ')
        skip++;
    *value = line->begin + skip;
    *bytes = line->bytes - skip;
    return true;
}

bool sse_next(const char *body, size_t bytes, size_t *at, struct text *data)
{
    size_t here = *at;
    bool any = false;
    struct line line;

    text_clear(data);
    if (here == 0 && bytes >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0)
        here = 3;
    while (next_line(body, bytes, here, &line)) {
        const char *value;
        size_t count;

        here = line.behind;
        if (line.bytes == 0 && any) {
            *at = here;
            return true;
        }
        if (!data_of(&line, &value, &count))
            continue;
        if (any)
            text_add(data, "\n");
        text_add_bytes(data, value, count);
        any = true;
    }
    return false;
}
