/* The driver: lines in, a thread for each request, lines out, and the methods that belong to no surface. */
#include "app/drive.h"

#include "base/version.h"
#include "json/string.h"
#include "rpc/jsonrpc.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Every surface: add a row, and `hello` names its methods. */
static const struct surface {
    const char *name;
    const struct drive_method *methods;
    void (*stop)(struct drive *drive);
} surfaces[] = {
    {"store", drive_store_methods, drive_store_stop},
    {"http", drive_http_methods, drive_http_stop},
    {"ws", drive_ws_methods, drive_ws_stop},
};

enum { SURFACE_COUNT = sizeof surfaces / sizeof surfaces[0], METHOD_MAX_BYTES = 64, READ_BYTES = 64 * 1024 };

static enum drive_result serve_hello(struct drive *drive, struct json_span params, struct buffer *result,
                                     struct error *err)
{
    (void)drive, (void)params, (void)err;
    buffer_add_text(result, "{\"protocol\":1,\"name\":\"assay-ref\",\"version\":\"" REF_VERSION "\",\"surfaces\":{");
    for (size_t i = 0; i < SURFACE_COUNT; i++) {
        bool first = true;

        buffer_add_format(result, "%s\"%s\":[", i ? "," : "", surfaces[i].name);
        for (const struct drive_method *method = surfaces[i].methods; method->name; method++) {
            if (strcmp(method->name, "start") == 0)
                continue; /* every surface has it */
            buffer_add_format(result, "%s\"%s\"", first ? "" : ",", method->name);
            first = false;
        }
        buffer_add_text(result, "]");
    }
    buffer_add_text(result, "},\"features\":[\"raw_events\",\"durable\"]}");
    return DRIVE_OK;
}

