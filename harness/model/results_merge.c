/* Several runs, each of a part of one selection, made into one. */
#include "model/results.h"

#include "base/error.h"
#include "base/text.h"
#include "model/fields.h"

#include <stdlib.h>
#include <string.h>

static bool is_same(const char *what, const char *a, const char *b, struct error *err)
{
    if (strcmp(a, b) == 0)
        return true;
    error_set(err, "a run of another %s, %s, where the first was of %s: these cannot be one report", what, b, a);
    return false;
}

/* What differs is said of both. */
static void join(char **string, const char *other)
{
    struct text both;

    if (!other || (*string && strcmp(*string, other) == 0))
        return;
    text_init(&both, RESULTS_STRING_MAX_BYTES);
    text_addf(&both, "%s%s%s", *string ? *string : "", *string ? "; " : "", other);
    free(*string);
    *string = text_take(&both);
}

static void merge_identity(struct identity *into, const struct identity *other)
{
    /* RFC 3339 in UTC sorts by time. */
    if (into->started && other->started && strcmp(other->started, into->started) < 0) {
        free(into->started);
        into->started = fields_copy_string(other->started);
    }
    join(&into->host, other->host);
    join(&into->command, other->command);
    join(&into->level, other->level);
    join(&into->seed, other->seed);
    join(&into->baseline, other->baseline);
    join(&into->driver_name, other->driver_name);
    join(&into->driver_version, other->driver_version);
}

static void merge_check(struct results *into, const struct check_result *check)
{
    const struct check_result *there = results_find(into, check->id);
    size_t number = there ? (size_t)(there - into->checks)
                          : results_add_check(into, check->id, check->title, check->level,
                                              (const char *const *)check->origins, (const char *const *)check->tags);

    for (size_t i = 0; i < check->case_count; i++)
        results_add_case(into, number, &check->cases[i]);
}

bool results_merge(struct results *into, const struct results *other, struct error *err)
{
    if (!is_same("target", into->target, other->target, err) || !is_same("set", into->set, other->set, err) ||
        !is_same("version of assay", into->version, other->version, err))
        return false;
    merge_identity(&into->identity, &other->identity);
    for (size_t i = 0; i < other->check_count; i++)
        merge_check(into, &other->checks[i]);
    into->planned_checks = into->check_count;
    into->planned_cases += other->planned_cases;
    into->wall_ms = into->wall_ms > other->wall_ms ? into->wall_ms : other->wall_ms;
    into->interrupted |= other->interrupted;
    into->signal = into->signal ? into->signal : other->signal;
    return true;
}
