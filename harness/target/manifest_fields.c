/* From the manifest's JSON to the struct, member by member; every refusal says what would have been right. */
#include "base/suggest.h"
#include "target/manifest_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 16, SHOWN_MAX_BYTES = 40 };

struct field {
    const char *name;
    enum json_type type;
    const char *example; /* a right value, as JSON */
    bool (*read)(struct manifest_reading *reading, const struct json *value);
};

static size_t offset_of(const struct manifest_reading *reading, const struct json *value)
{
    return strspn(reading->text, " \t\r\n") + (size_t)(value->raw - reading->root->raw);
}

static bool wrong_value(struct manifest_reading *reading, const struct json *value, const char *name,
                        const char *example)
{
    bool cut = value->raw_bytes > SHOWN_MAX_BYTES;

    return manifest_wrong(reading, offset_of(reading, value), "\"%s\" cannot be %.*s%s; right would be %s", name,
                          cut ? SHOWN_MAX_BYTES : (int)value->raw_bytes, value->raw, cut ? "..." : "", example);
}

static bool unknown_name(struct manifest_reading *reading, const struct json *value, const char *kind, const char *name,
                         const char *const *known)
{
    const char *found = suggest_from(name, known);
    struct text list;

    if (found)
        return manifest_wrong(reading, offset_of(reading, value), "there is no %s \"%s\"; did you mean \"%s\"?", kind,
                              name, found);
    text_init(&list, 1024);
    for (const char *const *word = known; *word; word++)
        text_addf(&list, "%s%s", word == known ? "" : ", ", *word);
    manifest_wrong(reading, offset_of(reading, value), "there is no %s \"%s\"; there are %s", kind, name, list.bytes);
    text_free(&list);
    return false;
}

static bool read_members(struct manifest_reading *reading, const struct json *object, const struct field *fields)
{
    const char *known[FIELDS_MAX + 1] = {NULL};

    for (size_t i = 0; fields[i].name; i++)
        known[i] = fields[i].name;
    for (const struct json *member = object->child; member; member = member->next) {
        const struct field *field = fields;

        while (field->name && strcmp(field->name, member->name) != 0)
            field++;
        if (!field->name)
            return unknown_name(reading, member, "key", member->name, known);
        if (member->type != field->type)
            return wrong_value(reading, member, field->name, field->example);
        if (!field->read(reading, member))
            return false;
    }
    return true;
}

static bool read_text(struct manifest_reading *reading, const struct json *value, const char **out)
{
    *out = json_as_string(value);
    if (*out)
        return true;
    manifest_wrong(reading, offset_of(reading, value), "here a string without NUL is needed");
    return false;
}

static bool read_string(struct manifest_reading *reading, const struct json *value, const char **out)
{
    if (!read_text(reading, value, out))
        return false;
    return **out || manifest_wrong(reading, offset_of(reading, value), "here a string is needed that is not empty");
}

/* At most MANIFEST_LIST_MAX - 1 strings, and a NULL behind them. */
static bool read_list(struct manifest_reading *reading, const struct json *array, const char **list)
{
    if (array->count >= MANIFEST_LIST_MAX)
        return manifest_wrong(reading, offset_of(reading, array), "at most %d entries are read", MANIFEST_LIST_MAX - 1);
    for (const struct json *entry = array->child; entry; entry = entry->next) {
        if (!read_text(reading, entry, list++))
            return false;
    }
    *list = NULL;
    return true;
}

static bool read_command(struct manifest_reading *reading, const struct json *array, const char **list,
                         const char *const **out)
{
    *out = list;
    if (!read_list(reading, array, list))
        return false;
    return (list[0] && *list[0]) ||
           manifest_wrong(reading, offset_of(reading, array), "a command begins with a program");
}

/* {"NAME": "value", …}; known is NULL where any name will do. */
static bool read_pairs(struct manifest_reading *reading, const struct json *object, const char *kind,
                       const char *const *known, struct manifest_pair *pairs, size_t *count)
{
    if (object->count > MANIFEST_LIST_MAX)
        return manifest_wrong(reading, offset_of(reading, object), "at most %d entries are read", MANIFEST_LIST_MAX);
    for (const struct json *member = object->child; member; member = member->next) {
        bool listed = !known;

        for (const char *const *name = known; name && *name; name++)
            listed |= strcmp(*name, member->name) == 0;
        if (!listed)
            return unknown_name(reading, member, kind, member->name, known);
        if (strlen(member->name) != member->name_bytes || !member->name_bytes || strchr(member->name, '='))
            return manifest_wrong(reading, offset_of(reading, member), "the name of a variable has no '=' and no NUL");
        pairs[*count] = (struct manifest_pair){.name = member->name, .value = json_as_string(member)};
        if (!pairs[*count].value)
            return wrong_value(reading, member, member->name, "a string without NUL");
        ++*count;
    }
    return true;
}

static bool read_name(struct manifest_reading *reading, const struct json *value)
{
    return read_string(reading, value, &reading->memory->manifest.name);
}

static bool read_driver(struct manifest_reading *reading, const struct json *value)
{
    return read_command(reading, value, reading->memory->driver, &reading->memory->manifest.driver);
}

