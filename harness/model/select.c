/* Turns the patterns of a command line into the list of cases that are to run. */
#include "model/select.h"

#include "base/error.h"
#include "base/file.h"
#include "base/suggest.h"
#include "base/xalloc.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(CHECK_CASES_MAX <= 64, "a mask has a bit for each case of a room");

/* "ROOM:CASE", in its two halves. */
struct pattern {
    char room[SELECT_PATTERN_MAX_BYTES + 1]; /* and the other half behind its NUL */
    const char *test;                        /* points there; NULL: all of the room's cases */
};

struct choosing {
    const struct room *all;
    size_t count;
    uint64_t *in;
    uint64_t *out;
    bool included; /* a pattern that is no exclusion was seen */
    struct error *err;
};

size_t select_case_count(const struct check *check)
{
    size_t count = 0;

    while (count < CHECK_CASES_MAX && check->cases[count].name)
        count++;
    return count;
}

uint64_t *select_masks(size_t count)
{
    return memset(xalloc_resize(NULL, count + 1, sizeof(uint64_t)), 0, (count + 1) * sizeof(uint64_t));
}

/* ---- one pattern ---- */

static void split(struct pattern *pattern, const char *text)
{
    char *colon;

    snprintf(pattern->room, sizeof pattern->room, "%s", text);
    colon = strchr(pattern->room, ':');
    pattern->test = colon ? colon + 1 : NULL;
    if (colon)
        *colon = 0;
}

static bool names_room(const char *pattern, const char *id)
{
    size_t surface = strcspn(id, "/");

    return fnmatch(pattern, id, 0) == 0 || (strlen(pattern) == surface && strncmp(pattern, id, surface) == 0);
}

static uint64_t cases_named(const struct check *check, const char *pattern)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < select_case_count(check); i++) {
        if (!pattern || fnmatch(pattern, check->cases[i].name, 0) == 0)
            mask |= UINT64_C(1) << i;
    }
    return mask;
}

/* 'http', 'store'; the rooms are in the order of their names. */
static void list_surfaces(const struct room *all, size_t count, char *text, size_t bytes)
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count && length < bytes; i++) {
        size_t surface = strcspn(all[i].id, "/") + 1;

        if (i == 0 || strncmp(all[i].id, all[i - 1].id, surface) != 0)
            length += (size_t)snprintf(text + length, bytes - length, "%s'%.*s'", length ? ", " : "", (int)surface - 1,
                                       all[i].id);
    }
}

static void suggest_room(const struct room *all, size_t count, const char *name, struct error *err)
{
    struct suggestion nearest = suggest_begin(name);
    char surface[64], surfaces[256];

    for (size_t i = 0; i < count; i++) {
        const char *slash = strchr(all[i].id, '/');

        suggest_try(&nearest, all[i].id, all[i].id);
        if (slash)
            suggest_try(&nearest, slash + 1, all[i].id);
    }
    for (size_t i = 0; i < count; i++) {
        snprintf(surface, sizeof surface, "%.*s", (int)strcspn(all[i].id, "/"), all[i].id);
        if (suggest_distance(name, surface) < nearest.distance) {
            error_set(err, "no room matches '%s'; did you mean '%s'?", name, surface);
            return;
        }
    }
    list_surfaces(all, count, surfaces, sizeof surfaces);
    if (suggest_found(&nearest))
        error_set(err, "no room matches '%s'; did you mean '%s'?", name, suggest_found(&nearest));
    else
        error_set(err, "no room matches '%s'; try a surface (%s), or a name from 'assay list'", name, surfaces);
}

static void suggest_case(const struct room *room, const char *name, struct error *err)
{
    struct suggestion nearest = suggest_begin(name);
    const struct check_case *first = &room->check->cases[0];

    for (size_t i = 0; i < select_case_count(room->check); i++)
        suggest_try(&nearest, first[i].name, first[i].name);
    if (suggest_found(&nearest))
        error_set(err, "%s has no case '%s'; did you mean '%s'?", room->id, name, suggest_found(&nearest));
    else
        error_set(err, "%s has no case '%s'; 'assay explain %s' lists its cases", room->id, name, room->id);
}

bool select_match(const struct room *all, size_t count, const char *text, uint64_t *masks, struct error *err)
{
    struct pattern pattern;
    const struct room *without = NULL; /* a room that is meant, but has no such case */
    bool found = false;

    if (strlen(text) > SELECT_PATTERN_MAX_BYTES) {
        error_set(err, "a name of more than %d bytes matches no room", SELECT_PATTERN_MAX_BYTES);
        return false;
    }
    split(&pattern, text);
    for (size_t i = 0; i < count; i++) {
        uint64_t named;

        if (!names_room(pattern.room, all[i].id))
            continue;
        named = cases_named(all[i].check, pattern.test);
        masks[i] |= named;
        found |= named != 0;
        without = &all[i];
    }
    if (found)
        return true;
    if (without)
        suggest_case(without, pattern.test ? pattern.test : "", err);
    else
        suggest_room(all, count, pattern.room, err);
    return false;
}

/* ---- all of them ---- */

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

/* What the set leaves of a room. */
static bool in_set(const struct check *check, const char *set)
{
    static const char *const reports[] = {"OAS-", "P28S-", "P28C-"};

    if (strcmp(set, "seeds") != 0)
        return true;
    if (check->stricter)
        return false;
    for (size_t i = 0; i < CHECK_ORIGINS_MAX && check->origins[i]; i++) {
        for (size_t r = 0; r < sizeof reports / sizeof *reports; r++) {
            if (strncmp(check->origins[i], reports[r], strlen(reports[r])) == 0)
                return true;
        }
    }
    return false;
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

        for (size_t number = 0; in_set(room->check, set) && number < select_case_count(room->check); number++) {
            if (mask >> number & 1)
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
