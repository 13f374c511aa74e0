/* Reads from the results of a run whether the mutant was found out, by the right case and for the right reason. */
#include "red/kills.h"

#include "base/error.h"
#include "report/explain.h"

#include <stdio.h>
#include <string.h>

static const char *or_empty(const char *string)
{
    return string ? string : "";
}

bool kills_green(const struct results *results, const char *id, struct error *err)
{
    const struct check_result *check = results_find(results, id);

    if (check && check->verdict == VERDICT_PASS && !results->interrupted)
        return true;
    if (!check)
        error_set(err, "there is no such room");
    else if (results->interrupted)
        error_set(err, "its run on the reference was interrupted");
    else
        error_set(err, "it says %s on the reference: %s", verdict_name(check->verdict), or_empty(check->message));
    return false;
}

static bool contains(const char *text, const char *evidence)
{
    return text && strstr(text, evidence);
}

static bool has_evidence(const struct case_result *result, const char *evidence)
{
    return contains(result->message, evidence) || contains(result->expected, evidence) ||
           contains(result->actual, evidence) || contains(result->sent, evidence);
}

static const struct case_result *find_case(const struct check_result *check, const char *name)
{
    for (size_t i = 0; i < check->case_count; i++)
        if (strcmp(check->cases[i].name, name) == 0)
            return &check->cases[i];
    return NULL;
}

static bool finds_the_bug(const struct check_result *check, const struct mutant *mutant, struct error *err)
{
    const struct case_result *result = find_case(check, mutant->test);
    char headline[64];

    if (!result) {
        error_set(err, "the room has no case %s", mutant->test);
        return false;
    }
    explain_verdict(headline, sizeof headline, result->verdict, result->blame, result->how);
    /* A room of level info warns, whatever --level says. */
    bool fails = result->verdict == VERDICT_FAIL || result->verdict == VERDICT_WARN;
    if (!fails || strcmp(or_empty(result->how), mutant->how) != 0)
        error_set(err, "%s says %s, not FAIL (%s): %s", mutant->test, headline, mutant->how, or_empty(result->message));
    else if (!*mutant->evidence)
        error_set(err, "the patch names no evidence; %s says: %s", mutant->test, or_empty(result->message));
    else if (!has_evidence(result, mutant->evidence))
        error_set(err, "%s says %s without \"%s\": %s", mutant->test, headline, mutant->evidence,
                  or_empty(result->message));
    else
        return true;
    return false;
}

/* The cases that must not have been disturbed by the bug. */
static bool others_are_sound(const struct check_result *check, struct error *err)
{
    for (size_t i = 0; i < check->case_count; i++) {
        const struct case_result *result = &check->cases[i];
        bool broken = result->verdict == VERDICT_ERROR && result->blame == BLAME_HARNESS;

        if (!broken && !(result->control && result->verdict != VERDICT_PASS))
            continue;
        char headline[64];
        explain_verdict(headline, sizeof headline, result->verdict, result->blame, result->how);
        error_set(err, "the %s %s says %s: %s", result->control ? "control" : "case", result->name, headline,
                  or_empty(result->message));
        return false;
    }
    return true;
}

bool kills_mutant(const struct results *results, const struct mutant *mutant, struct error *err)
{
    const struct check_result *check = results_find(results, mutant->check);

    if (!check) {
        error_set(err, "there is no such room");
        return false;
    }
    if (results->interrupted) {
        error_set(err, "the run was interrupted");
        return false;
    }
    return finds_the_bug(check, mutant, err) && others_are_sound(check, err);
}
