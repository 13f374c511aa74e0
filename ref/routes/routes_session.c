/* The routes on sessions: a checked body in, calls of the store, JSON out. */
#include "routes/routes_session.h"

#include "json/check.h"
#include "json/span.h"
#include "json/string.h"

#include <stdlib.h>
#include <string.h>

enum { EVENT_MAX_BYTES = STORE_EVENT_MAX_BYTES + 4096 }; /* with the wrapping that subscribers see */

void routes_store_error(struct routes_call *call, enum store_result result, const struct error *err)
{
    switch (result) {
    case STORE_BAD_ID:
        response_error(call->response, 400, "invalid_session_id");
        return;
    case STORE_NO_SESSION:
        response_error(call->response, 404, NULL);
        return;
    case STORE_NOT_JSON:
    case STORE_BAD_EVENT:
        response_error(call->response, 400, "invalid_request");
        return;
    case STORE_TOO_BIG:
        response_error(call->response, 413, NULL);
        return;
    default:
        log_event(call->routes->log, LOG_ERROR, "store.failed", "reason", err->text, NULL);
        response_error(call->response, 500, NULL);
    }
}

static bool invalid_request(struct routes_call *call)
{
    response_error(call->response, 400, "invalid_request");
    return false;
}

/* The body as a JSON object; false: it is none, and the response says so. */
static bool read_object(struct routes_call *call, struct json_span *object)
{
    *object = (struct json_span){call->body, call->body_bytes};
    enum json_result result = json_check(call->body, call->body_bytes, NULL);
    if (result == JSON_NO_MEMORY) {
        response_error(call->response, 503, NULL);
        return false;
    }
    if (result != JSON_OK) {
        response_error(call->response, 400, "invalid_json");
        return false;
    }
    return json_is_object(*object) || invalid_request(call);
}

static void answer_metadata(struct routes_call *call, const char *sid, const char *metadata)
{
    buffer_add_format(&call->response->body, "{\"session_id\":\"%s\",\"metadata\":", sid);
    buffer_add_text(&call->response->body, metadata);
    buffer_add_text(&call->response->body, "}");
}

/* {title?, metadata?} as one patch of the metadata, {} if there is neither: the title becomes a member and takes the
 * place of one that metadata may have. False: the body is something else, and the response says so. */
static bool read_patch(struct routes_call *call, struct buffer *patch)
{
    struct json_span object, title = {NULL, 0}, metadata = {NULL, 0};
    struct json_member member = {{NULL, 0}, {NULL, 0}};

    if (!read_object(call, &object))
        return false;
    if (json_find(object, "title", &title) && !json_is_string(title))
        return invalid_request(call);
    if (json_find(object, "metadata", &metadata) && !json_is_object(metadata))
        return invalid_request(call);
    buffer_add_text(patch, "{");
    while (metadata.at && json_next_member(metadata, &member)) {
        if (title.at && json_string_is(member.name, "title"))
            continue;
        buffer_add_text(patch, patch->bytes > 1 ? "," : "");
        buffer_add(patch, member.name.at, member.name.bytes);
        buffer_add_text(patch, ":");
        buffer_add(patch, member.value.at, member.value.bytes);
    }
    if (title.at) {
        buffer_add_text(patch, patch->bytes > 1 ? ",\"title\":" : "\"title\":");
        buffer_add(patch, title.at, title.bytes);
    }
    buffer_add_text(patch, "}");
    if (patch->failed)
        response_error(call->response, 413, NULL);
    return !patch->failed;
}

void routes_create_session(struct routes_call *call)
{
    struct buffer patch = buffer_new(STORE_METADATA_MAX_BYTES);
    char sid[STORE_SID_BYTES];
    char *metadata = NULL;
    struct error err;

    if (!read_patch(call, &patch))
        goto out;
    enum store_result result = store_create(call->routes->store, sid, &err);
    if (result != STORE_OK) {
        routes_store_error(call, result, &err);
        goto out;
    }
    result = store_metadata(call->routes->store, sid, patch.data, patch.bytes, &metadata, &err);
    if (result != STORE_OK) {
        store_delete(call->routes->store, sid, NULL);
        routes_store_error(call, result, &err);
        goto out;
    }
    buffer_add_format(&call->response->body, "{\"session_id\":\"%s\"}", sid);
out:
    free(metadata);
    buffer_free(&patch);
}

void routes_list_sessions(struct routes_call *call)
{
    struct buffer *body = &call->response->body;
    char(*sids)[STORE_SID_BYTES] = NULL;
    size_t count = 0;
    struct error err;

    enum store_result result = store_list(call->routes->store, &sids, &count, &err);
    if (result != STORE_OK) {
        routes_store_error(call, result, &err);
        return;
    }
    buffer_add_text(body, "{\"sessions\":[");
    for (size_t i = 0; i < count; i++)
        buffer_add_format(body, "%s{\"session_id\":\"%s\"}", i ? "," : "", sids[i]);
    buffer_add_text(body, "]}");
    free(sids);
}

void routes_get_session(struct routes_call *call)
{
    char *metadata = NULL;
    struct error err;

    enum store_result result = store_metadata(call->routes->store, call->id, NULL, 0, &metadata, &err);
    if (result != STORE_OK)
        routes_store_error(call, result, &err);
    else
        answer_metadata(call, call->id, metadata);
    free(metadata);
}

