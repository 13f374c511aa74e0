/* One loop: takes a line, answers the echoes that are due, waits for the next. */
#include "tests/targets/small_driver.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 16, WAIT_FOR_EVER = -1 };

struct echo {
    int64_t id;
    int64_t due_ns;
    char *text; /* its JSON, quotes included */
};

static struct echo echoes[SMALL_DRIVER_ECHOES_MAX];
static size_t echo_count;

static struct text inbox;          /* what was read and is not yet a request */
static const struct json *current; /* the request that was given out last */

/* ---- out ---- */

void small_driver_write(const void *bytes, size_t count)
{
    const char *rest = bytes;

    while (count > 0) {
        ssize_t written = write(STDOUT_FILENO, rest, count);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            _exit(2);
        rest += written;
        count -= (size_t)written;
    }
}

static void write_message(int64_t id, const char *member, const char *value, size_t count)
{
    struct text line;

    text_init(&line, SMALL_DRIVER_LINE_MAX_BYTES + 1);
    text_addf(&line, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"%s\":", (long long)id, member);
    text_add_bytes(&line, value, count);
    text_add(&line, "}\n");
    small_driver_write(line.bytes, line.length);
    text_free(&line);
}

void small_driver_answer_bytes(const struct request *request, const char *result, size_t count)
{
    write_message(request->id, "result", result, count);
}

void small_driver_answer(const struct request *request, const char *format, ...)
{
    struct text result;
    va_list arguments;

    text_init(&result, SMALL_DRIVER_LINE_MAX_BYTES);
    va_start(arguments, format);
    text_vaddf(&result, format, arguments);
    va_end(arguments);
    small_driver_answer_bytes(request, result.bytes, result.length);
    text_free(&result);
}

void small_driver_refuse(const struct request *request, const char *kind, const char *message)
{
    struct text error;

    text_init(&error, 1 << 16);
    struct json_writer writer = json_write(&error);
    json_open(&writer, '{');
    json_member_integer(&writer, "code", strcmp(kind, "unsupported") ? -32000 : -32601);
    json_member(&writer, "message", message);
    json_key(&writer, "data");
    json_open(&writer, '{');
    json_member(&writer, "kind", kind);
    json_key(&writer, "definite");
    json_bool(&writer, true);
    json_close(&writer, '}');
    json_close(&writer, '}');
    write_message(request->id, "error", error.bytes, error.length);
    text_free(&error);
}

void small_driver_hello(const struct request *request, const char *name, const char *surfaces)
{
    small_driver_answer(
        request, "{\"protocol\":1,\"name\":\"%s\",\"version\":\"1\",\"surfaces\":%s,\"features\":[\"raw_events\"]}",
        name, surfaces);
}

/* ---- echo ---- */

static void answer_echo(const struct echo *echo)
{
    struct request request = {.id = echo->id};

    small_driver_answer(&request, "{\"text\":%s}", echo->text);
    free(echo->text);
}

void small_driver_echo(const struct request *request)
{
    const struct json *text = json_get(request->params, "text");

    if (!text || echo_count == SMALL_DRIVER_ECHOES_MAX) {
        small_driver_refuse(request, "refused", text ? "too many echoes" : "echo needs a text");
        return;
    }
    struct echo echo = {.id = request->id,
                        .due_ns = clock_ns() + request_integer(request, "delay_ms") * 1000000,
                        .text = strndup(text->raw, text->raw_bytes)};
    if (!echo.text)
        abort();
    echoes[echo_count++] = echo;
}

/* Answers what is due. Returns the milliseconds until the next one is, or WAIT_FOR_EVER. */
static int answer_due_echoes(void)
{
    int64_t now = clock_ns(), nearest_ns = INT64_MAX;
    size_t kept = 0;

    for (size_t i = 0; i < echo_count; i++) {
        if (echoes[i].due_ns <= now) {
            answer_echo(&echoes[i]);
            continue;
        }
        nearest_ns = echoes[i].due_ns < nearest_ns ? echoes[i].due_ns : nearest_ns;
        echoes[kept++] = echoes[i];
    }
    echo_count = kept;
    return kept ? (int)((nearest_ns - now + 999999) / 1000000) : WAIT_FOR_EVER;
}

/* ---- in ---- */

/* Moves the first line of the inbox into the current request. False: there is no whole line yet. */
static bool take_line(struct request *request)
{
    char *newline = inbox.bytes ? memchr(inbox.bytes, '\n', inbox.length) : NULL;

    if (!newline)
        return false;
    current = json_read(inbox.bytes, (size_t)(newline - inbox.bytes), NULL);
    *request = (struct request){.method = json_get_string(current, "method"), .params = json_get(current, "params")};
    if (!request->method || !json_get_integer(current, "id", &request->id))
        _exit(2);
    inbox.length -= (size_t)(newline + 1 - inbox.bytes);
    memmove(inbox.bytes, newline + 1, inbox.length + 1);
    return true;
}

/* False at the end of standard input. */
static bool read_more(void)
{
    char bytes[READ_BYTES];
    ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);

    if (count > 0)
        text_add_bytes(&inbox, bytes, (size_t)count);
    if (inbox.cut)
        _exit(2);
    return count > 0 || (count < 0 && errno == EINTR);
}

static void release(void)
{
    for (size_t i = 0; i < echo_count; i++)
        free(echoes[i].text);
    echo_count = 0;
    text_free(&inbox);
}

bool small_driver_next(struct request *request)
{
    json_free(current);
    current = NULL;
    if (!inbox.bytes)
        text_init(&inbox, SMALL_DRIVER_LINE_MAX_BYTES + READ_BYTES);
    while (!take_line(request)) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        int ready = poll(&input, 1, answer_due_echoes());

        if (ready > 0 && !read_more()) {
            release();
            return false;
        }
    }
    answer_due_echoes();
    return true;
}

bool request_is(const struct request *request, const char *method)
{
    return !strcmp(request->method, method);
}

int64_t request_integer(const struct request *request, const char *name)
{
    int64_t value = 0;

    json_get_integer(request->params, name, &value);
    return value;
}
