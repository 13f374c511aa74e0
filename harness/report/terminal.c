/* What a person reads when the run is over: each failure and each warning in a screenful, then the summary. */
#include "report/escape.h"
#include "report/explain.h"
#include "report/identity.h"
#include "report/report.h"
#include "report/style.h"

#include <stdbool.h>
#include <string.h>

enum {
    TERMINAL_FIELD_MAX_LINES = 8,
    TERMINAL_FIELD_MAX_BYTES = 800,
    TERMINAL_SLOWEST = 3,
    TERMINAL_SLOW_MS = 1000,
    IDENTITY_NAME_COLUMNS = 8,
    CASES_BYTES = 64,
};

static const char indent[] = "               ";

static void write_headline(FILE *out, const struct check_result *check, const struct case_result *result,
                           const char *headline, bool color)
{
    fputs(style_begin(result->verdict, color), out);
    escape_line(out, headline);
    fputs(style_end(color), out);
    fputs("  ", out);
    escape_line(out, check->id);
    fputs("  ", out);
    escape_line(out, result->name);
    fputc('\n', out);
}

static void write_field(FILE *out, const struct explain_field *field)
{
    if (!strchr(field->text, '\n') && strlen(field->text) <= TERMINAL_FIELD_MAX_BYTES) {
        fprintf(out, "  %-13s", field->label);
        escape_line(out, field->text);
        fputc('\n', out);
        return;
    }
    fprintf(out, "  %s\n", field->label);
    escape_block(out, field->text, indent, TERMINAL_FIELD_MAX_LINES, TERMINAL_FIELD_MAX_BYTES);
}

static void write_failure(FILE *out, const struct check_result *check, const struct case_result *result, bool color)
{
    struct explanation explanation;

    explain(&explanation, check, result);
    write_headline(out, check, result, explanation.headline, color);
    for (size_t i = 0; i < explanation.count; i++)
        write_field(out, &explanation.fields[i]);
    fputc('\n', out);
}

/* What a person has to look at; and what passed and is there all the same, with a target that was left running. */
static bool needs_explanation(const struct case_result *result)
{
    return verdict_is_red(result->verdict) || result->verdict == VERDICT_WARN ||
           (result->verdict == VERDICT_PASS && result->evidence);
}

