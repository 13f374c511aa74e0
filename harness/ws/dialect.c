/* The table of spellings. */
#include "ws/dialect.h"

struct spelling {
    const char *acp;
    const char *flat;
};

static const struct spelling methods[WS_METHODS] = {
    [WS_INITIALIZE] = {"initialize", "initialize"},
    [WS_NEW] = {"session/new", "new_session"},
    [WS_LOAD] = {"session/load", "load_session"},
    [WS_RESUME] = {"session/resume", "resume_session"},
    [WS_PROMPT] = {"session/prompt", "prompt"},
    [WS_CANCEL] = {"session/cancel", "cancel"},
    [WS_SET_MODE] = {"session/set_mode", "set_session_mode"},
    [WS_CLOSE_SESSION] = {"session/close", "close_session"},
    [WS_DELETE] = {"session/delete", "delete_session"},
    [WS_LIST] = {"session/list", "list_sessions"},
    [WS_UPDATE] = {"session/update", "session_update"},
    [WS_PERMISSION] = {"session/request_permission", "request_permission"},
    [WS_READ_FILE] = {"fs/read_text_file", "read_text_file"},
    [WS_WRITE_FILE] = {"fs/write_text_file", "write_text_file"},
};

static const struct spelling members[WS_MEMBERS] = {
    [WS_SESSION_ID] = {"sessionId", "session_id"},
    [WS_SESSION_UPDATE] = {"sessionUpdate", "session_update"},
    [WS_STOP_REASON] = {"stopReason", "stop_reason"},
    [WS_PROTOCOL_VERSION] = {"protocolVersion", "protocol_version"},
    [WS_CLIENT_CAPABILITIES] = {"clientCapabilities", "client_capabilities"},
    [WS_AGENT_CAPABILITIES] = {"agentCapabilities", "agent_capabilities"},
    [WS_MCP_SERVERS] = {"mcpServers", "mcp_servers"},
    [WS_RESUME_TOKEN] = {"resumeToken", "resume_token"},
};

const char *ws_method(const struct ws_target *server, enum ws_method method)
{
    return server->flat ? methods[method].flat : methods[method].acp;
}

const char *ws_member(const struct ws_target *server, enum ws_member member)
{
    return server->flat ? members[member].flat : members[member].acp;
}

const struct json *ws_get(const struct ws_target *server, const struct json *object, enum ws_member member)
{
    const struct json *found = json_get(object, ws_member(server, member));

    return found || !server->flat ? found : json_get(object, members[member].acp);
}

const char *ws_get_string(const struct ws_target *server, const struct json *object, enum ws_member member)
{
    return json_as_string(ws_get(server, object, member));
}

int64_t ws_unknown_method(const struct ws_target *server)
{
    return server->flat ? -32603 : -32601;
}
