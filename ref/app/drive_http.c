/* The driver's methods for the server: http.start {directory, limits?, token?, local_only?, origins?} answers {url},
 * and so does ws.start, which starts one of its own. They run in the driver's process until it stops. */
#include "app/drive.h"
#include "routes/policy.h"

#include <stdio.h>
#include <string.h>

enum {
    SPARE_CONNECTIONS = 128,
    STOP_MS = 2000, /* a driver has 3 s to go in: PROTOCOL.md, A target's life */
    LIMIT_NAME_BYTES = 64,
};

static void log_line(void *context, const char *line)
{
    FILE *log = context;

    fputs(line, stderr);
    if (!log)
        return;
    fputs(line, log);
    fflush(log);
}

/* Limits by their names, of which the surface's may be left out: "idle_ms" of ws.start is "ws.idle_ms". */
static enum drive_result read_limits(const cJSON *config, const char *surface, struct server_limits *limits,
                                     struct error *err)
{
    const cJSON *named = cJSON_GetObjectItemCaseSensitive(config, "limits");
    const cJSON *limit;
    char name[LIMIT_NAME_BYTES];

    if (!cJSON_IsObject(named))
        return DRIVE_OK;
    cJSON_ArrayForEach(limit, named)
    {
        int64_t value;

        snprintf(name, sizeof name, "%s%s%s", strchr(limit->string, '.') ? "" : surface,
                 strchr(limit->string, '.') ? "" : ".", limit->string);
        enum server_limit_result set =
            json_whole(limit, &value) ? server_limit_set(limits, name, value) : SERVER_LIMIT_OUT_OF_RANGE;

        if (set == SERVER_LIMIT_UNKNOWN) {
            error_set(err, "the server has no such limit");
            return DRIVE_UNSUPPORTED;
        }
        if (set == SERVER_LIMIT_OUT_OF_RANGE) {
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

/* A list of strings that belong to config; a list of none where the parameter is missing. */
static enum drive_result read_origins(const cJSON *config, const char *origins[POLICY_ORIGINS_MAX + 1],
                                      struct error *err)
{
    const cJSON *named = cJSON_GetObjectItemCaseSensitive(config, "origins");
    const cJSON *origin;
    size_t count = 0;

    cJSON_ArrayForEach(origin, named)
    {
        const char *text = cJSON_GetStringValue(origin);

        if (!text || strlen(text) >= POLICY_ORIGIN_MAX_BYTES || count == POLICY_ORIGINS_MAX) {
            error_set(err, "\"origins\" are at most %d strings", POLICY_ORIGINS_MAX);
            return DRIVE_BAD_PARAMS;
        }
        origins[count++] = text;
    }
    return DRIVE_OK;
}

/* The caller holds the drive's lock. */
static enum drive_result start(struct service *service, const char *directory, struct server_config *config,
                               struct error *err)
{
    static const struct store_options options = {0};

    if (service->server) {
        error_set(err, "the server was started already");
        return DRIVE_REFUSED;
    }
    return service_start(service, directory, &options, config, true, err) ? DRIVE_OK : DRIVE_FAILED;
}

/* Connections are a limit of the surface http; on this one ws.clients is what is met first. */
static void make_room(struct server_limits *limits)
{
    if (limits->connections < limits->acp.clients + SPARE_CONNECTIONS)
        limits->connections = limits->acp.clients + SPARE_CONNECTIONS;
}

static enum drive_result serve_start(struct drive *drive, struct service *service, const char *scheme, const char *path,
                                     struct json_span params, struct buffer *result, struct error *err)
{
    struct server_config config = {.address = "127.0.0.1", .limits = server_limits_default()};
    const char *origins[POLICY_ORIGINS_MAX + 1] = {NULL};
    const char *directory = NULL;
    cJSON *tree;
    enum drive_result outcome = drive_config(params, &tree, err);

    config.limits.stop_ms = STOP_MS;
    if (outcome == DRIVE_OK)
        outcome = read_text(tree, "directory", true, &directory, err);
    if (outcome == DRIVE_OK)
        outcome = read_text(tree, "token", false, &config.token, err);
    if (outcome == DRIVE_OK)
        outcome = read_limits(tree, scheme, &config.limits, err); /* the schemes are the surfaces' names */
    if (outcome == DRIVE_OK)
        outcome = read_origins(tree, origins, err);
    if (strcmp(scheme, "ws") == 0)
        make_room(&config.limits);
    config.origins = origins;
    config.local_only = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(tree, "local_only"));
    config.log = (struct log){.least = LOG_INFO, .write = log_line, .context = drive->log};
    if (outcome == DRIVE_OK) {
        pthread_mutex_lock(&drive->lock);
        outcome = start(service, directory, &config, err);
        if (outcome == DRIVE_OK)
            buffer_add_format(result, "{\"url\":\"%s://127.0.0.1:%d%s\"}", scheme, server_port(service->server), path);
        pthread_mutex_unlock(&drive->lock);
    }
    cJSON_Delete(tree);
    return outcome;
}

static enum drive_result start_http(struct drive *drive, struct json_span params, struct buffer *result,
                                    struct error *err)
{
    return serve_start(drive, &drive->http, "http", "", params, result, err);
}

static enum drive_result start_ws(struct drive *drive, struct json_span params, struct buffer *result,
                                  struct error *err)
{
    return serve_start(drive, &drive->ws, "ws", "/ws", params, result, err);
}

const struct drive_method drive_http_methods[] = {{"start", start_http}, {NULL, NULL}};
const struct drive_method drive_ws_methods[] = {{"start", start_ws}, {NULL, NULL}};

void drive_http_stop(struct drive *drive)
{
    service_stop(&drive->http);
}

void drive_ws_stop(struct drive *drive)
{
    service_stop(&drive->ws);
}