static void write_failures(FILE *out, const struct results *results, bool color)
{
    for (size_t i = 0; i < results->check_count; i++) {
        const struct check_result *check = &results->checks[i];

        for (size_t j = 0; j < check->case_count; j++)
            if (needs_explanation(&check->cases[j]))
                write_failure(out, check, &check->cases[j], color);
    }
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_line(const struct check_result *a, const struct check_result *b)
{
    if (a->verdict != b->verdict)
        return false;
    if (a->verdict == VERDICT_PASS)
        return a->case_count == b->case_count && check_result_judged(a) == check_result_judged(b);
    return same_text(a->message, b->message);
}

/* Checks that were not judged for the same reason, or to the same part, share a line: how many they are, one of them,
 * and the reason or the part. */
static void write_group(FILE *out, const struct results *results, size_t first, bool color)
{
    const struct check_result *check = &results->checks[first];
    char cases[CASES_BYTES];
    size_t count = 0;

    for (size_t i = 0; i < results->check_count; i++)
        count += same_line(check, &results->checks[i]);
    fprintf(out, "%s%-5s%s  ", style_begin(check->verdict, color), verdict_name(check->verdict), style_end(color));
    escape_line(out, check->id);
    if (count > 1)
        fprintf(out, " and %zu more", count - 1);
    fputs(": ", out);
    check_result_cases(check, cases, sizeof cases);
    if (check->verdict == VERDICT_PASS)
        fputs(cases, out);
    else
        escape_line(out, check->message ? check->message : "no reason given");
    fputc('\n', out);
}

static bool group_is_new(const struct results *results, size_t check)
{
    for (size_t i = 0; i < check; i++)
        if (same_line(&results->checks[i], &results->checks[check]))
            return false;
    return true;
}

/* What does not apply, is known to fail or passed in part, in a line each. */
static void write_groups(FILE *out, const struct results *results, bool color)
{
    for (size_t i = 0; i < results->check_count; i++) {
        const struct check_result *check = &results->checks[i];
        bool whole = check->verdict == VERDICT_PASS && check_result_judged(check) == check->case_count;
        bool quiet =
            whole || check->verdict == VERDICT_WARN || verdict_is_red(check->verdict) || check->case_count == 0;

        if (!quiet && group_is_new(results, i))
            write_group(out, results, i, color);
    }
}

static void write_counts(FILE *out, const struct results *results, bool color)
{
    static const enum verdict order[VERDICT_COUNT] = {VERDICT_PASS, VERDICT_FAIL,  VERDICT_ERROR, VERDICT_XPASS,
                                                      VERDICT_WARN, VERDICT_XFAIL, VERDICT_NA};

    for (int i = 0; i < VERDICT_COUNT; i++) {
        size_t count = results->counts[order[i]];

        if (count > 0)
            fprintf(out, ", %s%zu %s%s", style_begin(order[i], color), count, verdict_name(order[i]), style_end(color));
    }
    fputc('\n', out);
}

/* ---- the end: what one wants to know without scrolling ---- */

static void write_case_id(FILE *out, const struct check_result *check, const struct case_result *result)
{
    escape_line(out, check->id);
    fputc(':', out);
    escape_line(out, result->name);
}

static void write_red_ids(FILE *out, const struct results *results, bool color)
{
    const struct check_result *first = NULL;

    for (size_t i = 0; i < results->check_count; i++) {
        const struct check_result *check = &results->checks[i];

        for (size_t j = 0; j < check->case_count; j++) {
            enum verdict verdict = check->cases[j].verdict;

            if (!verdict_is_red(verdict))
                continue;
            first = first ? first : check;
            fprintf(out, "%s%-5s%s  ", style_begin(verdict, color), verdict_name(verdict), style_end(color));
            write_case_id(out, check, &check->cases[j]);
            fputc('\n', out);
        }
    }
    if (!first)
        return;
    fputs("\nWhat a room asks for, and why:  assay explain ", out);
    escape_line(out, first->id);
    fputs("\nOnly these cases again:         assay run --last-failed (with the same flags)\n\n", out);
}

/* The longest of those that took longer than a second. */
static void write_slowest(FILE *out, const struct results *results)
{
    const struct check_result *slowest[TERMINAL_SLOWEST] = {NULL};

    for (size_t i = 0; i < results->check_count; i++) {
        const struct check_result *check = &results->checks[i];

        for (size_t place = 0; place < TERMINAL_SLOWEST && check && check->ms > TERMINAL_SLOW_MS; place++)
            if (!slowest[place] || check->ms > slowest[place]->ms) {
                const struct check_result *next = slowest[place];

                slowest[place] = check;
                check = next;
            }
    }
    for (size_t place = 0; place < TERMINAL_SLOWEST && slowest[place]; place++) {
        fprintf(out, "%s%.1f s  ", place ? "         " : "slowest  ", (double)slowest[place]->ms / 1000);
        escape_line(out, slowest[place]->id);
        fputc('\n', out);
    }
}

static void write_identity(FILE *out, const struct results *results)
{
    struct identity_block block;

    identity_make(&block, results);
    for (size_t i = 0; i < block.count; i++) {
        fprintf(out, "%-*s  ", IDENTITY_NAME_COLUMNS, block.lines[i].name);
        escape_line(out, block.lines[i].value);
        fputc('\n', out);
    }
    identity_free(&block);
}

void terminal_report_styled(const struct results *results, FILE *out, bool color)
{
    char missing[EXPLAIN_MISSING_BYTES];

    write_failures(out, results, color);
    write_groups(out, results, color);
    write_red_ids(out, results, color);
    write_slowest(out, results);
    write_identity(out, results);
    fputs("assay ", out);
    escape_line(out, results->version);
    fputs(", set ", out);
    escape_line(out, results->set);
    fputs(", target ", out);
    escape_line(out, results->target);
    fprintf(out, ": %zu check%s in %.1f s", results->check_count, results->check_count == 1 ? "" : "s",
            (double)results->wall_ms / 1000);
    write_counts(out, results, color);
    if (explain_missing(missing, results))
        fprintf(out, "%s\n", missing);
}

void terminal_report(const struct results *results, FILE *out)
{
    terminal_report_styled(results, out, false);
}
