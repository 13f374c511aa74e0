#include "report/jsonl.h"

#include "report/members.h"
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
    json_member(&writer, "version", results->version);
    json_member(&writer, "set", results->set);
    json_member(&writer, "target", results->target);
    json_member_integer(&writer, "checks", (int64_t)results->planned_checks);
    json_member_integer(&writer, "cases", (int64_t)results->planned_cases);
    return end_line(&writer, out);
}

bool jsonl_check(FILE *out, const struct check_result *check)
{
    struct text line;
    struct json_writer writer = begin_line(&line, "check");

    members_of_check(&writer, check);
    return end_line(&writer, out);
}

bool jsonl_case(FILE *out, const char *check_id, const struct case_result *result)
{
    struct text line;
    struct json_writer writer = begin_line(&line, "case");

    json_member(&writer, "check", check_id);
    json_member_integer(&writer, "number", (int64_t)result->number);
    members_of_case(&writer, result);
    return end_line(&writer, out);
}

bool jsonl_end(FILE *out, const struct results *results)
{
    struct text line;
    struct json_writer writer = begin_line(&line, "end");

    members_of_counts(&writer, results);
    json_member_integer(&writer, "wall_ms", results->wall_ms);
    json_key(&writer, "interrupted");
    json_bool(&writer, results->interrupted);
    json_member_integer(&writer, "signal", results->signal);
    return end_line(&writer, out);
}

void jsonl_report(const struct results *results, FILE *out)
{
    jsonl_begin(out, results);
    for (size_t i = 0; i < results->check_count; i++) {
        const struct check_result *check = &results->checks[i];

        jsonl_check(out, check);
        for (size_t j = 0; j < check->case_count; j++)
            jsonl_case(out, check->id, &check->cases[j]);
    }
    jsonl_end(out, results);
}
