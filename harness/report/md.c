/* A page of evidence in Markdown (GitHub's dialect), made to be pasted into an issue or kept with a release.
 *
 * Foreign text is made visible and put into code, where no markup, mention, link or HTML means anything: a span inside
 * of tables, a fenced block elsewhere, each with one more backtick than the text has in a row. Text of our own rooms
 * (titles, ids) is escaped. */
#include "report/escape.h"
#include "report/explain.h"
#include "report/identity.h"
#include "report/report.h"

#include <stdbool.h>
#include <string.h>

enum {
    MD_TEXT_MAX_BYTES = 1 << 20,
    MD_BLOCK_MAX_LINES = 60,
    MD_BLOCK_MAX_BYTES = 8 << 10,
};

/* The longest row of backticks in a text. */
static size_t longest_row(const char *string)
{
    size_t longest = 0;

    while (*string) {
        size_t row = strspn(string, "`");

        if (row > longest)
            longest = row;
        string += row + (row == 0);
    }
    return longest;
}

static void write_backticks(FILE *out, size_t count)
{
    while (count-- > 0)
        fputc('`', out);
}

/* A code span. Blanks keep a backtick at either end from joining the row; Markdown takes one off each end. A table is
 * cut at its pipes before anybody looks for code, and a backslash that takes a pipe's meaning away loses its own to
 * a backslash before it: so a pipe is written in the notation of escape.h there. */
static void write_code(FILE *out, const char *string, bool in_table)
{
    struct text text;

    if (!string || !*string)
        return;
    text_init(&text, MD_TEXT_MAX_BYTES);
    escape_visible(&text, string, strlen(string));
    size_t row = longest_row(text.bytes) + 1;
    const char *pad = strchr("` ", text.bytes[0]) || strchr("` ", text.bytes[text.length - 1]) ? " " : "";
    write_backticks(out, row);
    fputs(pad, out);
    for (const char *byte = text.bytes; *byte; byte++) {
        if (*byte == '|' && in_table)
            fputs("\\x7c", out);
        else
            fputc(*byte, out);
    }
    fputs(pad, out);
    write_backticks(out, row);
    text_free(&text);
}

/* Prose: every character that Markdown could take for markup is escaped, and HTML's as entities. */
static void write_prose_bytes(FILE *out, const char *string, size_t bytes)
{
    struct text text;

    text_init(&text, MD_TEXT_MAX_BYTES);
    escape_visible(&text, string, bytes);
    for (const char *byte = text.bytes; *byte; byte++) {
        if (*byte == '<')
            fputs("&lt;", out);
        else if (*byte == '&')
            fputs("&amp;", out);
        else if (strchr("\\`*_{}[]>#|~!", *byte))
            fprintf(out, "\\%c", *byte);
        else
            fputc(*byte, out);
    }
    text_free(&text);
}

static void write_prose(FILE *out, const char *string)
{
    write_prose_bytes(out, string, strlen(string));
}

static void write_block(FILE *out, const char *text)
{
    size_t row = longest_row(text) + 1;
    size_t fence = row < 3 ? 3 : row;

    write_backticks(out, fence);
    fputs("text\n", out);
    escape_block(out, text, "", MD_BLOCK_MAX_LINES, MD_BLOCK_MAX_BYTES);
    write_backticks(out, fence);
    fputs("\n\n", out);
}

/* Text of several lines is a block below its label, any other is a span beside it. */
static void write_field(FILE *out, const struct explain_field *field)
{
    fprintf(out, "**%s:**", field->label);
    if (strchr(field->text, '\n')) {
        fputs("\n\n", out);
        write_block(out, field->text);
    } else {
        fputc(' ', out);
        write_code(out, field->text, false);
        fputs("\n\n", out);
    }
}

static void write_identity(FILE *out, const struct results *results)
{
    struct identity_block block;

    identity_make(&block, results);
    for (size_t i = 0; i < block.count; i++) {
        fputs("| ", out);
        write_prose(out, block.lines[i].name);
        fputs(" | ", out);
        write_code(out, block.lines[i].value, true);
        fputs(" |\n", out);
    }
    identity_free(&block);
}

