/* Reads mutants.json, strictly, and selects from it. */
#include "red/mutants.h"

#include "base/error.h"
#include "base/file.h"
#include "base/suggest.h"
#include "json/json.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum { MEMBERS = 6, NAME_MAX_BYTES = 512 };

static bool is_how(const char *how)
{
    static const char *const known[] = {"wrong", "silent", "hang", "crash", "race", "leak"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(how, known[i]) == 0)
            return true;
    return false;
}

/* Why the entry is no mutant, or NULL. */
static const char *take(const struct json *entry, struct mutant *mutant)
{
    *mutant = (struct mutant){
        .check = json_get_string(entry, "check"),
        .patch = json_get_string(entry, "patch"),
        .test = json_get_string(entry, "case"),
        .how = json_get_string(entry, "how"),
        .evidence = json_get_string(entry, "evidence"),
        .target = json_get_string(entry, "target"),
    };
    if (!mutant->check || !mutant->patch || !mutant->test || !mutant->how || !mutant->evidence || !mutant->target)
        return "lacks one of check, patch, case, how, evidence and target";
    if (entry->count != MEMBERS)
        return "has a member that is unknown";
    if (!is_how(mutant->how))
        return "has a how that is none of wrong, silent, hang, crash, race and leak";
    if (*mutant->target != '/')
        return "has a target without an absolute path";
    return NULL;
}

static bool take_all(struct mutants *mutants, struct error *err)
{
    if (mutants->document->type != JSON_ARRAY || mutants->document->count > MUTANTS_MAX) {
        error_set(err, "this is no array of at most %d mutants", MUTANTS_MAX);
        return false;
    }
    for (const struct json *entry = mutants->document->child; entry; entry = entry->next) {
        const char *why = take(entry, &mutants->all[mutants->count++]);

        if (why) {
            error_set(err, "mutant %zu %s", mutants->count, why);
            return false;
        }
    }
    return true;
}

bool mutants_read(struct mutants *mutants, const char *path, struct error *err)
{
    struct json_error error;
    struct text text;

    if (!file_read(path, MUTANTS_FILE_MAX_BYTES, &text, err))
        return false;
    mutants->count = 0;
    mutants->document = json_read(text.bytes, text.length, &error);
    text_free(&text);
    if (!mutants->document) {
        error_set(err, "%s: byte %zu: %s", path, error.offset, error.text);
        return false;
    }
    if (take_all(mutants, err))
        return true;
    mutants_free(mutants);
    return false;
}

void mutants_free(struct mutants *mutants)
{
    json_free(mutants->document);
    mutants->document = NULL;
    mutants->count = 0;
}

/* ---- which of them ---- */

static const char *name_of(const struct mutant *mutant, char name[NAME_MAX_BYTES])
{
    snprintf(name, NAME_MAX_BYTES, "%s/%s", mutant->check, mutant->patch);
    return name;
}

static bool names(const char *pattern, const struct mutant *mutant)
{
    char name[NAME_MAX_BYTES];
    size_t surface = strcspn(mutant->check, "/");

    if (strlen(pattern) == surface && strncmp(pattern, mutant->check, surface) == 0)
        return true;
    return fnmatch(pattern, mutant->check, 0) == 0 || fnmatch(pattern, name_of(mutant, name), 0) == 0;
}

/* The suggestion is copied to `found` if it wins. */
static void weigh(struct suggestion *nearest, const char *known, const char *suggestion, char found[NAME_MAX_BYTES])
{
    size_t before = nearest->distance;

    suggest_try(nearest, known, found);
    if (nearest->distance < before)
        snprintf(found, NAME_MAX_BYTES, "%s", suggestion);
}

static void no_match(const struct mutants *mutants, const char *pattern, struct error *err)
{
    struct suggestion nearest = suggest_begin(pattern);
    char name[NAME_MAX_BYTES], found[NAME_MAX_BYTES];

    for (size_t i = 0; i < mutants->count; i++) {
        const struct mutant *mutant = &mutants->all[i];
        size_t surface = strcspn(mutant->check, "/");

        snprintf(name, sizeof name, "%.*s", (int)surface, mutant->check);
        weigh(&nearest, name, name, found);
        weigh(&nearest, mutant->check, mutant->check, found);
        if (mutant->check[surface])
            weigh(&nearest, mutant->check + surface + 1, mutant->check, found);
        weigh(&nearest, name_of(mutant, name), name, found);
        weigh(&nearest, mutant->patch, name, found);
    }
    if (suggest_found(&nearest))
        error_set(err, "no mutant matches '%s'; did you mean '%s'?", pattern, found);
    else
        error_set(err, "no mutant matches '%s'; --list names all that there are", pattern);
}

bool mutants_select(struct mutants *mutants, const char *const *patterns, size_t count, struct error *err)
{
    bool chosen[MUTANTS_MAX] = {false};
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        bool any = false;

        for (size_t j = 0; j < mutants->count; j++)
            if (names(patterns[i], &mutants->all[j]))
                any = chosen[j] = true;
        if (!any) {
            no_match(mutants, patterns[i], err);
            return false;
        }
    }
    for (size_t i = 0; i < mutants->count; i++)
        if (count == 0 || chosen[i])
            mutants->all[kept++] = mutants->all[i];
    mutants->count = kept;
    return true;
}
