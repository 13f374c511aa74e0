/* Makes one verdict of the runs of a case, and one of the cases of a check. */
#include "model/results.h"

#include "base/xalloc.h"
#include "model/fields.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* How bad a verdict is for the check it is part of. */
static const int severity[VERDICT_COUNT] = {
    [VERDICT_FAIL] = 6,  [VERDICT_ERROR] = 5, [VERDICT_XPASS] = 4, [VERDICT_WARN] = 3,
    [VERDICT_XFAIL] = 2, [VERDICT_PASS] = 1,  [VERDICT_NA] = 0,
};

static const int blame_severity[] = {
    [BLAME_NONE] = 0, [BLAME_ENVIRONMENT] = 1, [BLAME_TARGET] = 2, [BLAME_HARNESS] = 3};

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[VERDICT_COUNT] = {
        [VERDICT_PASS] = "PASS", [VERDICT_FAIL] = "FAIL", [VERDICT_XFAIL] = "XFAIL", [VERDICT_XPASS] = "XPASS",
        [VERDICT_WARN] = "WARN", [VERDICT_NA] = "NA",     [VERDICT_ERROR] = "ERROR",
    };

    return names[verdict];
}

const char *blame_name(enum blame blame)
{
    static const char *const names[] = {[BLAME_NONE] = "nobody",
                                        [BLAME_TARGET] = "target",
                                        [BLAME_HARNESS] = "harness",
                                        [BLAME_ENVIRONMENT] = "environment"};

    return names[blame];
}

bool verdict_is_red(enum verdict verdict)
{
    return verdict == VERDICT_FAIL || verdict == VERDICT_XPASS || verdict == VERDICT_ERROR;
}

void results_init(struct results *results, const char *version, const char *set, const char *target)
{
    *results = (struct results){.version = (char *)version, .set = (char *)set, .target = (char *)target};
    fields_own(results_fields, results, RESULTS_STRING_MAX_BYTES);
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

static bool is_worse(const struct case_result *a, const struct case_result *b)
{
    if (a->verdict == b->verdict)
        return blame_severity[a->blame] > blame_severity[b->blame];
    return severity[a->verdict] > severity[b->verdict];
}

/* The same case, run again: a pass that the baseline did not expect is none when another run failed as expected. */
static bool is_worse_run(const struct case_result *a, const struct case_result *b)
{
    if (a->verdict == VERDICT_XFAIL && b->verdict == VERDICT_XPASS)
        return true;
    if (a->verdict == VERDICT_XPASS && b->verdict == VERDICT_XFAIL)
        return false;
    return is_worse(a, b);
}

static void merge_run(struct case_result *earlier, struct case_result run)
{
    unsigned runs = earlier->runs + run.runs;
    unsigned failed = earlier->failed + run.failed;
    int64_t ms = earlier->ms + run.ms;

    if (is_worse_run(&run, earlier)) {
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

/* The case that speaks for the whole check. */
static const struct case_result *worst_case(const struct check_result *check)
{
    const struct case_result *worst = &check->cases[0];
    const struct case_result *not_applicable = NULL;
    bool judged = false;

    for (size_t i = 0; i < check->case_count; i++) {
        const struct case_result *one = &check->cases[i];

        if (is_worse(one, worst))
            worst = one;
        if (one->verdict != VERDICT_NA)
            judged = judged || !one->control;
        else if (!not_applicable)
            not_applicable = one;
    }
    return worst->verdict == VERDICT_PASS && !judged && not_applicable ? not_applicable : worst;
}

/* The message of the check: why it did not pass, or what is remarkable about the pass. */
static const char *message_of(const struct check_result *check, const struct case_result *worst)
{
    for (size_t i = 0; worst->verdict == VERDICT_PASS && i < check->case_count; i++)
        if (check->cases[i].verdict == VERDICT_PASS && check->cases[i].message)
            return check->cases[i].message;
    return worst->message;
}

static void fold(struct check_result *check)
{
    const struct case_result *worst = worst_case(check);

    check->verdict = worst->verdict;
    check->blame = worst->blame;
    free(check->how);
    free(check->message);
    check->how = worst->verdict == VERDICT_PASS ? NULL : fields_copy_string(worst->how);
    check->message = fields_copy_string(message_of(check, worst));
    check->ms = 0;
    for (size_t i = 0; i < check->case_count; i++)
        check->ms += check->cases[i].ms;
}

void results_add_case(struct results *results, size_t check_number, const struct case_result *result)
{
    struct check_result *check = &results->checks[check_number];
    struct case_result *earlier = find_case(check, result->name);

    if (check->case_count > 0)
        results->counts[check->verdict]--;
    if (earlier)
        merge_run(earlier, copy_run(result));
    else
        insert_case(check, copy_run(result));
    fold(check);
    results->counts[check->verdict]++;
}

const struct check_result *results_find(const struct results *results, const char *id)
{
    for (size_t i = 0; i < results->check_count; i++)
        if (strcmp(results->checks[i].id, id) == 0)
            return &results->checks[i];
    return NULL;
}

static int case_exit_code(const struct case_result *result)
{
    switch (result->verdict) {
    case VERDICT_FAIL:
    case VERDICT_XPASS:
        return 1;
    case VERDICT_ERROR:
        return result->blame == BLAME_HARNESS ? 70 : 3;
    default:
        return 0;
    }
}

static bool any_case_exits(const struct results *results, int code)
{
    for (size_t i = 0; i < results->check_count; i++)
        for (size_t j = 0; j < results->checks[i].case_count; j++)
            if (case_exit_code(&results->checks[i].cases[j]) == code)
                return true;
    return false;
}

int results_exit_code(const struct results *results, size_t min)
{
    static const int reds[] = {1, 70, 3};

    if (results->interrupted)
        return 128 + (results->signal ? results->signal : SIGINT);
    for (size_t i = 0; i < sizeof reds / sizeof *reds; i++)
        if (any_case_exits(results, reds[i]))
            return reds[i];
    bool ran = any_case_exits(results, 0);
    return ran && results->counts[VERDICT_PASS] >= min ? 0 : 4;
}
