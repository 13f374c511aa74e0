/* Keeps the results of a run: its checks, their cases, and what several runs of one case add up to. */
#include "model/results.h"

#include "base/xalloc.h"
#include "model/fields.h"
#include "model/verdict_private.h"

#include <stdlib.h>
#include <string.h>

void results_init(struct results *results, const char *version, const char *set, const char *target)
{
    *results = (struct results){
        .version = (char *)version, .set = (char *)set, .target = (char *)target, .shard = 1, .shards = 1};
    fields_own(results_fields, results, RESULTS_STRING_MAX_BYTES);
}

void results_identify(struct results *results, const struct identity *identity)
{
    struct results before = {.identity = results->identity};
    struct results copied = {.identity = *identity};

    fields_own(results_fields, &copied, RESULTS_STRING_MAX_BYTES);
    results->identity = copied.identity;
    fields_free(results_fields, &before);
}

void case_result_free(struct case_result *result)
{
    fields_free(case_fields, result);
}

static void free_check(struct check_result *check)
{
    for (size_t i = 0; i < check->case_count; i++)
        case_result_free(&check->cases[i]);
    free(check->cases);
    fields_free(check_fields, check);
}

void results_free(struct results *results)
{
    for (size_t i = 0; i < results->check_count; i++)
        free_check(&results->checks[i]);
    free(results->checks);
    fields_free(results_fields, results);
    *results = (struct results){0};
}

size_t results_add_check(struct results *results, const char *id, const char *title, const char *level,
                         const char *const *origins, const char *const *tags)
{
    results->checks = xalloc_resize(results->checks, results->check_count + 1, sizeof *results->checks);
    struct check_result *check = &results->checks[results->check_count];
    *check = (struct check_result){
        .id = (char *)id,
        .title = (char *)title,
        .level = (char *)level,
        .origins = (char **)origins,
        .tags = (char **)tags,
        .verdict = VERDICT_NA,
    };
    fields_own(check_fields, check, RESULTS_STRING_MAX_BYTES);
    return results->check_count++;
}

/* A copy that counts: what is not said to be of several runs is of one. */
static struct case_result copy_run(const struct case_result *result)
{
    struct case_result copied = *result;
    bool passed = result->verdict == VERDICT_PASS || result->verdict == VERDICT_XPASS || result->verdict == VERDICT_NA;

    fields_own(case_fields, &copied, RESULTS_STRING_MAX_BYTES);
    if (!copied.runs)
        copied.runs = 1;
    if (!copied.failed && !passed)
        copied.failed = 1;
    return copied;
}

static void merge_run(struct case_result *earlier, struct case_result run)
{
    unsigned runs = earlier->runs + run.runs;
    unsigned failed = earlier->failed + run.failed;
    int64_t ms = earlier->ms + run.ms;

    if (verdict_is_worse_run(&run, earlier)) {
        struct case_result better = *earlier;

        *earlier = run;
        run = better;
    }
    case_result_free(&run);
    earlier->runs = runs;
    earlier->failed = failed;
    earlier->ms = ms;
}

static struct case_result *find_case(struct check_result *check, const char *name)
{
    for (size_t i = 0; i < check->case_count; i++)
        if (strcmp(check->cases[i].name, name) == 0)
            return &check->cases[i];
    return NULL;
}

static void insert_case(struct check_result *check, struct case_result result)
{
    size_t place = check->case_count;

    check->cases = xalloc_resize(check->cases, check->case_count + 1, sizeof *check->cases);
    while (place > 0 && check->cases[place - 1].number > result.number)
        place--;
    memmove(&check->cases[place + 1], &check->cases[place], (check->case_count - place) * sizeof *check->cases);
    check->cases[place] = result;
    check->case_count++;
}

void results_add_case(struct results *results, size_t check_number, const struct case_result *result)
{
    struct check_result *check = &results->checks[check_number];
    struct case_result *earlier = find_case(check, result->name);
    struct case_result run = *result;

    if (!run.level)
        run.level = check->level;
    if (check->case_count > 0)
        results->counts[check->verdict]--;
    if (earlier)
        merge_run(earlier, copy_run(&run));
    else
        insert_case(check, copy_run(&run));
    verdict_fold(check);
    results->counts[check->verdict]++;
}

const struct check_result *results_find(const struct results *results, const char *id)
{
    for (size_t i = 0; i < results->check_count; i++)
        if (strcmp(results->checks[i].id, id) == 0)
            return &results->checks[i];
    return NULL;
}
