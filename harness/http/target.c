/* The HTTP server of a case: started, and what a valid request to it looks like. */
#include "http/target.h"

#include "case/state.h"
#include "case/surface.h"
#include "check.h"
#include "http/expect.h"
#include "http/peer.h"
#include "json/json.h"
#include "target/manifest.h"
#include "target/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIELDS_MAX_BYTES = MANIFEST_LIST_MAX * (MANIFEST_HEADER_MAX_BYTES + 8) + 4096,
    SESSION_ID_BYTES = 64,
    SESSION_ROUTES = 4
};

/* What a room sees comes first, so that one pointer is both. */
struct http_server {
    struct http_target target;
    struct server server;
    struct text fields;
    struct http_endpoint endpoints[MANIFEST_LIST_MAX + 1];
    char session_paths[2][SESSION_ID_BYTES + 32];
};

/* --- what a valid request is --- */

static void make_fields(struct http_server *http)
{
    const struct manifest_server *entry = http->server.entry;

    text_clear(&http->fields);
    text_addf(&http->fields, "Host: %s\r\n", http->target.host);
    size_t host_bytes = http->fields.length;
    text_add(&http->fields, "Content-Type: application/json\r\n");
    if (http->target.token)
        text_addf(&http->fields, "Authorization: Bearer %s\r\n", http->target.token);
    for (size_t i = 0; entry && i < entry->header_count; i++)
        text_addf(&http->fields, "%s: %s\r\n", entry->headers[i].name, entry->headers[i].value);
    http->target.fields = http->fields.bytes;
    http->target.fields_but_host = http->fields.bytes + host_bytes;
}

static void take_endpoints(struct http_server *http, const struct manifest_server *entry)
{
    for (size_t i = 0; i < entry->endpoint_count; i++)
        http->endpoints[i] = (struct http_endpoint){
            .method = entry->endpoints[i].method, .path = entry->endpoints[i].path, .body = entry->endpoints[i].body};
    http->endpoints[entry->endpoint_count] = (struct http_endpoint){0};
}

/* A session for the routes of the contract that belong to one. */
static void create_session(struct http_server *http, char id[SESSION_ID_BYTES])
{
    struct http_peer *peer = http_dial(&http->target);

    http_send_json(peer, &http->endpoints[0], http->endpoints[0].body);
    struct http_answer answer = http_read(peer);
    const struct json *body = answer.outcome == HTTP_ANSWER ? json_read(answer.body, answer.body_bytes, NULL) : NULL;
    const char *created = json_get_string(body, "session_id");
    if (!created || snprintf(id, SESSION_ID_BYTES, "%s", created) >= SESSION_ID_BYTES)
        error_of_target(
            "the manifest lists no http.json_endpoints, and POST /session of the contract (PROTOCOL.md) is not "
            "served: %s; list the server's own routes that take JSON",
            answer.summary);
    json_free(body);
    http_hang_up(peer);
}

/* The endpoints of the contract (kit/PROTOCOL.md) that take JSON. */
static void make_endpoints(struct http_server *http)
{
    char id[SESSION_ID_BYTES];

    http->endpoints[0] = (struct http_endpoint){"POST", "/session", "{\"title\":\"assay\"}"};
    http->endpoints[1] = (struct http_endpoint){0};
    create_session(http, id);
    snprintf(http->session_paths[0], sizeof http->session_paths[0], "/session/%s", id);
    snprintf(http->session_paths[1], sizeof http->session_paths[1], "/session/%s/message", id);
    http->endpoints[1] = (struct http_endpoint){"POST", "/tui/append-prompt", "{\"text\":\"hello\"}"};
    http->endpoints[2] = (struct http_endpoint){"PATCH", http->session_paths[0], "{\"title\":\"assay\"}"};
    http->endpoints[3] = (struct http_endpoint){"POST", http->session_paths[1], "{\"text\":\"hello\"}"};
    http->endpoints[SESSION_ROUTES] = (struct http_endpoint){0};
}

/* --- life --- */

static void launch(struct http_server *http, const struct server_settings *settings)
{
    const struct manifest *manifest = case_context()->manifest;
    struct http_target *target = &http->target;

    server_start(&http->server, settings);
    if (*http->server.path && strcmp(http->server.path, "/") != 0)
        error_of_target("%s is not of the form http://HOST:PORT", http->server.url.bytes);
    target->address = http->server.address;
    target->host = target->address.host;
    target->token = settings->token ? settings->token : manifest->http ? manifest->http->token : NULL;
    target->local_only = settings->local_only || manifest_declares(manifest, "http.local_only=yes");
    target->strict = manifest_declares(manifest, "http.syntax=strict");
    target->exact_errors = manifest_declares(manifest, "http.errors=assay");
    target->contract = !manifest->http || manifest->http->endpoint_count == 0;
    target->json_endpoints = http->endpoints;
    make_fields(http);
    if (manifest->http && manifest->http->endpoint_count > 0)
        take_endpoints(http, manifest->http);
    else
        make_endpoints(http);
}

void *http_start(void)
{
    struct http_server *http = calloc(1, sizeof *http);

    if (!http)
        error_of_environment("no memory for the target");
    text_init(&http->fields, FIELDS_MAX_BYTES);
    server_init(&http->server, "http", "http://");
    launch(http, &(struct server_settings){0});
    return &http->target;
}

void http_stop(void *state)
{
    struct http_server *http = state;

    http_hang_up_all(); /* so that the server need not wait for them */
    server_stop(&http->server);
    server_free(&http->server);
    text_free(&http->fields);
    free(http);
}

void http_restart(struct http_target *target, const struct server_settings *settings)
{
    struct http_server *http = (struct http_server *)target;

    server_stop(&http->server);
    launch(http, settings);
}

int64_t http_limit(const char *name, int64_t wanted, int64_t most)
{
    int64_t value = server_limit(name, wanted);

    if (value > most)
        not_applicable("the manifest says that \"%s\" is always %lld, and this case is made for at most %lld", name,
                       (long long)value, (long long)most);
    return value;
}

int64_t http_restart_with_limit(struct http_target *target, const char *limit, int64_t wanted, int64_t most)
{
    int64_t value = http_limit(limit, wanted, most);

    http_restart(target, &(struct server_settings){.limits = {{limit, value}}});
    return value;
}

void http_ask_to_stop(struct http_target *target)
{
    server_ask_to_stop(&((struct http_server *)target)->server);
}

void http_expect_stop(struct http_target *target)
{
    server_expect_stop(&((struct http_server *)target)->server);
}

struct procfs_usage http_usage(const struct http_target *target)
{
    const struct http_server *http = (const struct http_server *)target;

    if (http->server.pid == 0)
        not_applicable("a server that assay did not start cannot be measured");
    return procfs_tree_usage(http->server.pid);
}
