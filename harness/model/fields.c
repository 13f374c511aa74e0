/* The tables of fields; copying and freeing by them. */
#include "model/fields.h"

#include "base/xalloc.h"
#include "check.h"
#include "model/results.h"

#include <stdlib.h>
#include <string.h>

#define AT(type, member) offsetof(struct type, member), sizeof(((struct type *)NULL)->member)

/* Known before it runs, known of its run, and found by the worker. */
enum { KNOWN = IN_STREAM | IN_REPORT | IN_LIST, JUDGED = IN_STREAM | IN_REPORT, FOUND = JUDGED | IN_RECORD };
enum { CASES_MAX = RESULTS_CHECKS_MAX * CHECK_CASES_MAX };

const struct field results_fields[] = {
    {"version", AT(results, version), FIELD_STRING, KNOWN, 0},
    {"set", AT(results, set), FIELD_STRING, KNOWN, 0},
    {"target", AT(results, target), FIELD_STRING, JUDGED, 0},
    {"started", AT(results, identity.started), FIELD_OPTIONAL, JUDGED, 0},
    {"host", AT(results, identity.host), FIELD_OPTIONAL, JUDGED, 0},
    {"command", AT(results, identity.command), FIELD_OPTIONAL, JUDGED, 0},
    {"level", AT(results, identity.level), FIELD_OPTIONAL, JUDGED, 0},
    {"seed", AT(results, identity.seed), FIELD_OPTIONAL, JUDGED, 0},
    {"baseline", AT(results, identity.baseline), FIELD_OPTIONAL, JUDGED, 0},
    {"declares", AT(results, identity.declares), FIELD_LIST, JUDGED, RESULTS_DECLARES_MAX},
    {"driver_name", AT(results, identity.driver_name), FIELD_OPTIONAL, IN_TARGET | IN_REPORT, 0},
    {"driver_version", AT(results, identity.driver_version), FIELD_OPTIONAL, IN_TARGET | IN_REPORT, 0},
    {"checks", AT(results, planned_checks), FIELD_NUMBER, IN_STREAM, RESULTS_CHECKS_MAX},
    {"cases", AT(results, planned_cases), FIELD_NUMBER, IN_STREAM, CASES_MAX},
    {"shard", AT(results, shard), FIELD_NUMBER, IN_STREAM, RESULTS_SHARDS_MAX},
    {"shards", AT(results, shards), FIELD_NUMBER, IN_STREAM, RESULTS_SHARDS_MAX},
    {"counts", AT(results, counts), FIELD_COUNTS, IN_END, RESULTS_CHECKS_MAX},
    {"wall_ms", AT(results, wall_ms), FIELD_NUMBER, IN_END | IN_REPORT, INT64_MAX},
    {"interrupted", AT(results, interrupted), FIELD_BOOL, IN_END | IN_REPORT, 0},
    {"counts", AT(results, counts), FIELD_COUNTS, IN_REPORT, RESULTS_CHECKS_MAX}, /* there it stands here */
    {"signal", AT(results, signal), FIELD_NUMBER, IN_END, 127},
    {.name = NULL},
};

/* The verdict of a check follows from its cases, so the stream does not carry it. */
const struct field check_fields[] = {
    {"id", AT(check_result, id), FIELD_STRING, KNOWN, 0},
    {"title", AT(check_result, title), FIELD_STRING, KNOWN, 0},
    {"level", AT(check_result, level), FIELD_STRING, KNOWN, 0},
    {"origins", AT(check_result, origins), FIELD_LIST, KNOWN, CHECK_ORIGINS_MAX},
    {"tags", AT(check_result, tags), FIELD_LIST, KNOWN, CHECK_TAGS_MAX},
    {"verdict", AT(check_result, verdict), FIELD_VERDICT, IN_REPORT, 0},
    {"blame", AT(check_result, blame), FIELD_BLAME, IN_REPORT, 0},
    {"how", AT(check_result, how), FIELD_OPTIONAL, IN_REPORT, 0},
    {"ms", AT(check_result, ms), FIELD_NUMBER, IN_REPORT, INT64_MAX},
    {"message", AT(check_result, message), FIELD_OPTIONAL, IN_REPORT, 0},
    {.name = NULL},
};

