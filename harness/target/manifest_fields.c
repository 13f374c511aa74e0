/* From the manifest's JSON to the struct, member by member; every refusal says what would have been right. */
#include "base/suggest.h"
#include "target/manifest_private.h"
#include "target/server_address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 16, SHOWN_MAX_BYTES = 40 };

/* A key of an object, and where its value goes: into the struct `of`. */
struct field {
    const char *name;
    enum json_type type;
    const char *example; /* a right value, as JSON */
    bool (*read)(struct manifest_reading *reading, const struct json *value, const struct field *field, void *of);
    size_t offset;               /* of the member of `of`, for those who read into one */
    bool (*right)(const char *); /* what else a string has to be, or NULL */
    const char *wanted;          /* that, in words, where the example does not say enough */
    const struct field *fields;  /* read_object(): those of the object, read into the same struct */
};

#define KEY(word, kind, right_value, ...)                                             \
    {                                                                                 \
        .name = (word), .type = (kind), .example = (right_value), .read = __VA_ARGS__ \
    }
#define IN_MEMORY(member) .offset = offsetof(struct manifest_memory, member)
#define IN_ENDPOINT(member) .offset = offsetof(struct manifest_endpoint, member)

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

static bool read_members(struct manifest_reading *reading, const struct json *object, const struct field *fields,
                         void *of)
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
        if (!field->read(reading, member, field, of))
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