/* Waits out the delay, or until the driver stops. */
static void delay(struct drive *drive, uint64_t delay_ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(delay_ms / 1000);
    until.tv_nsec += (long)(delay_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&drive->lock);
    while (!drive->stopping && pthread_cond_timedwait(&drive->changed, &drive->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&drive->lock);
}

static enum drive_result serve_echo(struct drive *drive, struct json_span params, struct buffer *result,
                                    struct error *err)
{
    uint64_t delay_ms = 0;
    struct json_span text;

    if (!json_find(params, "text", &text) || !json_is_string(text)) {
        error_set(err, "\"text\" is a string");
        return DRIVE_BAD_PARAMS;
    }
    if (drive_number(params, "delay_ms", &delay_ms, err) != DRIVE_OK)
        return DRIVE_BAD_PARAMS;
    if (delay_ms > DRIVE_ECHO_MAX_MS) {
        error_set(err, "\"delay_ms\" is at most %d", DRIVE_ECHO_MAX_MS);
        return DRIVE_BAD_PARAMS;
    }
    delay(drive, delay_ms);
    buffer_add_text(result, "{\"text\":");
    buffer_add(result, text.at, text.bytes);
    buffer_add_text(result, "}");
    return DRIVE_OK;
}

static const struct drive_method own_methods[] = {
    {"hello", serve_hello},
    {"echo", serve_echo},
    {NULL, NULL},
};

enum drive_result drive_string(struct json_span params, const char *name, char **text, size_t *bytes, struct error *err)
{
    struct json_span value;

    *text = NULL;
    if (!json_find(params, name, &value) || !json_is_string(value)) {
        error_set(err, "\"%s\" is a string", name);
        return DRIVE_BAD_PARAMS;
    }
    *text = json_string(value, bytes);
    if (!*text)
        error_set(err, "out of memory");
    return *text ? DRIVE_OK : DRIVE_FAILED;
}

enum drive_result drive_number(struct json_span params, const char *name, uint64_t *number, struct error *err)
{
    struct json_span value;
    int64_t found;

    if (!json_find(params, name, &value))
        return DRIVE_OK;
    if (!json_integer(value, &found) || found < 0) {
        error_set(err, "\"%s\" is a whole number from 0 on", name);
        return DRIVE_BAD_PARAMS;
    }
    *number = (uint64_t)found;
    return DRIVE_OK;
}

enum drive_result drive_config(struct json_span params, cJSON **config, struct error *err)
{
    switch (json_parse(params.at, params.bytes, config, err)) {
    case JSON_OK:
        return DRIVE_OK;
    case JSON_NO_MEMORY:
        return DRIVE_FAILED;
    default:
        return DRIVE_BAD_PARAMS;
    }
}

static drive_serve *find_method(const struct drive_method *methods, const char *name)
{
    while (methods->name && strcmp(methods->name, name) != 0)
        methods++;
    return methods->serve;
}

static drive_serve *find_serve(struct json_span method)
{
    size_t bytes;
    char *name = method.bytes < METHOD_MAX_BYTES ? json_string(method, &bytes) : NULL;
    bool usable = name && strlen(name) == bytes; /* else a NUL would cut it to the name of another method */
    char *dot = usable ? strchr(name, '.') : NULL;
    drive_serve *serve = NULL;

    if (usable && !dot)
        serve = find_method(own_methods, name);
    for (size_t i = 0; dot && i < SURFACE_COUNT; i++) {
        size_t prefix_bytes = (size_t)(dot - name);

        if (strlen(surfaces[i].name) == prefix_bytes && memcmp(surfaces[i].name, name, prefix_bytes) == 0)
            serve = find_method(surfaces[i].methods, dot + 1);
    }
    free(name);
    return serve;
}

/* One write for the whole line, so that two answers never mix. */
static void write_line(struct drive *drive, struct buffer *line)
{
    buffer_add_text(line, "\n");
    pthread_mutex_lock(&drive->out_lock);
    fwrite(line->data, 1, line->bytes, drive->out);
    fflush(drive->out);
    pthread_mutex_unlock(&drive->out_lock);
}

static void write_result(struct drive *drive, struct json_span id, struct json_span result)
{
    struct buffer line = buffer_new(result.bytes + id.bytes + JSONRPC_WRAPPING_BYTES);

    jsonrpc_add_result(&line, id, result);
    write_line(drive, &line);
    buffer_free(&line);
}

static void write_error(struct drive *drive, struct json_span id, enum drive_result result, const struct error *err)
{
    static const struct {
        int code;
        const char *kind;
        bool definite;
    } errors[] = {
        [DRIVE_OK] = {0, "", false},
        [DRIVE_REFUSED] = {JSONRPC_SERVER_CODE, "refused", true},
        [DRIVE_FAILED] = {JSONRPC_SERVER_CODE, "failed", true},
        [DRIVE_UNSURE] = {JSONRPC_SERVER_CODE, "failed", false},
        [DRIVE_UNSUPPORTED] = {JSONRPC_SERVER_CODE, "unsupported", true},
        [DRIVE_BAD_PARAMS] = {JSONRPC_BAD_PARAMS_CODE, "refused", true},
        [DRIVE_UNKNOWN_METHOD] = {JSONRPC_UNKNOWN_METHOD_CODE, "unsupported", true},
        [DRIVE_BAD_REQUEST] = {JSONRPC_BAD_MESSAGE_CODE, "refused", true},
        [DRIVE_BAD_JSON] = {JSONRPC_NOT_JSON_CODE, "refused", true},
    };
    struct buffer line = buffer_new(id.bytes + 4096);
    cJSON *data = cJSON_CreateObject();

    cJSON_AddStringToObject(data, "kind", errors[result].kind);
    cJSON_AddBoolToObject(data, "definite", errors[result].definite);
    jsonrpc_add_error(&line, id, errors[result].code, err->text, data);
    write_line(drive, &line);
    cJSON_Delete(data);
    buffer_free(&line);
}

struct request {
    struct drive *drive;
    char *line; /* what the spans point into */
    struct json_span id;
    struct json_span params;
    drive_serve *serve;
};

static void *serve_request(void *argument)
{
    struct request *request = argument;
    struct drive *drive = request->drive;
    struct buffer result = buffer_new(DRIVE_LINE_MAX_BYTES - 256);
    struct error err = {{0}};
    enum drive_result outcome = request->serve(drive, request->params, &result, &err);

    if (outcome == DRIVE_OK && result.failed) {
        error_set(&err, "the answer does not fit into one line");
        outcome = DRIVE_UNSURE;
    }
    if (outcome == DRIVE_OK)
        write_result(drive, request->id, (struct json_span){result.data, result.bytes});
    else
        write_error(drive, request->id, outcome, &err);
    buffer_free(&result);
    free(request->line);
    free(request);
    pthread_mutex_lock(&drive->lock);
    drive->running--;
    pthread_cond_broadcast(&drive->changed);
    pthread_mutex_unlock(&drive->lock);
    return NULL;
}

static void wait_until_fewer_run(struct drive *drive, size_t count)
{
    pthread_mutex_lock(&drive->lock);
    while (drive->running >= count)
        pthread_cond_wait(&drive->changed, &drive->lock);
    pthread_mutex_unlock(&drive->lock);
}

/* Hands the request to a thread of its own; the thread owns it then, and its line. */
static bool start_request(struct request request)
{
    struct drive *drive = request.drive;
    struct request *own = malloc(sizeof *own);
    pthread_attr_t detached;
    pthread_t thread;
    bool started;

    if (!own)
        return false;
    *own = request;
    wait_until_fewer_run(drive, DRIVE_THREADS_MAX);
    pthread_mutex_lock(&drive->lock);
    drive->running++;
    pthread_mutex_unlock(&drive->lock);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    started = pthread_create(&thread, &detached, serve_request, own) == 0;
    pthread_attr_destroy(&detached);
    if (!started) {
        pthread_mutex_lock(&drive->lock);
        drive->running--;
        pthread_mutex_unlock(&drive->lock);
        free(own);
    }
    return started;
}

static void stop_all(struct drive *drive)
{
    pthread_mutex_lock(&drive->lock);
    drive->stopping = true;
    pthread_cond_broadcast(&drive->changed);
    pthread_mutex_unlock(&drive->lock);
    wait_until_fewer_run(drive, 1);
    for (size_t i = 0; i < SURFACE_COUNT; i++)
        surfaces[i].stop(drive);
}

/* What the line asks for. err says what is wrong with it. */
static enum drive_result read_request(struct request *request, const struct jsonrpc_message *message,
                                      enum jsonrpc_result read, struct error *err)
{
    request->id = message->id;
    request->params = message->params.at ? message->params : (struct json_span){"{}", 2};
    if (read == JSONRPC_NO_MEMORY)
        return DRIVE_FAILED;
    if (read == JSONRPC_NOT_JSON)
        return DRIVE_BAD_JSON;
    if (read == JSONRPC_BAD_MESSAGE)
        return DRIVE_BAD_REQUEST;
    if (message->kind != JSONRPC_REQUEST) {
        error_set(err, "only requests are served");
        return DRIVE_BAD_REQUEST;
    }
    if (!json_is_object(request->params)) {
        error_set(err, "\"params\" is an object");
        return DRIVE_BAD_PARAMS;
    }
    request->serve = find_serve(message->method);
    if (!request->serve)
        error_set(err, "no such method");
    return request->serve ? DRIVE_OK : DRIVE_UNKNOWN_METHOD;
}

/* Deals with one line, which is freed here or by the request's thread. False: it was `stop`. */
static bool take_line(struct drive *drive, char *line, size_t bytes)
{
    struct request request = {.drive = drive, .line = line};
    struct jsonrpc_message message;
    struct error err = {{0}};
    enum jsonrpc_result read = jsonrpc_read(line, bytes, &message, &err);
    enum drive_result result = read_request(&request, &message, read, &err);
    bool stop = result == DRIVE_UNKNOWN_METHOD && json_string_is(message.method, "stop");

    if (stop) {
        stop_all(drive);
        write_result(drive, request.id, (struct json_span){"{}", 2});
    } else if (result == DRIVE_OK && !start_request(request)) {
        error_set(&err, "no thread for the request");
        result = DRIVE_FAILED;
    } else if (result == DRIVE_OK) {
        return true;
    }
    if (!stop)
        write_error(drive, request.id, result, &err);
    free(line);
    return !stop;
}

/* Adds to the line that is being read. A line that grows too long is answered at its end, and skipped until then. */
static bool take_bytes(struct drive *drive, struct buffer *line, const char *data, size_t bytes)
{
    while (bytes > 0) {
        const char *newline = memchr(data, '\n', bytes);
        size_t piece_bytes = newline ? (size_t)(newline - data) : bytes;

        buffer_add(line, data, piece_bytes);
        data += piece_bytes;
        bytes -= piece_bytes;
        if (!newline)
            return true;
        data++;
        bytes--;
        if (line->failed) {
            struct error err = {"a line of more than 32 MiB"};

            write_error(drive, (struct json_span){0}, DRIVE_BAD_JSON, &err);
            buffer_free(line);
        } else {
            size_t line_bytes;
            char *text;

            buffer_add(line, "", 0); /* so that an empty line has memory too */
            line_bytes = line->bytes;
            text = line->data;
            *line = buffer_new(DRIVE_LINE_MAX_BYTES);
            if (!take_line(drive, text, line_bytes))
                return false;
        }
    }
    return true;
}

int drive_run(int in_fd, FILE *out, FILE *log)
{
    struct drive drive = {.out = out, .log = log};
    struct buffer line = buffer_new(DRIVE_LINE_MAX_BYTES);
    pthread_condattr_t monotonic;
    char block[READ_BYTES];
    ssize_t bytes;
    bool going = true;
    int code;

    signal(SIGPIPE, SIG_IGN); /* who does not read the answers is no reason to die in the middle of a write */
    pthread_mutex_init(&drive.lock, NULL);
    pthread_mutex_init(&drive.out_lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&drive.changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    while (going) {
        bytes = read(in_fd, block, sizeof block);
        if (bytes > 0)
            going = take_bytes(&drive, &line, block, (size_t)bytes);
        else if (bytes == 0 || errno != EINTR)
            break;
    }
    if (going)
        stop_all(&drive); /* the end of input means stop as well */
    code = ferror(out) ? 1 : 0;
    buffer_free(&line);
    pthread_cond_destroy(&drive.changed);
    pthread_mutex_destroy(&drive.out_lock);
    pthread_mutex_destroy(&drive.lock);
    return code;
}
