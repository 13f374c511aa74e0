/* Verdicts: their names, which of two is worse, what the cases of a check add up to, and what a process exits with. */
#include "model/fields.h"
#include "model/results.h"
#include "model/verdict_private.h"

#include <signal.h>
#include <stdio.h>
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

bool verdict_is_severe(const char *how)
{
    return how && (!strcmp(how, "crash") || !strcmp(how, "hang") || !strcmp(how, "leak"));
}

bool verdict_is_red(enum verdict verdict)
{
    return verdict == VERDICT_FAIL || verdict == VERDICT_XPASS || verdict == VERDICT_ERROR;
}

static bool is_worse(const struct case_result *a, const struct case_result *b)
{
    if (a->verdict == b->verdict)
        return blame_severity[a->blame] > blame_severity[b->blame];
    return severity[a->verdict] > severity[b->verdict];
}

bool verdict_is_worse_run(const struct case_result *a, const struct case_result *b)
{
    if (a->verdict == VERDICT_XFAIL && b->verdict == VERDICT_XPASS)
        return true;
    if (a->verdict == VERDICT_XPASS && b->verdict == VERDICT_XFAIL)
        return false;
    return is_worse(a, b);
}

/* The case that speaks for the whole check. */
static const struct case_result *worst_case(const struct check_result *check)
{
    const struct case_result *worst = &check->cases[0];
    const struct case_result *requirement = NULL;

    for (size_t i = 0; i < check->case_count; i++) {
        if (is_worse(&check->cases[i], worst))
            worst = &check->cases[i];
        if (!requirement && !check->cases[i].control)
            requirement = &check->cases[i];
    }
    bool unjudged = worst->verdict == VERDICT_PASS && requirement && requirement->verdict == VERDICT_NA;
    return unjudged ? requirement : worst;
}

/* The message of the check: why it did not pass, or what is remarkable about the pass. */
static const char *message_of(const struct check_result *check, const struct case_result *worst)
{
    for (size_t i = 0; worst->verdict == VERDICT_PASS && i < check->case_count; i++)
        if (check->cases[i].verdict == VERDICT_PASS && check->cases[i].message)
            return check->cases[i].message;
    return worst->message;
}

void verdict_fold(struct check_result *check)
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

size_t check_result_judged(const struct check_result *check)
{
    size_t judged = 0;

    for (size_t i = 0; i < check->case_count; i++)
        judged += check->cases[i].verdict != VERDICT_NA && check->cases[i].verdict != VERDICT_ERROR;
    return judged;
}

void check_result_cases(const struct check_result *check, char *text, size_t size)
{
    size_t judged = check_result_judged(check);

    if (judged == check->case_count)
        snprintf(text, size, "%zu case%s", judged, judged == 1 ? "" : "s");
    else
        snprintf(text, size, "%zu of %zu case%s judged", judged, check->case_count, check->case_count == 1 ? "" : "s");
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
