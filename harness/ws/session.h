/* What rooms about sessions share: whether the server has a method, a turn that lasts until the room ends it, and a
 * session that somebody has again. Every function may end the case. */
#ifndef ASSAY_WS_SESSION_H
#define ASSAY_WS_SESSION_H

#include "ws/expect.h"

/* Whether the server advertises load, resume, list, close or delete (protocol, "Session Setup", "Session List",
 * "Session Delete"). The flat dialect has resuming without a word; other methods are there in any case. */
bool ws_offers(const struct ws_client *client, enum ws_method method);

/* NA unless it does. */
void ws_need(const struct ws_client *client, enum ws_method method);

/* A turn under way. */
struct ws_turn {
    size_t call;
    struct ws_asked asked; /* what it waits for, where the agent asks for permission */
};

/* Begins a turn that lasts until ws_expect_turn_to_end(): it waits for a permission. An agent that asks for none works
 * for a second and a half instead; NA when it can do neither. A client has one of them at a time, and answers no
 * permission by itself meanwhile. */
struct ws_turn ws_begin_turn(struct ws_client *client, const char *sid);

/* Nothing has ended it: it goes on, and ends of its own accord. */
void ws_expect_turn_to_end(struct ws_client *client, const struct ws_turn *turn);

/* Load or resume of a session that its owner has left, with its token: it succeeds, at once or as soon as the server
 * has noticed that. NA unless it advertises that. */
void ws_expect_again(struct ws_client *client, enum ws_method method, const char *sid);

/* The plainest resume: an owner leaves, and somebody who has the token is served. NA unless the server advertises it.
 */
void ws_expect_resume(struct ws_target *server);

/* A limit of time that has to pass, such as "ws.grace_ms": the server is started anew with `wanted` milliseconds,
 * scaled; NA where its own is fixed, and longer. */
void ws_restart_with_time(struct ws_target *server, const char *limit, int64_t wanted_ms);

#endif