static void write_summary(FILE *out, const struct results *results)
{
    char missing[EXPLAIN_MISSING_BYTES];

    fputs("# Evidence of assay: ", out);
    write_prose(out, results->target);
    fputs("\n\n| | |\n|---|---|\n| Tool | assay ", out);
    write_prose(out, results->version);
    fputs(" |\n| Set | ", out);
    write_prose(out, results->set);
    fputs(" |\n", out);
    write_identity(out, results);
    fprintf(out, "| Time | %.1f s |\n| Checks | %zu |\n", (double)results->wall_ms / 1000, results->check_count);
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        if (results->counts[verdict] > 0)
            fprintf(out, "| %s | %zu |\n", verdict_name((enum verdict)verdict), results->counts[verdict]);
    fputc('\n', out);
    if (explain_missing(missing, results))
        fprintf(out, "**%s**\n\n", missing);
}

static size_t surface_bytes(const char *id)
{
    return strcspn(id, "/");
}

static bool same_surface(const struct check_result *a, const struct check_result *b)
{
    size_t bytes = surface_bytes(a->id);

    return bytes == surface_bytes(b->id) && memcmp(a->id, b->id, bytes) == 0;
}

static void write_row(FILE *out, const struct check_result *check)
{
    char headline[64], cases[64];

    explain_verdict(headline, sizeof headline, check->verdict, check->blame, check->how);
    check_result_cases(check, cases, sizeof cases);
    fputs("| ", out);
    write_prose(out, headline);
    fputs(" | ", out);
    write_code(out, check->id, true);
    fputs(" | ", out);
    write_prose(out, check->title);
    fprintf(out, " | %s | %.1f s | ", cases, (double)check->ms / 1000);
    write_code(out, check->message, true);
    fputs(" |\n", out);
}

/* The table of one surface: of first, and of all later checks that share its surface. */
static void write_surface(FILE *out, const struct results *results, size_t first)
{
    const char *id = results->checks[first].id;

    fputs("## ", out);
    write_prose_bytes(out, id, surface_bytes(id));
    fputs("\n\n| Verdict | Check | Requirement | Cases | Time | Finding |\n|---|---|---|---:|---:|---|\n", out);
    for (size_t i = first; i < results->check_count; i++)
        if (same_surface(&results->checks[first], &results->checks[i]))
            write_row(out, &results->checks[i]);
    fputc('\n', out);
}

static bool surface_is_new(const struct results *results, size_t check)
{
    for (size_t i = 0; i < check; i++)
        if (same_surface(&results->checks[i], &results->checks[check]))
            return false;
    return true;
}

static void write_failure(FILE *out, const struct check_result *check, const struct case_result *result)
{
    struct explanation explanation;

    explain(&explanation, check, result);
    fputs("### ", out);
    write_prose(out, explanation.headline);
    fputs(": ", out);
    write_prose(out, check->id);
    fputs(", ", out);
    write_prose(out, result->name);
    fputs("\n\n", out);
    for (size_t i = 0; i < explanation.count; i++)
        write_field(out, &explanation.fields[i]);
}

static bool needs_explanation(enum verdict verdict)
{
    return verdict_is_red(verdict) || verdict == VERDICT_WARN || verdict == VERDICT_XFAIL;
}

static void write_failures(FILE *out, const struct results *results)
{
    bool any = false;

    for (size_t i = 0; i < results->check_count; i++) {
        const struct check_result *check = &results->checks[i];

        for (size_t j = 0; j < check->case_count; j++) {
            if (!needs_explanation(check->cases[j].verdict))
                continue;
            if (!any)
                fputs("## What did not pass\n\n", out);
            any = true;
            write_failure(out, check, &check->cases[j]);
        }
    }
}

void markdown_report(const struct results *results, FILE *out)
{
    write_summary(out, results);
    for (size_t i = 0; i < results->check_count; i++)
        if (surface_is_new(results, i))
            write_surface(out, results, i);
    write_failures(out, results);
}
