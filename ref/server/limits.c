/* The table of limits: name, range and default of each. */
#include "server/server.h"

#include "routes/event_hub.h"
#include "routes/policy.h"
#include "server/pool.h"

#include <stddef.h>
#include <string.h>

enum {
    SESSIONS_MAX = 1 << 20,
    IN_FLIGHT_MAX = 1 << 16,
    QUEUE_MAX_BYTES = 256 << 20,
    HISTORY_MAX_BYTES = 256 << 20,
};

static const struct limit {
    const char *name;
    size_t offset;
    int64_t least, most;
    int64_t normal; /* 0: as the agent has it, or none */
} limits_table[] = {
    {"body_bytes", offsetof(struct server_limits, body_bytes), 1, SERVER_BODY_MAX_BYTES, 2000000},
    {"header_ms", offsetof(struct server_limits, header_ms), 1, SERVER_TIME_MAX_MS, 10000},
    {"body_ms", offsetof(struct server_limits, body_ms), 1, SERVER_TIME_MAX_MS, 30000},
    {"idle_ms", offsetof(struct server_limits, idle_ms), 1, SERVER_TIME_MAX_MS, 60000},
    {"write_ms", offsetof(struct server_limits, write_ms), 1, SERVER_TIME_MAX_MS, 30000},
    {"linger_ms", offsetof(struct server_limits, linger_ms), 1, SERVER_TIME_MAX_MS, 2000},
    {"stop_ms", offsetof(struct server_limits, stop_ms), 1, SERVER_TIME_MAX_MS, 5000},
    {"heartbeat_ms", offsetof(struct server_limits, heartbeat_ms), 1, SERVER_TIME_MAX_MS, 30000},
    {"connections", offsetof(struct server_limits, connections), 1, SERVER_CONNECTIONS_MAX, 800},
    {"threads", offsetof(struct server_limits, threads), 1, POOL_THREADS_MAX, 4},
    {"event_queue", offsetof(struct server_limits, event_queue), 1, EVENT_HUB_MAX, 256},
    {"rate_per_s", offsetof(struct server_limits, rate_per_s), 0, POLICY_RATE_MAX, 0},
    {"ws.message_bytes", offsetof(struct server_limits, message_bytes), 1, SERVER_MESSAGE_MAX_BYTES, 4194304},
    {"ws.heartbeat_ms", offsetof(struct server_limits, ws_heartbeat_ms), 1, SERVER_TIME_MAX_MS, 30000},
    {"ws.pong_ms", offsetof(struct server_limits, pong_ms), 1, SERVER_TIME_MAX_MS, 10000},
    {"ws.write_ms", offsetof(struct server_limits, ws_write_ms), 1, SERVER_TIME_MAX_MS, 30000},
    {"ws.close_ms", offsetof(struct server_limits, close_ms), 1, SERVER_TIME_MAX_MS, 2000},
    {"ws.clients", offsetof(struct server_limits, acp.clients), 1, SERVER_CONNECTIONS_MAX, 0},
    {"ws.sessions", offsetof(struct server_limits, acp.sessions), 1, SESSIONS_MAX, 0},
    {"ws.in_flight", offsetof(struct server_limits, acp.in_flight), 1, IN_FLIGHT_MAX, 0},
    {"ws.rate_per_s", offsetof(struct server_limits, acp.rate_per_s), 0, POLICY_RATE_MAX, 0},
    {"ws.idle_ms", offsetof(struct server_limits, acp.idle_ms), 1, SERVER_TIME_MAX_MS, 0},
    {"ws.request_ms", offsetof(struct server_limits, acp.request_ms), 1, SERVER_TIME_MAX_MS, 0},
    {"ws.long_ms", offsetof(struct server_limits, acp.long_ms), 1, SERVER_TIME_MAX_MS, 0},
    {"ws.grace_ms", offsetof(struct server_limits, acp.grace_ms), 1, SERVER_TIME_MAX_MS, 0},
    {"ws.queue_bytes", offsetof(struct server_limits, acp.queue_bytes), 1, QUEUE_MAX_BYTES, 0},
    {"ws.history_bytes", offsetof(struct server_limits, acp.history_bytes), 1, HISTORY_MAX_BYTES, 0},
};

enum { LIMITS = sizeof limits_table / sizeof *limits_table };

static int64_t *value_of(struct server_limits *limits, const struct limit *limit)
{
    return (int64_t *)(void *)((char *)limits + limit->offset);
}

struct server_limits server_limits_default(void)
{
    struct server_limits limits = {.acp = acp_limits_default()};

    for (size_t i = 0; i < LIMITS; i++)
        if (limits_table[i].normal != 0)
            *value_of(&limits, &limits_table[i]) = limits_table[i].normal;
    return limits;
}

enum server_limit_result server_limit_set(struct server_limits *limits, const char *name, int64_t value)
{
    const char *own_name = strncmp(name, "http.", 5) == 0 ? name + 5 : name;

    for (size_t i = 0; i < LIMITS; i++) {
        const struct limit *limit = &limits_table[i];

        if (strcmp(limit->name, own_name) != 0)
            continue;
        if (value < limit->least || value > limit->most)
            return SERVER_LIMIT_OUT_OF_RANGE;
        *value_of(limits, limit) = value;
        return SERVER_LIMIT_OK;
    }
    return SERVER_LIMIT_UNKNOWN;
}
