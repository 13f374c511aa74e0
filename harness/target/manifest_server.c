/* The entries of servers, "http" and "ws". */
#include "target/manifest_private.h"
#include "target/server_address.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define IN_SERVER(member) .offset = offsetof(struct manifest_server, member)
#define IN_ENDPOINT(member) .offset = offsetof(struct manifest_endpoint, member)
#define IN_PROMPT(member) .offset = offsetof(struct manifest_prompt, member)

/* ---- what a string has to be ---- */

static bool is_method(const char *string)
{
    return strspn(string, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(string);
}

static bool is_path(const char *string)
{
    return *string == '/' && !strpbrk(string, " \r\n");
}

static bool is_http_url(const char *string)
{
    return server_address_is_near(string, "http://");
}

static bool is_ws_url(const char *string)
{
    return server_address_is_near(string, "ws://");
}

/* Of what every request carries anyway nothing is said twice. */
static bool is_field(const struct manifest_pair *field)
{
    static const char *const ours[] = {"host",       "content-type", "content-length", "transfer-encoding",
                                       "connection", "upgrade",      "origin"};
    static const char of_the_handshake[] = "sec-websocket-";
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcasecmp(field->name, ours[i]) == 0)
            return false;
    if (strncasecmp(field->name, of_the_handshake, strlen(of_the_handshake)) == 0)
        return false;
    if (strlen(field->name) + strlen(field->value) > MANIFEST_HEADER_MAX_BYTES)
        return false;
    for (const char *c = field->value; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            return false;
    return field->name[strspn(field->name, token)] == '\0';
}

static bool read_headers(struct manifest_reading *reading, const struct json *value, const struct manifest_field *field,
                         void *of)
{
    struct manifest_server *server = of;

    (void)field;
    if (!manifest_read_pairs(reading, value, server->headers, &server->header_count))
        return false;
    for (size_t i = 0; i < server->header_count; i++)
        if (!is_field(&server->headers[i]))
            return manifest_wrong(
                reading, manifest_place(reading, value),
                "\"%.80s\" cannot be such a field, of at most %d bytes; right would be {\"X-Api-Key\": "
                "\"s3cret\"}",
                server->headers[i].name, MANIFEST_HEADER_MAX_BYTES);
    return true;
}

/* Kept as it was written: the bytes are what will be sent. */
static bool read_body(struct manifest_reading *reading, const struct json *value, const struct manifest_field *field,
                      void *of)
{
    const char **body = (const char **)((char *)of + field->offset);

    *body = manifest_keep(reading->memory, strndup(value->raw, value->raw_bytes));
    return true;
}

static bool read_endpoint(struct manifest_reading *reading, const struct json *entry,
                          struct manifest_endpoint *endpoint)
{
    static const struct manifest_field fields[] = {
        KEY("method", JSON_STRING, "\"POST\"", manifest_read_string, IN_ENDPOINT(method), .right = is_method),
        KEY("path", JSON_STRING, "\"/session\"", manifest_read_string, IN_ENDPOINT(path), .right = is_path,
            .wanted = "a path without blanks, as in \"/session\""),
        KEY("body", JSON_OBJECT, "{\"title\": \"a body that is right\"}", read_body, IN_ENDPOINT(body)),
        {.name = NULL},
    };

    if (entry->type != JSON_OBJECT)
        return manifest_wrong_value(reading, entry, "json_endpoints", "{\"method\":..., \"path\":..., \"body\":...}");
    if (!manifest_read_members(reading, entry, fields, endpoint))
        return false;
    if (!endpoint->method || !endpoint->path || !endpoint->body)
        return manifest_wrong(reading, manifest_place(reading, entry),
                              "an endpoint has \"method\", \"path\", and \"body\", a body that is right");
    return true;
}

static bool read_endpoints(struct manifest_reading *reading, const struct json *value,
                           const struct manifest_field *field, void *of)
{
    struct manifest_server *server = of;

    (void)field;
    if (value->count > MANIFEST_LIST_MAX)
        return manifest_wrong(reading, manifest_place(reading, value), "at most %d endpoints are read",
                              MANIFEST_LIST_MAX);
    for (const struct json *entry = value->child; entry; entry = entry->next) {
        if (!read_endpoint(reading, entry, &server->endpoints[server->endpoint_count]))
            return false;
        server->endpoint_count++;
    }
    return true;
}

/* ---- what an agent is prompted with ---- */

static bool read_number(struct manifest_reading *reading, const struct json *value, const struct manifest_field *field,
                        void *of)
{
    return json_as_integer(value, (int64_t *)((char *)of + field->offset)) ||
           manifest_wrong_value(reading, value, field->name, field->example);
}

static bool read_prompt(struct manifest_reading *reading, const struct json *member, struct manifest_prompt *prompt)
{
    static const struct manifest_field fields[] = {
        KEY("text", JSON_STRING, "\"echo ${TEXT}\"", manifest_read_string, IN_PROMPT(text)),
        KEY("says", JSON_STRING, "\"${TEXT}\"", manifest_read_string, IN_PROMPT(says)),
        KEY("chunks", JSON_NUMBER, "10", read_number, IN_PROMPT(chunks)),
        KEY("code", JSON_NUMBER, "-32050", read_number, IN_PROMPT(code)),
        {.name = NULL},
    };
    const char *const *known = manifest_prompts;

    while (*known && strcmp(*known, member->name) != 0)
        known++;
    if (!*known)
        return manifest_unknown_name(reading, member, "kind of prompt", member->name, manifest_prompts);
    *prompt = (struct manifest_prompt){.kind = *known};
    if (member->type != JSON_OBJECT)
        return manifest_wrong_value(reading, member, *known, "{\"text\": \"what the agent is told\"}");
    if (!manifest_read_members(reading, member, fields, prompt))
        return false;
    return (prompt->text && prompt->chunks >= 0) ||
           manifest_wrong(reading, manifest_place(reading, member),
                          "a prompt has \"text\", and may have \"chunks\", a number of updates, and \"code\"");
}

static bool read_prompts(struct manifest_reading *reading, const struct json *value, const struct manifest_field *field,
                         void *of)
{
    struct manifest_server *server = of;

    (void)field;
    if (!manifest_has_room(reading, value))
        return false;
    for (const struct json *member = value->child; member; member = member->next)
        if (!read_prompt(reading, member, &server->prompts[server->prompt_count++]))
            return false;
    return true;
}

static bool read_origins(struct manifest_reading *reading, const struct json *value, const struct manifest_field *field,
                         void *of)
{
    return manifest_read_list(reading, value, (const char **)((char *)of + field->offset));
}

/* ---- the entries ---- */

bool manifest_read_server(struct manifest_reading *reading, const struct json *value,
                          const struct manifest_field *field, void *of)
{
    struct manifest_server *server = (struct manifest_server *)((char *)of + field->offset);

    if (!manifest_read_members(reading, value, field->fields, server))
        return false;
    server->command = server->words[0] ? server->words : NULL;
    server->is_there = true;
    return server->url || field->fields != manifest_http_fields ||
           manifest_wrong(reading, manifest_place(reading, value),
                          "\"http\" says where: \"url\": \"http://127.0.0.1:${PORT}\"");
}

const struct manifest_field manifest_http_fields[] = {
    KEY("command", JSON_ARRAY, "[\"./server\", \"--port\", \"${PORT}\"]", manifest_read_command, IN_SERVER(words)),
    KEY("url", JSON_STRING, "\"http://127.0.0.1:${PORT}\"", manifest_read_string, IN_SERVER(url), .right = is_http_url,
        .wanted = "\"http://127.0.0.1:${PORT}\", or another address of loopback or of a private network"),
    KEY("token", JSON_STRING, "\"the bearer token\"", manifest_read_string, IN_SERVER(token)),
    KEY("headers", JSON_OBJECT, "{\"X-Api-Key\": \"s3cret\"}", read_headers),
    KEY("json_endpoints", JSON_ARRAY, "[{\"method\": \"POST\", \"path\": \"/session\", \"body\": {}}]", read_endpoints),
    {.name = NULL},
};

const struct manifest_field manifest_ws_fields[] = {
    KEY("command", JSON_ARRAY, "[\"./server\", \"--port\", \"${PORT}\"]", manifest_read_command, IN_SERVER(words)),
    KEY("url", JSON_STRING, "\"ws://127.0.0.1:${PORT}/ws\"", manifest_read_string, IN_SERVER(url), .right = is_ws_url,
        .wanted = "\"ws://127.0.0.1:${PORT}/ws\", or another address of loopback or of a private network"),
    KEY("token", JSON_STRING, "\"the bearer token\"", manifest_read_string, IN_SERVER(token)),
    KEY("headers", JSON_OBJECT, "{\"X-Api-Key\": \"s3cret\"}", read_headers),
    KEY("prompts", JSON_OBJECT, "{\"echo\": {\"text\": \"echo ${TEXT}\"}}", read_prompts),
    KEY("origins", JSON_ARRAY, "[\"http://localhost:3000\"]", read_origins, IN_SERVER(origins)),
    KEY("metrics", JSON_STRING, "\"/metrics\"", manifest_read_string, IN_SERVER(metrics), .right = is_path),
    {.name = NULL},
};
