/* What stands at the top of a manifest, member by member. */
#include "base/suggest.h"
#include "target/manifest_private.h"

#include <stdio.h>
#include <string.h>

#define IN_MEMORY(member) .offset = offsetof(struct manifest_memory, member)

static bool read_require(struct manifest_reading *reading, const struct json *value, const struct manifest_field *field,
                         void *of)
{
    const char **require = (const char **)((char *)of + field->offset);

    if (!manifest_read_list(reading, value, require))
        return false;
    for (const struct json *entry = value->child; entry; entry = entry->next, require++) {
        const char *const *surface = manifest_surfaces;

        while (*surface && strcmp(*surface, *require) != 0)
            surface++;
        if (!*surface)
            return manifest_unknown_name(reading, entry, "surface", *require, manifest_surfaces);
    }
    return true;
}

/* "name=value": the name is in the table, so is the value, and no earlier entry has the name. */
static bool check_declaration(struct manifest_reading *reading, const struct json *entry, const char *declared,
                              const char *const *earlier)
{
    const char *names[MANIFEST_LIST_MAX] = {NULL};
    size_t bytes = strcspn(declared, "=");
    char name[SUGGEST_WORD_MAX_BYTES];

    snprintf(name, sizeof name, "%.*s", bytes < sizeof name ? (int)bytes : (int)sizeof name - 1, declared);
    for (; *earlier != declared; earlier++) {
        if (strncmp(*earlier, declared, bytes + 1) == 0)
            return manifest_wrong(reading, manifest_place(reading, entry), "\"%s\" is declared twice", name);
    }
    for (const struct manifest_declaration *known = manifest_declarations; known->name; known++) {
        size_t i = (size_t)(known - manifest_declarations);

        names[i] = known->name;
        if (strcmp(known->name, name) != 0)
            continue;
        for (size_t v = 0; known->values[v]; v++) {
            if (declared[bytes] && strcmp(known->values[v], declared + bytes + 1) == 0)
                return true;
        }
        return manifest_unknown_name(reading, entry, "value of that declaration in", declared, known->values);
    }
    return manifest_unknown_name(reading, entry, "declaration", name, names);
}

static bool read_declares(struct manifest_reading *reading, const struct json *value,
                          const struct manifest_field *field, void *of)
{
    const char **declares = (const char **)((char *)of + field->offset);
    const char *const *declared = declares;

    if (!manifest_read_list(reading, value, declares))
        return false;
    for (const struct json *entry = value->child; entry; entry = entry->next) {
        if (!check_declaration(reading, entry, *declared++, declares))
            return false;
    }
    return true;
}

/* "ACME_BODY_BYTES", the variable that sets it, or 65536, the value that cannot be set. */
static bool read_limit(struct manifest_reading *reading, const struct json *member, struct manifest_limit *limit)
{
    const char *const *known = manifest_limits;

    while (*known && strcmp(*known, member->name) != 0)
        known++;
    if (!*known)
        return manifest_unknown_name(reading, member, "limit", member->name, manifest_limits);
    *limit = (struct manifest_limit){.name = *known, .variable = json_as_string(member)};
    if (limit->variable && *limit->variable && !strchr(limit->variable, '='))
        return true;
    limit->variable = NULL;
    return (json_as_integer(member, &limit->fixed) && limit->fixed >= 0) ||
           manifest_wrong_value(
               reading, member, member->name,
               "the name of an environment variable, or where it cannot be set its value, a whole number");
}

static bool read_limits(struct manifest_reading *reading, const struct json *value, const struct manifest_field *field,
                        void *of)
{
    struct manifest *manifest = &reading->memory->manifest;

    (void)field;
    (void)of;
    if (!manifest_has_room(reading, value))
        return false;
    for (const struct json *member = value->child; member; member = member->next) {
        if (!read_limit(reading, member, &manifest->limits[manifest->limit_count++]))
            return false;
    }
    return true;
}

static bool read_env(struct manifest_reading *reading, const struct json *value, const struct manifest_field *field,
                     void *of)
{
    struct manifest *manifest = &reading->memory->manifest;

    (void)field;
    (void)of;
    return manifest_read_pairs(reading, value, manifest->env, &manifest->env_count);
}

static bool read_start_timeout(struct manifest_reading *reading, const struct json *value,
                               const struct manifest_field *field, void *of)
{
    int64_t *ms = (int64_t *)((char *)of + field->offset);

    if (!json_as_integer(value, ms) || *ms < 1 || *ms > MANIFEST_START_MAX_MS)
        return manifest_wrong_value(reading, value, field->name, field->wanted);
    return true;
}

/* ---- what a string has to be ---- */

