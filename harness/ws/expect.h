/* What a room may expect of a WebSocket server. Each function ends the case as FAIL when it does not hold, with what
 * came as evidence. */
#ifndef ASSAY_WS_EXPECT_H
#define ASSAY_WS_EXPECT_H

#include "ws/rpc.h"

/* --- of a peer --- */

/* The handshake is refused: by a status of the class 4xx, or whatever else `legal` names, in words: "426 4xx drop". The
 * connection need not close. */
void ws_expect_refused(struct ws_opening opening, const char *legal);

/* The server ends the connection, and no message comes before that: by a Close with one of the codes that `legal`
 * names, in words, after which the connection is closed, too; with "drop" among them also by a FIN or a reset without a
 * Close, and with "none" by a Close without a code. "1002", "1009 1002 drop". */
void ws_expect_close(struct ws_peer *peer, const char *legal);

/* The same, where messages may come before: they are passed over. */
void ws_expect_close_in_the_end(struct ws_peer *peer, const char *legal);

/* Whether the event is such an end. */
bool ws_is_close(const struct ws_event *event, const char *legal);

/* The next message is that text. */
void ws_expect_text(struct ws_peer *peer, const char *text);

/* The connection lives: a Ping with a payload of its own is answered by its Pong. Messages and other
 * Pongs are passed over. */
void ws_expect_open(struct ws_peer *peer);

/* --- of a reply --- */

void ws_expect_result(struct ws_reply reply);

/* An error with that code; 0: with any, and a Close is none. */
void ws_expect_error(struct ws_reply reply, int64_t code);

/* An error, or the end of the connection. */
void ws_expect_error_or_end(struct ws_reply reply);

/* The next message answers one that the room has sent by hand, and that cannot be served: an error with one of the
 * codes that `codes` names ("-32600 -32602"), whose id is null, or that of `id`, JSON text, where it is given. */
void ws_expect_refusal(struct ws_client *client, const char *codes, const char *id);

/* A prompt's result, with that stop reason; NULL: with any. */
void ws_expect_stop_reason(const struct ws_client *client, struct ws_reply reply, const char *reason);

/* --- of clients and the server --- */

/* No update of the session has come to this client, and none is under way (ws_settle()). What made one has to be over:
 * wait for its answer first. */
void ws_expect_nothing_for(struct ws_client *client, const char *sid);

/* The call, by which the client wants something of a session that is the owner's, is answered by an error; until then
 * the owner is listened to as well, and is sent nothing of the session: what goes to the wrong one is found at once. */
void ws_expect_denied(struct ws_client *client, size_t call, struct ws_client *owner, const char *sid);

/* The client's session works: a prompt that the manifest has ("echo") is answered, and what it makes the agent say
 * comes before that and to this client. Without such a prompt the client only settles. */
void ws_expect_served(struct ws_client *client, const char *sid);

/* Somebody who comes now is served: joins, makes a session, is served in it, leaves. */
void ws_expect_alive(struct ws_target *server);

#endif
