/* The whole run as one JSON object. Checks are in the order of the run, cases in the order of the room. */
#include "model/fields.h"
#include "report/report.h"

enum { JSON_REPORT_CHECK_MAX_BYTES = 256 << 20 }; /* a whole check: all its cases, all their strings at their longest */

/* What was written so far goes to the file; the writer goes on where it was. */
static void pass_on(struct text *text, FILE *out)
{
    fwrite(text->bytes, 1, text->length, out);
    text_clear(text);
}

static void write_check(struct json_writer *writer, const struct check_result *check, enum field_place in)
{
    json_open(writer, '{');
    fields_write(check_fields, check, in, writer);
    json_key(writer, "cases");
    json_open(writer, '[');
    for (size_t i = 0; i < check->case_count; i++) {
        json_open(writer, '{');
        fields_write(case_fields, &check->cases[i], in, writer);
        json_close(writer, '}');
    }
    json_close(writer, ']');
    json_close(writer, '}');
}

static void write_object(const struct results *results, FILE *out, enum field_place in)
{
    struct text text;

    text_init(&text, JSON_REPORT_CHECK_MAX_BYTES);
    struct json_writer writer = json_write(&text);
    json_open(&writer, '{');
    json_member(&writer, "tool", "assay");
    fields_write(results_fields, results, in, &writer);
    json_key(&writer, "checks");
    json_open(&writer, '[');
    for (size_t i = 0; i < results->check_count; i++) {
        write_check(&writer, &results->checks[i], in);
        pass_on(&text, out);
    }
    json_close(&writer, ']');
    json_close(&writer, '}');
    text_add(&text, "\n");
    pass_on(&text, out);
    text_free(&text);
}

void json_report(const struct results *results, FILE *out)
{
    write_object(results, out, IN_REPORT);
}

void json_list(const struct results *results, FILE *out)
{
    write_object(results, out, IN_LIST);
}
