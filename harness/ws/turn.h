/* What a room may expect of turns, of the agent's calls to its client, and of what is left when a client has gone. Each
 * function ends the case as FAIL when it does not hold. */
#ifndef ASSAY_WS_TURN_H
#define ASSAY_WS_TURN_H

#include "ws/expect.h"

/* The prompt is answered by a result, and what its agent has said since the last ws_forget() holds the text. */
void ws_expect_turn_says(struct ws_client *client, const char *sid, size_t turn, const char *text);

/* The prompt is answered, by a result or an error, and the agent has not said the text. */
void ws_expect_turn_without(struct ws_client *client, const char *sid, size_t turn, const char *text);

/* The agent calls that method of its client. */
struct ws_asked ws_expect_asked(struct ws_client *client, enum ws_method method);

/* Has the agent ask for that file (WS_READ_FILE), or for permission to do that (WS_PERMISSION), and returns when it
 * does, with the first such call that is not answered; *turn is the prompt. */
struct ws_asked ws_begin_call(struct ws_client *client, const char *sid, enum ws_method method, const char *text,
                              size_t *turn);

/* The metric has that value, now or within WS_WAIT_MS. */
void ws_expect_metric(struct ws_target *server, const char *name, int64_t value);

#endif
