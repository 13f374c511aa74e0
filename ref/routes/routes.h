/* What the server serves. Bodies and answers are JSON; every error is {"error":"<name>"}.
 *
 *   POST   /session               {title?, metadata?}   {"session_id"}
 *   GET    /session                                     {"sessions":[{"session_id"},…]}
 *   GET    /session/{id}                                {"session_id","metadata"}
 *   PATCH  /session/{id}          {title?, metadata?}   {"session_id","metadata"}; members replace those of that name
 *   DELETE /session/{id}                                {"session_id"}
 *   GET    /session/{id}/events?after=N&limit=N         {"session_id","events":[…]}; the first 12 MiB, then ask on
 *   POST   /session/{id}/message  {text}                {"session_id","seq"}; appends a user.message
 *   POST   /tui/append-prompt     {text, session_id?}   the same; without session_id in a new session
 *   GET    /event                 Server-Sent Events: {"type":"server.connected"}, then for each message appended
 *                                 {"type":"session.event","session_id","seq","event"}, and {"type":"server.heartbeat"}
 *   GET    /ws, /acp              the Agent Client Protocol on a WebSocket, where there is an agent
 *   GET    /health                {"status":"ok"}
 *   GET    /metrics               Prometheus text
 *
 * Where the server asks for a token (routes/policy.h), every path does. HEAD is GET without a body. Members that are
 * not named above are ignored.
 *
 *   400 invalid_json        the body is not JSON (json/check.h) or empty: judged before the session is sought
 *   400 invalid_request     JSON of another shape, or a bad query
 *   400 invalid_session_id  not 32 lower-case hexadecimal digits
 *   404 not_found           no such session or path
 *   405 method_not_allowed  with Allow
 *   413 payload_too_large   the store takes no event of that size
 *   500 internal            the store failed; the log says how */
#ifndef REF_ROUTES_ROUTES_H
#define REF_ROUTES_ROUTES_H

#include "adapter/adapter.h"
#include "base/log.h"
#include "http/request.h"
#include "http/response.h"
#include "routes/event_hub.h"
#include "routes/metrics.h"
#include "store/store.h"

enum {
    ROUTES = 13,
    ROUTES_NONE = ROUTES, /* the number of requests that have no route */
    ROUTES_LOCKS = 16,
    ROUTES_PATH_ID_BYTES = STORE_SID_BYTES + 1, /* of an {id}; a longer one is cut off, which leaves it malformed */
};

struct routes {
    struct store *store;
    const struct log *log;
    struct event_hub *hub;
    struct metrics *metrics;
    struct adapter *adapter;
    /* Of one session, or of a few that share a lock, one event at a time is appended and published: so subscribers
     * see a session's events in the order of their numbers. */
    pthread_mutex_t order[ROUTES_LOCKS];
};

/* All that is passed in must outlive the routes; adapter may be NULL. */
void routes_init(struct routes *routes, struct store *store, const struct log *log, struct event_hub *hub,
                 struct metrics *metrics, struct adapter *adapter);
void routes_destroy(struct routes *routes);

/* A request on its way to its answer. */
struct routes_call {
    struct routes *routes;
    const struct http_request *request;
    char id[ROUTES_PATH_ID_BYTES]; /* of the path, unchecked; "" where it has none */
    const char *body;
    size_t body_bytes;
    struct response *response;
};

/* Finds the route; its number counts requests in the metrics. 0: found. 404, 405: not, the response is filled in, and
 * the number is ROUTES_NONE. Does not block. */
int routes_find(const struct http_request *request, struct response *response, size_t *route);

/* Is the route one whose requests are answered by another protocol? Then routes_answer() is not for it. */
bool routes_is_upgrade(size_t route);

/* Answers a request whose route was found. Blocks for the store: a thread of the pool. */
void routes_answer(struct routes *routes, size_t route, const struct http_request *request, const char *body,
                   size_t body_bytes, struct response *response);

#endif
