/* The WebSocket server of the target, as a room sees it: where it listens, what opens its door, which dialect it
 * speaks, what its agent can be prompted to do, and its process. Rooms under regress/ws/ get it as *state, already
 * started and accepting connections.
 *
 * A target with a driver starts its server by ws.start; one without is started by the manifest's entry "ws". Either may
 * have prompts there. Strings live until the server is started again. One thread uses it.
 *
 * Which header a room needs:
 *
 *     ws/rpc.h       clients that speak JSON-RPC and have sessions: most rooms need no other
 *     ws/peer.h      frames, raw bytes, the handshake: for rooms about the transport
 *     ws/expect.h    what may be expected of either
 *     ws/turn.h      what may be expected of turns, of the agent's calls to its client, and of sessions that come back
 *     ws/dialect.h   the names of methods and members, for rooms that write messages by hand */
#ifndef ASSAY_WS_TARGET_H
#define ASSAY_WS_TARGET_H

#include "base/procfs.h"
#include "supervisor/supervisor.h"
#include "target/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WS_PROMPT_MAX_BYTES = 64 << 10 };

struct ws_target {
    struct server_address address;
    const char *host;   /* what belongs into Host: "127.0.0.1:8080" */
    const char *path;   /* "/ws" */
    const char *token;  /* the bearer token that it asks for; NULL: none */
    const char *fields; /* what each right handshake carries beside its own: with a token Authorization, and the
                         * manifest's headers; whole lines with CRLF */
    const char *const
        *origins;     /* those that are let in: as set by ws_restart(), else by the manifest; NULL-terminated */
    bool flat;        /* declared: ws.dialect=flat */
    bool open_resume; /* declared: ws.resume=open */
    bool binary;      /* declared: ws.binary=served */
    bool strict;      /* declared: ws.framing=strict */
};

/* Stops the server and starts it with these settings and an empty directory. Where the target has no way to be told
 * one of them the case ends as NA, and says what the manifest or the driver lacks. Clients must have left. */
void ws_restart(struct ws_target *target, const struct server_settings *settings);

/* The same with one limit ("ws.idle_ms") that may have any value: with `wanted`, unless the manifest says that the
 * target's is fixed. Returns the limit in force. */
int64_t ws_restart_with_limit(struct ws_target *target, const char *limit, int64_t wanted);

/* The same under a supervisor (supervisor/supervisor.h) that watches these kinds of calls, from the server's start to
 * its end, which is the supervisor's too. A machine that refuses one ends the case as ERROR(environment); a server that
 * assay did not start cannot have one: NA. */
struct supervisor *ws_restart_supervised(struct ws_target *target, unsigned kinds,
                                         const struct server_settings *settings);

/* Asks the server to stop, and does not wait for it; ws_expect_stop() must follow. Clients that read meanwhile hear its
 * farewell, and can answer it. */
void ws_ask_to_stop(struct ws_target *target);

/* Stops the server, where that is what is judged (target/server.h); ws_restart() starts it again. What it sent to its
 * clients before it went can be read afterwards. */
void ws_expect_stop(struct ws_target *target);

/* What the server's processes use. A server that assay did not start cannot be measured: NA. */
struct procfs_usage ws_usage(const struct ws_target *target);

/* --- what the agent is prompted with (kit/PROTOCOL.md, Prompts) --- */

/* Whether the manifest has a prompt of that kind: "echo", "long", "stream", "big", "read", "permit", "fail", … */
bool ws_has_prompt(const struct ws_target *target, const char *kind);

/* The text of a prompt of that kind, with `text` for its ${TEXT}; it lives until seven more have been asked for.
 * NA, with the line that the manifest lacks, when there is none. */
const char *ws_prompt(const struct ws_target *target, const char *kind, const char *text);

/* The same with a number for its ${COUNT}: of updates (stream), bytes (big), milliseconds (long, slow-discover). */
const char *ws_prompt_count(const struct ws_target *target, const char *kind, int64_t count);

/* What the agent says, among other things, when it has done what that prompt of ws_prompt() told it: for "echo" the
 * text, for "permit" what it says when it was permitted, for "fail" what its message holds, and for "greeting" how it
 * begins a session's first turn. NULL: that is not
 * known, for the prompt is of fixed words. It lives as long as a prompt. */
const char *ws_prompt_says(const struct ws_target *target, const char *kind, const char *text);

/* Whether the agent counts as ${COUNT} says; and how many updates a prompt of that kind brings: the count, or what the
 * manifest says of a prompt of fixed words, 0 when it says nothing. */
bool ws_prompt_counts(const struct ws_target *target, const char *kind);
int64_t ws_prompt_chunks(const struct ws_target *target, const char *kind, int64_t count);

/* The code of the error that "fail" brings; 0: not said, so any will do. */
int64_t ws_prompt_code(const struct ws_target *target);

/* --- what can be read of it otherwise --- */

/* The value of that metric now ("assay_sessions"), by GET on the path that the manifest's ws.metrics names. NA when the
 * manifest names none, or the server does not answer with that metric. */
int64_t ws_metric(struct ws_target *target, const char *name);

/* All that the server has written to the log that the manifest names, up to a megabyte from its end; to be freed with
 * free(). NA when the manifest names none. */
char *ws_log(const struct ws_target *target);

#endif
