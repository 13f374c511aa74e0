/* What the files of this folder share. Each file calls only those above it in this list:
 *
 *   acp_write    actions: answers, updates, closes
 *   acp_history  what was said in a session
 *   acp_calls    calls to the client, and their answers
 *   acp_turn     a prompt from its arrival to its answer
 *   acp_session  sessions: whose they are, how they change hands and end
 *   acp_client   clients: they come, keep to the limits, and go
 *   acp_params   parameters of methods
 *   acp_methods, acp_resume   the methods
 *   acp          the way in
 *
 * Nothing is freed under the feet of who uses it: a client that has to go is doomed, and goes at the end of the call
 * (acp_clients_reap). Lists are those of queue(3). */
#ifndef REF_ACP_ACP_PRIVATE_H
#define REF_ACP_ACP_PRIVATE_H

#include "acp/acp.h"
#include "base/token.h"
#include "rpc/jsonrpc.h"

#include <sys/queue.h>

enum {
    ACP_MESSAGE_MAX_BYTES = 8 << 20, /* emitted: a chunk, each byte of it escaped */
    ACP_REASON_BYTES = 32,
    ACP_BUCKETS = 1024,
    ACP_MOVES_MAX = 16,    /* of a turn, before others have their go */
    ACP_TURNS_A_TICK = 64, /* that make moves */
    ACP_SWEEP_A_TICK = 64, /* sessions */
};

enum acp_call_kind { ACP_READ_CALL, ACP_PERMISSION_CALL };

/* A call to a client that is not answered yet. It is found among the calls of its client and nowhere else. */
struct acp_call {
    LIST_ENTRY(acp_call) link;
    struct acp_client *client;
    struct acp_turn *turn;
    enum acp_call_kind kind;
    char id[TOKEN_UUID_BYTES];
    int64_t due_ms;
};

struct acp_turn {
    TAILQ_ENTRY(acp_turn) in_session; /* the first one of a session runs, the others wait */
    TAILQ_ENTRY(acp_turn) in_running; /* of all sessions, in the order in which they have their go */
    struct acp_session *session;
    char *id; /* of the request, as JSON text */
    size_t id_bytes;
    struct agent_turn agent;
    char *text;
    struct acp_call *call; /* NULL: none under way */
    char *answer_text;
    bool is_load;                 /* session/load: no agent, the history is replayed */
    const struct acp_chunk *next; /* to be replayed */
    bool begun;                   /* prompt() was called */
    int64_t due_ms;
    int64_t deadline_ms;
};

struct acp_chunk {
    TAILQ_ENTRY(acp_chunk) link;
    bool of_user; /* begins a turn */
    size_t bytes;
    char text[];
};

struct acp_history {
    TAILQ_HEAD(, acp_chunk) chunks;
    int64_t bytes; /* with what a chunk costs besides its text */
};

struct acp_session {
    LIST_ENTRY(acp_session) in_bucket;
    TAILQ_ENTRY(acp_session) in_owner; /* of the owner's sessions, or of those that wait, first to go first */
    char id[TOKEN_UUID_BYTES];
    uint64_t number; /* counts up: the order of session/list */
    unsigned char digest[TOKEN_DIGEST_BYTES];
    char *cwd;
    struct acp_client *owner; /* NULL: it waits for one */
    int64_t expires_ms;       /* while it waits */
    bool greeted;
    bool discovering, discovered;
    struct agent_session agent;
    struct acp_history history;
    TAILQ_HEAD(, acp_turn) turns;
};

TAILQ_HEAD(acp_session_list, acp_session);

struct acp_client {
    TAILQ_ENTRY(acp_client) link;
    uint64_t id;
    bool initialized;
    bool is_kept;
    bool can_read; /* its clientCapabilities */
    struct acp_session_list sessions;
    LIST_HEAD(, acp_call) calls;
    int64_t active_ms; /* when it was last heard, or a prompt of it was answered */
    int64_t in_flight, prompt_bytes;
    int64_t queue_bytes;
    int64_t overdue_bytes;              /* emitted while the queue was over its limit */
    int64_t second_ms, second_messages; /* the rate */
    int64_t malformed;
    int doom_code; /* 0: it may stay */
    const char *doom_reason;
    struct acp_action *close;
};

struct acp {
    struct acp_limits limits;
    const struct agent_ops *agent;
    void *agent_context;
    const struct log *log;
    TAILQ_HEAD(, acp_client) clients;
    TAILQ_HEAD(acp_turn_list, acp_turn) running;
    struct acp_session_list waiting;
    LIST_HEAD(, acp_session) buckets[ACP_BUCKETS];
    struct acp_action *first_action, *last_action;
    uint64_t last_client, last_session;
    unsigned char key[TOKEN_KEY_BYTES]; /* of cursors */
    struct acp_gauges gauges;
    bool stopping;
};

/* ---- acp_write.c ---- */

/* Answers a request. The result is JSON and is freed; a failed one is answered as an internal error. */
void acp_reply(struct acp *acp, struct acp_client *client, struct json_span id, struct buffer *result);
void acp_reply_text(struct acp *acp, struct acp_client *client, struct json_span id, const char *json);

/* detail goes into the error's data; NULL: no data. */
void acp_refuse(struct acp *acp, struct acp_client *client, struct json_span id, int code, const char *message,
                const char *detail);