static bool read_require(struct manifest_reading *reading, const struct json *value)
{
    const char **require = reading->memory->manifest.require;

    if (!read_list(reading, value, require))
        return false;
    for (const struct json *entry = value->child; entry; entry = entry->next, require++) {
        const char *const *surface = manifest_surfaces;

        while (*surface && strcmp(*surface, *require) != 0)
            surface++;
        if (!*surface)
            return unknown_name(reading, entry, "surface", *require, manifest_surfaces);
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
            return manifest_wrong(reading, offset_of(reading, entry), "\"%s\" is declared twice", name);
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
        return unknown_name(reading, entry, "value of that declaration in", declared, known->values);
    }
    return unknown_name(reading, entry, "declaration", name, names);
}

static bool read_declares(struct manifest_reading *reading, const struct json *value)
{
    const char **declares = reading->memory->manifest.declares;
    const char *const *declared = declares;

    if (!read_list(reading, value, declares))
        return false;
    for (const struct json *entry = value->child; entry; entry = entry->next) {
        if (!check_declaration(reading, entry, *declared++, declares))
            return false;
    }
    return true;
}

/* A template stays below the store's directory and tells sessions apart. */
static bool read_template(struct manifest_reading *reading, const struct json *value, const char **out)
{
    if (!read_string(reading, value, out))
        return false;
    if (**out == '/' || strstr(*out, "..") || !strstr(*out, "{sid}"))
        return wrong_value(reading, value, value->name,
                           "a path below the store's directory, as in \"sessions/{sid}/events.jsonl\"");
    return true;
}

static bool read_store_events(struct manifest_reading *reading, const struct json *value)
{
    return read_template(reading, value, &reading->memory->manifest.store_events);
}

static bool read_store_transcript(struct manifest_reading *reading, const struct json *value)
{
    return read_template(reading, value, &reading->memory->manifest.store_transcript);
}

static bool read_store_metadata(struct manifest_reading *reading, const struct json *value)
{
    return read_template(reading, value, &reading->memory->manifest.store_metadata);
}

static bool read_store(struct manifest_reading *reading, const struct json *value)
{
    static const struct field fields[] = {
        {"events", JSON_STRING, "\"sessions/{sid}/events.jsonl\"", read_store_events},
        {"transcript", JSON_STRING, "\"sessions/{sid}/transcript.jsonl\"", read_store_transcript},
        {"metadata", JSON_STRING, "\"sessions/{sid}/meta.json\"", read_store_metadata},
        {NULL, JSON_NULL, NULL, NULL},
    };

    return read_members(reading, value, fields);
}

static bool read_limits(struct manifest_reading *reading, const struct json *value)
{
    struct manifest *manifest = &reading->memory->manifest;

    return read_pairs(reading, value, "limit", manifest_limits, manifest->limits, &manifest->limit_count);
}

static bool read_env(struct manifest_reading *reading, const struct json *value)
{
    struct manifest *manifest = &reading->memory->manifest;

    return read_pairs(reading, value, "variable", NULL, manifest->env, &manifest->env_count);
}

static bool read_log(struct manifest_reading *reading, const struct json *value)
{
    return read_string(reading, value, &reading->memory->manifest.log);
}

static bool read_baseline(struct manifest_reading *reading, const struct json *value)
{
    return read_string(reading, value, &reading->memory->manifest.baseline);
}

static bool read_sanitizer(struct manifest_reading *reading, const struct json *value)
{
    const char **sanitizer = &reading->memory->manifest.sanitizer;

    if (!read_string(reading, value, sanitizer))
        return false;
    if (strcmp(*sanitizer, "asan") != 0 && strcmp(*sanitizer, "tsan") != 0)
        return wrong_value(reading, value, "sanitizer", "\"asan\" or \"tsan\"");
    return true;
}

static bool read_start_timeout(struct manifest_reading *reading, const struct json *value)
{
    int64_t *ms = &reading->memory->manifest.start_timeout_ms;

    if (!json_as_integer(value, ms) || *ms < 1 || *ms > MANIFEST_START_MAX_MS)
        return wrong_value(reading, value, "start_timeout_ms", "a whole number of milliseconds from 1 to 600000");
    return true;
}

/* ---- the entry "http" ---- */

static struct manifest_endpoint *last_endpoint(struct manifest_reading *reading)
{
    struct manifest_server *http = &reading->memory->http;

    return &http->endpoints[http->endpoint_count];
}

