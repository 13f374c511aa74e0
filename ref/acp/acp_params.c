/* Parameters of methods. What is not what the protocol's schema wants is refused here, and said so to the caller. */
#include "acp/acp_private.h"

#include "json/string.h"

#include <stdlib.h>
#include <string.h>

void acp_bad_params(const struct acp_work *work, const char *why)
{
    acp_refuse(work->acp, work->client, work->id, JSONRPC_BAD_PARAMS_CODE, why, NULL);
}

bool acp_param_text(const struct acp_work *work, const char *name, struct json_span *text)
{
    struct error err;

    if (json_find(work->params, name, text) && json_is_string(*text))
        return true;
    error_set(&err, "params need %s, a string", name);
    acp_bad_params(work, err.text);
    return false;
}

/* The one place that decides who may do something with a session: its owner. */
bool acp_param_session(const struct acp_work *work, struct acp_session **session)
{
    struct json_span id;

    if (!acp_param_text(work, "sessionId", &id))
        return false;
    *session = acp_session_find(work->acp, id);
    if (*session && (*session)->owner == work->client)
        return true;
    acp_refuse(work->acp, work->client, work->id, ACP_NO_SESSION_CODE, "access denied: no such session of this client",
               NULL);
    return false;
}

bool acp_param_cwd(const struct acp_work *work, char **cwd)
{
    struct json_span text;
    size_t bytes;

    if (!acp_param_text(work, "cwd", &text))
        return false;
    *cwd = json_string(text, &bytes);
    if (*cwd && **cwd == '/' && bytes == strlen(*cwd) && bytes <= ACP_CWD_MAX_BYTES)
        return true;
    free(*cwd);
    *cwd = NULL;
    acp_bad_params(work, "cwd is no absolute path");
    return false;
}

bool acp_param_servers(const struct acp_work *work)
{
    struct json_span servers;

    if (json_find(work->params, "mcpServers", &servers) && *servers.at == '[')
        return true;
    acp_bad_params(work, "params need mcpServers, an array");
    return false;
}