void routes_patch_session(struct routes_call *call)
{
    struct buffer patch = buffer_new(STORE_METADATA_MAX_BYTES);
    char *metadata = NULL;
    struct error err;

    if (read_patch(call, &patch)) {
        enum store_result result =
            store_metadata(call->routes->store, call->id, patch.data, patch.bytes, &metadata, &err);

        if (result != STORE_OK)
            routes_store_error(call, result, &err);
        else
            answer_metadata(call, call->id, metadata);
    }
    free(metadata);
    buffer_free(&patch);
}

void routes_delete_session(struct routes_call *call)
{
    struct error err;

    enum store_result result = store_delete(call->routes->store, call->id, &err);
    if (result != STORE_OK)
        routes_store_error(call, result, &err);
    else
        buffer_add_format(&call->response->body, "{\"session_id\":\"%s\"}", call->id);
}

/* A decimal number in the query, such as after=7. Left alone where the query does not name it; false: it is bad. */
static bool read_number(const char *query, const char *name, uint64_t *number)
{
    size_t length = strlen(name);

    for (const char *at = query; at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
        if (strncmp(at, name, length) != 0 || at[length] != '=')
            continue;
        const char *digits = at + length + 1;
        size_t count = strspn(digits, "0123456789");
        if (count == 0 || count > 18 || (digits[count] != '\0' && digits[count] != '&'))
            return false;
        *number = strtoull(digits, NULL, 10);
    }
    return true;
}

void routes_read_events(struct routes_call *call)
{
    struct buffer *body = &call->response->body;
    struct store_page page;
    uint64_t after = 0, limit = 0;
    struct error err;

    if (!read_number(call->request->query, "after", &after) || !read_number(call->request->query, "limit", &limit)) {
        invalid_request(call);
        return;
    }
    enum store_result result = store_read(call->routes->store, call->id, after, limit, &page, &err);
    if (result != STORE_OK) {
        routes_store_error(call, result, &err);
        return;
    }
    /* Each event is a line: as elements of an array, all newlines but the last become commas. */
    for (size_t i = 0; i + 1 < page.bytes; i++) {
        if (page.lines[i] == '\n')
            page.lines[i] = ',';
    }
    buffer_add_format(body, "{\"session_id\":\"%s\",\"events\":[", call->id);
    buffer_add(body, page.lines, page.bytes);
    buffer_add_text(body, "]}");
    store_page_free(&page);
}

/* Appends the event and tells the subscribers, as one step for each session. */
static enum store_result append(struct routes *routes, const char *sid, const struct buffer *event, uint64_t *seq,
                                struct error *err)
{
    pthread_mutex_t *order = &routes->order[(unsigned char)sid[0] % ROUTES_LOCKS];
    struct buffer message = buffer_new(EVENT_MAX_BYTES);

    pthread_mutex_lock(order);
    enum store_result result = store_append(routes->store, sid, event->data, event->bytes, seq, err);
    if (result == STORE_OK) {
        buffer_add_format(&message,
                          "data: {\"type\":\"session.event\",\"session_id\":\"%s\",\"seq\":%llu,\"event\":", sid,
                          (unsigned long long)*seq);
        buffer_add(&message, event->data, event->bytes);
        buffer_add_text(&message, "}\n\n");
        event_hub_publish(routes->hub, &message);
    }
    pthread_mutex_unlock(order);
    buffer_free(&message);
    return result;
}

/* Appends a user's message and answers with its number; text is a checked JSON string. */
static enum store_result append_text(struct routes_call *call, const char *sid, struct json_span text)
{
    struct buffer event = buffer_new(EVENT_MAX_BYTES);
    enum store_result result = STORE_TOO_BIG;
    struct error err = {""};
    uint64_t seq;

    buffer_add_text(&event, "{\"type\":\"user.message\",\"text\":");
    buffer_add(&event, text.at, text.bytes);
    buffer_add_text(&event, "}");
    if (!event.failed)
        result = append(call->routes, sid, &event, &seq, &err);
    if (result != STORE_OK)
        routes_store_error(call, result, &err);
    else
        buffer_add_format(&call->response->body, "{\"session_id\":\"%s\",\"seq\":%llu}", sid, (unsigned long long)seq);
    buffer_free(&event);
    return result;
}

static bool read_text(struct routes_call *call, struct json_span *object, struct json_span *text)
{
    if (!read_object(call, object))
        return false;
    return (json_find(*object, "text", text) && json_is_string(*text)) || invalid_request(call);
}

void routes_append_message(struct routes_call *call)
{
    struct json_span object, text;

    if (read_text(call, &object, &text))
        append_text(call, call->id, text);
}

/* The prompt of a session that is named: its id is in the body, so it may hold anything, NUL included. */
static void append_to(struct routes_call *call, struct json_span id, struct json_span text)
{
    size_t bytes;
    char *sid = json_string(id, &bytes);

    if (!sid)
        invalid_request(call);
    else if (strlen(sid) != bytes)
        response_error(call->response, 400, "invalid_session_id");
    else
        append_text(call, sid, text);
    free(sid);
}

void routes_append_prompt(struct routes_call *call)
{
    struct json_span object, text, id;
    char sid[STORE_SID_BYTES];
    struct error err;

    if (!read_text(call, &object, &text))
        return;
    if (json_find(object, "session_id", &id)) {
        append_to(call, id, text);
        return;
    }
    enum store_result result = store_create(call->routes->store, sid, &err);
    if (result != STORE_OK)
        routes_store_error(call, result, &err);
    else if (append_text(call, sid, text) != STORE_OK)
        store_delete(call->routes->store, sid, NULL);
}
