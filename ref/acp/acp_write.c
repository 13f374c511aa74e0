/* Actions: each message is put together here, counted against its client's queue, and added to the list. */
#include "acp/acp_private.h"

#include "json/string.h"

#include <stdlib.h>
#include <string.h>

void acp_action_free(struct acp_action *action)
{
    if (action)
        free(action->text);
    free(action);
}

void acp_emit(struct acp *acp, struct acp_action *action)
{
    if (acp->last_action)
        acp->last_action->next = action;
    else
        acp->first_action = action;
    acp->last_action = action;
}

void acp_doom(struct acp_client *client, int code, const char *reason)
{
    if (client->doom_code)
        return;
    client->doom_code = code;
    client->doom_reason = reason;
}

/* Sends what the buffer holds, and frees it. A message that cannot be sent is missed by somebody who then waits for
 * ever, so its client has to go. So has one that asks on and on and reads no answers: turns pause for it, but it has to
 * be told something all the time. */
static void send(struct acp *acp, struct acp_client *client, struct buffer *message)
{
    size_t bytes;
    char *text = buffer_take(message, &bytes);
    struct acp_action *action = text && !client->doom_code ? calloc(1, sizeof *action) : NULL;

    if (!action) {
        free(text);
        acp_doom(client, 1011, "no memory");
        return;
    }
    action->kind = ACP_SEND;
    action->client = client->id;
    action->text = text;
    action->bytes = bytes;
    acp_emit(acp, action);
    if (client->queue_bytes > acp->limits.queue_bytes)
        client->overdue_bytes += (int64_t)bytes;
    client->queue_bytes += (int64_t)bytes;
    acp->gauges.queue_bytes += (int64_t)bytes;
    if (client->overdue_bytes > acp->limits.queue_bytes)
        acp_doom(client, 1013, "reads too slowly");
}

void acp_reply(struct acp *acp, struct acp_client *client, struct json_span id, struct buffer *result)
{
    struct buffer message = buffer_new(ACP_MESSAGE_MAX_BYTES);

    if (result->failed)
        jsonrpc_add_error(&message, id, JSONRPC_INTERNAL_CODE, "no memory", NULL);
    else
        jsonrpc_add_result(&message, id, (struct json_span){result->data, result->bytes});
    send(acp, client, &message);
    buffer_free(result);
}

void acp_reply_text(struct acp *acp, struct acp_client *client, struct json_span id, const char *json)
{
    struct buffer result = buffer_new(ACP_MESSAGE_MAX_BYTES);

    buffer_add_text(&result, json);
    acp_reply(acp, client, id, &result);
}

void acp_refuse(struct acp *acp, struct acp_client *client, struct json_span id, int code, const char *message,
                const char *detail)
{
    struct buffer out = buffer_new(ACP_MESSAGE_MAX_BYTES);
    cJSON *data = detail ? cJSON_CreateObject() : NULL;

    if (data)
        cJSON_AddStringToObject(data, "detail", detail);
    jsonrpc_add_error(&out, id, code, message, data);
    cJSON_Delete(data);
    send(acp, client, &out);
}

void acp_update(struct acp *acp, const struct acp_session *session, bool of_user, const char *text, size_t bytes)
{
    struct buffer params = buffer_new(ACP_MESSAGE_MAX_BYTES);
    struct buffer message = buffer_new(ACP_MESSAGE_MAX_BYTES);

    buffer_add_format(&params, "{\"sessionId\":\"%s\",\"update\":{\"sessionUpdate\":\"%s\",", session->id,
                      of_user ? "user_message_chunk" : "agent_message_chunk");
    buffer_add_text(&params, "\"content\":{\"type\":\"text\",\"text\":");
    json_add_string(&params, text, bytes);
    buffer_add_text(&params, "}}}");
    if (!params.failed)
        jsonrpc_add_notification(&message, "session/update", (struct json_span){params.data, params.bytes});
    buffer_free(&params);
    send(acp, session->owner, &message);
}

void acp_request(struct acp *acp, struct acp_client *client, const char *id, const char *method, struct buffer *params)
{
    struct buffer message = buffer_new(ACP_MESSAGE_MAX_BYTES);

    if (!params->failed)
        jsonrpc_add_request(&message, id, method, (struct json_span){params->data, params->bytes});
    buffer_free(params);
    send(acp, client, &message);
}
