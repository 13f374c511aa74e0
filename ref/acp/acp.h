/* The Agent Client Protocol (ACP, version 1) between one agent and many clients, as a core without I/O, threads or
 * clock: what clients send and what time it is go in, actions come out. So it can be fuzzed, and stepped by hand
 * through a race.
 *
 *     acp_join() · acp_receive() · acp_taken() · acp_leave() · acp_tick()  ->  acp_take_actions(), acp_wake_ms()
 *
 * After any of the calls on the left, ask for both on the right. Not thread-safe: whoever runs it holds one lock around
 * every call. Nothing here blocks, and no call does more than a bounded piece of work. Times are milliseconds of any
 * clock that never goes back. Memory is bounded by the limits whatever clients do.
 *
 * A session belongs to the client that made it, and every method asks whether it is the caller's; for anybody else a
 * session that exists and one that does not look the same. When its owner has gone, the session waits for whoever shows
 * its resume token (session/resume, session/load), and is swept when nobody does. */
#ifndef REF_ACP_ACP_H
#define REF_ACP_ACP_H

#include "acp/agent.h"
#include "base/log.h"

#include <stddef.h>
#include <stdint.h>

/* None of them may be negative; rate_per_s may be 0, the others may not. */
struct acp_limits {
    int64_t clients;     /* ws.clients       at a time; more: acp_join() says ACP_FULL */
    int64_t sessions;    /* ws.sessions      of all clients, those that wait for their owner included; more: an error */
    int64_t in_flight;   /* ws.in_flight     prompts and loads of a client under way; more: an error */
    int64_t rate_per_s;  /* ws.rate_per_s    messages of a client within a second; more: an error; 0: any number */
    int64_t idle_ms;     /* ws.idle_ms       without a message and without a prompt under way: ACP_CLOSE, 1000 */
    int64_t request_ms;  /* ws.request_ms    for the answer to a call to the client */
    int64_t long_ms;     /* ws.long_ms       for a turn as a whole; longer: an error */
    int64_t grace_ms;    /* ws.grace_ms      a session waits for its owner to come back */
    int64_t queue_bytes; /* ws.queue_bytes   emitted for a client and not yet taken: above, its turns pause, and when as
                            much again was answered meanwhile: ACP_CLOSE, 1013. Also of its prompts under way */
    int64_t history_bytes; /* ws.history_bytes of a session, kept for session/load; the oldest turns go first */
};

struct acp_limits acp_limits_default(void);

enum {
    ACP_VERSION = 1,
    ACP_CWD_MAX_BYTES = 4096,
    ACP_ID_MAX_BYTES = 64 << 10, /* of a request, as JSON text; a longer one is answered with id null */
    ACP_PAGE_SESSIONS = 10,      /* of session/list */
};

/* Codes of errors that are the protocol's, and ours. */
enum acp_code {
    ACP_CANCELLED_CODE = -32800,  /* by $/cancel_request, or because the turn took longer than long_ms */
    ACP_NO_SESSION_CODE = -32002, /* unknown, or somebody else's: the protocol's "resource not found" */
    ACP_NOT_NOW_CODE = -32010,    /* initialize missing or repeated; a turn is running */
    ACP_IN_FLIGHT_CODE = -32011,  /* over in_flight, or queue_bytes of prompts */
    ACP_RATE_CODE = -32012,       /* over rate_per_s */
    ACP_SESSIONS_CODE = -32013,   /* over sessions */
};

enum acp_action_kind { ACP_SEND, ACP_CLOSE };

struct acp_action {
    struct acp_action *next;
    enum acp_action_kind kind;
    uint64_t client;
    int code; /* ACP_CLOSE: of a WebSocket (RFC 6455 7.4.1): 1000 idle, 1001 stopping, 1011 no memory, 1013 too slow */
    char *text; /* ACP_SEND: one JSON-RPC message on one line, without newline. ACP_CLOSE: the reason, ASCII */
    size_t bytes;
};

enum acp_result { ACP_OK, ACP_FULL, ACP_NO_MEMORY };

struct acp;

/* NULL: no memory. limits is copied; agent, agent_context and log must outlive it. */
struct acp *acp_new(const struct acp_limits *limits, const struct agent_ops *agent, void *agent_context,
                    const struct log *log);

/* Ends every session, sends nothing any more. */
void acp_free(struct acp *acp);

/* A client is there; *id is its own, never used before or again. ACP_FULL: over the limit, or stopping (close 1013).
 * ACP_NO_MEMORY: close 1011. Either way nothing is left behind. */
enum acp_result acp_join(struct acp *acp, int64_t now_ms, uint64_t *id);

/* The client may be silent for as long as it likes: idle_ms is not for it. So is whoever started this program. */
void acp_keep(struct acp *acp, uint64_t id);

/* Does it wait for the answer to a prompt? Everything else is answered at once. */
bool acp_is_busy(const struct acp *acp, uint64_t id);

/* One message of the client, whole. Ids of clients that have left are ignored. */
void acp_receive(struct acp *acp, uint64_t id, const char *message, size_t bytes, int64_t now_ms);

/* The client has gone: its calls are aborted, its turns cancelled, its sessions wait for it (grace_ms). Twice is
 * harmless; a client for which ACP_CLOSE was emitted has left by that. */
void acp_leave(struct acp *acp, uint64_t id, int64_t now_ms);

/* The peer has taken that many bytes of what ACP_SEND gave it. */
void acp_taken(struct acp *acp, uint64_t id, size_t bytes, int64_t now_ms);

/* Is more emitted for the client than queue_bytes? Who reads nothing more from it until it has taken some spares it the
 * close. */
bool acp_is_behind(const struct acp *acp, uint64_t id);

/* When acp_tick() will have something to do, the past included; INT64_MAX: nothing. */
int64_t acp_wake_ms(const struct acp *acp);

/* Does what time brings about: the agent's work, time-outs, the sweep. Bounded work a call; ask acp_wake_ms() again. */
void acp_tick(struct acp *acp, int64_t now_ms);

/* What is to be done now, in order; the list belongs to the caller (acp_action_free() for each). NULL: nothing. */
struct acp_action *acp_take_actions(struct acp *acp);
void acp_action_free(struct acp_action *action);

/* Shutting down: calls are aborted, prompts answered as cancelled, and every client is closed with 1001. */
void acp_stop(struct acp *acp, int64_t now_ms);

/* For /metrics. */
struct acp_gauges {
    int64_t clients, sessions, pending_calls;
    int64_t queue_bytes;        /* emitted for clients that are there, and not taken yet */
    int64_t discoveries_total;  /* begun */
    int64_t rate_limited_total; /* messages over rate_per_s or in_flight */
};

struct acp_gauges acp_gauges(const struct acp *acp);

#endif
