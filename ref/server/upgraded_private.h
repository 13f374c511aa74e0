/* A connection after its upgrade to a WebSocket (RFC 6455): a client of the agent.
 *
 * The loop's thread reads frames, answers pings, and writes; it never waits for the agent. Messages go to the pool as
 * one job at a time (struct upgraded_work), which tells the adapter, in order: the client has come, has taken so much,
 * says this and this, has gone. What the agent wants comes by any thread into the list `told`. So an answer to the
 * agent's own call is heard while a prompt is under way, and a slow client costs memory up to a limit, and no thread.
 *
 * An end has three steps, whoever begins it: what the peer has said is heard and the client has left the agent; what
 * there is for the peer is sent; the closing handshake (7.1). ws.close_ms is the time for all of them. */
#ifndef REF_SERVER_UPGRADED_PRIVATE_H
#define REF_SERVER_UPGRADED_PRIVATE_H

#include "server/server_private.h"
#include "websocket/write.h"

enum { UPGRADED_BATCH = 32 /* messages in a job */ };

/* A message of the peer. */
struct upgraded_message {
    struct upgraded_message *next;
    size_t bytes;
    char text[];
};

/* What a job does; the job's, while upgraded->working. */
struct upgraded_work {
    bool join;
    enum acp_result joined; /* after it */
    size_t taken_bytes;
    struct upgraded_message *messages; /* after it: those that the agent did not take, since the client is behind */
    size_t heard_bytes;                /* after it: of the inbox */
    bool leave;
    bool left; /* after it */
};

struct upgraded {
    struct adapter_client client; /* first, so that a client's address is its own */
    struct connection *connection;
    struct timer stall;

    /* from the peer */
    struct websocket_decoder decoder;
    struct upgraded_message *inbox, **inbox_end;
    size_t inbox_bytes; /* those of the job included */
    bool peer_is_done;  /* it has closed, or broken the rules: nothing it sends means anything */

    /* the job */
    struct upgraded_work work;
    bool working;
    bool left; /* the agent does not know the client, and never will again */

    /* to the peer */
    struct acp_action *queue, **queue_end;
    size_t queue_bytes; /* texts of the queue and the one that is being sent */
    size_t taken_bytes; /* texts that were sent, and the agent has not heard of it */
    struct buffer frame;
    size_t frame_sent;
    enum websocket_opcode frame_opcode;
    size_t frame_text_bytes; /* of the action whose frame it is */
    bool is_blocked;         /* the socket takes nothing now */
    bool ping_is_due;
    bool pong_is_owed; /* for the latest ping: who sends more than it reads gets no more (5.5.3) */
    char pong[WEBSOCKET_CONTROL_MAX_BYTES];
    size_t pong_bytes;
    bool is_closing;
    bool close_is_sent;
    int close_code;
    char close_reason[WEBSOCKET_REASON_MAX_BYTES + 1];

    /* under server->lock */
    struct acp_action *told, **told_end;
    struct upgraded *next_told;
    bool is_told; /* it is in server->told */
};

/* server/upgrade.c: judges the head of a request for /ws. True: response is the 101. Else it says why not. */
bool upgrade_judge(const struct adapter *adapter, const struct http_request *request, struct response *response);

/* Makes connection->upgraded. False: no memory. */
bool upgraded_new(struct connection *connection);

/* NULL is nobody. */
void upgraded_free(struct upgraded *upgraded);

/* The 101 is out: from now on all is frames, those that came with the request too. */
void upgraded_begin(struct connection *connection);

/* There is something to read, or an end to be seen. */
void upgraded_receive(struct connection *connection);

/* Does what can be done now. */
void upgraded_advance(struct connection *connection);

/* A job is done. Also for connections that were dropped meanwhile. */
void upgraded_heard(struct connection *connection);

/* The agent has put something into `told`. */
void upgraded_told(struct connection *connection);

/* It is time for a ping, or the pong has not come. */
void upgraded_heartbeat(struct connection *connection);

/* The socket is of no use any more. The connection ends as soon as the agent knows. */
void upgraded_drop(struct connection *connection, const char *reason);

/* The server is about to stop; with `now`, this moment. */
void upgraded_stop(struct connection *connection, bool now);

struct upgraded *upgraded_of_stall(struct timer *stall);

/* server/upgraded_out.c: sends what there is, each frame with one send(2). May drop the connection. */
void upgraded_write(struct connection *connection);

/* Puts it at the end of the queue, which owns it then. */
void upgraded_add(struct upgraded *upgraded, struct acp_action *action);

/* Frees what is still to be sent. */
void upgraded_clear(struct upgraded *upgraded);

/* Is a frame half sent? NULL is nobody. */
bool upgraded_is_sending(const struct upgraded *upgraded);

#endif
