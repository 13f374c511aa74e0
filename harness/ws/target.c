/* The WebSocket server of a case: started, and what opens its door. */
#include "ws/target.h"

#include "base/error.h"
#include "case/state.h"
#include "case/surface.h"
#include "check.h"
#include "target/command.h"
#include "target/manifest.h"
#include "ws/rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIELDS_MAX_BYTES = MANIFEST_LIST_MAX * (MANIFEST_HEADER_MAX_BYTES + 8) + 4096,
    LOG_MAX_BYTES = 1 << 20,
};

/* What a room sees comes first, so that one pointer is both. */
struct ws_server {
    struct ws_target target;
    struct server server;
    struct text fields;
    struct supervisor *supervisor;               /* of the server that runs; or NULL */
    const char *origins[SERVER_ORIGINS_MAX + 1]; /* as set */
};

static void make_fields(struct ws_server *ws)
{
    const struct manifest_server *entry = ws->server.entry;

    text_clear(&ws->fields);
    if (ws->target.token)
        text_addf(&ws->fields, "Authorization: Bearer %s\r\n", ws->target.token);
    for (size_t i = 0; entry && i < entry->header_count; i++)
        text_addf(&ws->fields, "%s: %s\r\n", entry->headers[i].name, entry->headers[i].value);
    ws->target.fields = ws->fields.bytes;
}

static void launch(struct ws_server *ws, const struct server_settings *settings)
{
    const struct manifest *manifest = case_context()->manifest;
    const struct manifest_server *entry = ws->server.entry;
    struct ws_target *target = &ws->target;

    server_start(&ws->server, settings);
    memcpy(ws->origins, settings->origins, sizeof ws->origins);
    target->address = ws->server.address;
    target->host = target->address.host;
    target->path = *ws->server.path ? ws->server.path : "/";
    target->token = settings->token ? settings->token : entry ? entry->token : NULL;
    target->origins = ws->origins[0] || !entry ? ws->origins : entry->origins;
    target->flat = manifest_declares(manifest, "ws.dialect=flat");
    target->open_resume = manifest_declares(manifest, "ws.resume=open");
    target->binary = manifest_declares(manifest, "ws.binary=served");
    target->strict = manifest_declares(manifest, "ws.framing=strict");
    make_fields(ws);
}

void *ws_start(void)
{
    struct ws_server *ws = calloc(1, sizeof *ws);

    if (!ws)
        error_of_environment("no memory for the target");
    text_init(&ws->fields, FIELDS_MAX_BYTES);
    server_init(&ws->server, "ws", "ws://");
    launch(ws, &(struct server_settings){0});
    return &ws->target;
}

void ws_stop(void *state)
{
    struct ws_server *ws = state;

    ws_free_all(); /* so that the server need not wait for its clients */
    server_stop(&ws->server);
    const char *trouble = ws->supervisor ? supervisor_trouble(ws->supervisor) : NULL;
    if (trouble)
        error_of_environment("%s", trouble);
    case_doubt(NULL, NULL);
    supervisor_stop(ws->supervisor);
    server_free(&ws->server);
    text_free(&ws->fields);
    free(ws);
}

void ws_restart(struct ws_target *target, const struct server_settings *settings)
{
    struct ws_server *ws = (struct ws_server *)target;

    ws_hang_up_all();
    server_stop(&ws->server);
    launch(ws, settings);
}

static const char *trouble_of(void *supervisor)
{
    return supervisor_trouble(supervisor);
}

struct supervisor *ws_restart_supervised(struct ws_target *target, unsigned kinds,
                                         const struct server_settings *settings)
{
    struct ws_server *ws = (struct ws_server *)target;
    struct server_settings supervised = *settings;
    struct error err;

    if (ws->server.pid == 0)
        not_applicable("a server that assay did not start cannot be supervised");
    if (ws->supervisor)
        error_of_harness("a server is supervised once in a case");
    if (supervisor_start(&ws->supervisor, kinds, &err) != SUPERVISOR_OK)
        error_of_environment("%s", err.text);
    case_doubt(trouble_of, ws->supervisor);
    supervised.supervisor = ws->supervisor;
    ws_restart(target, &supervised);
    return ws->supervisor;
}

int64_t ws_restart_with_limit(struct ws_target *target, const char *limit, int64_t wanted)
{
    int64_t value = server_limit(limit, wanted);

    ws_restart(target, &(struct server_settings){.limits = {{limit, value}}});
    return value;
}

void ws_ask_to_stop(struct ws_target *target)
{
    server_ask_to_stop(&((struct ws_server *)target)->server);
}

void ws_expect_stop(struct ws_target *target)
{
    server_expect_stop(&((struct ws_server *)target)->server);
}

struct procfs_usage ws_usage(const struct ws_target *target)
{
    const struct ws_server *ws = (const struct ws_server *)target;

    if (ws->server.pid == 0)
        not_applicable("a server that assay did not start cannot be measured");
    return procfs_tree_usage(ws->server.pid);
}

char *ws_log(const struct ws_target *target)
{
    const char *path = command_log();
    struct text log;
    char block[4096];
    size_t count;

    (void)target;
    if (!path)
        not_applicable("the manifest names no log");
    FILE *file = fopen(path, "re");
    text_init(&log, LOG_MAX_BYTES);
    if (!file)
        return text_take(&log); /* nothing was written yet */
    if (fseek(file, -(long)LOG_MAX_BYTES, SEEK_END) != 0)
        rewind(file); /* it is shorter */
    while ((count = fread(block, 1, sizeof block, file)) > 0)
        text_add_bytes(&log, block, count);
    fclose(file);
    return text_take(&log);
}