/* The state is no part of the verdict in the record: several add to it, before and after. */
const struct field case_fields[] = {
    {"number", AT(case_result, number), FIELD_NUMBER, IN_STREAM, CHECK_CASES_MAX - 1},
    {"name", AT(case_result, name), FIELD_STRING, KNOWN, 0},
    {"control", AT(case_result, control), FIELD_BOOL, KNOWN, 0},
    {"level", AT(case_result, level), FIELD_OPTIONAL, FOUND | IN_LIST, 0},
    {"verdict", AT(case_result, verdict), FIELD_VERDICT, FOUND, 0},
    {"blame", AT(case_result, blame), FIELD_BLAME, FOUND, 0},
    {"how", AT(case_result, how), FIELD_OPTIONAL, FOUND, 0},
    {"ms", AT(case_result, ms), FIELD_NUMBER, JUDGED, INT64_MAX},
    {"runs", AT(case_result, runs), FIELD_NUMBER, JUDGED, UINT32_MAX},
    {"failed", AT(case_result, failed), FIELD_NUMBER, JUDGED, UINT32_MAX},
    {"message", AT(case_result, message), FIELD_OPTIONAL, FOUND, 0},
    {"sent", AT(case_result, sent), FIELD_OPTIONAL, FOUND, 0},
    {"expected", AT(case_result, expected), FIELD_OPTIONAL, FOUND, 0},
    {"actual", AT(case_result, actual), FIELD_OPTIONAL, FOUND, 0},
    {"at_ms", AT(case_result, at_ms), FIELD_NUMBER, FOUND, INT64_MAX},
    {"state", AT(case_result, state), FIELD_OPTIONAL, JUDGED, 0},
    {"evidence", AT(case_result, evidence), FIELD_OPTIONAL, JUDGED, 0},
    {"again", AT(case_result, again), FIELD_OPTIONAL, JUDGED, 0},
    {.name = NULL},
};

static char *copy_string(const char *string, size_t max_bytes)
{
    if (!string)
        return NULL;
    size_t bytes = strnlen(string, max_bytes);
    char *copied = xalloc_resize(NULL, bytes + 1, 1);
    memcpy(copied, string, bytes);
    copied[bytes] = '\0';
    return copied;
}

char *fields_copy_string(const char *string)
{
    return copy_string(string, RESULTS_STRING_MAX_BYTES);
}

static char **copy_list(char *const *list, size_t max, size_t max_bytes)
{
    size_t count = 0;

    while (list && count < max && list[count])
        count++;
    char **copied = xalloc_resize(NULL, count + 1, sizeof *copied);
    for (size_t i = 0; i < count; i++)
        copied[i] = copy_string(list[i], max_bytes);
    copied[count] = NULL;
    return copied;
}

static void free_list(char **list)
{
    for (char **item = list; item && *item; item++)
        free(*item);
    free(list);
}

static bool is_string(const struct field *field)
{
    return field->kind == FIELD_STRING || field->kind == FIELD_OPTIONAL;
}

void fields_own(const struct field *fields, void *of, size_t max_bytes)
{
    for (const struct field *field = fields; field->name; field++) {
        void *place = (char *)of + field->offset;

        if (is_string(field))
            *(char **)place = copy_string(*(char **)place, max_bytes);
        else if (field->kind == FIELD_LIST)
            *(char ***)place = copy_list(*(char ***)place, (size_t)field->max, max_bytes);
    }
}

void fields_free(const struct field *fields, void *of)
{
    for (const struct field *field = fields; field->name; field++) {
        void *place = (char *)of + field->offset;

        if (is_string(field))
            free(*(char **)place);
        else if (field->kind == FIELD_LIST)
            free_list(*(char ***)place);
    }
}
