/* Lines of JSON in a file that has no name: each writer appends, the runner reads from the start. */
#include "case/record.h"

#include "base/xalloc.h"
#include "model/fields.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int record_open(void)
{
    return memfd_create("record", MFD_CLOEXEC);
}

/* ---- writing ---- */

static struct json_writer open_line(struct text *line)
{
    text_init(line, RECORD_BYTES_MAX);
    struct json_writer writer = json_write(line);
    json_open(&writer, '{');
    return writer;
}

static void write_line(int fd, struct json_writer *writer, struct text *line)
{
    json_close(writer, '}');
    text_add(line, "\n");
    for (size_t done = 0; done < line->length;) {
        ssize_t count = write(fd, line->bytes + done, line->length - done);

        if (count <= 0)
            break; /* no verdict is a verdict, too: ERROR of the harness */
        done += (size_t)count;
    }
    text_free(line);
}

static void write_note(int fd, const char *name, const char *value)
{
    struct text line;
    struct json_writer writer = open_line(&line);

    json_key(&writer, name);
    json_string_bytes(&writer, value, strnlen(value, RECORD_FIELD_BYTES_MAX));
    write_line(fd, &writer, &line);
}

void record_write_state(int fd, const char *state)
{
    write_note(fd, "state", state);
}

void record_write_log(int fd, const char *path)
{
    write_note(fd, "log", path);
}

void record_write_broken(int fd, const char *how)
{
    write_note(fd, "broken", how);
}

void record_write(int fd, const struct case_result *result)
{
    struct text line;
    struct json_writer writer = open_line(&line);
    struct case_result cut = *result;

    fields_own(case_fields, &cut, RECORD_FIELD_BYTES_MAX);
    fields_write(case_fields, &cut, IN_RECORD, &writer);
    fields_free(case_fields, &cut);
    write_line(fd, &writer, &line);
    if (result->state)
        record_write_state(fd, result->state);
}

void record_write_hello(int fd, const struct json *hello)
{
    struct text line;
    struct json_writer writer = open_line(&line);

    json_key(&writer, "hello");
    json_raw(&writer, hello->raw, hello->raw_bytes);
    write_line(fd, &writer, &line);
}

/* ---- reading ---- */

/* A verdict that cannot be read is our own doing. */
static void take_verdict(const struct json *line, struct case_result *result)
{
    char *state = result->state;

    *result = (struct case_result){0};
    if (!fields_read(case_fields, result, IN_RECORD, line->child, NULL)) {
        case_result_free(result);
        *result = (struct case_result){.verdict = VERDICT_ERROR, .blame = BLAME_HARNESS};
    }
    result->state = state;
}

/* Whoever has something to say about it adds it, before the verdict or after it. */
static void add_state(struct case_result *result, const char *more)
{
    struct text state;

    if (!more)
        return;
    text_init(&state, RESULTS_STRING_MAX_BYTES);
    if (result->state)
        text_addf(&state, "%s; ", result->state);
    text_add(&state, more);
    free(result->state);
    result->state = text_take(&state);
}

static void blame_harness(struct case_result *result, const char *what)
{
    struct text message;

    text_init(&message, RECORD_FIELD_BYTES_MAX);
    text_addf(&message, "the case's process %s; its own output is in worker.log", what);
    free(result->message);
    free(result->how);
    result->verdict = VERDICT_ERROR;
    result->blame = BLAME_HARNESS;
    result->how = NULL;
    result->message = text_take(&message);
}

struct reading {
    struct case_result *result;
    bool judged;
    char *broken;
};

static void take_line(const struct json *line, struct reading *reading)
{
    if (json_get(line, "verdict") && !reading->judged) {
        take_verdict(line, reading->result);
        reading->judged = true;
    }
    add_state(reading->result, json_get_string(line, "state"));
    if (!reading->broken)
        reading->broken = fields_copy_string(json_get_string(line, "broken"));
}

/* All of it; the caller frees. */
static char *read_bytes(int fd, size_t *length)
{
    char *bytes = xalloc_resize(NULL, RECORD_BYTES_MAX, 1);

    *length = 0;
    for (ssize_t count; (count = pread(fd, bytes + *length, RECORD_BYTES_MAX - *length, (off_t)*length)) > 0;)
        *length += (size_t)count;
    return bytes;
}

/* The next line that is whole, to be released; or NULL. A line that is no JSON reads as null. */
static const struct json *next_line(const char **at, const char *end)
{
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));

    if (!newline)
        return NULL;
    const struct json *line = json_read(*at, (size_t)(newline - *at), NULL);
    *at = newline + 1;
    return line ? line : json_read("null", 4, NULL);
}

bool record_read(int fd, struct case_result *result)
{
    size_t length;
    char *bytes = read_bytes(fd, &length);
    struct reading reading = {.result = result};
    const char *at = bytes;

    for (const struct json *line; (line = next_line(&at, bytes + length));) {
        take_line(line, &reading);
        json_free(line);
    }
    free(bytes);
    if (reading.broken)
        blame_harness(result, reading.broken);
    else if (!reading.judged)
        blame_harness(result, "ended without a verdict");
    free(reading.broken);
    return reading.judged;
}

char *record_read_log(int fd)
{
    size_t length;
    char *bytes = read_bytes(fd, &length), *log = NULL;
    const char *at = bytes;

    for (const struct json *line; (line = next_line(&at, bytes + length));) {
        if (json_get_string(line, "log")) {
            free(log);
            log = fields_copy_string(json_get_string(line, "log"));
        }
        json_free(line);
    }
    free(bytes);
    return log;
}

const struct json *record_read_hello(int fd)
{
    size_t length;
    char *bytes = read_bytes(fd, &length);
    const struct json *hello = NULL;
    const char *at = bytes;

    for (const struct json *line; !hello && (line = next_line(&at, bytes + length));) {
        const struct json *member = json_get(line, "hello");

        if (member)
            hello = json_read(member->raw, member->raw_bytes, NULL);
        json_free(line);
    }
    free(bytes);
    return hello;
}