/* A template stays below the store's directory and tells sessions apart. */
static bool is_template(const char *string)
{
    return *string != '/' && !strstr(string, "..") && strstr(string, "{sid}");
}

static bool is_sanitizer(const char *string)
{
    return strcmp(string, "asan") == 0 || strcmp(string, "tsan") == 0;
}

/* ---- the tables ---- */

static const char below_the_store[] = "a path below the store's directory, as in \"sessions/{sid}/events.jsonl\"";

static const struct manifest_field store_fields[] = {
    KEY("events", JSON_STRING, "\"sessions/{sid}/events.jsonl\"", manifest_read_string,
        IN_MEMORY(manifest.store_events), .right = is_template, .wanted = below_the_store),
    KEY("transcript", JSON_STRING, "\"sessions/{sid}/transcript.jsonl\"", manifest_read_string,
        IN_MEMORY(manifest.store_transcript), .right = is_template, .wanted = below_the_store),
    KEY("metadata", JSON_STRING, "\"sessions/{sid}/meta.json\"", manifest_read_string,
        IN_MEMORY(manifest.store_metadata), .right = is_template, .wanted = below_the_store),
    {.name = NULL},
};

static const struct manifest_field manifest_fields[] = {
    KEY("name", JSON_STRING, "\"acme\"", manifest_read_string, IN_MEMORY(manifest.name)),
    KEY("driver", JSON_ARRAY, "[\"python3\", \"driver.py\"]", manifest_read_command, IN_MEMORY(driver)),
    KEY("http", JSON_OBJECT, "{\"url\": \"http://127.0.0.1:${PORT}\"}", manifest_read_server, IN_MEMORY(http),
        .fields = manifest_http_fields),
    KEY("ws", JSON_OBJECT, "{\"url\": \"ws://127.0.0.1:${PORT}/ws\"}", manifest_read_server, IN_MEMORY(ws),
        .fields = manifest_ws_fields),
    KEY("require", JSON_ARRAY, "[\"store\"]", read_require, IN_MEMORY(manifest.require)),
    KEY("declares", JSON_ARRAY, "[\"store.torn_tail=truncate\"]", read_declares, IN_MEMORY(manifest.declares)),
    KEY("store", JSON_OBJECT, "{\"events\": \"sessions/{sid}/events.jsonl\"}", manifest_read_object,
        .fields = store_fields),
    KEY("limits", JSON_OBJECT, "{\"store.event_bytes\": \"ACME_EVENT_BYTES\", \"http.body_bytes\": 65536}",
        read_limits),
    KEY("log", JSON_STRING, "\"${DIR}/server.log\"", manifest_read_string, IN_MEMORY(manifest.log)),
    KEY("env", JSON_OBJECT, "{\"ACME_HOME\": \"${DIR}\"}", read_env),
    KEY("start_timeout_ms", JSON_NUMBER, "5000", read_start_timeout, IN_MEMORY(manifest.start_timeout_ms),
        .wanted = "a whole number of milliseconds from 1 to 600000"),
    KEY("baseline", JSON_STRING, "\"assay.baseline\"", manifest_read_string, IN_MEMORY(manifest.baseline)),
    KEY("sanitizer", JSON_STRING, "\"asan\" or \"tsan\"", manifest_read_string, IN_MEMORY(manifest.sanitizer),
        .right = is_sanitizer),
    {.name = NULL},
};

/* One that the driver starts need not say where. */
static bool take_servers(struct manifest_reading *reading)
{
    struct manifest_memory *memory = reading->memory;
    struct manifest *manifest = &memory->manifest;

    manifest->http = memory->http.is_there ? &memory->http : NULL;
    manifest->ws = memory->ws.is_there ? &memory->ws : NULL;
    if (manifest->ws && !manifest->ws->url && (manifest->ws->command || !manifest->driver))
        return manifest_wrong(reading, manifest_place(reading, json_get(reading->root, "ws")),
                              "\"ws\" says where: \"url\": \"ws://127.0.0.1:${PORT}/ws\"");
    return true;
}

bool manifest_read_fields(struct manifest_reading *reading)
{
    struct manifest *manifest = &reading->memory->manifest;

    if (!manifest_read_members(reading, reading->root, manifest_fields, reading->memory))
        return false;
    if (reading->memory->driver[0])
        manifest->driver = reading->memory->driver;
    if (!take_servers(reading))
        return false;
    if (!manifest->name)
        return manifest_wrong(reading, 0, "the target has no name; add \"name\": \"acme\"");
    if (!manifest->driver && !manifest->http && !manifest->ws)
        return manifest_wrong(reading, 0,
                              "nothing to judge; add \"driver\": [\"python3\", \"driver.py\"], or \"http\", or \"ws\"");
    return true;
}
