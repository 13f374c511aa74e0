/* One agent for many clients at once: the core of the Agent Client Protocol (acp/acp.h) behind the one lock it needs,
 * with a clock of its own, and with somebody who hands out what it wants done.
 *
 * Every state that clients share lies in the core, so whatever two of them do at the same time is done one after the
 * other: coming and going, taking a session over and sweeping it, the first prompts of one session. The lock is fair:
 * who asks first is served first, so an agent that talks without end keeps nobody waiting for longer than one bounded
 * piece of work. No call waits for a client or for the agent. Any thread may call, but a client's own calls are made
 * one at a time. */
#ifndef REF_ADAPTER_ADAPTER_H
#define REF_ADAPTER_ADAPTER_H

#include "acp/acp.h"
#include "base/error.h"

#include <stdbool.h>

struct adapter;

/* A client, whatever it is connected by; it belongs to the transport. */
struct adapter_client {
    uint64_t id; /* the adapter's: set by adapter_join() */

    /* Something is to be sent or closed; the action now belongs to the transport. Called by any thread, in order, under
     * the adapter's lock: puts it aside, waits for nothing, and calls nothing of the adapter. */
    void (*take)(struct adapter_client *client, struct acp_action *action);

    struct adapter_client *next; /* the adapter's */
};

/* Starts the clock's thread. limits is copied; log must outlive the adapter. NULL: no memory or no thread, and err says
 * which. */
struct adapter *adapter_start(const struct acp_limits *limits, const struct agent_ops *agent, void *agent_context,
                              const struct log *log, struct error *err);

/* Ends the clock's thread and frees the adapter, which no client uses any more. */
void adapter_stop(struct adapter *adapter);

/* A client comes; one that is kept may be silent for as long as it likes. ACP_OK: take() is called for it from now on,
 * perhaps before this returns, until adapter_leave() returns. */
enum acp_result adapter_join(struct adapter *adapter, struct adapter_client *client, bool keep);

/* One message of the client. False: it has not taken enough of what there is for it already, so the message was not
 * looked at; again after adapter_taken(). */
bool adapter_receive(struct adapter *adapter, struct adapter_client *client, const char *message, size_t bytes);

/* The peer has taken that many bytes of ACP_SEND's texts. */
void adapter_taken(struct adapter *adapter, struct adapter_client *client, size_t bytes);

/* Does the client wait for the answer to a prompt? */
bool adapter_is_busy(struct adapter *adapter, struct adapter_client *client);

/* The client has gone. */
void adapter_leave(struct adapter *adapter, struct adapter_client *client);

/* Every client is to be closed with 1001, and none comes in any more. */
void adapter_close(struct adapter *adapter);

struct acp_gauges adapter_gauges(struct adapter *adapter);

#endif
