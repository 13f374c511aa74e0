/* The two ways in which the protocol is spelt: the Agent Client Protocol (ACP, version 1), which is the default, and
 * the older flat dialect of targets that declare ws.dialect=flat. For rooms that write a message by hand; those of
 * ws/rpc.h are in the target's dialect already. */
#ifndef ASSAY_WS_DIALECT_H
#define ASSAY_WS_DIALECT_H

#include "json/json.h"
#include "ws/target.h"

enum ws_method {
    WS_INITIALIZE,
    WS_NEW,
    WS_LOAD,
    WS_RESUME,
    WS_PROMPT,
    WS_CANCEL, /* a notification */
    WS_SET_MODE,
    WS_CLOSE_SESSION,
    WS_DELETE,
    WS_LIST,
    WS_UPDATE, /* a notification of the agent's, as are the requests that follow */
    WS_PERMISSION,
    WS_READ_FILE,
    WS_WRITE_FILE,
    WS_METHODS
};

enum ws_member {
    WS_SESSION_ID,
    WS_SESSION_UPDATE, /* the kind of an update */
    WS_STOP_REASON,
    WS_PROTOCOL_VERSION,
    WS_CLIENT_CAPABILITIES,
    WS_AGENT_CAPABILITIES,
    WS_MCP_SERVERS,
    WS_RESUME_TOKEN, /* in _meta */
    WS_MEMBERS
};

/* "session/new", or "new_session". */
const char *ws_method(const struct ws_target *server, enum ws_method method);

/* "sessionId", or "session_id". */
const char *ws_member(const struct ws_target *server, enum ws_member member);

/* The member of an object that came from the server; NULL: it has none. A flat one may have it in either spelling. */
const struct json *ws_get(const struct ws_target *server, const struct json *object, enum ws_member member);
const char *ws_get_string(const struct ws_target *server, const struct json *object, enum ws_member member);

/* The code of the error that answers an unknown method: -32601 (JSON-RPC 5.1), in the flat dialect -32603. */
int64_t ws_unknown_method(const struct ws_target *server);

#endif
