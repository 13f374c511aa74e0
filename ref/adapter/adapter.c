/* The lock around the core, the clock's thread, and who gets which action. */
#include "adapter/adapter.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { BUCKETS = 256 };

struct adapter {
    struct acp *acp;                         /* belongs to whoever is served */
    struct adapter_client *clients[BUCKETS]; /* likewise; those that are there, by id */

    pthread_mutex_t lock; /* for what follows; never held for long */
    pthread_cond_t next_served;
    pthread_cond_t clock_changed; /* on the monotonic clock */
    uint64_t next_ticket;
    uint64_t served; /* the ticket whose turn it is */
    int64_t wake_ms; /* when the core has something to do by itself */
    bool stopping;
    pthread_t clock;
};

static struct adapter_client **place_of(struct adapter *adapter, uint64_t id)
{
    struct adapter_client **place = &adapter->clients[id % BUCKETS];

    while (*place && (*place)->id != id)
        place = &(*place)->next;
    return place;
}

/* Waits for our turn. A plain mutex is not fair: the clock's thread would take it again before anybody has woken up. */
static void enter(struct adapter *adapter)
{
    pthread_mutex_lock(&adapter->lock);
    uint64_t ticket = adapter->next_ticket++;
    while (adapter->served != ticket)
        pthread_cond_wait(&adapter->next_served, &adapter->lock);
    pthread_mutex_unlock(&adapter->lock);
}

/* Still under the lock, else two threads could hand out their actions in the wrong order. */
static void hand_out(struct adapter *adapter)
{
    struct acp_action *next;

    for (struct acp_action *action = acp_take_actions(adapter->acp); action; action = next) {
        struct adapter_client *client = *place_of(adapter, action->client);

        next = action->next;
        action->next = NULL;
        if (client)
            client->take(client, action);
        else
            acp_action_free(action); /* it has left meanwhile */
    }
}

static void leave(struct adapter *adapter)
{
    hand_out(adapter);
    int64_t wake_ms = acp_wake_ms(adapter->acp);
    pthread_mutex_lock(&adapter->lock);
    if (wake_ms < adapter->wake_ms)
        pthread_cond_signal(&adapter->clock_changed);
    adapter->wake_ms = wake_ms;
    adapter->served++;
    pthread_cond_broadcast(&adapter->next_served);
    pthread_mutex_unlock(&adapter->lock);
}

/* Until the core's next moment, or a change of it. */
static void wait_for_moment(struct adapter *adapter)
{
    struct timespec until = {.tv_sec = (time_t)(adapter->wake_ms / 1000),
                             .tv_nsec = (long)(adapter->wake_ms % 1000) * 1000000};

    if (adapter->wake_ms == INT64_MAX)
        pthread_cond_wait(&adapter->clock_changed, &adapter->lock);
    else
        pthread_cond_timedwait(&adapter->clock_changed, &adapter->lock, &until);
}

static void *run_clock(void *argument)
{
    struct adapter *adapter = argument;

    pthread_mutex_lock(&adapter->lock);
    while (!adapter->stopping) {
        if (adapter->wake_ms > clock_ms()) {
            wait_for_moment(adapter);
            continue;
        }
        pthread_mutex_unlock(&adapter->lock);
        enter(adapter);
        acp_tick(adapter->acp, clock_ms());
        leave(adapter);
        pthread_mutex_lock(&adapter->lock);
    }
    pthread_mutex_unlock(&adapter->lock);
    return NULL;
}

static void free_adapter(struct adapter *adapter)
{
    acp_free(adapter->acp);
    pthread_cond_destroy(&adapter->clock_changed);
    pthread_cond_destroy(&adapter->next_served);
    pthread_mutex_destroy(&adapter->lock);
    free(adapter);
}

struct adapter *adapter_start(const struct acp_limits *limits, const struct agent_ops *agent, void *agent_context,
                              const struct log *log, struct error *err)
{
    struct adapter *adapter = calloc(1, sizeof *adapter);
    pthread_condattr_t monotonic;

    errno = ENOMEM;
    if (!adapter || !(adapter->acp = acp_new(limits, agent, agent_context, log))) {
        error_set_errno(err, "cannot start the agent");
        free(adapter);
        return NULL;
    }
    pthread_mutex_init(&adapter->lock, NULL);
    pthread_cond_init(&adapter->next_served, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&adapter->clock_changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    adapter->wake_ms = acp_wake_ms(adapter->acp);
    errno = pthread_create(&adapter->clock, NULL, run_clock, adapter);
    if (errno != 0) {
        error_set_errno(err, "cannot start a thread");
        free_adapter(adapter);
        return NULL;
    }
    return adapter;
}

void adapter_stop(struct adapter *adapter)
{
    pthread_mutex_lock(&adapter->lock);
    adapter->stopping = true;
    pthread_cond_signal(&adapter->clock_changed);
    pthread_mutex_unlock(&adapter->lock);
    pthread_join(adapter->clock, NULL);
    free_adapter(adapter);
}

enum acp_result adapter_join(struct adapter *adapter, struct adapter_client *client, bool keep)
{
    enter(adapter);
    enum acp_result result = acp_join(adapter->acp, clock_ms(), &client->id);
    client->next = NULL;
    if (result == ACP_OK)
        *place_of(adapter, client->id) = client;
    if (result == ACP_OK && keep)
        acp_keep(adapter->acp, client->id);
    leave(adapter);
    return result;
}

bool adapter_receive(struct adapter *adapter, struct adapter_client *client, const char *message, size_t bytes)
{
    enter(adapter);
    bool taken = !acp_is_behind(adapter->acp, client->id);
    if (taken)
        acp_receive(adapter->acp, client->id, message, bytes, clock_ms());
    leave(adapter);
    return taken;
}

void adapter_taken(struct adapter *adapter, struct adapter_client *client, size_t bytes)
{
    enter(adapter);
    acp_taken(adapter->acp, client->id, bytes, clock_ms());
    leave(adapter);
}

bool adapter_is_busy(struct adapter *adapter, struct adapter_client *client)
{
    enter(adapter);
    bool busy = acp_is_busy(adapter->acp, client->id);
    leave(adapter);
    return busy;
}

void adapter_leave(struct adapter *adapter, struct adapter_client *client)
{
    enter(adapter);
    acp_leave(adapter->acp, client->id, clock_ms());
    hand_out(adapter);
    struct adapter_client **place = place_of(adapter, client->id);
    if (*place)
        *place = client->next;
    leave(adapter);
}

void adapter_close(struct adapter *adapter)
{
    enter(adapter);
    acp_stop(adapter->acp, clock_ms());
    leave(adapter);
}

struct acp_gauges adapter_gauges(struct adapter *adapter)
{
    enter(adapter);
    struct acp_gauges gauges = acp_gauges(adapter->acp);
    leave(adapter);
    return gauges;
}
