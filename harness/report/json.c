/* The whole run as one JSON object. Checks are in the order of the run, cases in the order of the room. */
#include "report/members.h"
#include "report/report.h"

enum { JSON_REPORT_CHECK_MAX_BYTES = 256 << 20 }; /* a whole check: all its cases, all their strings at their longest */

/* What was written so far goes to the file; the writer goes on where it was. */
static void pass_on(struct text *text, FILE *out)
{
    fwrite(text->bytes, 1, text->length, out);
    text_clear(text);
}

static void write_verdict(struct json_writer *writer, const struct check_result *check)
{
    json_member(writer, "verdict", verdict_name(check->verdict));
    json_member(writer, "blame", check->blame == BLAME_NONE ? NULL : blame_name(check->blame));
    json_member(writer, "how", check->how);
    json_member_integer(writer, "ms", check->ms);
    json_member(writer, "message", check->message);
}

static void write_listed_case(struct json_writer *writer, const struct case_result *result)
{
    json_member(writer, "name", result->name);
    json_key(writer, "control");
    json_bool(writer, result->control);
}

static void write_check(struct json_writer *writer, const struct check_result *check, bool ran)
{
    json_open(writer, '{');
    members_of_check(writer, check);
    if (ran)
        write_verdict(writer, check);
    json_key(writer, "cases");
    json_open(writer, '[');
    for (size_t i = 0; i < check->case_count; i++) {
        json_open(writer, '{');
        if (ran)
            members_of_case(writer, &check->cases[i]);
        else
            write_listed_case(writer, &check->cases[i]);
        json_close(writer, '}');
    }
    json_close(writer, ']');
    json_close(writer, '}');
}

static void write_run(struct json_writer *writer, const struct results *results)
{
    json_member(writer, "target", results->target);
    json_member_integer(writer, "wall_ms", results->wall_ms);
    json_key(writer, "interrupted");
    json_bool(writer, results->interrupted);
    members_of_counts(writer, results);
}

static void write_object(const struct results *results, FILE *out, bool ran)
{
    struct text text;

    text_init(&text, JSON_REPORT_CHECK_MAX_BYTES);
    struct json_writer writer = json_write(&text);
    json_open(&writer, '{');
    json_member(&writer, "tool", "assay");
    json_member(&writer, "version", results->version);
    json_member(&writer, "set", results->set);
    if (ran)
        write_run(&writer, results);
    json_key(&writer, "checks");
    json_open(&writer, '[');
    for (size_t i = 0; i < results->check_count; i++) {
        write_check(&writer, &results->checks[i], ran);
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
    write_object(results, out, true);
}

void json_list(const struct results *results, FILE *out)
{
    write_object(results, out, false);
}
