/* results_read(): the event stream of report/jsonl.h, turned back into the results it came from. */
#include "model/results.h"

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "check.h"
#include "json/json.h"

#include <stdarg.h>
#include <string.h>

struct reader {
    struct results *results;
    size_t line; /* from 1 */
    bool begun;
    bool ended;
    struct error *err;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct reader *reader, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    error_vset(reader->err, format, arguments);
    va_end(arguments);
    error_prefix(reader->err, "line %zu: ", reader->line);
    return false;
}

/* The event has the members named, blank-separated in their own order, and no others. */
static bool has_members(struct reader *reader, const struct json *event, const char *names)
{
    const struct json *member = event->child;

    while (*names) {
        size_t length = strcspn(names, " ");

        if (!member || member->name_bytes != length || memcmp(member->name, names, length) != 0)
            return refuse(reader, "member \"%.*s\" is not where it should be", (int)length, names);
        member = member->next;
        names += length + (names[length] == ' ');
    }
    return !member || refuse(reader, "unknown member \"%s\"", member->name);
}

static bool take_string(struct reader *reader, const struct json *event, const char *name, char **out)
{
    const char *string = json_get_string(event, name);

    *out = (char *)string; /* read only: results_add_case() copies it */
    return string || refuse(reader, "\"%s\" is no string", name);
}

static bool take_optional(struct reader *reader, const struct json *event, const char *name, char **out)
{
    *out = NULL;
    return json_get(event, name)->type == JSON_NULL || take_string(reader, event, name, out);
}

static bool take_integer(struct reader *reader, const struct json *event, const char *name, int64_t max, int64_t *out)
{
    if (json_get_integer(event, name, out) && *out >= 0 && *out <= max)
        return true;
    return refuse(reader, "\"%s\" is no number from 0 to %lld", name, (long long)max);
}

static bool take_bool(struct reader *reader, const struct json *event, const char *name, bool *out)
{
    enum json_type type = json_get(event, name)->type;

    *out = type == JSON_TRUE;
    return type == JSON_TRUE || type == JSON_FALSE || refuse(reader, "\"%s\" is neither true nor false", name);
}

/* An array of strings of at most max; the strings are the event's. */
static bool take_list(struct reader *reader, const struct json *event, const char *name, const char **out, size_t max)
{
    const struct json *list = json_get(event, name);
    size_t count = 0;

    if (list->type != JSON_ARRAY || list->count > max)
        return refuse(reader, "\"%s\" is no array of at most %zu", name, max);
    for (const struct json *item = list->child; item; item = item->next) {
        const char *string = json_as_string(item);

        if (!string)
            return refuse(reader, "\"%s\" holds what is no string", name);
        out[count++] = string;
    }
    return true;
}

static bool read_begin(struct reader *reader, const struct json *event)
{
    char *tool, *version, *set, *target;
    int64_t checks, cases;

    if (!has_members(reader, event, "event tool version set target checks cases") ||
        !take_string(reader, event, "tool", &tool) || !take_string(reader, event, "version", &version) ||
        !take_string(reader, event, "set", &set) || !take_string(reader, event, "target", &target) ||
        !take_integer(reader, event, "checks", RESULTS_CHECKS_MAX, &checks) ||
        !take_integer(reader, event, "cases", (int64_t)RESULTS_CHECKS_MAX * CHECK_CASES_MAX, &cases))
        return false;
    if (strcmp(tool, "assay") != 0)
        return refuse(reader, "the stream of another tool");
    results_init(reader->results, version, set, target);
    reader->results->planned_checks = (size_t)checks;
    reader->results->planned_cases = (size_t)cases;
    reader->begun = true;
    return true;
}

static bool read_check(struct reader *reader, const struct json *event)
{
    char *id, *title, *level;
    const char *origins[CHECK_ORIGINS_MAX] = {NULL};
    const char *tags[CHECK_TAGS_MAX] = {NULL};

    if (!has_members(reader, event, "event id title level origins tags") || !take_string(reader, event, "id", &id) ||
        !take_string(reader, event, "title", &title) || !take_string(reader, event, "level", &level) ||
        !take_list(reader, event, "origins", origins, CHECK_ORIGINS_MAX) ||
        !take_list(reader, event, "tags", tags, CHECK_TAGS_MAX))
        return false;
    if (results_find(reader->results, id))
        return refuse(reader, "a second check \"%s\"", id);
    if (reader->results->check_count >= RESULTS_CHECKS_MAX)
        return refuse(reader, "more than %d checks", RESULTS_CHECKS_MAX);
    results_add_check(reader->results, id, title, level, origins, tags);
    return true;
}

static bool take_verdict(struct reader *reader, const struct json *event, enum verdict *out)
{
    char *name;

    if (!take_string(reader, event, "verdict", &name))
        return false;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        *out = (enum verdict)verdict;
        if (strcmp(name, verdict_name(*out)) == 0)
            return true;
    }
    return refuse(reader, "unknown verdict \"%s\"", name);
}

/* Who is to blame is said of an ERROR, and of nothing else. */
static bool take_blame(struct reader *reader, const struct json *event, enum verdict verdict, enum blame *out)
{
    char *name;

    *out = BLAME_NONE;
    if (!take_optional(reader, event, "blame", &name))
        return false;
    if ((name != NULL) != (verdict == VERDICT_ERROR))
        return refuse(reader, "\"blame\" does not go with the verdict");
    for (int blame = BLAME_TARGET; name && blame <= BLAME_ENVIRONMENT; blame++)
        if (strcmp(name, blame_name((enum blame)blame)) == 0)
            *out = (enum blame)blame;
    return !name || *out != BLAME_NONE || refuse(reader, "unknown blame \"%s\"", name);
}

