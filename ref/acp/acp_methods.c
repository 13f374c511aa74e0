/* The methods that clients call, but for those that bring a session back (acp_resume.c). */
#include "acp/acp_private.h"

#include "base/version.h"
#include "json/string.h"

#include <stdlib.h>
#include <string.h>

static bool is_true(struct json_span object, const char *name)
{
    struct json_span value;

    return json_find(object, name, &value) && value.bytes == 4 && memcmp(value.at, "true", 4) == 0;
}

/* What a client has not said that it can do, it cannot (protocol, "Initialization"). */
static void initialize(const struct acp_work *work)
{
    struct json_span value = {0}, fs = {0};
    int64_t version;

    if (!json_find(work->params, "protocolVersion", &value) || !json_integer(value, &version)) {
        acp_bad_params(work, "params need protocolVersion, an integer");
        return;
    }
    if (json_find(work->params, "clientCapabilities", &value) && json_find(value, "fs", &fs))
        work->client->can_read = is_true(fs, "readTextFile");
    work->client->initialized = true;
    acp_reply_text(work->acp, work->client, work->id,
                   "{\"protocolVersion\":1,\"agentCapabilities\":{\"loadSession\":true,\"promptCapabilities\":{},"
                   "\"sessionCapabilities\":{\"list\":{},\"resume\":{},\"close\":{},\"delete\":{}}},"
                   "\"agentInfo\":{\"name\":\"assay-ref\",\"version\":\"" REF_VERSION "\"},\"authMethods\":[]}");
}

static void session_new(const struct acp_work *work)
{
    struct buffer result = buffer_new(ACP_MESSAGE_MAX_BYTES);
    char token[TOKEN_TEXT_BYTES];
    struct acp_session *session;
    char *cwd;

    if (!acp_param_servers(work) || !acp_param_cwd(work, &cwd))
        return;
    if (work->acp->gauges.sessions >= work->acp->limits.sessions) {
        free(cwd);
        acp_refuse(work->acp, work->client, work->id, ACP_SESSIONS_CODE, "too many sessions (ws.sessions)", NULL);
        return;
    }
    session = acp_session_new(work->acp, work->client, cwd, token);
    if (!session) {
        acp_refuse(work->acp, work->client, work->id, JSONRPC_INTERNAL_CODE, "no memory", NULL);
        return;
    }
    buffer_add_format(&result, "{\"sessionId\":\"%s\",\"_meta\":{\"resumeToken\":\"%s\"}}", session->id, token);
    if (result.failed) /* a session that nobody has heard of would be in the way */
        acp_session_end(work->acp, session, work->now_ms);
    acp_reply(work->acp, work->client, work->id, &result);
}

/* The text of one content block. Text and links are what every agent takes; nothing else is offered here (protocol,
 * "Initialization", prompt capabilities). */
static bool add_block(struct buffer *text, struct json_span block)
{
    struct json_span type, value;
    size_t bytes;
    char *decoded;

    if (!json_find(block, "type", &type) || !json_is_string(type))
        return false;
    if (json_string_is(type, "resource_link"))
        return json_find(block, "uri", &value) && json_is_string(value);
    if (!json_string_is(type, "text") || !json_find(block, "text", &value) || !json_is_string(value))
        return false;
    decoded = json_string(value, &bytes);
    if (decoded)
        buffer_add(text, decoded, bytes);
    else
        text->failed = true;
    free(decoded);
    return true;
}

static bool read_prompt(const struct acp_work *work, struct buffer *text)
{
    struct json_span prompt, block = {0};

    if (!json_find(work->params, "prompt", &prompt) || *prompt.at != '[')
        return false;
    buffer_add_text(text, ""); /* an empty prompt is a text too */
    while (json_next_element(prompt, &block)) {
        if (!add_block(text, block))
            return false;
    }
    return true;
}

static void session_prompt(const struct acp_work *work)
{
    struct buffer text = buffer_new(AGENT_TEXT_MAX_BYTES);
    struct acp_session *session;

    if (!acp_param_session(work, &session))
        return;
    if (!read_prompt(work, &text)) {
        acp_bad_params(work, "params need prompt, an array of text and resource_link blocks");
    } else if (text.failed) {
        acp_bad_params(work, "the prompt is too long");
    } else {
        acp_turn_add(work->acp, work->client, session, work->id, text.data, text.bytes, work->now_ms);
        text = buffer_new(0); /* it is the turn's now */
    }
    buffer_free(&text);
}

/* A notification: whoever may not cancel hears nothing. */
static void session_cancel(const struct acp_work *work)
{
    struct json_span id;
    struct acp_session *session;

    if (!json_find(work->params, "sessionId", &id) || !json_is_string(id))
        return;
    session = acp_session_find(work->acp, id);
    if (session && session->owner == work->client)
        acp_turns_stop(work->acp, session, ACP_TURN_CANCELLED, work->now_ms);
}

static bool is_same_id(struct json_span a, struct json_span b)
{
    if (json_is_string(a) && json_is_string(b))
        return json_compare_strings(a, b) == 0;
    return a.bytes == b.bytes && memcmp(a.at, b.at, a.bytes) == 0;
}

/* Requests are known by client and id: the same id of another client is another request. */
static void cancel_request(const struct acp_work *work)
{
    struct acp_session *session;
    struct json_span id;

    if (!json_find(work->params, "requestId", &id))
        return;
    TAILQ_FOREACH(session, &work->client->sessions, in_owner)
    {
        struct acp_turn *next;

        for (struct acp_turn *turn = TAILQ_FIRST(&session->turns); turn; turn = next) {
            next = TAILQ_NEXT(turn, in_session);
            if (is_same_id(id, (struct json_span){turn->id, turn->id_bytes}))
                acp_turn_stop(work->acp, turn, ACP_TURN_CALLED_BACK, work->now_ms);
        }
    }
}

static void session_close(const struct acp_work *work)
{
    struct acp_session *session;

    if (!acp_param_session(work, &session))
        return;
    acp_session_end(work->acp, session, work->now_ms);
    acp_reply_text(work->acp, work->client, work->id, "{}");
}

/* "Deleting an already-deleted session, or a session that never existed, SHOULD succeed silently" (protocol, "Session
 * Delete"); somebody else's looks like one that never existed. */
static void session_delete(const struct acp_work *work)
{
    struct acp_session *session;
    struct json_span id;

    if (!acp_param_text(work, "sessionId", &id))
        return;
    session = acp_session_find(work->acp, id);
    if (session && session->owner == work->client)
        acp_session_end(work->acp, session, work->now_ms);
    acp_reply_text(work->acp, work->client, work->id, "{}");
}

/* "Must be one of the modes listed in availableModes" (protocol, "Session Modes"), and there are none. */
static void session_set_mode(const struct acp_work *work)
{
    struct acp_session *session;
    struct json_span mode;

    if (acp_param_session(work, &session) && acp_param_text(work, "modeId", &mode))
        acp_bad_params(work, "this agent has no modes");
}

const struct acp_method acp_methods[] = {
    {"initialize", false, initialize},          {"session/new", false, session_new},
    {"session/prompt", false, session_prompt},  {"session/cancel", true, session_cancel},
    {"session/load", false, acp_session_load},  {"session/resume", false, acp_session_resume},
    {"session/list", false, acp_session_list},  {"session/close", false, session_close},
    {"session/delete", false, session_delete},  {"session/set_mode", false, session_set_mode},
    {"$/cancel_request", true, cancel_request}, {NULL, false, NULL},
};
