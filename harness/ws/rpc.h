/* A client of the WebSocket adapter: a connection that speaks JSON-RPC, has initialized, and has sessions.
 *
 *     struct ws_client *a = ws_join(server), *b = ws_join(server);
 *     const char *sid = ws_new_session(a);
 *     ws_expect_error(ws_prompt_and_wait(b, sid, ws_prompt(server, "echo", "x")), 0);
 *     ws_expect_nothing_for(b, sid);
 *
 * Answers are matched to calls by their ids; whatever else comes while one is waited for is kept: updates with their
 * session, requests of the agent until they are answered. What no server may send FAILs the case wherever it is met: a
 * message that is not JSON or not JSON-RPC 2.0 (wire/jsonrpc.h), a binary one, a second answer to a call, an answer to
 * no call. Updates of another's session do not, for whether they are allowed is the room's question.
 *
 * Every wait has a deadline (WS_WAIT_MS, scaled); what is kept is bounded, and counted beyond. Clients, ids of sessions
 * and tokens live until the case is over, also when their connections have ended. One thread uses them. */
#ifndef ASSAY_WS_RPC_H
#define ASSAY_WS_RPC_H

#include "json/json.h"
#include "ws/dialect.h"
#include "ws/peer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WS_CALLS_MAX = 1 << 18,          /* of a client */
    WS_SAID_MAX_BYTES = 8 << 20,     /* of text, kept of each session */
    WS_UPDATES_KEPT_MAX = 4096,      /* of each session, as JSON */
    WS_UPDATES_KEPT_BYTES = 8 << 20, /* of each session */
    WS_ASKED_MAX = 4096,             /* requests of the agent that nobody has answered */
};

struct ws_client;

/* --- coming and going --- */

/* Dials and initializes, with the capabilities to read and write text files; whatever goes wrong FAILs the case. With
 * ws_join_as() the capabilities are those, as JSON text: "{}". */
struct ws_client *ws_join(struct ws_target *server);
struct ws_client *ws_join_as(struct ws_target *server, const char *capabilities);

/* The same over a connection that the room has dialled, which is the client's from now on. */
struct ws_client *ws_join_over(struct ws_target *server, struct ws_peer *peer);

/* Dials, and does not initialize; or takes over a peer that has dialled (as with a handshake of the room's own). */
struct ws_client *ws_enter(struct ws_target *server);
struct ws_client *ws_client_of(struct ws_target *server, struct ws_peer *peer);

/* The client's connection, for what is no call: frames, raw bytes, reading slowly. NULL once it has ended. Whoever
 * reads from it takes messages away from the client. */
struct ws_peer *ws_peer_of(struct ws_client *client);

struct ws_target *ws_server_of(const struct ws_client *client);

/* What the server answered to initialize; NULL before. */
const struct json *ws_initialized(const struct ws_client *client);

/* Whether the server advertises a capability: a path of members below its agent capabilities, such as "loadSession" or
 * "sessionCapabilities.resume", that is there, and not false or null. */
bool ws_can(const struct ws_client *client, const char *capability);

void ws_leave(struct ws_client *client); /* the close handshake with 1000, and the end of the connection */
void ws_drop(struct ws_client *client);  /* closes without a Close */
void ws_break(struct ws_client *client); /* resets */

/* --- calls --- */

enum ws_outcome { WS_RESULT, WS_ERROR, WS_NO_REPLY };

/* Pointers live until the client waits again. */
struct ws_reply {
    enum ws_outcome outcome;
    const struct json *result; /* of WS_RESULT, else NULL */
    const struct json *error;  /* of WS_ERROR: the object, which is well-formed; else NULL */
    int64_t code;              /* of the error */
    struct ws_event end;       /* of WS_NO_REPLY: how the connection ended, or WS_SILENCE */
    int64_t ms;                /* since the call was sent */
    const char *summary;
};

/* Sends a request, with params as JSON text (NULL: none), and returns its number, to be waited for. Its id is a number
 * that no other client's call has, so that an answer which goes to the wrong one is known; with ws_ask_as() it is that
 * JSON text, which several calls and clients may share. */
size_t ws_ask(struct ws_client *client, const char *method, const char *params);
size_t ws_ask_as(struct ws_client *client, const char *id, const char *method, const char *params);
void ws_notify(struct ws_client *client, const char *method, const char *params);

/* Blocks until that call is answered, the connection ends, or the deadline passes. */
struct ws_reply ws_await(struct ws_client *client, size_t call);
struct ws_reply ws_await_within(struct ws_client *client, size_t call, int64_t timeout_ms);

