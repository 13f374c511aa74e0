/* What stands behind the Agent Client Protocol: something that takes prompts and answers them, bit by bit.
 *
 * An agent does no I/O, has no threads and never waits. The core calls it when there is something to do, and each call
 * ends with one move: say this, wake me then, ask the client that, I am done. So a turn is a state machine, and whoever
 * drives the core can stop the world between any two moves. */
#ifndef REF_ACP_AGENT_H
#define REF_ACP_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AGENT_TEXT_MAX_BYTES = 1 << 20 }; /* of a chunk, a path, a title; more ends the turn with an error */

/* A session as the agent sees it; it lasts from the session's first prompt to session_closed(). */
struct agent_session {
    void *state; /* the agent's own, NULL at first */
};

/* What became of the call that the turn has made last. */
enum agent_answer {
    AGENT_NO_ANSWER, /* there was no call, or the client did not answer in time */
    AGENT_UNABLE,    /* the client has not said that it can do this, so it was not asked */
    AGENT_REFUSED,   /* an error, a permission that was not given, or an answer that makes no sense; an error is quoted
                        in answer_text, "JSON-RPC error [code]: message - data" */
    AGENT_READ_DONE, /* the file's content is in answer_text */
    AGENT_PERMITTED,
};

/* A turn as the agent sees it. */
struct agent_turn {
    struct agent_session *session;
    const char *text; /* the prompt; NUL-terminated, may hold NULs inside */
    size_t bytes;
    enum agent_answer answer;
    const char *answer_text; /* NULL: there is none. Valid during the call */
    size_t answer_bytes;
    void *state; /* the agent's own, NULL at first */
};

enum agent_move_kind {
    AGENT_END,    /* the turn is done */
    AGENT_FAIL,   /* the prompt is answered by an error: code, text (NUL-terminated) and detail */
    AGENT_SAY,    /* a chunk of the agent's message: text; the next call comes as soon as the client keeps up */
    AGENT_WAIT,   /* nothing to do before due_ms */
    AGENT_READ,   /* ask the client for a file: text is its path; the next call comes with the answer */
    AGENT_PERMIT, /* ask the client whether that may be done which text names */
};

struct agent_move {
    enum agent_move_kind kind;
    const char *text; /* UTF-8; the agent's, valid until it is called again for this turn, or for its end */
    size_t bytes;
    int64_t due_ms;
    int code;
    const char *detail; /* of an error, for people; NULL: nothing more to say */
};

/* The context is what was passed to acp_new(). Every session that was discovered is closed once, and every turn whose
 * prompt() was called ends once: by AGENT_END or AGENT_FAIL, behind which the agent is not called for it again, or by
 * cancel(). */
struct agent_ops {
    /* Finds out what a session can do, before its first turn, which is passed along. It is called until it ends
     * (AGENT_END), with AGENT_WAIT in between, and then never again for this session. If that turn is cancelled
     * meanwhile, the next one is passed. */
    void (*discover)(void *context, struct agent_turn *turn, int64_t now_ms, struct agent_move *move);

    /* The next move of a turn. */
    void (*prompt)(void *context, struct agent_turn *turn, int64_t now_ms, struct agent_move *move);

    /* The turn is over, whatever was under way. Frees turn->state. */
    void (*cancel)(void *context, struct agent_turn *turn);

    /* The session is over. Frees session->state. False: something in there failed, and the core says so in its log. */
    bool (*session_closed)(void *context, struct agent_session *session);
};

/* An agent that does what its prompts say, so that whoever tests can bring about what he needs. No context.
 *
 *   echo X            says X
 *   sleep MS          says "slept" after so long
 *   stream N          says 1, 2, 3 to N
 *   big BYTES         says so many letters, in chunks of at most AGENT_TEXT_MAX_BYTES
 *   read PATH         says what is in the client's file, or why not
 *   permit X          says "did X" if the client permits it, else "did not X"
 *   fail CODE TEXT    ends in this error
 *   slow-discover MS  in a session's first prompt: its discovery takes so long
 *   fail-close        the end of this session will fail
 *
 * Anything else is said back. */
extern const struct agent_ops scripted_agent;

enum {
    SCRIPTED_WAIT_MAX_MS = 3600000,
    SCRIPTED_STREAM_MAX = 1000000,
    SCRIPTED_BIG_MAX_BYTES = 256 << 20,
};

#endif
