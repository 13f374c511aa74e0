/* What the files of ws/rpc.h share: a client, its calls, and what has come for it. */
#ifndef ASSAY_WS_RPC_PRIVATE_H
#define ASSAY_WS_RPC_PRIVATE_H

#include "base/text.h"
#include "wire/jsonrpc.h"
#include "ws/rpc.h"

enum { WS_NULLS_MAX = 64, WS_IDS_EACH = 1000000, WS_MESSAGE_SENT_MAX_BYTES = 72 << 20 };

struct ws_sent_call {
    char *id; /* JSON text, of one that is not its number; or NULL */
    int64_t sent_ns;
    bool answered;
    const struct json *document; /* the answer, until it is waited for */
};

/* What has come of a session. */
struct ws_view {
    char *sid;
    size_t count;
    struct text said, heard;
    const struct json **documents; /* WS_UPDATES_KEPT_MAX at most: whole messages */
    size_t kept, kept_room, kept_bytes;
};

/* A request of the agent's. */
struct ws_request_in {
    const struct json *document; /* NULL: it has been answered */
    size_t method;               /* of enum ws_method; WS_METHODS: another one */
};

struct ws_client {
    struct ws_client *next;
    struct ws_target *server;
    struct ws_peer *peer; /* NULL: it has left */
    bool ended;           /* the connection will bring no more */
    struct ws_event end;
    struct ws_sent_call *calls; /* call n is calls[n - 1] */
    size_t call_count, call_room;
    int64_t base; /* the id of call n is base + n: no two clients share one */
    bool has_other_ids;
    const struct json *current;     /* of the last reply that was waited for */
    const struct json *initialized; /* a whole message; NULL: not yet */
    const struct json *nulls[WS_NULLS_MAX];
    size_t null_count;
    struct ws_view *views;
    size_t view_count, view_room, update_count;
    struct ws_request_in *asked; /* request n is asked[n - 1] */
    size_t asked_count, asked_room, asked_open;
    size_t times[WS_METHODS];
    const char *always[WS_METHODS];
    struct text summary;
};

/* Reads the next message, and keeps it where it belongs. False: there is none, `end` says why. */
bool ws_client_read(struct ws_client *client, int64_t deadline_ns);

/* Keeps what a notification or a request brings; true: the document is kept, and not to be freed. */
bool ws_client_take_update(struct ws_client *client, const struct jsonrpc *message);
bool ws_client_take_asked(struct ws_client *client, const struct jsonrpc *message);

/* Sends a message of the client's; one that has left is a defect of the room. */
void ws_client_send(struct ws_client *client, const struct text *message);

void ws_client_free_views(struct ws_client *client);
void ws_client_free_asked(struct ws_client *client);
void ws_client_free_sessions(void); /* of all clients */

#endif
