/* Writes the events of run.jsonl, one line each. */
#include "report/jsonl.h"

#include "model/fields.h"
#include "report/report.h"

enum { JSONL_LINE_MAX_BYTES = 8 << 20 }; /* all strings of a case at their longest, each byte as \u0000 */

static struct json_writer begin_line(struct text *line, const char *event)
{
    text_init(line, JSONL_LINE_MAX_BYTES);
    struct json_writer writer = json_write(line);
    json_open(&writer, '{');
    json_member(&writer, "event", event);
    return writer;
}

static bool end_line(struct json_writer *writer, FILE *out)
{
    struct text *line = writer->out;

    json_close(writer, '}');
    text_add(line, "\n");
    bool written = fwrite(line->bytes, 1, line->length, out) == line->length;
    text_free(line);
    return fflush(out) == 0 && written;
}

bool jsonl_begin(FILE *out, const struct results *results)
{
    struct text line;
    struct json_writer writer = begin_line(&line, "begin");

    json_member(&writer, "tool", "assay");
    fields_write(results_fields, results, IN_STREAM, &writer);
    return end_line(&writer, out);
}

bool jsonl_target(FILE *out, const struct results *results)
{
    struct text line;
    struct json_writer writer = begin_line(&line, "target");

    fields_write(results_fields, results, IN_TARGET, &writer);
    return end_line(&writer, out);
}

bool jsonl_check(FILE *out, const struct check_result *check)
{
    struct text line;
    struct json_writer writer = begin_line(&line, "check");

    fields_write(check_fields, check, IN_STREAM, &writer);
    return end_line(&writer, out);
}

bool jsonl_case(FILE *out, const char *check_id, const struct case_result *result)
{
    struct text line;
    struct json_writer writer = begin_line(&line, "case");

    json_member(&writer, "check", check_id);
    fields_write(case_fields, result, IN_STREAM, &writer);
    return end_line(&writer, out);
}

bool jsonl_end(FILE *out, const struct results *results)
{
    struct text line;
    struct json_writer writer = begin_line(&line, "end");

    fields_write(results_fields, results, IN_END, &writer);
    return end_line(&writer, out);
}

void jsonl_report(const struct results *results, FILE *out)
{
    jsonl_begin(out, results);
    if (results->identity.driver_name || results->identity.driver_version)
        jsonl_target(out, results);
    for (size_t i = 0; i < results->check_count; i++) {
        const struct check_result *check = &results->checks[i];

        jsonl_check(out, check);
        for (size_t j = 0; j < check->case_count; j++)
            jsonl_case(out, check->id, &check->cases[j]);
    }
    jsonl_end(out, results);
}