/* A session/update with a chunk of the conversation, for the session's owner. */
void acp_update(struct acp *acp, const struct acp_session *session, bool of_user, const char *text, size_t bytes);

/* A request of ours; params is JSON and is freed. */
void acp_request(struct acp *acp, struct acp_client *client, const char *id, const char *method, struct buffer *params);

void acp_emit(struct acp *acp, struct acp_action *action);
void acp_doom(struct acp_client *client, int code, const char *reason);

/* ---- acp_history.c ---- */

void acp_history_add(struct acp *acp, struct acp_history *history, bool of_user, const char *text, size_t bytes);
void acp_history_free(struct acp_history *history);

/* ---- acp_calls.c ---- */

/* Calls the owner of the turn's session. False: no memory or no random numbers, and nothing was sent. */
bool acp_call_begin(struct acp *acp, struct acp_turn *turn, enum acp_call_kind kind, const char *text, size_t bytes,
                    int64_t now_ms);

/* Takes an answer, if it is one to a call of this client; then the turn may go on. False: it is not. */
bool acp_call_answer(struct acp *acp, struct acp_client *client, const struct jsonrpc_message *message, int64_t now_ms);

/* Forgets the turn's call, if there is one, and logs why. */
void acp_call_abort(struct acp *acp, struct acp_turn *turn, const char *why);

/* Calls that were not answered in time: their turns go on without. */
void acp_calls_expire(struct acp *acp, struct acp_client *client, int64_t now_ms);

/* ---- acp_turn.c ---- */

/* Why turns end before their time. */
enum acp_turn_end {
    ACP_TURN_CANCELLED,   /* session/cancel and its like: answered with a stop reason */
    ACP_TURN_CALLED_BACK, /* $/cancel_request: answered with an error */
    ACP_TURN_TOO_LONG,
    ACP_TURN_LEFT, /* nobody is there to be answered */
};

/* A session/prompt: it runs at once if the session has no other, and makes its first move at the next tick. The text is
 * freed. text NULL: a session/load, which replays what was said. client is the session's owner, or will be before that
 * tick. False: over a limit, or no memory; the request is refused already. */
bool acp_turn_add(struct acp *acp, struct acp_client *client, struct acp_session *session, struct json_span id,
                  char *text, size_t bytes, int64_t now_ms);

void acp_turn_stop(struct acp *acp, struct acp_turn *turn, enum acp_turn_end end, int64_t now_ms);

/* All of a session, those that wait included. Returns how many that were. */
int acp_turns_stop(struct acp *acp, struct acp_session *session, enum acp_turn_end end, int64_t now_ms);

/* Each of those that can go on makes some moves, and those that take too long end. */
void acp_turns_run(struct acp *acp, int64_t now_ms);
int64_t acp_turns_wake_ms(const struct acp *acp);

/* ---- acp_session.c ---- */

/* NULL: no memory or no random numbers. token becomes the resume token. */
struct acp_session *acp_session_new(struct acp *acp, struct acp_client *owner, char *cwd, char token[TOKEN_TEXT_BYTES]);
struct acp_session *acp_session_find(struct acp *acp, struct json_span id);

/* The owner has gone, and the session waits; or somebody who may have it takes it over. */
void acp_session_wait(struct acp *acp, struct acp_session *session, int64_t now_ms);
void acp_session_adopt(struct acp *acp, struct acp_session *session, struct acp_client *owner);

/* Ends a session, with all that is in it, and frees it. */
void acp_session_end(struct acp *acp, struct acp_session *session, int64_t now_ms);

/* Ends sessions that have waited too long. */
void acp_sessions_sweep(struct acp *acp, int64_t now_ms);

/* ---- acp_client.c ---- */

struct acp_client *acp_client_find(const struct acp *acp, uint64_t id);

/* Is this one message more than it may send? */
bool acp_client_is_too_fast(struct acp *acp, struct acp_client *client, int64_t now_ms);

/* A client goes: its sessions wait. Frees it. */
void acp_client_end(struct acp *acp, struct acp_client *client, int64_t now_ms);

/* Sends those away that are doomed. */
void acp_clients_reap(struct acp *acp, int64_t now_ms);

/* Time-outs of clients and of calls to them. */
void acp_clients_expire(struct acp *acp, int64_t now_ms);
int64_t acp_clients_wake_ms(const struct acp *acp);

/* ---- acp_params.c, acp_methods.c, acp_resume.c ---- */

/* What a method works on. */
struct acp_work {
    struct acp *acp;
    struct acp_client *client;
    struct json_span id, params;
    int64_t now_ms;
};

/* Each answers for itself if it returns false. */
bool acp_param_text(const struct acp_work *work, const char *name, struct json_span *text);
bool acp_param_session(const struct acp_work *work, struct acp_session **session);
bool acp_param_cwd(const struct acp_work *work, char **cwd);
bool acp_param_servers(const struct acp_work *work);
void acp_bad_params(const struct acp_work *work, const char *why);

void acp_session_load(const struct acp_work *work);
void acp_session_resume(const struct acp_work *work);
void acp_session_list(const struct acp_work *work);

struct acp_method {
    const char *name;
    bool is_notification;
    void (*serve)(const struct acp_work *work);
};

extern const struct acp_method acp_methods[]; /* ends with a name of NULL */

#endif