/* Whether it has been answered already, without a wait: what has come so far is read first. */
bool ws_is_answered(struct ws_client *client, size_t call);

/* ws_ask() and ws_await(). */
struct ws_reply ws_call(struct ws_client *client, const char *method, const char *params);

/* The next response with the id null: what answers a message that could not be read. */
struct ws_reply ws_await_null(struct ws_client *client);

/* How many of those have come that nobody has waited for. */
size_t ws_nulls(const struct ws_client *client);

/* Listens for timeout_ms (scaled) and keeps what comes; false: the connection has ended. For clients that others wait
 * for meanwhile. */
bool ws_listen(struct ws_client *client, int64_t timeout_ms);

/* Proves that nothing is under way: a request that the server does not know is answered, and so all that came before it
 * has been read. The answer FAILs the case unless it is one. */
void ws_settle(struct ws_client *client);

/* --- sessions --- */

/* A new one, which becomes the client's; an answer without an id FAILs the case. */
const char *ws_new_session(struct ws_client *client);
size_t ws_ask_new(struct ws_client *client);
const char *ws_await_new(struct ws_client *client, size_t call);

/* The token that proves who made the session: what came last in a _meta of it; NULL: none came. */
const char *ws_token_of(const char *sid);

/* A method that names a session, with further members as JSON text that begins with a comma, or NULL. */
size_t ws_ask_session(struct ws_client *client, enum ws_method method, const char *sid, const char *more);
struct ws_reply ws_call_session(struct ws_client *client, enum ws_method method, const char *sid, const char *more);

/* The params of a prompt of one text block, as JSON text, to be freed with free(): for those that are sent by hand. */
char *ws_prompt_params(const struct ws_client *client, const char *sid, const char *text);

/* A prompt of one text block. */
size_t ws_ask_prompt(struct ws_client *client, const char *sid, const char *text);
struct ws_reply ws_prompt_and_wait(struct ws_client *client, const char *sid, const char *text);
void ws_cancel(struct ws_client *client, const char *sid);

/* session/load and session/resume, with that token; NULL: without one. Where it succeeds the session is this client's,
 * too: it can be prompted, and its updates are kept. A new token in an answer that ws_call_again() has waited for takes
 * the place of the old one. */
size_t ws_ask_again(struct ws_client *client, enum ws_method method, const char *sid, const char *token);
struct ws_reply ws_call_again(struct ws_client *client, enum ws_method method, const char *sid, const char *token);

/* --- what came of a session --- */

/* How many updates of it this client has been sent; what its agent and its user said, joined; the n-th update (counted
 * from 0), NULL when it is not kept. All of them in the order in which they came. */
size_t ws_updates(const struct ws_client *client, const char *sid);
const char *ws_said(const struct ws_client *client, const char *sid);
const char *ws_heard(const struct ws_client *client, const char *sid);
const struct json *ws_update(const struct ws_client *client, const char *sid, size_t n);

/* How many updates of sessions, whichever, it has been sent. */
size_t ws_all_updates(const struct ws_client *client);

/* Begins anew: there were none. */
void ws_forget(struct ws_client *client, const char *sid);

/* Reads until that many updates of the session are there: true; false: the connection ended, or the deadline passed. */
bool ws_await_updates(struct ws_client *client, const char *sid, size_t count);

/* --- what the agent asks --- */

/* A request of the agent's. It lives until it is answered. */
struct ws_asked {
    size_t number; /* 0: none came */
    const struct json *id;
    const char *method;
    const struct json *params;
};

/* The first one of that method that has not been answered; waits for it. */
struct ws_asked ws_await_asked(struct ws_client *client, enum ws_method method);

/* The same, of those that name this session. */
struct ws_asked ws_await_asked_in(struct ws_client *client, enum ws_method method, const char *sid);

/* How many requests of that method have come, answered or not. */
size_t ws_times_asked(const struct ws_client *client, enum ws_method method);

void ws_answer(struct ws_client *client, const struct ws_asked *asked, const char *result);
void ws_answer_error(struct ws_client *client, const struct ws_asked *asked, int64_t code, const char *message);

/* From now on every request of that method is answered by this result as soon as it is read; NULL: by hand again. The
 * string must outlive the client. */
void ws_answer_always(struct ws_client *client, enum ws_method method, const char *result);

/* The result that chooses the permission option of that kind ("allow_once", "reject_once"), to be freed with free();
 * NULL: the request offers none. */
char *ws_permission_of_kind(const struct ws_asked *asked, const char *kind);

/* Every client that a case has left behind, and all that they own. */
void ws_free_all(void);

#endif
