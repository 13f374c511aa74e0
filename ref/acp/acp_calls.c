/* Calls to the client. One is registered before its message is emitted, since the answer may be there at once, and
 * forgotten on every way out: answer, time-out, and whatever ends its turn. */
#include "acp/acp_private.h"

#include "json/string.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERROR_MAX_BYTES = 4096 };

static const char *const methods[] = {
    [ACP_READ_CALL] = "fs/read_text_file",
    [ACP_PERMISSION_CALL] = "session/request_permission",
};

static void forget(struct acp *acp, struct acp_call *call)
{
    LIST_REMOVE(call, link);
    call->turn->call = NULL;
    acp->gauges.pending_calls--;
    free(call);
}

static void add_params(struct buffer *params, const struct acp_call *call, const char *text, size_t bytes)
{
    buffer_add_format(params, "{\"sessionId\":\"%s\",", call->turn->session->id);
    if (call->kind == ACP_READ_CALL) {
        buffer_add_text(params, "\"path\":");
        json_add_string(params, text, bytes);
    } else {
        buffer_add_format(params, "\"toolCall\":{\"toolCallId\":\"%s\",\"status\":\"pending\",\"title\":", call->id);
        json_add_string(params, text, bytes);
        buffer_add_text(params, "},\"options\":[");
        buffer_add_text(params, "{\"optionId\":\"allow-once\",\"name\":\"Allow once\",\"kind\":\"allow_once\"},");
        buffer_add_text(params, "{\"optionId\":\"reject-once\",\"name\":\"Reject\",\"kind\":\"reject_once\"}]");
    }
    buffer_add_text(params, "}");
}

bool acp_call_begin(struct acp *acp, struct acp_turn *turn, enum acp_call_kind kind, const char *text, size_t bytes,
                    int64_t now_ms)
{
    struct buffer params = buffer_new(ACP_MESSAGE_MAX_BYTES);
    struct acp_call *call = calloc(1, sizeof *call);

    if (!call || !token_uuid(call->id)) {
        free(call);
        return false;
    }
    call->client = turn->session->owner;
    call->turn = turn;
    call->kind = kind;
    call->due_ms = now_ms + acp->limits.request_ms;
    turn->call = call;
    LIST_INSERT_HEAD(&call->client->calls, call, link);
    acp->gauges.pending_calls++;
    add_params(&params, call, text, bytes);
    acp_request(acp, call->client, call->id, methods[kind], &params);
    return true;
}

static struct acp_call *find(struct acp_client *client, struct json_span id)
{
    struct acp_call *call;

    LIST_FOREACH(call, &client->calls, link)
    {
        if (json_string_is(id, call->id))
            return call;
    }
    return NULL;
}

/* {"outcome":{"outcome":"selected","optionId":…}} with the one option that means yes; everything else means no. */
static enum agent_answer read_permission(struct json_span result)
{
    struct json_span outcome, value;

    if (!json_find(result, "outcome", &outcome) || !json_find(outcome, "outcome", &value) || !json_is_string(value) ||
        !json_string_is(value, "selected"))
        return AGENT_REFUSED;
    if (!json_find(outcome, "optionId", &value) || !json_is_string(value) || !json_string_is(value, "allow-once"))
        return AGENT_REFUSED;
    return AGENT_PERMITTED;
}

static enum agent_answer read_content(struct acp_turn *turn, struct json_span result)
{
    struct json_span content;

    if (!json_find(result, "content", &content))
        return AGENT_REFUSED;
    turn->answer_text = json_string(content, &turn->agent.answer_bytes);
    turn->agent.answer_text = turn->answer_text;
    return turn->answer_text ? AGENT_READ_DONE : AGENT_REFUSED;
}

/* All that an error says, in one line; what is too long for that, or no error by the book, is not quoted. */
static void quote_error(struct acp_turn *turn, const struct jsonrpc_message *message)
{
    struct buffer text = buffer_new(ERROR_MAX_BYTES);
    size_t bytes;
    char *said = json_string(message->error_message, &bytes);

    if (!said)
        return;
    buffer_add_format(&text, "JSON-RPC error [%" PRId64 "]: ", message->error_code);
    buffer_add(&text, said, bytes);
    if (message->error_data.at) {
        buffer_add_text(&text, " - ");
        buffer_add(&text, message->error_data.at, message->error_data.bytes);
    }
    free(said);
    turn->answer_text = buffer_take(&text, &turn->agent.answer_bytes);
    turn->agent.answer_text = turn->answer_text;
}

static enum agent_answer read_answer(const struct acp_call *call, const struct jsonrpc_message *message)
{
    if (message->error.at) {
        quote_error(call->turn, message);
        return AGENT_REFUSED;
    }
    return call->kind == ACP_READ_CALL ? read_content(call->turn, message->result) : read_permission(message->result);
}

bool acp_call_answer(struct acp *acp, struct acp_client *client, const struct jsonrpc_message *message, int64_t now_ms)
{
    struct acp_call *call = message->id.at && json_is_string(message->id) ? find(client, message->id) : NULL;
    struct acp_turn *turn;

    if (!call)
        return false;
    turn = call->turn;
    turn->agent.answer = read_answer(call, message);
    turn->due_ms = now_ms;
    forget(acp, call);
    return true;
}

void acp_call_abort(struct acp *acp, struct acp_turn *turn, const char *why)
{
    char client[24];

    if (!turn->call)
        return;
    snprintf(client, sizeof client, "%" PRIu64, turn->call->client->id);
    log_event(acp->log, LOG_INFO, "ws.abort", "client", client, "request", turn->call->id, "method",
              methods[turn->call->kind], "reason", why, NULL);
    forget(acp, turn->call);
}

void acp_calls_expire(struct acp *acp, struct acp_client *client, int64_t now_ms)
{
    struct acp_call *next;

    for (struct acp_call *call = LIST_FIRST(&client->calls); call; call = next) {
        struct acp_turn *turn = call->turn;

        next = LIST_NEXT(call, link);
        if (call->due_ms > now_ms)
            continue;
        acp_call_abort(acp, turn, "time-out");
        turn->agent.answer = AGENT_NO_ANSWER;
        turn->due_ms = now_ms;
    }
}
