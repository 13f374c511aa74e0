/* JUnit's XML, as CI servers read it: a testsuite per check, a testcase per case.
 *
 * FAIL and XPASS are failures, ERROR is an error, NA and XFAIL are skipped, and the message of XFAIL begins with
 * "known to fail"; WARN passes and says so in system-out. A run that did not get through ends with an error of its own,
 * or what did not run would be taken for green. A classname has dots where an id has slashes, since servers make
 * packages of it. Elements and attributes are those that Jenkins' schema knows: it has no `skipped` on testsuites.
 * XML 1.0 has no way to write most control characters, not even as &#27;, so foreign text is made visible first
 * (escape.h); what remains to be escaped is XML's own. */
#include "report/escape.h"
#include "report/explain.h"
#include "report/identity.h"
#include "report/report.h"

#include <stdint.h>
#include <string.h>

enum { JUNIT_TEXT_MAX_BYTES = 1 << 20, CLASSNAME_MAX_BYTES = 1024 };

/* One line of foreign text, fit for an attribute as well as between tags. */
static void write_xml(FILE *out, const char *string, size_t bytes)
{
    struct text text;

    text_init(&text, JUNIT_TEXT_MAX_BYTES);
    escape_visible(&text, string, bytes);
    for (const char *byte = text.bytes; *byte; byte++) {
        switch (*byte) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(*byte, out);
        }
    }
    text_free(&text);
}

static void write_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    write_xml(out, value ? value : "", value ? strlen(value) : 0);
    fputc('"', out);
}

static void write_seconds(FILE *out, const char *name, int64_t ms)
{
    fprintf(out, " %s=\"%.3f\"", name, (double)ms / 1000);
}

/* Text of several lines keeps them. */
static void write_lines(FILE *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        write_xml(out, text, length);
        fputc('\n', out);
        text += length + (text[length] == '\n');
    }
}

static void write_explanation(FILE *out, const struct explanation *explanation)
{
    for (size_t i = 0; i < explanation->count; i++) {
        fprintf(out, "%s: ", explanation->fields[i].label);
        write_lines(out, explanation->fields[i].text);
    }
}

static void write_problem(FILE *out, const char *element, const struct explanation *explanation,
                          const struct case_result *result)
{
    fprintf(out, "      <%s", element);
    write_attribute(out, "message", result->message ? result->message : explanation->headline);
    write_attribute(out, "type", explanation->headline);
    fputc('>', out);
    write_explanation(out, explanation);
    fprintf(out, "</%s>\n", element);
}

static void write_skipped(FILE *out, const struct case_result *result)
{
    bool known = result->verdict == VERDICT_XFAIL;

    fprintf(out, "      <skipped message=\"%s", known ? "known to fail: " : "");
    write_xml(out, result->message ? result->message : "", result->message ? strlen(result->message) : 0);
    fputs("\"/>\n", out);
}

static void write_outcome(FILE *out, const struct check_result *check, const struct case_result *result)
{
    struct explanation explanation;

    explain(&explanation, check, result);
    switch (result->verdict) {
    case VERDICT_FAIL:
    case VERDICT_XPASS:
        write_problem(out, "failure", &explanation, result);
        break;
    case VERDICT_ERROR:
        write_problem(out, "error", &explanation, result);
        break;
    case VERDICT_WARN:
        fputs("      <system-out>WARN\n", out);
        write_explanation(out, &explanation);
        fputs("</system-out>\n", out);
        break;
    default:
        write_skipped(out, result);
    }
}

static void write_classname(FILE *out, const char *id)
{
    char name[CLASSNAME_MAX_BYTES];

    snprintf(name, sizeof name, "%s", id);
    for (char *slash = name; (slash = strchr(slash, '/'));)
        *slash = '.';
    write_attribute(out, "classname", name);
}

static void write_case(FILE *out, const struct check_result *check, const struct case_result *result)
{
    fputs("    <testcase", out);
    write_classname(out, check->id);
    write_attribute(out, "name", result->name);
    write_seconds(out, "time", result->ms);
    if (result->verdict == VERDICT_PASS) {
        fputs("/>\n", out);
        return;
    }
    fputs(">\n", out);
    write_outcome(out, check, result);
    fputs("    </testcase>\n", out);
}

static void write_property(FILE *out, const char *name, const char *value)
{
    fputs("      <property", out);
    write_attribute(out, "name", name);
    write_attribute(out, "value", value);
    fputs("/>\n", out);
}

struct tally {
    size_t tests, failures, errors, skipped;
};

static void count_cases(struct tally *tally, const struct check_result *check)
{
    for (size_t i = 0; i < check->case_count; i++) {
        enum verdict verdict = check->cases[i].verdict;

        tally->tests++;
        tally->failures += verdict == VERDICT_FAIL || verdict == VERDICT_XPASS;
        tally->errors += verdict == VERDICT_ERROR;
        tally->skipped += verdict == VERDICT_NA || verdict == VERDICT_XFAIL;
    }
}

static void write_tally(FILE *out, const struct tally *tally)
{
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"", tally->tests, tally->failures, tally->errors);
}

static void write_suite(FILE *out, const struct results *results, const struct check_result *check)
{
    struct identity_block block;
    struct tally tally = {0};

    count_cases(&tally, check);
    fputs("  <testsuite", out);
    write_attribute(out, "name", check->id);
    write_tally(out, &tally);
    fprintf(out, " skipped=\"%zu\"", tally.skipped);
    write_seconds(out, "time", check->ms);
    fputs(">\n    <properties>\n", out);
    write_property(out, "title", check->title);
    write_property(out, "level", check->level);
    for (char **origin = check->origins; *origin; origin++)
        write_property(out, "origin", *origin);
    identity_make(&block, results);
    for (size_t i = 0; i < block.count; i++) {
        char name[64];

        snprintf(name, sizeof name, "run.%s", block.lines[i].name);
        write_property(out, name, block.lines[i].value);
    }
    identity_free(&block);
    fputs("    </properties>\n", out);
    for (size_t i = 0; i < check->case_count; i++)
        write_case(out, check, &check->cases[i]);
    fputs("  </testsuite>\n", out);
}

/* What did not run, as an error. */
static void write_missing(FILE *out, const char *missing)
{
    fputs("  <testsuite name=\"assay\" tests=\"1\" failures=\"0\" errors=\"1\">\n"
          "    <testcase classname=\"assay\" name=\"all_that_was_selected_ran\">\n      <error",
          out);
    write_attribute(out, "message", missing);
    fputs("/>\n    </testcase>\n  </testsuite>\n", out);
}

void junit_report(const struct results *results, FILE *out)
{
    struct tally tally = {0};
    char missing[EXPLAIN_MISSING_BYTES];
    bool whole = !explain_missing(missing, results);

    for (size_t i = 0; i < results->check_count; i++)
        count_cases(&tally, &results->checks[i]);
    tally.tests += !whole;
    tally.errors += !whole;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", out);
    write_attribute(out, "name", results->target);
    write_tally(out, &tally);
    write_seconds(out, "time", results->wall_ms);
    fputs(">\n", out);
    for (size_t i = 0; i < results->check_count; i++)
        write_suite(out, results, &results->checks[i]);
    if (!whole)
        write_missing(out, missing);
    fputs("</testsuites>\n", out);
}
