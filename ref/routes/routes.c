/* The table of routes: which one a path and a method mean, and those that have nothing to do with sessions. */
#include "routes/routes.h"

#include "routes/routes_session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer_health(struct routes_call *call)
{
    buffer_add_text(&call->response->body, "{\"status\":\"ok\"}");
}

static void answer_metrics(struct routes_call *call);

static void answer_events(struct routes_call *call)
{
    call->response->type = "text/event-stream";
    call->response->stream = true;
    buffer_add_text(&call->response->body, "data: {\"type\":\"server.connected\"}\n\n");
}

/* A star stands for one path segment, which becomes call->id. Without answer(): another protocol takes over. */
static const struct route {
    const char *method;
    const char *path;
    const char *name; /* in the metrics */
    void (*answer)(struct routes_call *call);
} table[] = {
    {"POST", "/tui/append-prompt", "append_prompt", routes_append_prompt},
    {"POST", "/session", "create_session", routes_create_session},
    {"GET", "/session", "list_sessions", routes_list_sessions},
    {"GET", "/session/*", "get_session", routes_get_session},
    {"PATCH", "/session/*", "patch_session", routes_patch_session},
    {"DELETE", "/session/*", "delete_session", routes_delete_session},
    {"GET", "/session/*/events", "read_events", routes_read_events},
    {"POST", "/session/*/message", "append_message", routes_append_message},
    {"GET", "/event", "event", answer_events},
    {"GET", "/ws", "ws", NULL},
    {"GET", "/acp", "acp", NULL},
    {"GET", "/health", "health", answer_health},
    {"GET", "/metrics", "metrics", answer_metrics},
};

static_assert(sizeof table / sizeof *table == ROUTES, "a route more or less");
static_assert((int)ROUTES_NONE < (int)METRICS_ROUTES_MAX, "the metrics have no room for every route");

static const char *route_name(size_t route)
{
    if (route < ROUTES)
        return table[route].name;
    return route == ROUTES_NONE ? "none" : NULL;
}

/* The number of sessions is counted when somebody asks, which costs reading a directory. */
static void answer_metrics(struct routes_call *call)
{
    char(*sids)[STORE_SID_BYTES] = NULL;
    struct acp_gauges agent = {0};
    size_t sessions = 0;
    struct error err;

    enum store_result result = store_list(call->routes->store, &sids, &sessions, &err);
    if (result != STORE_OK) {
        routes_store_error(call, result, &err);
        return;
    }
    free(sids);
    call->response->type = "text/plain; version=0.0.4";
    if (call->routes->adapter)
        agent = adapter_gauges(call->routes->adapter);
    metrics_write(call->routes->metrics, sessions, &agent, route_name, &call->response->body);
}

void routes_init(struct routes *routes, struct store *store, const struct log *log, struct event_hub *hub,
                 struct metrics *metrics, struct adapter *adapter)
{
    *routes = (struct routes){.store = store, .log = log, .hub = hub, .metrics = metrics, .adapter = adapter};
    for (size_t i = 0; i < ROUTES_LOCKS; i++)
        pthread_mutex_init(&routes->order[i], NULL);
}

void routes_destroy(struct routes *routes)
{
    for (size_t i = 0; i < ROUTES_LOCKS; i++)
        pthread_mutex_destroy(&routes->order[i]);
}

/* Does the path match? Copies the segment that the star stands for into id (of ROUTES_PATH_ID_BYTES). */
static bool match_path(const char *pattern, const char *path, char *id)
{
    const char *star = strchr(pattern, '*');
    size_t fixed = star ? (size_t)(star - pattern) : strlen(pattern);

    *id = '\0';
    if (strncmp(path, pattern, fixed) != 0)
        return false;
    if (!star)
        return path[fixed] == '\0';
    size_t length = strcspn(path + fixed, "/");
    snprintf(id, ROUTES_PATH_ID_BYTES, "%.*s", (int)length, path + fixed);
    return length > 0 && strcmp(path + fixed + length, star + 1) == 0;
}

static bool match_method(const char *served, const char *asked)
{
    return strcmp(served, asked) == 0 || (strcmp(served, "GET") == 0 && strcmp(asked, "HEAD") == 0);
}

int routes_find(const struct http_request *request, struct response *response, size_t *route)
{
    char id[ROUTES_PATH_ID_BYTES];
    char allow[64] = "";

    for (*route = 0; *route < ROUTES; ++*route) {
        const struct route *row = &table[*route];

        if (!match_path(row->path, request->path, id))
            continue;
        if (match_method(row->method, request->method))
            return 0;
        size_t used = strlen(allow);
        snprintf(allow + used, sizeof allow - used, "%s%s%s", used ? ", " : "", row->method,
                 strcmp(row->method, "GET") == 0 ? ", HEAD" : "");
    }
    response_error(response, *allow ? 405 : 404, NULL);
    if (*allow) /* which must come with a 405: RFC 9110 15.5.6 */
        snprintf(response->field, sizeof response->field, "Allow: %s\r\n", allow);
    return response->status;
}

bool routes_is_upgrade(size_t route)
{
    return route < ROUTES && !table[route].answer;
}

void routes_answer(struct routes *routes, size_t route, const struct http_request *request, const char *body,
                   size_t body_bytes, struct response *response)
{
    struct routes_call call = {
        .routes = routes, .request = request, .body = body, .body_bytes = body_bytes, .response = response};

    match_path(table[route].path, request->path, call.id);
    table[route].answer(&call);
    if (response->body.failed) {
        log_event(routes->log, LOG_ERROR, "http.answer_failed", "reason", "no memory, or too long", NULL);
        response_error(response, 500, NULL);
    }
}
