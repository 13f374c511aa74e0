/* The driver's method for the HTTP server: http.start {directory, limits?, token?, local_only?} answers {url}. The
 * server runs in the driver's process until it stops. */
#include "app/drive.h"
#include "server/server.h"
#include "store/store.h"

#include <stdio.h>

enum { STOP_MS = 2000 }; /* a driver has 3 s to go in: PROTOCOL.md, A target's life */

static void log_line(void *context, const char *line)
{
    (void)context;
    fputs(line, stderr);
}

/* Limits by their names, with or without "http." in front. Unknown ones are ignored: they may be another server's. */
static enum drive_result read_limits(const cJSON *config, struct server_limits *limits, struct error *err)
{
    const cJSON *named = cJSON_GetObjectItemCaseSensitive(config, "limits");
    const cJSON *limit;

    if (!cJSON_IsObject(named))
        return DRIVE_OK;
    cJSON_ArrayForEach(limit, named)
    {
        int64_t value;

        if (!json_whole(limit, &value) || server_limit_set(limits, limit->string, value) == SERVER_LIMIT_OUT_OF_RANGE) {
            error_set(err, "a limit is not a number, or out of range");
            return DRIVE_BAD_PARAMS;
        }
    }
    return DRIVE_OK;
}

/* A string that is not empty and belongs to config; *text stays NULL where the parameter is missing. */
static enum drive_result read_text(const cJSON *config, const char *name, bool required, const char **text,
                                   struct error *err)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(config, name);

    if (!value && !required)
        return DRIVE_OK;
    *text = cJSON_GetStringValue(value);
    if (*text && **text)
        return DRIVE_OK;
    error_set(err, "\"%s\" is a string, and not empty", name);
    return DRIVE_BAD_PARAMS;
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
    const char *directory = NULL;
    cJSON *tree;
    enum drive_result outcome = drive_config(params, &tree, err);

    config.limits.stop_ms = STOP_MS;
    if (outcome == DRIVE_OK)
        outcome = read_text(tree, "directory", true, &directory, err);
    if (outcome == DRIVE_OK)
        outcome = read_text(tree, "token", false, &config.token, err);
    if (outcome == DRIVE_OK)
        outcome = read_limits(tree, &config.limits, err);
    config.local_only = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(tree, "local_only"));
    config.log = (struct log){.least = LOG_INFO, .write = log_line};
    if (outcome == DRIVE_OK) {
        pthread_mutex_lock(&drive->lock);
        outcome = start(drive, directory, &config, err);
        if (outcome == DRIVE_OK)
            buffer_add_format(result, "{\"url\":\"http://127.0.0.1:%d\"}", server_port(drive->http_server));
        pthread_mutex_unlock(&drive->lock);
    }
    cJSON_Delete(tree);
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