static bool take_numbers(struct reader *reader, const struct json *event, struct case_result *result)
{
    int64_t number, runs, failed;

    if (!take_integer(reader, event, "number", CHECK_CASES_MAX - 1, &number) ||
        !take_integer(reader, event, "ms", INT64_MAX, &result->ms) ||
        !take_integer(reader, event, "runs", UINT32_MAX, &runs) ||
        !take_integer(reader, event, "failed", runs, &failed) ||
        !take_integer(reader, event, "at_ms", INT64_MAX, &result->at_ms))
        return false;
    result->number = (size_t)number;
    result->runs = (unsigned)runs;
    result->failed = (unsigned)failed;
    return true;
}

static bool take_evidence(struct reader *reader, const struct json *event, struct case_result *result)
{
    return take_optional(reader, event, "how", &result->how) &&
           take_optional(reader, event, "message", &result->message) &&
           take_optional(reader, event, "sent", &result->sent) &&
           take_optional(reader, event, "expected", &result->expected) &&
           take_optional(reader, event, "actual", &result->actual) &&
           take_optional(reader, event, "state", &result->state) &&
           take_optional(reader, event, "evidence", &result->evidence) &&
           take_optional(reader, event, "again", &result->again);
}

static bool read_case(struct reader *reader, const struct json *event)
{
    struct case_result result = {0};
    char *id;

    if (!has_members(reader, event,
                     "event check number name control verdict blame how ms runs failed message sent "
                     "expected actual at_ms state evidence again") ||
        !take_string(reader, event, "check", &id) || !take_string(reader, event, "name", &result.name) ||
        !take_bool(reader, event, "control", &result.control) || !take_verdict(reader, event, &result.verdict) ||
        !take_blame(reader, event, result.verdict, &result.blame) || !take_numbers(reader, event, &result) ||
        !take_evidence(reader, event, &result))
        return false;
    const struct check_result *check = results_find(reader->results, id);
    if (!check)
        return refuse(reader, "a case of \"%s\", which has not come", id);
    if (check->case_count >= CHECK_CASES_MAX)
        return refuse(reader, "more than %d cases of \"%s\"", CHECK_CASES_MAX, id);
    results_add_case(reader->results, (size_t)(check - reader->results->checks), &result);
    return true;
}

static bool read_counts(struct reader *reader, const struct json *counts)
{
    if (!has_members(reader, counts, "PASS FAIL XFAIL XPASS WARN NA ERROR"))
        return false;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        int64_t count;
        const char *name = verdict_name((enum verdict)verdict);

        if (!take_integer(reader, counts, name, RESULTS_CHECKS_MAX, &count))
            return false;
        if ((size_t)count != reader->results->counts[verdict])
            return refuse(reader, "counts %lld %s where the cases give %zu", (long long)count, name,
                          reader->results->counts[verdict]);
    }
    return true;
}

static bool read_end(struct reader *reader, const struct json *event)
{
    int64_t signal;

    if (!has_members(reader, event, "event counts wall_ms interrupted signal") ||
        !read_counts(reader, json_get(event, "counts")) ||
        !take_integer(reader, event, "wall_ms", INT64_MAX, &reader->results->wall_ms) ||
        !take_bool(reader, event, "interrupted", &reader->results->interrupted) ||
        !take_integer(reader, event, "signal", 127, &signal))
        return false;
    reader->results->signal = (int)signal;
    reader->ended = true;
    return true;
}

static bool read_event(struct reader *reader, const struct json *event)
{
    const char *name = json_get_string(event, "event");

    if (!name)
        return refuse(reader, "no event");
    if (reader->ended)
        return refuse(reader, "something after the end");
    if ((strcmp(name, "begin") == 0) == reader->begun)
        return refuse(reader, reader->begun ? "a second begin" : "the stream does not start with begin");
    if (!reader->begun)
        return read_begin(reader, event);
    if (strcmp(name, "check") == 0)
        return read_check(reader, event);
    if (strcmp(name, "case") == 0)
        return read_case(reader, event);
    if (strcmp(name, "end") == 0)
        return read_end(reader, event);
    return refuse(reader, "unknown event \"%s\"", name);
}

static bool read_line(struct reader *reader, const char *line, size_t bytes)
{
    struct json_error error;
    const struct json *event = json_read(line, bytes, &error);

    if (!event)
        return refuse(reader, "byte %zu: %s", error.offset, error.text);
    bool read = read_event(reader, event);
    json_free(event);
    return read;
}

static bool read_stream(struct reader *reader, const struct text *stream)
{
    const char *line = stream->bytes;
    const char *end = stream->bytes + stream->length;
    const char *feed;

    for (; (feed = memchr(line, '\n', (size_t)(end - line))); line = feed + 1) {
        reader->line++;
        if (!read_line(reader, line, (size_t)(feed - line)))
            return false;
    }
    if (reader->ended && line < end)
        return refuse(reader, "something after the end");
    if (!reader->begun)
        return refuse(reader, "the stream does not start with begin");
    if (!reader->ended)
        reader->results->interrupted = true;
    return true;
}

bool results_read(struct results *results, const char *path, struct error *err)
{
    struct reader reader = {.results = results, .err = err};
    struct text stream;

    *results = (struct results){0};
    if (!file_read(path, RESULTS_STREAM_MAX_BYTES, &stream, err))
        return false;
    bool read = read_stream(&reader, &stream);
    if (!read)
        results_free(results);
    text_free(&stream);
    return read;
}