static bool read_endpoint_method(struct manifest_reading *reading, const struct json *value)
{
    const char **method = &last_endpoint(reading)->method;

    if (!read_string(reading, value, method))
        return false;
    if (strspn(*method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(*method))
        return wrong_value(reading, value, "method", "\"POST\"");
    return true;
}

static bool read_endpoint_path(struct manifest_reading *reading, const struct json *value)
{
    const char **path = &last_endpoint(reading)->path;

    if (!read_string(reading, value, path))
        return false;
    if (**path != '/' || strpbrk(*path, " \r\n"))
        return wrong_value(reading, value, "path", "a path without blanks, as in \"/session\"");
    return true;
}

/* Kept as it was written: the bytes are what will be sent. */
static bool read_endpoint_body(struct manifest_reading *reading, const struct json *value)
{
    last_endpoint(reading)->body = manifest_keep(reading->memory, strndup(value->raw, value->raw_bytes));
    return true;
}

static bool read_endpoints(struct manifest_reading *reading, const struct json *value)
{
    static const struct field fields[] = {
        {"method", JSON_STRING, "\"POST\"", read_endpoint_method},
        {"path", JSON_STRING, "\"/session\"", read_endpoint_path},
        {"body", JSON_OBJECT, "{\"title\": \"a body that is right\"}", read_endpoint_body},
        {NULL, JSON_NULL, NULL, NULL},
    };

    if (value->count > MANIFEST_LIST_MAX)
        return manifest_wrong(reading, offset_of(reading, value), "at most %d endpoints are read", MANIFEST_LIST_MAX);
    for (const struct json *entry = value->child; entry; entry = entry->next) {
        const struct manifest_endpoint *endpoint = last_endpoint(reading);

        if (entry->type != JSON_OBJECT || !read_members(reading, entry, fields))
            return entry->type == JSON_OBJECT
                       ? false
                       : wrong_value(reading, entry, "json_endpoints", "{\"method\":..., \"path\":..., \"body\":...}");
        if (!endpoint->method || !endpoint->path || !endpoint->body)
            return manifest_wrong(reading, offset_of(reading, entry),
                                  "an endpoint has \"method\", \"path\", and \"body\", a body that is right");
        reading->memory->http.endpoint_count++;
    }
    return true;
}

static bool read_http_command(struct manifest_reading *reading, const struct json *value)
{
    return read_command(reading, value, reading->memory->command, &reading->memory->http.command);
}

static bool read_http_url(struct manifest_reading *reading, const struct json *value)
{
    const char **url = &reading->memory->http.url;

    if (!read_string(reading, value, url))
        return false;
    if (strncmp(*url, "http://", 7) != 0 || !(*url)[7])
        return wrong_value(reading, value, "url", "\"http://127.0.0.1:${PORT}\"");
    return true;
}

static bool read_http_token(struct manifest_reading *reading, const struct json *value)
{
    return read_string(reading, value, &reading->memory->http.token);
}

static bool read_http(struct manifest_reading *reading, const struct json *value)
{
    static const struct field fields[] = {
        {"command", JSON_ARRAY, "[\"./server\", \"--port\", \"${PORT}\"]", read_http_command},
        {"url", JSON_STRING, "\"http://127.0.0.1:${PORT}\"", read_http_url},
        {"token", JSON_STRING, "\"the bearer token\"", read_http_token},
        {"json_endpoints", JSON_ARRAY, "[{\"method\": \"POST\", \"path\": \"/session\", \"body\": {}}]",
         read_endpoints},
        {NULL, JSON_NULL, NULL, NULL},
    };

    reading->memory->manifest.http = &reading->memory->http;
    if (!read_members(reading, value, fields))
        return false;
    if (!reading->memory->http.url)
        return manifest_wrong(reading, offset_of(reading, value),
                              "\"http\" says where: \"url\": \"http://127.0.0.1:${PORT}\"");
    return true;
}

bool manifest_read_fields(struct manifest_reading *reading)
{
    static const struct field fields[] = {
        {"name", JSON_STRING, "\"acme\"", read_name},
        {"driver", JSON_ARRAY, "[\"python3\", \"driver.py\"]", read_driver},
        {"http", JSON_OBJECT, "{\"url\": \"http://127.0.0.1:${PORT}\"}", read_http},
        {"require", JSON_ARRAY, "[\"store\"]", read_require},
        {"declares", JSON_ARRAY, "[\"store.torn_tail=truncate\"]", read_declares},
        {"store", JSON_OBJECT, "{\"events\": \"sessions/{sid}/events.jsonl\"}", read_store},
        {"limits", JSON_OBJECT, "{\"store.event_bytes\": \"ACME_EVENT_BYTES\"}", read_limits},
        {"log", JSON_STRING, "\"${DIR}/server.log\"", read_log},
        {"env", JSON_OBJECT, "{\"ACME_HOME\": \"${DIR}\"}", read_env},
        {"start_timeout_ms", JSON_NUMBER, "5000", read_start_timeout},
        {"baseline", JSON_STRING, "\"assay.baseline\"", read_baseline},
        {"sanitizer", JSON_STRING, "\"asan\" or \"tsan\"", read_sanitizer},
        {NULL, JSON_NULL, NULL, NULL},
    };
    const struct manifest *manifest = &reading->memory->manifest;

    if (!read_members(reading, reading->root, fields))
        return false;
    if (!manifest->name)
        return manifest_wrong(reading, 0, "the target has no name; add \"name\": \"acme\"");
    if (!manifest->driver && !manifest->http)
        return manifest_wrong(reading, 0,
                              "nothing to judge; add \"driver\": [\"python3\", \"driver.py\"], or \"http\"");
    return true;
}
