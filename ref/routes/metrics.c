/* Counting requests, and all numbers as text. */
#include "routes/metrics.h"

void metrics_request(struct metrics *metrics, size_t route, int status)
{
    metrics->requests[route][response_status_index(status)]++;
}

static void write_one(struct buffer *out, const char *type, const char *name, long long value)
{
    buffer_add_format(out, "# TYPE %s %s\n%s %lld\n", name, type, name, value);
}

static void write_seconds(const struct metrics *metrics, struct buffer *out)
{
    long long ms = metrics->ended_ms;

    buffer_add_format(out, "# TYPE assay_connection_seconds summary\nassay_connection_seconds_sum %lld.%03lld\n",
                      ms / 1000, ms % 1000);
    buffer_add_format(out, "assay_connection_seconds_count %lld\n", (long long)metrics->ended);
}

void metrics_write(const struct metrics *metrics, size_t sessions, const struct acp_gauges *agent,
                   const char *(*route_name)(size_t route), struct buffer *out)
{
    write_one(out, "gauge", "assay_connections", metrics->connections);
    write_one(out, "gauge", "assay_clients", metrics->clients + agent->clients);
    write_one(out, "gauge", "assay_sessions", (long long)sessions + agent->sessions);
    write_one(out, "gauge", "assay_queue_bytes", metrics->queue_bytes + agent->queue_bytes);
    write_one(out, "counter", "assay_rate_limited_total", metrics->rate_limited + agent->rate_limited_total);
    write_one(out, "counter", "assay_turned_away_total", metrics->turned_away);
    write_one(out, "counter", "assay_dropped_total", metrics->dropped);
    write_one(out, "gauge", "assay_pending_calls", agent->pending_calls);
    write_one(out, "counter", "assay_discoveries_total", agent->discoveries_total);
    write_seconds(metrics, out);
    buffer_add_text(out, "# TYPE assay_requests_total counter\n");
    for (size_t route = 0; route_name(route); route++) {
        for (size_t status = 0; status < RESPONSE_STATUSES; status++) {
            long long count = metrics->requests[route][status];
            if (count > 0)
                buffer_add_format(out, "assay_requests_total{route=\"%s\",status=\"%d\"} %lld\n", route_name(route),
                                  response_status(status), count);
        }
    }
}