static bool read_string(struct manifest_reading *reading, const struct json *value, const struct field *field, void *of)
{
    const char **member = (const char **)((char *)of + field->offset);

    if (!read_text(reading, value, member))
        return false;
    if (!**member)
        return manifest_wrong(reading, offset_of(reading, value), "here a string is needed that is not empty");
    if (field->right && !field->right(*member))
        return wrong_value(reading, value, field->name, field->wanted ? field->wanted : field->example);
    return true;
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

static bool read_command(struct manifest_reading *reading, const struct json *array, const struct field *field,
                         void *of)
{
    const char **list = (const char **)((char *)of + field->offset);

    if (!read_list(reading, array, list))
        return false;
    return (list[0] && *list[0]) ||
           manifest_wrong(reading, offset_of(reading, array), "a command begins with a program");
}

static bool read_object(struct manifest_reading *reading, const struct json *object, const struct field *field,
                        void *of)
{
    return read_members(reading, object, field->fields, of);
}

static bool has_room(struct manifest_reading *reading, const struct json *object)
{
    return object->count <= MANIFEST_LIST_MAX ||
           manifest_wrong(reading, offset_of(reading, object), "at most %d entries are read", MANIFEST_LIST_MAX);
}

/* {"NAME": "value", …} */
static bool read_pairs(struct manifest_reading *reading, const struct json *object, struct manifest_pair *pairs,
                       size_t *count)
{
    if (!has_room(reading, object))
        return false;
    for (const struct json *member = object->child; member; member = member->next) {
        if (strlen(member->name) != member->name_bytes || !member->name_bytes || strchr(member->name, '='))
            return manifest_wrong(reading, offset_of(reading, member), "the name of a variable has no '=' and no NUL");
        pairs[*count] = (struct manifest_pair){.name = member->name, .value = json_as_string(member)};
        if (!pairs[*count].value)
            return wrong_value(reading, member, member->name, "a string without NUL");
        ++*count;
    }
    return true;
}

static bool read_require(struct manifest_reading *reading, const struct json *value, const struct field *field,
                         void *of)
{
    const char **require = (const char **)((char *)of + field->offset);

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

static bool read_declares(struct manifest_reading *reading, const struct json *value, const struct field *field,
                          void *of)
{
    const char **declares = (const char **)((char *)of + field->offset);
    const char *const *declared = declares;

    if (!read_list(reading, value, declares))
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
        return unknown_name(reading, member, "limit", member->name, manifest_limits);
    *limit = (struct manifest_limit){.name = *known, .variable = json_as_string(member)};
    if (limit->variable && *limit->variable && !strchr(limit->variable, '='))
        return true;
    limit->variable = NULL;
    return (json_as_integer(member, &limit->fixed) && limit->fixed >= 0) ||
           wrong_value(reading, member, member->name,
                       "the name of an environment variable, or where it cannot be set its value, a whole number");
}

static bool read_limits(struct manifest_reading *reading, const struct json *value, const struct field *field, void *of)
{
    struct manifest *manifest = &reading->memory->manifest;

    (void)field;
    (void)of;
    if (!has_room(reading, value))
        return false;
    for (const struct json *member = value->child; member; member = member->next) {
        if (!read_limit(reading, member, &manifest->limits[manifest->limit_count++]))
            return false;
    }
    return true;
}

static bool read_env(struct manifest_reading *reading, const struct json *value, const struct field *field, void *of)
{
    struct manifest *manifest = &reading->memory->manifest;

    (void)field;
    (void)of;
    return read_pairs(reading, value, manifest->env, &manifest->env_count);
}

static bool read_start_timeout(struct manifest_reading *reading, const struct json *value, const struct field *field,
                               void *of)
{
    int64_t *ms = (int64_t *)((char *)of + field->offset);

    if (!json_as_integer(value, ms) || *ms < 1 || *ms > MANIFEST_START_MAX_MS)
        return wrong_value(reading, value, field->name, field->wanted);
    return true;
}

/* ---- what a string has to be ---- */

/* A template stays below the store's directory and tells sessions apart. */
static bool is_template(const char *string)
{
    return *string != '/' && !strstr(string, "..") && strstr(string, "{sid}");
}

static bool is_method(const char *string)
{
    return strspn(string, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(string);
}

static bool is_path(const char *string)
{
    return *string == '/' && !strpbrk(string, " \r\n");
}

static bool is_url(const char *string)
{
    return server_address_is_near(string, "http://");
}

static bool is_sanitizer(const char *string)
{
    return strcmp(string, "asan") == 0 || strcmp(string, "tsan") == 0;
}

/* ---- the entry "http" ---- */

/* Of what every request carries anyway nothing is said twice. */
static bool is_field(const struct manifest_pair *field)
{
    static const char *const ours[] = {"host", "content-type", "content-length", "transfer-encoding", "connection"};
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcasecmp(field->name, ours[i]) == 0)
            return false;
    if (strlen(field->name) + strlen(field->value) > MANIFEST_HEADER_MAX_BYTES)
        return false;
    for (const char *c = field->value; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            return false;
    return field->name[strspn(field->name, token)] == '\0';
}

static bool read_headers(struct manifest_reading *reading, const struct json *value, const struct field *field,
                         void *of)
{
    struct manifest_server *http = &reading->memory->http;

    (void)field;
    (void)of;
    if (!read_pairs(reading, value, http->headers, &http->header_count))
        return false;
    for (size_t i = 0; i < http->header_count; i++)
        if (!is_field(&http->headers[i]))
            return manifest_wrong(
                reading, offset_of(reading, value),
                "\"%.80s\" cannot be such a field, of at most %d bytes; right would be {\"X-Api-Key\": "
                "\"s3cret\"}",
                http->headers[i].name, MANIFEST_HEADER_MAX_BYTES);
    return true;
}

/* Kept as it was written: the bytes are what will be sent. */
static bool read_body(struct manifest_reading *reading, const struct json *value, const struct field *field, void *of)
{
    const char **body = (const char **)((char *)of + field->offset);

    *body = manifest_keep(reading->memory, strndup(value->raw, value->raw_bytes));
    return true;
}

static bool read_endpoint(struct manifest_reading *reading, const struct json *entry,
                          struct manifest_endpoint *endpoint)
{
    static const struct field fields[] = {
        KEY("method", JSON_STRING, "\"POST\"", read_string, IN_ENDPOINT(method), .right = is_method),
        KEY("path", JSON_STRING, "\"/session\"", read_string, IN_ENDPOINT(path), .right = is_path,
            .wanted = "a path without blanks, as in \"/session\""),
        KEY("body", JSON_OBJECT, "{\"title\": \"a body that is right\"}", read_body, IN_ENDPOINT(body)),
        {.name = NULL},
    };

    if (entry->type != JSON_OBJECT)
        return wrong_value(reading, entry, "json_endpoints", "{\"method\":..., \"path\":..., \"body\":...}");
    if (!read_members(reading, entry, fields, endpoint))
        return false;
    if (!endpoint->method || !endpoint->path || !endpoint->body)
        return manifest_wrong(reading, offset_of(reading, entry),
                              "an endpoint has \"method\", \"path\", and \"body\", a body that is right");
    return true;
}

static bool read_endpoints(struct manifest_reading *reading, const struct json *value, const struct field *field,
                           void *of)
{
    struct manifest_server *http = &reading->memory->http;

    (void)field;
    (void)of;
    if (value->count > MANIFEST_LIST_MAX)
        return manifest_wrong(reading, offset_of(reading, value), "at most %d endpoints are read", MANIFEST_LIST_MAX);
    for (const struct json *entry = value->child; entry; entry = entry->next) {
        if (!read_endpoint(reading, entry, &http->endpoints[http->endpoint_count]))
            return false;
        http->endpoint_count++;
    }
    return true;
}

static bool read_http(struct manifest_reading *reading, const struct json *value, const struct field *field, void *of)
{
    struct manifest_server *http = &reading->memory->http;

    if (!read_object(reading, value, field, of))
        return false;
    if (!http->url)
        return manifest_wrong(reading, offset_of(reading, value),
                              "\"http\" says where: \"url\": \"http://127.0.0.1:${PORT}\"");
    reading->memory->manifest.http = http;
    if (reading->memory->command[0])
        http->command = reading->memory->command;
    return true;
}

/* ---- the tables ---- */

static const struct field http_fields[] = {
    KEY("command", JSON_ARRAY, "[\"./server\", \"--port\", \"${PORT}\"]", read_command, IN_MEMORY(command)),
    KEY("url", JSON_STRING, "\"http://127.0.0.1:${PORT}\"", read_string, IN_MEMORY(http.url), .right = is_url,
        .wanted = "\"http://127.0.0.1:${PORT}\", or another address of loopback or of a private network"),
    KEY("token", JSON_STRING, "\"the bearer token\"", read_string, IN_MEMORY(http.token)),
    KEY("headers", JSON_OBJECT, "{\"X-Api-Key\": \"s3cret\"}", read_headers),
    KEY("json_endpoints", JSON_ARRAY, "[{\"method\": \"POST\", \"path\": \"/session\", \"body\": {}}]", read_endpoints),
    {.name = NULL},
};

static const char below_the_store[] = "a path below the store's directory, as in \"sessions/{sid}/events.jsonl\"";

static const struct field store_fields[] = {
    KEY("events", JSON_STRING, "\"sessions/{sid}/events.jsonl\"", read_string, IN_MEMORY(manifest.store_events),
        .right = is_template, .wanted = below_the_store),
    KEY("transcript", JSON_STRING, "\"sessions/{sid}/transcript.jsonl\"", read_string,
        IN_MEMORY(manifest.store_transcript), .right = is_template, .wanted = below_the_store),
    KEY("metadata", JSON_STRING, "\"sessions/{sid}/meta.json\"", read_string, IN_MEMORY(manifest.store_metadata),
        .right = is_template, .wanted = below_the_store),
    {.name = NULL},
};

static const struct field manifest_fields[] = {
    KEY("name", JSON_STRING, "\"acme\"", read_string, IN_MEMORY(manifest.name)),
    KEY("driver", JSON_ARRAY, "[\"python3\", \"driver.py\"]", read_command, IN_MEMORY(driver)),
    KEY("http", JSON_OBJECT, "{\"url\": \"http://127.0.0.1:${PORT}\"}", read_http, .fields = http_fields),
    KEY("require", JSON_ARRAY, "[\"store\"]", read_require, IN_MEMORY(manifest.require)),
    KEY("declares", JSON_ARRAY, "[\"store.torn_tail=truncate\"]", read_declares, IN_MEMORY(manifest.declares)),
    KEY("store", JSON_OBJECT, "{\"events\": \"sessions/{sid}/events.jsonl\"}", read_object, .fields = store_fields),
    KEY("limits", JSON_OBJECT, "{\"store.event_bytes\": \"ACME_EVENT_BYTES\", \"http.body_bytes\": 65536}",
        read_limits),
    KEY("log", JSON_STRING, "\"${DIR}/server.log\"", read_string, IN_MEMORY(manifest.log)),
    KEY("env", JSON_OBJECT, "{\"ACME_HOME\": \"${DIR}\"}", read_env),
    KEY("start_timeout_ms", JSON_NUMBER, "5000", read_start_timeout, IN_MEMORY(manifest.start_timeout_ms),
        .wanted = "a whole number of milliseconds from 1 to 600000"),
    KEY("baseline", JSON_STRING, "\"assay.baseline\"", read_string, IN_MEMORY(manifest.baseline)),
    KEY("sanitizer", JSON_STRING, "\"asan\" or \"tsan\"", read_string, IN_MEMORY(manifest.sanitizer),
        .right = is_sanitizer),
    {.name = NULL},
};

bool manifest_read_fields(struct manifest_reading *reading)
{
    struct manifest *manifest = &reading->memory->manifest;

    if (!read_members(reading, reading->root, manifest_fields, reading->memory))
        return false;
    if (reading->memory->driver[0])
        manifest->driver = reading->memory->driver;
    if (!manifest->name)
        return manifest_wrong(reading, 0, "the target has no name; add \"name\": \"acme\"");
    if (!manifest->driver && !manifest->http)
        return manifest_wrong(reading, 0,
                              "nothing to judge; add \"driver\": [\"python3\", \"driver.py\"], or \"http\"");
    return true;
}
