/* One pattern: which cases it names, and what it may have meant if it names none. */
#include "model/select.h"

#include "base/suggest.h"
#include "base/xalloc.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

_Static_assert(CHECK_CASES_MAX <= 64, "a mask has a bit for each case of a room");

/* "ROOM:CASE", in its two halves. */
struct pattern {
    char room[SELECT_PATTERN_MAX_BYTES + 1]; /* and the other half behind its NUL */
    const char *test;                        /* points there; NULL: all of the room's cases */
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

static bool begins(const char *word, const char *with)
{
    return *with && strncmp(word, with, strlen(with)) == 0;
}

/* Half a word is a surface first, then a room: a surface's name is in the beginning of its rooms' too. */
static bool suggest_end(const struct room *all, size_t count, const char *name, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *slash = strchr(all[i].id, '/');
        size_t surface = slash ? (size_t)(slash - all[i].id) : 0;

        if (!begins(all[i].id, name) && !(slash && begins(slash + 1, name)))
            continue;
        bool is_surface = strlen(name) < surface && begins(all[i].id, name);
        error_set(err, "no room matches '%s'; did you mean '%.*s'?", name,
                  (int)(is_surface ? surface : strlen(all[i].id)), all[i].id);
        return true;
    }
    return false;
}

static void suggest_room(const struct room *all, size_t count, const char *name, struct error *err)
{
    struct suggestion nearest = suggest_begin(name);
    char surface[64], surfaces[256];

    if (suggest_end(all, count, name, err))
        return;
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

/* ---- by tag and by level ---- */

static bool has_tag(const struct check *check, const char *tag)
{
    for (size_t i = 0; i < CHECK_TAGS_MAX && check->tags[i]; i++)
        if (strcmp(check->tags[i], tag) == 0)
            return true;
    return false;
}

static bool match_tag(const struct room *all, size_t count, const char *tag, uint64_t *masks, struct error *err)
{
    struct suggestion nearest = suggest_begin(tag);
    bool found = false;

    for (size_t i = 0; i < count; i++) {
        const char *const *tags = all[i].check->tags;

        if (has_tag(all[i].check, tag)) {
            masks[i] |= cases_named(all[i].check, NULL);
            found = true;
        }
        for (size_t j = 0; j < CHECK_TAGS_MAX && tags[j]; j++)
            suggest_try(&nearest, tags[j], tags[j]);
    }
    if (!found && suggest_found(&nearest))
        error_set(err, "no room has the tag '%s'; did you mean 'tag:%s'?", tag, suggest_found(&nearest));
    else if (!found)
        error_set(err, "no room has the tag '%s'; 'assay list --json' shows which there are", tag);
    return found;
}

static bool match_level(const struct room *all, size_t count, const char *level, uint64_t *masks, struct error *err)
{
    bool found = false;

    for (size_t i = 0; i < count; i++)
        for (size_t number = 0; number < select_case_count(all[i].check); number++)
            if (strcmp(level_name(room_level(&all[i], number)), level) == 0) {
                masks[i] |= UINT64_C(1) << number;
                found = true;
            }
    if (!found)
        error_set(err, "no case has the level '%s'; there are 'level:must', 'level:should' and 'level:info'", level);
    return found;
}

/* ---- any pattern ---- */

bool select_match(const struct room *all, size_t count, const char *text, uint64_t *masks, struct error *err)
{
    struct pattern pattern;
    const struct room *without = NULL; /* a room that is meant, but has no such case */
    bool found = false;

    if (strlen(text) > SELECT_PATTERN_MAX_BYTES) {
        error_set(err, "a name of more than %d bytes matches no room", SELECT_PATTERN_MAX_BYTES);
        return false;
    }
    if (strncmp(text, "tag:", 4) == 0)
        return match_tag(all, count, text + 4, masks, err);
    if (strncmp(text, "level:", 6) == 0)
        return match_level(all, count, text + 6, masks, err);
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
