#include "http/target.h"

#include "case/state.h"
#include "check.h"
#include "http/expect.h"
#include "http/peer.h"
#include "http/start.h"
#include "target/manifest.h"
#include "target/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX_BYTES = 4096, SESSION_ID_BYTES = 64, SESSION_ROUTES = 4 };

/* What a room sees comes first, so that one pointer is both. */
struct server {
    struct http_target target;
    struct server_launch launch;
    struct text fields;
    struct http_endpoint endpoints[MANIFEST_LIST_MAX + 1];
    char session_paths[2][SESSION_ID_BYTES + 32];
};

/* --- what a valid request is --- */

static void make_fields(struct server *server)
{
    text_clear(&server->fields);
    text_addf(&server->fields, "Host: %s\r\n", server->target.host);
    size_t host_bytes = server->fields.length;
    text_add(&server->fields, "Content-Type: application/json\r\n");
    if (server->target.token)
        text_addf(&server->fields, "Authorization: Bearer %s\r\n", server->target.token);
    server->target.fields = server->fields.bytes;
    server->target.fields_but_host = server->fields.bytes + host_bytes;
}

static void take_endpoints(struct server *server, const struct manifest_server *entry)
{
    for (size_t i = 0; i < entry->endpoint_count; i++)
        server->endpoints[i] = (struct http_endpoint){
            .method = entry->endpoints[i].method, .path = entry->endpoints[i].path, .body = entry->endpoints[i].body};
    server->endpoints[entry->endpoint_count] = (struct http_endpoint){0};
}

/* A session for the routes of the contract that belong to one. */
static void create_session(struct server *server, char id[SESSION_ID_BYTES])
{
    struct http_peer *peer = http_dial(&server->target);

    http_send_json(peer, &server->endpoints[0], server->endpoints[0].body);
    struct http_answer answer = http_read(peer);
    const struct json *body = answer.outcome == HTTP_ANSWER ? json_read(answer.body, answer.body_bytes, NULL) : NULL;
    const char *created = json_get_string(body, "session_id");
    if (!created || snprintf(id, SESSION_ID_BYTES, "%s", created) >= SESSION_ID_BYTES)
        fail_case(WRONG, "a session_id from POST /session", answer.summary,
                  "the manifest lists no json_endpoints, and the reference's are not served: %s", answer.summary);
    json_free(body);
    http_hang_up(peer);
}

/* The endpoints of the contract (kit/PROTOCOL.md) that take JSON. */
static void make_endpoints(struct server *server)
{
    char id[SESSION_ID_BYTES];

    server->endpoints[0] = (struct http_endpoint){"POST", "/session", "{\"title\":\"assay\"}"};
    server->endpoints[1] = (struct http_endpoint){0};
    create_session(server, id);
    snprintf(server->session_paths[0], sizeof server->session_paths[0], "/session/%s", id);
    snprintf(server->session_paths[1], sizeof server->session_paths[1], "/session/%s/message", id);
    server->endpoints[1] = (struct http_endpoint){"POST", "/tui/append-prompt", "{\"text\":\"hello\"}"};
    server->endpoints[2] = (struct http_endpoint){"PATCH", server->session_paths[0], "{\"title\":\"assay\"}"};
    server->endpoints[3] = (struct http_endpoint){"POST", server->session_paths[1], "{\"text\":\"hello\"}"};
    server->endpoints[SESSION_ROUTES] = (struct http_endpoint){0};
}

/* --- life --- */

static void launch(struct server *server, const struct http_settings *settings)
{
    const struct manifest *manifest = case_context()->manifest;
    struct http_target *target = &server->target;

    server_launch_start(&server->launch, settings);
    if (!server_launch_address(server->launch.url.bytes, target))
        error_of_target("%s is not of the form http://HOST:PORT", server->launch.url.bytes);
    target->token = settings->token ? settings->token : manifest->http ? manifest->http->token : NULL;
    target->local_only = settings->local_only || manifest_declares(manifest, "http.local_only=yes");
    target->strict = manifest_declares(manifest, "http.syntax=strict");
    target->exact_errors = manifest_declares(manifest, "http.errors=assay");
    target->contract = !manifest->http || manifest->http->endpoint_count == 0;
    target->json_endpoints = server->endpoints;
    make_fields(server);
    if (manifest->http && manifest->http->endpoint_count > 0)
        take_endpoints(server, manifest->http);
    else
        make_endpoints(server);
}

void *http_start(void)
{
    struct server *server = calloc(1, sizeof *server);

    if (!server)
        error_of_environment("no memory for the target");
    text_init(&server->fields, FIELDS_MAX_BYTES);
    server_launch_init(&server->launch);
    launch(server, &(struct http_settings){0});
    return &server->target;
}

void http_stop(void *state)
{
    struct server *server = state;

    http_hang_up_all(); /* so that the server need not wait for them */
    server_launch_stop(&server->launch);
    server_launch_free(&server->launch);
    text_free(&server->fields);
    free(server);
}

void http_restart(struct http_target *server, const struct http_settings *settings)
{
    struct server *own = (struct server *)server;

    server_launch_stop(&own->launch);
    launch(own, settings);
}

struct procfs_usage http_usage(const struct http_target *server)
{
    const struct server *own = (const struct server *)server;

    if (own->launch.pid == 0)
        not_applicable("a server that assay did not start cannot be measured");
    return procfs_tree_usage(own->launch.pid);
}
