#include "report/members.h"

static void write_list(struct json_writer *writer, const char *name, char *const *list)
{
    json_key(writer, name);
    json_open(writer, '[');
    for (char *const *item = list; *item; item++)
        json_string(writer, *item);
    json_close(writer, ']');
}

void members_of_check(struct json_writer *writer, const struct check_result *check)
{
    json_member(writer, "id", check->id);
    json_member(writer, "title", check->title);
    json_member(writer, "level", check->level);
    write_list(writer, "origins", check->origins);
    write_list(writer, "tags", check->tags);
}

void members_of_case(struct json_writer *writer, const struct case_result *result)
{
    json_member(writer, "name", result->name);
    json_key(writer, "control");
    json_bool(writer, result->control);
    json_member(writer, "verdict", verdict_name(result->verdict));
    json_member(writer, "blame", result->blame == BLAME_NONE ? NULL : blame_name(result->blame));
    json_member(writer, "how", result->how);
    json_member_integer(writer, "ms", result->ms);
    json_member_integer(writer, "runs", result->runs);
    json_member_integer(writer, "failed", result->failed);
    json_member(writer, "message", result->message);
    json_member(writer, "sent", result->sent);
    json_member(writer, "expected", result->expected);
    json_member(writer, "actual", result->actual);
    json_member_integer(writer, "at_ms", result->at_ms);
    json_member(writer, "state", result->state);
    json_member(writer, "evidence", result->evidence);
    json_member(writer, "again", result->again);
}

void members_of_counts(struct json_writer *writer, const struct results *results)
{
    json_key(writer, "counts");
    json_open(writer, '{');
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        json_member_integer(writer, verdict_name((enum verdict)verdict), (int64_t)results->counts[verdict]);
    json_close(writer, '}');
}
