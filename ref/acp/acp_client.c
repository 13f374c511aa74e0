/* Clients: they come, keep to the limits, and go. */
#include "acp/acp_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { RATE_WINDOW_MS = 1000 };

/* The farewell is allocated when the client comes, so that it can always be sent away. */
static struct acp_action *new_close(void)
{
    struct acp_action *action = calloc(1, sizeof *action);

    if (action)
        action->text = calloc(1, ACP_REASON_BYTES);
    if (action && action->text)
        return action;
    acp_action_free(action);
    return NULL;
}

enum acp_result acp_join(struct acp *acp, int64_t now_ms, uint64_t *id)
{
    struct acp_client *client;

    if (acp->stopping || acp->gauges.clients >= acp->limits.clients)
        return ACP_FULL;
    client = calloc(1, sizeof *client);
    if (client)
        client->close = new_close();
    if (!client || !client->close) {
        free(client);
        return ACP_NO_MEMORY;
    }
    client->id = *id = ++acp->last_client;
    client->active_ms = now_ms;
    TAILQ_INIT(&client->sessions);
    LIST_INIT(&client->calls);
    TAILQ_INSERT_TAIL(&acp->clients, client, link);
    acp->gauges.clients++;
    return ACP_OK;
}

struct acp_client *acp_client_find(const struct acp *acp, uint64_t id)
{
    struct acp_client *client;

    TAILQ_FOREACH(client, &acp->clients, link)
    {
        if (client->id == id)
            return client;
    }
    return NULL;
}

bool acp_client_is_too_fast(struct acp *acp, struct acp_client *client, int64_t now_ms)
{
    if (acp->limits.rate_per_s == 0)
        return false;
    if (now_ms - client->second_ms >= RATE_WINDOW_MS) {
        client->second_ms = now_ms;
        client->second_messages = 0;
    }
    if (++client->second_messages <= acp->limits.rate_per_s)
        return false;
    acp->gauges.rate_limited_total++;
    return true;
}

struct losses {
    int64_t sessions, turns, calls;
};

/* One that leaves in the middle of something is worth a warning; ordinary ends are not. */
static void log_left(const struct acp *acp, const struct acp_client *client, const struct losses *lost)
{
    char texts[5][24];
    const int64_t numbers[] = {(int64_t)client->id, lost->sessions, lost->turns, lost->calls, client->malformed};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        snprintf(texts[i], sizeof texts[i], "%" PRId64, numbers[i]);
    log_event(acp->log, lost->turns > 0 ? LOG_WARNING : LOG_DEBUG, "ws.left", "client", texts[0], "sessions", texts[1],
              "turns", texts[2], "aborted", texts[3], "malformed", texts[4], NULL);
}

void acp_client_end(struct acp *acp, struct acp_client *client, int64_t now_ms)
{
    int64_t pending_calls = acp->gauges.pending_calls;
    struct losses lost = {0};
    struct acp_session *session;

    while ((session = TAILQ_FIRST(&client->sessions))) {
        lost.turns += acp_turns_stop(acp, session, ACP_TURN_LEFT, now_ms);
        lost.sessions++;
        acp_session_wait(acp, session, now_ms);
    }
    lost.calls = pending_calls - acp->gauges.pending_calls;
    log_left(acp, client, &lost);
    TAILQ_REMOVE(&acp->clients, client, link);
    acp->gauges.clients--;
    acp->gauges.queue_bytes -= client->queue_bytes;
    acp_action_free(client->close);
    free(client);
}

void acp_keep(struct acp *acp, uint64_t id)
{
    struct acp_client *client = acp_client_find(acp, id);

    if (client)
        client->is_kept = true;
}

bool acp_is_busy(const struct acp *acp, uint64_t id)
{
    const struct acp_client *client = acp_client_find(acp, id);

    return client && client->in_flight > 0;
}

void acp_leave(struct acp *acp, uint64_t id, int64_t now_ms)
{
    struct acp_client *client = acp_client_find(acp, id);

    if (client)
        acp_client_end(acp, client, now_ms);
}

static void send_away(struct acp *acp, struct acp_client *client, int64_t now_ms)
{
    struct acp_action *action = client->close;

    client->close = NULL;
    action->kind = ACP_CLOSE;
    action->client = client->id;
    action->code = client->doom_code;
    action->bytes = (size_t)snprintf(action->text, ACP_REASON_BYTES, "%s", client->doom_reason);
    acp_emit(acp, action);
    acp_client_end(acp, client, now_ms);
}

void acp_clients_reap(struct acp *acp, int64_t now_ms)
{
    struct acp_client *next;

    for (struct acp_client *client = TAILQ_FIRST(&acp->clients); client; client = next) {
        next = TAILQ_NEXT(client, link);
        if (client->doom_code)
            send_away(acp, client, now_ms);
    }
}

static bool is_idle(const struct acp_client *client)
{
    return client->in_flight == 0 && !client->is_kept;
}

void acp_clients_expire(struct acp *acp, int64_t now_ms)
{
    struct acp_client *client;

    TAILQ_FOREACH(client, &acp->clients, link)
    {
        acp_calls_expire(acp, client, now_ms);
        if (is_idle(client) && now_ms - client->active_ms >= acp->limits.idle_ms)
            acp_doom(client, 1000, "idle");
    }
}

int64_t acp_clients_wake_ms(const struct acp *acp)
{
    int64_t wake_ms = INT64_MAX;
    const struct acp_client *client;
    const struct acp_call *call;

    TAILQ_FOREACH(client, &acp->clients, link)
    {
        if (is_idle(client) && client->active_ms + acp->limits.idle_ms < wake_ms)
            wake_ms = client->active_ms + acp->limits.idle_ms;
        LIST_FOREACH(call, &client->calls, link)
        {
            if (call->due_ms < wake_ms)
                wake_ms = call->due_ms;
        }
    }
    return wake_ms;
}

void acp_taken(struct acp *acp, uint64_t id, size_t bytes, int64_t now_ms)
{
    struct acp_client *client = acp_client_find(acp, id);
    int64_t taken = (int64_t)bytes;

    (void)now_ms;
    if (!client)
        return;
    if (taken > client->queue_bytes)
        taken = client->queue_bytes;
    client->queue_bytes -= taken;
    acp->gauges.queue_bytes -= taken;
    if (client->queue_bytes <= acp->limits.queue_bytes)
        client->overdue_bytes = 0;
}

bool acp_is_behind(const struct acp *acp, uint64_t id)
{
    const struct acp_client *client = acp_client_find(acp, id);

    return client && client->queue_bytes > acp->limits.queue_bytes;
}
