/* The fields by which a case explains itself, in their order. */
#include "report/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void explain_verdict(char *out, size_t out_bytes, enum verdict verdict, enum blame blame, const char *how)
{
    if (verdict == VERDICT_ERROR)
        snprintf(out, out_bytes, "ERROR of the %s", blame_name(blame));
    else if (how && verdict != VERDICT_PASS)
        snprintf(out, out_bytes, "%s (%s)", verdict_name(verdict), how);
    else
        snprintf(out, out_bytes, "%s", verdict_name(verdict));
}

/* "Numbers rise by one (must; OAS-1, RFC 8259 2)". What does not fit is cut off. */
static void describe_requirement(char *out, size_t out_bytes, const struct check_result *check, const char *level)
{
    size_t used = (size_t)snprintf(out, out_bytes, "%s (%s", check->title, level);

    for (char **origin = check->origins; *origin && used < out_bytes; origin++)
        used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", origin == check->origins ? "; " : ", ", *origin);
    if (used < out_bytes)
        snprintf(out + used, out_bytes - used, ")");
}

static void describe_time(char *out, size_t out_bytes, const struct case_result *result)
{
    int used = snprintf(out, out_bytes, "%" PRId64 " ms after the case began", result->at_ms);

    if (result->runs > 1)
        snprintf(out + used, out_bytes - (size_t)used, "; %u of %u runs did not pass", result->failed, result->runs);
}

static void add(struct explanation *explanation, const char *label, const char *text)
{
    if (text)
        explanation->fields[explanation->count++] = (struct explain_field){label, *text ? text : "(empty)"};
}

/* A control that does not pass, or may not have. */
static bool is_failing_control(const struct case_result *result)
{
    return result->control && result->verdict != VERDICT_PASS && result->verdict != VERDICT_NA;
}

/* The finding of a plain expectation is "expected …, got …": the two fields say it better. */
static bool is_said_below(const struct case_result *result)
{
    static const char lead[] = "expected ";
    const size_t lead_bytes = sizeof lead - 1;

    return result->message && result->expected && result->actual && !strncmp(result->message, lead, lead_bytes) &&
           !strncmp(result->message + lead_bytes, result->expected, strlen(result->expected));
}

void explain(struct explanation *explanation, const struct check_result *check, const struct case_result *result)
{
    explanation->count = 0;
    explain_verdict(explanation->headline, sizeof explanation->headline, result->verdict, result->blame, result->how);
    if (is_failing_control(result))
        strncat(explanation->headline, ", a control", sizeof explanation->headline - strlen(explanation->headline) - 1);
    describe_requirement(explanation->requirement, sizeof explanation->requirement, check, result->level);
    describe_time(explanation->when, sizeof explanation->when, result);

    if (is_failing_control(result)) {
        add(explanation, "Control",
            "it does nothing unusual, and yet does not pass: until it does, what else this room "
            "finds cannot be trusted");
        add(explanation, "Room", explanation->requirement);
    } else {
        add(explanation, "Requirement", explanation->requirement);
    }
    if (!is_said_below(result))
        add(explanation, "Finding", result->message);
    if (result->verdict == VERDICT_XPASS)
        add(explanation, "Baseline", "says that this fails, but it passes: take it out of the baseline");
    add(explanation, "Sent", result->sent);
    add(explanation, "Expected", result->expected);
    add(explanation, "Actual", result->actual);
    if (result->verdict == VERDICT_FAIL || result->at_ms > 0)
        add(explanation, "When", explanation->when);
    add(explanation, "Target", result->state);
    add(explanation, "Evidence", result->evidence);
    add(explanation, "Run again", result->again);
}

bool explain_missing(char out[EXPLAIN_MISSING_BYTES], const struct results *results)
{
    size_t out_bytes = EXPLAIN_MISSING_BYTES;
    size_t ran = 0;

    for (size_t i = 0; i < results->check_count; i++)
        ran += results->checks[i].case_count;
    if (!results->interrupted && ran >= results->planned_cases)
        return false;
    int used = snprintf(out, out_bytes, "%s: %zu", results->interrupted ? "Interrupted" : "Stopped early", ran);
    if (results->planned_cases > ran)
        used += snprintf(out + used, out_bytes - (size_t)used, " of %zu", results->planned_cases);
    used += snprintf(out + used, out_bytes - (size_t)used, " cases ran");
    if (results->signal)
        snprintf(out + used, out_bytes - (size_t)used, ", then signal %d came", results->signal);
    return true;
}
