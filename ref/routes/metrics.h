/* Counters and gauges, and their text for Prometheus (exposition format 0.0.4). Any thread may count. */
#ifndef REF_ROUTES_METRICS_H
#define REF_ROUTES_METRICS_H

#include "acp/acp.h"
#include "base/buffer.h"
#include "http/response.h"

#include <stdatomic.h>

enum { METRICS_ROUTES_MAX = 16 };

struct metrics {
    atomic_llong connections;  /* open ones */
    atomic_llong clients;      /* of these, subscribers of the event stream */
    atomic_llong queue_bytes;  /* of responses and events that the peers have not taken yet */
    atomic_llong rate_limited; /* requests */
    atomic_llong turned_away;  /* connections over the limit */
    atomic_llong dropped;      /* subscribers that fell behind */
    atomic_llong ended;        /* connections, and for how long they were open */
    atomic_llong ended_ms;
    atomic_llong requests[METRICS_ROUTES_MAX][RESPONSE_STATUSES];
};

void metrics_request(struct metrics *metrics, size_t route, int status);

/* Adds the text to out. sessions: the store's; those of the agent, and its clients, are counted with the server's.
 * route_name() gives the name of each route by its number, and NULL after the last. */
void metrics_write(const struct metrics *metrics, size_t sessions, const struct acp_gauges *agent,
                   const char *(*route_name)(size_t route), struct buffer *out);

#endif
