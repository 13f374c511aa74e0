/* The table of limits: name, range and default of each. */
#include "server/server.h"

#include "routes/event_hub.h"
#include "server/policy.h"
#include "server/pool.h"

#include <stddef.h>
#include <string.h>

static const struct limit {
    const char *name;
    size_t offset;
    int64_t least, most, normal;
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
};

enum { LIMITS = sizeof limits_table / sizeof *limits_table };

static int64_t *value_of(struct server_limits *limits, const struct limit *limit)
{
    return (int64_t *)(void *)((char *)limits + limit->offset);
}

struct server_limits server_limits_default(void)
{
    struct server_limits limits;

    for (size_t i = 0; i < LIMITS; i++)
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
