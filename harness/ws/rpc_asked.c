/* What the agent asks its client, and the client's answers. */
#include "base/xalloc.h"
#include "check.h"
#include "ws/peer_private.h"
#include "ws/rpc_private.h"

#include <stdlib.h>
#include <string.h>

enum { OUTCOME_MAX_BYTES = 4096 };

static size_t method_named(const struct ws_target *server, const char *name)
{
    size_t method = 0;

    while (method < WS_METHODS && strcmp(ws_method(server, (enum ws_method)method), name) != 0)
        method++;
    return method;
}

static void send_result(struct ws_client *client, const struct json *id, const char *result)
{
    struct text message;

    text_init(&message, WS_MESSAGE_SENT_MAX_BYTES);
    jsonrpc_write_result(&message, id, result);
    ws_client_send(client, &message);
    text_free(&message);
}

static void keep(struct ws_client *client, const struct json *document, size_t method)
{
    if (client->asked_open == WS_ASKED_MAX)
        error_of_harness("more than %d requests of the agent that the room does not answer", WS_ASKED_MAX);
    if (client->asked_count == client->asked_room) {
        client->asked_room = client->asked_room ? 2 * client->asked_room : 8;
        client->asked = xalloc_resize(client->asked, client->asked_room, sizeof *client->asked);
    }
    client->asked[client->asked_count++] = (struct ws_request_in){.document = document, .method = method};
    client->asked_open++;
}

bool ws_client_take_asked(struct ws_client *client, const struct jsonrpc *message)
{
    size_t method = method_named(client->server, message->method);

    if (method < WS_METHODS) {
        client->times[method]++;
        if (client->always[method]) {
            send_result(client, message->id, client->always[method]);
            return false;
        }
    }
    keep(client, message->root, method);
    return true;
}

size_t ws_times_asked(const struct ws_client *client, enum ws_method method)
{
    return client->times[method];
}

static void settle(struct ws_client *client, const struct ws_asked *asked)
{
    struct ws_request_in *request = &client->asked[asked->number - 1];

    json_free(request->document);
    request->document = NULL;
    client->asked_open--;
}

static void demand_open(const struct ws_client *client, const struct ws_asked *asked)
{
    if (asked->number == 0 || asked->number > client->asked_count || !client->asked[asked->number - 1].document)
        error_of_harness("an answer to no request of the agent's");
}

void ws_answer(struct ws_client *client, const struct ws_asked *asked, const char *result)
{
    demand_open(client, asked);
    send_result(client, asked->id, result);
    settle(client, asked);
}

void ws_answer_error(struct ws_client *client, const struct ws_asked *asked, int64_t code, const char *message)
{
    struct text answer;

    demand_open(client, asked);
    text_init(&answer, WS_MESSAGE_SENT_MAX_BYTES);
    jsonrpc_write_error(&answer, asked->id, code, message);
    ws_client_send(client, &answer);
    text_free(&answer);
    settle(client, asked);
}

void ws_answer_always(struct ws_client *client, enum ws_method method, const char *result)
{
    client->always[method] = result;
}

void ws_client_free_asked(struct ws_client *client)
{
    for (size_t i = 0; i < client->asked_count; i++)
        json_free(client->asked[i].document);
    free(client->asked);
}

char *ws_permission_of_kind(const struct ws_asked *asked, const char *kind)
{
    const struct json *options = json_get(asked->params, "options");
    struct text result;

    for (const struct json *option = options ? options->child : NULL; option; option = option->next) {
        const char *own = json_get_string(option, "kind");
        const struct json *id =
            json_get(option, "optionId") ? json_get(option, "optionId") : json_get(option, "option_id");

        if (!own || strcmp(own, kind) != 0 || !id)
            continue;
        text_init(&result, OUTCOME_MAX_BYTES);
        text_addf(&result, "{\"outcome\":{\"outcome\":\"selected\",\"%s\":%.*s}}", id->name, (int)id->raw_bytes,
                  id->raw);
        return text_take(&result);
    }
    return NULL;
}
