/* The driver's method for the HTTP server: http.start {directory, limits?, token?, local_only?} answers {url}. The
 * server runs in the driver's process until it stops. */
#include "app/drive.h"
#include "server/server.h"
#include "store/store.h"
#include "json/string.h"

#include <stdlib.h>
#include <string.h>

static void log_line(void *context, const char *line)
{
    (void)context;
    fputs(line, stderr);
}

/* Limits by their names, with or without "http." in front. Unknown ones are ignored: they may be another server's. */
static enum drive_result read_limits(struct json_span params, struct server_limits *limits, struct error *err)
{
    struct json_member member = {{NULL, 0}, {NULL, 0}};
    struct json_span object;

    if (!json_find(params, "limits", &object))
        return DRIVE_OK;
    while (json_next_member(object, &member)) {
        int64_t value;
        size_t bytes;
        char *name = json_string(member.name, &bytes);
        bool good = name && json_integer(member.value, &value) &&
                    server_limit_set(limits, name, value) != SERVER_LIMIT_OUT_OF_RANGE;
        free(name);
        if (!good) {
            error_set(err, "a limit is not a number, or out of range");
            return DRIVE_BAD_PARAMS;
        }
    }
    return DRIVE_OK;
}

/* A string that C can hold: *text stays NULL where the parameter is missing. */
static enum drive_result read_text(struct json_span params, const char *name, bool required, char **text,
                                   struct error *err)
{
    struct json_span value;
    size_t bytes;

    if (!required && !json_find(params, name, &value))
        return DRIVE_OK;
    enum drive_result result = drive_string(params, name, text, &bytes, err);
    if (result == DRIVE_OK && (bytes == 0 || strlen(*text) != bytes)) {
        error_set(err, "\"%s\" is empty or holds a NUL", name);
        result = DRIVE_BAD_PARAMS;
    }
    return result;
}

/* Opens the store and starts the server on it. The caller holds the drive's lock. */
static enum drive_result start(struct drive *drive, const char *directory, struct server_config *config,
                               struct error *err)
{
    static const struct store_options options = {0};

    if (drive->http_server) {
        error_set(err, "the server was started already");
        return DRIVE_REFUSED;
    }
    if (store_open(directory, &options, &drive->http_store, err) != STORE_OK)
        return DRIVE_FAILED;
    config->store = drive->http_store;
    if (server_start(config, &drive->http_server, err) != SERVER_OK) {
        store_close(drive->http_store);
        drive->http_store = NULL;
        return DRIVE_FAILED;
    }
    return DRIVE_OK;
}

static enum drive_result serve_start(struct drive *drive, struct json_span params, struct buffer *result,
                                     struct error *err)
{
    struct server_config config = {.address = "127.0.0.1", .limits = server_limits_default()};
    char *directory = NULL, *token = NULL;
    struct json_span local_only;
    enum drive_result outcome = read_text(params, "directory", true, &directory, err);

    if (outcome == DRIVE_OK)
        outcome = read_text(params, "token", false, &token, err);
    if (outcome == DRIVE_OK)
        outcome = read_limits(params, &config.limits, err);
    config.token = token;
    config.local_only = json_find(params, "local_only", &local_only) && *local_only.at == 't';
    config.log = (struct log){.least = LOG_INFO, .write = log_line};
    if (outcome == DRIVE_OK) {
        pthread_mutex_lock(&drive->lock);
        outcome = start(drive, directory, &config, err);
        if (outcome == DRIVE_OK)
            buffer_add_format(result, "{\"url\":\"http://127.0.0.1:%d\"}", server_port(drive->http_server));
        pthread_mutex_unlock(&drive->lock);
    }
    free(directory);
    free(token);
    return outcome;
}

const struct drive_method drive_http_methods[] = {{"start", serve_start}, {NULL, NULL}};

void drive_http_stop(struct drive *drive)
{
    if (!drive->http_server)
        return;
    server_stop(drive->http_server);
    store_close(drive->http_store);
    drive->http_server = NULL;
    drive->http_store = NULL;
}
