/* What the parts of the server share; nobody else includes this. server/server.c starts and stops, server/loop.c waits
 * for sockets and time, server/connection.c is one connection's life, server/http1.c a request's turn on it.
 *
 * All of it belongs to the loop's thread, with two exceptions: the fields under `lock`, and, while a connection is
 * PHASE_RUNNING or PHASE_ABANDONED, what run_route() touches of it (request, body, response), which is then a pool
 * thread's. */
#ifndef REF_SERVER_SERVER_PRIVATE_H
#define REF_SERVER_SERVER_PRIVATE_H

#include "adapter/adapter.h"
#include "http/request.h"
#include "http/response.h"
#include "routes/event_hub.h"
#include "routes/metrics.h"
#include "routes/policy.h"
#include "routes/routes.h"
#include "server/pool.h"
#include "server/server.h"
#include "server/timers.h"

#include <sys/socket.h>

enum { SERVER_READ_BYTES = 64 << 10 }; /* at a time, so that every peer gets its turn */

/*   READING -> RUNNING -> WRITING -> READING …
 *                            |-----> STREAMING <-> WRITING
 *                            |-----> UPGRADED --.
 *                            '-----> LINGERING <'-> CLOSED
 * READING goes to WRITING directly when a request is refused. RUNNING goes to ABANDONED when the peer leaves, and from
 * there to CLOSED, once the route has answered; so does UPGRADED, until the agent knows of it. Every other phase may go
 * to CLOSED at any time. */
enum phase {
    PHASE_READING,   /* a request, or waits for one */
    PHASE_RUNNING,   /* a pool thread works on the request; nothing is read meanwhile */
    PHASE_ABANDONED, /* the same, but the peer has gone, and nobody will hear the answer */
    PHASE_WRITING,   /* what is in out */
    PHASE_STREAMING, /* waits for events */
    PHASE_UPGRADED,  /* a WebSocket: server/upgraded.c */
    PHASE_LINGERING, /* all is said; discards what the peer still sends, else a reset would overtake the answer */
    PHASE_CLOSED,    /* is freed at the end of the loop's round */
};

/* What comes after the response: what RFC 9112 9.3 and 9.6 call persistence and tear-down. */
enum then {
    THEN_NEXT_REQUEST, /* unless the server stops meanwhile */
    THEN_STREAM,       /* subscribed: events, until the peer leaves, falls behind, or the server stops */
    THEN_UPGRADE,      /* another protocol, in whatever bytes come next */
    THEN_END,          /* this response is the last */
};

enum timer_kind {
    TIMER_IDLE,
    TIMER_HEADER,
    TIMER_BODY,
    TIMER_WRITE,
    TIMER_LINGER,
    TIMER_HEARTBEAT,
    TIMER_PING,  /* of a WebSocket: until the next one */
    TIMER_PONG,  /* until it must have come */
    TIMER_CLOSE, /* until the closing handshake must be over */
    TIMER_STALL, /* until the peer must have taken something; this one is upgraded->stall */
    TIMER_KINDS,
};

struct connection {
    struct timer timer;  /* first, so that a timer's address is its connection's */
    struct pool_job job; /* while PHASE_RUNNING, PHASE_ABANDONED, or upgraded->working */
    struct server *server;
    struct connection *previous, *next; /* of all open ones */
    struct connection *after;           /* in the list of finished jobs, or of closed connections */
    uint64_t id;                        /* for the log */
    int64_t opened_ms;
    int fd;
    uint32_t interest; /* what epoll watches for */
    enum phase phase;
    enum timer_kind timer_kind;
    struct sockaddr_storage peer;

    struct http_decoder decoder;
    struct buffer in;   /* received and not decoded yet; at most SERVER_READ_BYTES */
    struct buffer body; /* of the request */
    size_t route;
    struct response response;
    bool refused; /* the head was enough to see: the body is discarded, the response is ready */
    enum then then;

    struct buffer out;
    size_t sent; /* of out */
    size_t lingered_bytes;
    uint64_t cursor;           /* while THEN_STREAM: the next event wanted */
    struct upgraded *upgraded; /* from the 101 on */
};

struct server {
    struct server_limits limits;
    struct log log;
    struct policy policy;
    struct event_hub hub;
    struct metrics metrics;
    struct routes routes;
    struct adapter *adapter;
    struct pool *pool;
    pthread_t thread;
    int port;

    int epoll, listener, wake;
    int64_t now_ms;          /* when this round began */
    int64_t accept_again_ms; /* accepting is suspended until then; 0: it is not */
    int64_t stop_ms;         /* when patience ends; 0: nobody has asked to stop */
    struct timers timers[TIMER_KINDS];
    struct connection *connections, *closed;
    int64_t connection_count;
    uint64_t next_id;
    uint64_t events_seen; /* the hub's end when subscribers were last told */
    char scratch[SERVER_READ_BYTES];

    pthread_mutex_t lock;
    struct connection *finished; /* their jobs are; under lock */
    struct upgraded *told;       /* of them the agent wants something; under lock */
    bool stop_asked;             /* under lock */
};

/* The loop's thread: ends when it was asked to stop and the last connection is closed. */
void *server_loop(void *argument);

/* The connection's job is done: the loop goes on with it. A thread of the pool. */
void server_take_back(struct connection *connection);

/* Wakes the loop; any thread. */
void server_wake(struct server *server);

/* Makes the descriptor a connection, which owns it from now on. turned_away: there are too many, and that is all it
 * will hear. */
void connection_open(struct server *server, int fd, const struct sockaddr_storage *peer, bool turned_away);

/* epoll has events for it. */
void connection_ready(struct connection *connection);

/* Its timer has ended. */
void connection_timeout(struct connection *connection);

/* The peer has taken nothing for too long. */
void connection_stalled(struct connection *connection);

/* Its route has answered, or the agent has heard its messages. */
void connection_answered(struct connection *connection);

/* The agent wants something of it. */
void connection_told(struct connection *connection);

/* There are new events, which concerns subscribers. */
void connection_notify(struct connection *connection);

/* The server is about to stop; with `now`, this moment. A running route is waited for all the same. */
void connection_stop(struct connection *connection, bool now);

/* For server/http1.c. The connection has one timer; it ends that kind's duration from now. */
void connection_set_timer(struct connection *connection, enum timer_kind kind);

/* Which of epoll's events are waited for; 0: none but a reset. */
void connection_watch(struct connection *connection, uint32_t interest);

void connection_log(struct connection *connection, enum log_level level, const char *event, const char *reason);

/* What is in out goes to the peer. If out has failed, the connection is closed instead. */
void connection_begin_writing(struct connection *connection);

/* server/http1.c, for server/connection.c. Each may leave the connection in another phase. */

/* Waits for the next request. What the last one needed is freed: an idle connection is a structure and no more. */
void http1_begin_request(struct connection *connection);

/* Decodes what has come, up to the end of one request; what is behind it waits for its turn. */
void http1_decode(struct connection *connection);

/* Sends connection->response; the request is done with. */
void http1_respond(struct connection *connection);

/* Answers with an error and ends the connection: nobody knows where the next request would begin. */
void http1_refuse(struct connection *connection, enum log_level level, int status, const char *reason);

/* The peer has taken all of out: goes on with what comes then. */
void http1_written(struct connection *connection);

#endif
