/* The way in: what a message is, whether its client may send it now, and which method serves it. */
#include "acp/acp_private.h"

#include "json/string.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct acp_limits acp_limits_default(void)
{
    return (struct acp_limits){.clients = 100,
                               .sessions = 4096,
                               .in_flight = 256,
                               .rate_per_s = 0,
                               .idle_ms = 300000,
                               .request_ms = 30000,
                               .long_ms = 300000,
                               .grace_ms = 300000,
                               .queue_bytes = 1 << 20,
                               .history_bytes = 64 << 10};
}

struct acp *acp_new(const struct acp_limits *limits, const struct agent_ops *agent, void *agent_context,
                    const struct log *log)
{
    struct acp *acp = calloc(1, sizeof *acp);

    if (!acp || !token_key(acp->key)) {
        free(acp);
        return NULL;
    }
    acp->limits = *limits;
    acp->agent = agent;
    acp->agent_context = agent_context;
    acp->log = log;
    TAILQ_INIT(&acp->clients);
    TAILQ_INIT(&acp->running);
    TAILQ_INIT(&acp->waiting);
    return acp;
}

void acp_free(struct acp *acp)
{
    struct acp_client *client;
    struct acp_session *session;
    struct acp_action *action;

    if (!acp)
        return;
    while ((client = TAILQ_FIRST(&acp->clients)))
        acp_client_end(acp, client, 0);
    while ((session = TAILQ_FIRST(&acp->waiting)))
        acp_session_end(acp, session, 0);
    while ((action = acp->first_action)) {
        acp->first_action = action->next;
        acp_action_free(action);
    }
    free(acp);
}

struct acp_action *acp_take_actions(struct acp *acp)
{
    struct acp_action *actions = acp->first_action;

    acp->first_action = acp->last_action = NULL;
    return actions;
}

struct acp_gauges acp_gauges(const struct acp *acp)
{
    return acp->gauges;
}

/* One line for each peer that sends such things, and not for each of the things. */
static void note_malformed(struct acp *acp, struct acp_client *client, const char *reason)
{
    char id[24];

    if (client->malformed++ > 0)
        return;
    snprintf(id, sizeof id, "%" PRIu64, client->id);
    log_event(acp->log, LOG_WARNING, "ws.malformed", "client", id, "reason", reason, NULL);
}

static const struct acp_method *find_method(struct json_span name)
{
    const struct acp_method *method = acp_methods;

    while (method->name && !json_string_is(name, method->name))
        method++;
    return method;
}

/* Why this request cannot be served, or 0. */
static int check(const struct acp_work *work, const struct acp_method *method, const char **why)
{
    bool is_first = strcmp(method->name ? method->name : "", "initialize") == 0;

    *why = "no such method";
    if (!method->name)
        return JSONRPC_UNKNOWN_METHOD_CODE;
    *why = "params are neither object nor array";
    if (work->params.at && *work->params.at != '{' && *work->params.at != '[')
        return JSONRPC_BAD_MESSAGE_CODE;
    *why = is_first ? "initialize comes once" : "initialize comes first";
    if (is_first == work->client->initialized)
        return ACP_NOT_NOW_CODE;
    *why = "this is a notification, and goes without an id";
    if (method->is_notification == (work->id.at != NULL))
        return JSONRPC_BAD_MESSAGE_CODE;
    return 0;
}

/* A notification that cannot be served is dropped: it must not be answered (JSON-RPC 2.0, 4.1). */
static void serve(const struct acp_work *work, struct json_span name)
{
    const struct acp_method *method = find_method(name);
    const char *why;
    int code = check(work, method, &why);

    if (code == 0)
        method->serve(work);
    else if (work->id.at)
        acp_refuse(work->acp, work->client, work->id, code, why, NULL);
}

static void refuse_broken(struct acp *acp, struct acp_client *client, enum jsonrpc_result result,
                          const struct jsonrpc_message *message, const char *why)
{
    bool is_answer = !message->method.at && (message->result.at || message->error.at);

    if (result == JSONRPC_NO_MEMORY) {
        acp_doom(client, 1011, "no memory");
        return;
    }
    note_malformed(acp, client, why);
    if (!is_answer) /* answers to answers would go to and fro for ever */
        acp_refuse(acp, client, message->id,
                   result == JSONRPC_NOT_JSON ? JSONRPC_NOT_JSON_CODE : JSONRPC_BAD_MESSAGE_CODE, why, NULL);
}

static void receive(struct acp *acp, struct acp_client *client, const char *text, size_t bytes, int64_t now_ms)
{
    struct error err = {""};
    struct jsonrpc_message message;
    enum jsonrpc_result result = jsonrpc_read(text, bytes, &message, &err);
    struct acp_work work = {acp, client, message.id, message.params, now_ms};
    bool is_notification;

    if (message.id.bytes > ACP_ID_MAX_BYTES) {
        error_set(&err, "an id of more than %d bytes, which would have to be said back", ACP_ID_MAX_BYTES);
        message.id = (struct json_span){NULL, 0};
        result = JSONRPC_BAD_MESSAGE;
    }
    /* Answers first, and whatever else they look like: a client that waits for its prompt must not wait for a time-out
     * because it has named the method it answers. */
    if ((message.result.at || message.error.at) && acp_call_answer(acp, client, &message, now_ms))
        return;
    is_notification = result == JSONRPC_OK && message.kind == JSONRPC_NOTIFICATION; /* could not be told: too fast */
    if (!is_notification && acp_client_is_too_fast(acp, client, now_ms)) {
        if (message.id.at && message.method.at)
            acp_refuse(acp, client, message.id, ACP_RATE_CODE, "too many messages a second (ws.rate_per_s)", NULL);
    } else if (result != JSONRPC_OK) {
        refuse_broken(acp, client, result, &message, err.text);
    } else if (message.kind == JSONRPC_REQUEST || is_notification) {
        serve(&work, message.method);
    }
}

void acp_receive(struct acp *acp, uint64_t id, const char *message, size_t bytes, int64_t now_ms)
{
    struct acp_client *client = acp_client_find(acp, id);

    if (!client)
        return;
    client->active_ms = now_ms;
    receive(acp, client, message, bytes, now_ms);
    acp_clients_reap(acp, now_ms);
}

void acp_tick(struct acp *acp, int64_t now_ms)
{
    acp_clients_expire(acp, now_ms);
    acp_turns_run(acp, now_ms);
    acp_clients_reap(acp, now_ms);
    acp_sessions_sweep(acp, now_ms);
}

int64_t acp_wake_ms(const struct acp *acp)
{
    const struct acp_session *session = TAILQ_FIRST(&acp->waiting);
    int64_t clients_ms = acp_clients_wake_ms(acp);
    int64_t turns_ms = acp_turns_wake_ms(acp);
    int64_t sweep_ms = session ? session->expires_ms : INT64_MAX;
    int64_t first_ms = clients_ms < turns_ms ? clients_ms : turns_ms;

    return first_ms < sweep_ms ? first_ms : sweep_ms;
}

void acp_stop(struct acp *acp, int64_t now_ms)
{
    struct acp_client *client;
    struct acp_session *session;

    acp->stopping = true;
    TAILQ_FOREACH(client, &acp->clients, link)
    {
        TAILQ_FOREACH(session, &client->sessions, in_owner)
        acp_turns_stop(acp, session, ACP_TURN_CANCELLED, now_ms);
        acp_doom(client, 1001, "stopping");
    }
    acp_clients_reap(acp, now_ms);
    while ((session = TAILQ_FIRST(&acp->waiting)))
        acp_session_end(acp, session, now_ms);
}
