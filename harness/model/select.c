/* Turns the patterns of a command line, and of the lists it names, into the cases that are to run. */
#include "model/select.h"

#include "base/file.h"
#include "base/xalloc.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct choosing {
    const struct room *all;
    size_t count;
    uint64_t *in;
    uint64_t *out;
    bool included; /* a pattern that is no exclusion was seen */
    struct error *err;
};

__attribute__((format(printf, 2, 3))) static bool wrong(struct choosing *choosing, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    error_vset(choosing->err, format, arguments);
    va_end(arguments);
    return false;
}

static bool choose(struct choosing *choosing, const char *pattern)
{
    bool exclusion = pattern[0] == '!';

    if (exclusion)
        pattern++;
    else
        choosing->included = true;
    return select_match(choosing->all, choosing->count, pattern, exclusion ? choosing->out : choosing->in,
                        choosing->err);
}

static bool choose_line(struct choosing *choosing, const char *path, const struct file_lines *lines)
{
    struct error why;
    struct choosing one = *choosing;

    one.err = &why;
    if (lines->broken)
        return wrong(choosing, "%s:%zu: longer than any name, or no text", path, lines->number);
    if (lines->entry[0] == '@')
        return wrong(choosing, "%s:%zu: a list cannot name another list", path, lines->number);
    if (lines->entry[0] && !choose(&one, lines->entry))
        return wrong(choosing, "%s:%zu: %s", path, lines->number, why.text);
    choosing->included = one.included;
    return true;
}

static bool choose_list(struct choosing *choosing, const char *path)
{
    struct text text;
    struct file_lines lines;
    size_t entries = 0;
    bool right = true;

    if (!file_read(path, SELECT_FILE_MAX_BYTES, &text, choosing->err))
        return false;
    lines = file_lines(&text);
    while (right && file_next_line(&lines)) {
        right = choose_line(choosing, path, &lines);
        entries += lines.entry[0] != 0;
    }
    text_free(&text);
    if (right && entries == 0)
        return wrong(choosing, "%s names nothing; leave out @%s to run all", path, path);
    return right;
}

/* "seeds" leaves the cases that a report promises, and the controls beside them. */
static bool in_set(const struct check *check, size_t number, const char *set)
{
    bool promises = false;

    for (size_t i = 0; i < select_case_count(check); i++)
        promises |= check->cases[i].promised;
    return strcmp(set, "seeds") != 0 || check->cases[number].promised || (promises && check->cases[number].control);
}

static void list_cases(const struct choosing *choosing, const char *set, struct selection *selection)
{
    size_t most = 0;

    for (size_t i = 0; i < choosing->count; i++)
        most += select_case_count(choosing->all[i].check);
    *selection = (struct selection){.cases = xalloc_resize(NULL, most + 1, sizeof *selection->cases)};
    for (size_t i = 0; i < choosing->count; i++) {
        const struct room *room = &choosing->all[i];
        uint64_t mask = (choosing->included ? choosing->in[i] : UINT64_MAX) & ~choosing->out[i];

        for (size_t number = 0; number < select_case_count(room->check); number++) {
            if (mask >> number & 1 && in_set(room->check, number, set))
                selection->cases[selection->count++] = (struct selected_case){.room = room, .number = number};
        }
    }
}

bool select_cases(const struct room *all, size_t count, const char *const *patterns, size_t pattern_count,
                  const char *set, struct selection *selection, struct error *err)
{
    struct choosing choosing = {
        .all = all,
        .count = count,
        .in = select_masks(count),
        .out = select_masks(count),
        .err = err,
    };
    bool right = true;

    for (size_t i = 0; right && i < pattern_count; i++) {
        if (patterns[i][0] == '@')
            right = choose_list(&choosing, patterns[i] + 1);
        else if (strncmp(patterns[i], "!@", 2) == 0)
            right = wrong(&choosing, "'%s': write the ! before the lines of that list instead", patterns[i]);
        else
            right = choose(&choosing, patterns[i]);
    }
    if (right)
        list_cases(&choosing, set, selection);
    free(choosing.in);
    free(choosing.out);
    return right;
}

void selection_free(struct selection *selection)
{
    free(selection->cases);
    *selection = (struct selection){NULL, 0};
}
