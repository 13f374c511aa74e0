/* results_read(): the event stream of report/jsonl.h, turned back into the results it came from. */
#include "model/results.h"

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "check.h"
#include "json/json.h"
#include "model/fields.h"

#include <stdarg.h>
#include <string.h>

struct reader {
    struct results *results;
    size_t line; /* from 1 */
    bool begun;
    bool named; /* the event "target" has come */
    bool ended;
    struct error *err;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct reader *reader, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    error_vset(reader->err, format, arguments);
    va_end(arguments);
    return false;
}

static bool read_begin(struct reader *reader, const struct json *next)
{
    const struct json *tool = fields_next(&next, "tool", reader->err);

    if (!tool || !fields_read(results_fields, reader->results, IN_STREAM, next, reader->err))
        return false;
    const char *name = json_as_string(tool);
    if (!name)
        return refuse(reader, "\"tool\" is no string");
    if (strcmp(name, "assay") != 0)
        return refuse(reader, "the stream of another tool");
    reader->begun = true;
    return true;
}

static bool read_target(struct reader *reader, const struct json *next)
{
    if (reader->named)
        return refuse(reader, "a second target");
    reader->named = true;
    return fields_read(results_fields, reader->results, IN_TARGET, next, reader->err);
}

static bool add_check(struct reader *reader, const struct check_result *check)
{
    struct results *results = reader->results;

    if (results_find(results, check->id))
        return refuse(reader, "a second check \"%s\"", check->id);
    if (results->check_count >= RESULTS_CHECKS_MAX)
        return refuse(reader, "more than %d checks", RESULTS_CHECKS_MAX);
    results_add_check(results, check->id, check->title, check->level, (const char *const *)check->origins,
                      (const char *const *)check->tags);
    return true;
}

static bool read_check(struct reader *reader, const struct json *next)
{
    struct check_result check = {0};
    bool read = fields_read(check_fields, &check, IN_STREAM, next, reader->err) && add_check(reader, &check);

    fields_free(check_fields, &check);
    return read;
}

static bool add_case(struct reader *reader, const char *id, const struct case_result *result)
{
    const struct check_result *check = results_find(reader->results, id);

    if ((result->blame != BLAME_NONE) != (result->verdict == VERDICT_ERROR))
        return refuse(reader, "\"blame\" does not go with the verdict");
    if (result->failed > result->runs)
        return refuse(reader, "\"failed\" is no number from 0 to %u", result->runs);
    if (!check)
        return refuse(reader, "a case of \"%s\", which has not come", id);
    if (check->case_count >= CHECK_CASES_MAX)
        return refuse(reader, "more than %d cases of \"%s\"", CHECK_CASES_MAX, id);
    results_add_case(reader->results, (size_t)(check - reader->results->checks), result);
    return true;
}

static bool read_case(struct reader *reader, const struct json *next)
{
    struct case_result result = {0};
    const struct json *check = fields_next(&next, "check", reader->err);

    if (!check)
        return false;
    const char *id = json_as_string(check);
    if (!id)
        return refuse(reader, "\"check\" is no string");
    bool read = fields_read(case_fields, &result, IN_STREAM, next, reader->err) && add_case(reader, id, &result);
    case_result_free(&result);
    return read;
}

static bool read_end(struct reader *reader, const struct json *next)
{
    struct results *results = reader->results;
    struct results end = {0};

    if (!fields_read(results_fields, &end, IN_END, next, reader->err))
        return false;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        if (end.counts[verdict] != results->counts[verdict])
            return refuse(reader, "counts %zu %s where the cases give %zu", end.counts[verdict],
                          verdict_name((enum verdict)verdict), results->counts[verdict]);
    results->wall_ms = end.wall_ms;
    results->interrupted = end.interrupted;
    results->signal = end.signal;
    reader->ended = true;
    return true;
}

static bool read_event(struct reader *reader, const struct json *event)
{
    const char *name = json_get_string(event, "event");
    const struct json *next = event->child;

    if (!name)
        return refuse(reader, "no event");
    if (reader->ended)
        return refuse(reader, "something after the end");
    if ((strcmp(name, "begin") == 0) == reader->begun)
        return refuse(reader, reader->begun ? "a second begin" : "the stream does not start with begin");
    if (!fields_next(&next, "event", reader->err))
        return false;
    if (!reader->begun)
        return read_begin(reader, next);
    if (strcmp(name, "target") == 0)
        return read_target(reader, next);
    if (strcmp(name, "check") == 0)
        return read_check(reader, next);
    if (strcmp(name, "case") == 0)
        return read_case(reader, next);
    if (strcmp(name, "end") == 0)
        return read_end(reader, next);
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
    if (!read) {
        error_prefix(err, "line %zu: ", reader.line);
        results_free(results);
    }
    text_free(&stream);
    return read;
}
