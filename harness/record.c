#include "record.h"

#include "json.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_line(int fd, const struct text *line)
{
    size_t done = 0;
    while (done < line->length) {
        ssize_t count = write(fd, line->bytes + done, line->length - done);
        if (count <= 0)
            return; /* no verdict is a verdict, too: ERROR of the harness */
        done += (size_t)count;
    }
}

static void optional_member(struct json_writer *writer, const char *name, const char *value)
{
    if (value)
        json_member(writer, name, value);
}

void record_write(int fd, const struct case_result *result)
{
    struct text line;
    text_init(&line, RECORD_BYTES_MAX);
    struct json_writer writer = json_write(&line);
    json_open(&writer, '{');
    json_member(&writer, "verdict", verdict_name(result->verdict));
    json_member(&writer, "blame", blame_name(result->blame));
    optional_member(&writer, "how", result->how);
    optional_member(&writer, "message", result->message);
    optional_member(&writer, "sent", result->sent);
    optional_member(&writer, "expected", result->expected);
    optional_member(&writer, "actual", result->actual);
    optional_member(&writer, "state", result->state);
    json_member_integer(&writer, "at_ms", result->at_ms);
    json_close(&writer, '}');
    text_add(&line, "\n");
    write_line(fd, &line);
    text_free(&line);
}

void record_write_ended(int fd, const char *processes)
{
    struct text line;
    text_init(&line, RECORD_BYTES_MAX);
    struct json_writer writer = json_write(&line);
    json_open(&writer, '{');
    json_member(&writer, "ended", processes);
    json_close(&writer, '}');
    text_add(&line, "\n");
    write_line(fd, &line);
    text_free(&line);
}

static char *copy_member(const struct json *object, const char *name)
{
    const char *value = json_get_string(object, name);
    return value ? strdup(value) : NULL;
}

static enum verdict verdict_of(const char *name)
{
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        if (name && !strcmp(name, verdict_name((enum verdict)verdict)))
            return (enum verdict)verdict;
    return VERDICT_ERROR;
}

static enum blame blame_of(const char *name)
{
    for (int blame = BLAME_NONE; blame <= BLAME_ENVIRONMENT; blame++)
        if (name && !strcmp(name, blame_name((enum blame)blame)))
            return (enum blame)blame;
    return BLAME_HARNESS;
}

static void take_verdict(const struct json *line, struct case_result *result)
{
    result->verdict = verdict_of(json_get_string(line, "verdict"));
    result->blame = blame_of(json_get_string(line, "blame"));
    result->how = copy_member(line, "how");
    result->message = copy_member(line, "message");
    result->sent = copy_member(line, "sent");
    result->expected = copy_member(line, "expected");
    result->actual = copy_member(line, "actual");
    result->state = copy_member(line, "state");
    json_get_integer(line, "at_ms", &result->at_ms);
}

static void take_ended(const char *processes, struct case_result *result)
{
    struct text state;
    text_init(&state, RECORD_FIELD_BYTES_MAX);
    if (result->state)
        text_addf(&state, "%s; ", result->state);
    text_addf(&state, "had to be ended: %s", processes);
    free(result->state);
    result->state = text_take(&state);
    text_free(&state);
}

static void take_line(const char *bytes, size_t count, bool *judged, struct case_result *result)
{
    const struct json *line = json_read(bytes, count, NULL);
    if (json_get(line, "verdict") && !*judged) {
        take_verdict(line, result);
        *judged = true;
    }
    const char *ended = json_get_string(line, "ended");
    if (ended)
        take_ended(ended, result);
    json_free(line);
}

static size_t read_file(const char *path, char *buffer, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    size_t length = 0;
    for (ssize_t count; fd >= 0 && length < size && (count = read(fd, buffer + length, size - length)) > 0;)
        length += (size_t)count;
    if (fd >= 0)
        close(fd);
    return length;
}

void record_read(const char *path, struct case_result *result)
{
    char *buffer = malloc(RECORD_BYTES_MAX);
    if (!buffer)
        abort();
    size_t length = read_file(path, buffer, RECORD_BYTES_MAX);
    bool judged = false;
    for (char *line = buffer, *end; (end = memchr(line, '\n', (size_t)(buffer + length - line))); line = end + 1)
        take_line(line, (size_t)(end - line), &judged, result);
    free(buffer);
    if (judged)
        return;
    result->verdict = VERDICT_ERROR;
    result->blame = BLAME_HARNESS;
    result->message = strdup("the case ended without a verdict; its own output is in worker.log");
}
