/* The HTTP server: sockets, threads and time. What a request means is routes' and policy's business.
 *
 * A connection may become a WebSocket (RFC 6455) and its peer a client of the agent behind the adapter.
 *
 * One thread owns all connections (epoll), so a slow or silent peer costs a structure and not a thread; a few more run
 * the routes, which block for the disk. Whatever arrives gets one well-formed answer or a clean end of the connection,
 * and after each protocol error the connection ends: nothing behind it is ever served. The most memory that peers can
 * make it hold is http.connections times http.body_bytes, and what their answers take; of a WebSocket client it is
 * ws.message_bytes twice, SERVER_INBOX_MAX_BYTES, and twice ws.queue_bytes. */
#ifndef REF_SERVER_SERVER_H
#define REF_SERVER_SERVER_H

#include "adapter/adapter.h"
#include "base/error.h"
#include "base/log.h"
#include "store/store.h"

/* Limits and time-outs, each settable by its name (server_limit_set) and with a default.
 *
 *   http.body_bytes     2000000  of a request's body; more: 413
 *   http.header_ms        10000  from a request's first byte to the end of its head; longer: 408
 *   http.body_ms          30000  from there to the end of its body; longer: 408
 *   http.idle_ms          60000  without a request; then the connection ends
 *   http.write_ms         30000  until the peer has taken a whole response, or a batch of events; then it is cut off
 *   http.linger_ms         2000  after the last response, for what the peer has still under way
 *   http.stop_ms           5000  for all that, once the server is to stop
 *   http.heartbeat_ms     30000  without an event, until a subscriber gets a heartbeat
 *   http.connections        800  at a time; more: 503
 *   http.threads              4  that run routes
 *   http.event_queue        256  events a subscriber may be behind; more: it is cut off
 *   http.rate_per_s           0  requests from one address; more: 429; 0: no limit
 *
 *   ws.message_bytes    4194304  of a message; more: closed, 1009
 *   ws.heartbeat_ms       30000  from a pong to the next ping
 *   ws.pong_ms            10000  for the pong; longer: closed, 1011
 *   ws.write_ms           30000  without taking a byte of what is there for it; then it is cut off
 *   ws.close_ms            2000  for the closing handshake as a whole; then it is cut off
 *   ws.clients …                 acp/acp.h: what the agent allows its clients */
struct server_limits {
    int64_t body_bytes;
    int64_t header_ms, body_ms, idle_ms, write_ms, linger_ms, stop_ms, heartbeat_ms;
    int64_t connections, threads, event_queue, rate_per_s;
    int64_t message_bytes, ws_heartbeat_ms, pong_ms, ws_write_ms, close_ms;
    struct acp_limits acp;
};

enum {
    SERVER_BODY_MAX_BYTES = 16 << 20, /* the most that http.body_bytes may be */
    SERVER_TIME_MAX_MS = 3600000,
    SERVER_CONNECTIONS_MAX = 100000,
    SERVER_TURNED_AWAY_MAX = 32,         /* connections beyond the limit that are told so; yet more are just closed */
    SERVER_MESSAGE_MAX_BYTES = 64 << 20, /* the most that ws.message_bytes may be */
    SERVER_INBOX_MAX_BYTES = 1 << 20,    /* of messages that wait to be handled; then nothing more is read from there */
    SERVER_LINGER_MAX_BYTES = 16 << 20,  /* discarded after the last response; then the connection is cut off */
};

struct server_limits server_limits_default(void);

enum server_limit_result { SERVER_LIMIT_OK, SERVER_LIMIT_UNKNOWN, SERVER_LIMIT_OUT_OF_RANGE };

/* Sets a limit by its name; "http." in front may be left out. Anything but SERVER_LIMIT_OK changes nothing. */
enum server_limit_result server_limit_set(struct server_limits *limits, const char *name, int64_t value);

/* Strings are copied; store, adapter and log.context must outlive the server. */
struct server_config {
    const char *address; /* numeric, IPv4 or IPv6 */
    int port;            /* 0: the kernel chooses one */
    struct store *store;
    struct adapter *adapter; /* NULL: there is no agent, and nothing at /ws */
    struct log log;
    const char *token;          /* routes/policy.h */
    bool local_only;            /* routes/policy.h */
    const char *const *origins; /* routes/policy.h */
    struct server_limits limits;
};

struct server;

enum server_result {
    SERVER_OK,
    SERVER_BAD_ADDRESS,
    SERVER_NO_PORT, /* it is in use, or may not be used */
    SERVER_SYSTEM,  /* no memory, descriptors or threads */
};

/* SERVER_OK: the server listens, and belongs to the caller until server_stop(). Else err says why. */
enum server_result server_start(const struct server_config *config, struct server **out, struct error *err);

int server_port(const struct server *server);

/* Closes every WebSocket with 1001, stops accepting, finishes the requests that are running, ends every connection
 * (http.stop_ms at most, then they are cut off), frees the server. Blocks for all that. */
void server_stop(struct server *server);

#endif
