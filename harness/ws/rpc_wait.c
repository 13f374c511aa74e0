/* Waiting for answers, updates and requests of the agent. */
#include "check.h"
#include "ws/peer_private.h"
#include "ws/rpc_private.h"

#include <string.h>

/* The document becomes the client's current one; NULL: none came. */
static struct ws_reply make_reply(struct ws_client *client, const struct json *document, int64_t since_ns)
{
    struct ws_reply reply = {.outcome = WS_NO_REPLY, .ms = (now_ns() - since_ns) / 1000000};

    json_free(client->current);
    client->current = document;
    text_clear(&client->summary);
    if (document) {
        struct jsonrpc message = jsonrpc_look(document);

        reply.outcome = message.kind == JSONRPC_RESULT ? WS_RESULT : WS_ERROR;
        reply.result = message.result;
        reply.error = message.error;
        reply.code = message.code;
        text_addf(&client->summary, "after %lld ms: ", (long long)reply.ms);
        text_add_visible(&client->summary, document->raw, document->raw_bytes, WS_SHOWN_MAX_BYTES);
    } else {
        reply.end = client->end;
        text_addf(&client->summary, "no answer, but %s", client->end.summary);
    }
    reply.summary = client->summary.bytes;
    return reply;
}

static struct ws_sent_call *call_of(struct ws_client *client, size_t number)
{
    if (number == 0 || number > client->call_count)
        error_of_harness("there is no call %zu", number);
    return &client->calls[number - 1];
}

struct ws_reply ws_await_within(struct ws_client *client, size_t call, int64_t timeout_ms)
{
    int64_t deadline_ns = deadline_after(timeout_ms);
    struct ws_sent_call *sent = call_of(client, call);

    while (!sent->answered && ws_client_read(client, deadline_ns))
        ;
    const struct json *document = sent->document;
    sent->document = NULL;
    return make_reply(client, document, sent->sent_ns);
}

struct ws_reply ws_await(struct ws_client *client, size_t call)
{
    return ws_await_within(client, call, WS_WAIT_MS);
}

bool ws_is_answered(struct ws_client *client, size_t call)
{
    while (!call_of(client, call)->answered && ws_client_read(client, now_ns()))
        ;
    return call_of(client, call)->answered;
}

struct ws_reply ws_call(struct ws_client *client, const char *method, const char *params)
{
    return ws_await(client, ws_ask(client, method, params));
}

struct ws_reply ws_await_null(struct ws_client *client)
{
    int64_t since_ns = now_ns();
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    const struct json *document = NULL;

    while (client->null_count == 0 && ws_client_read(client, deadline_ns))
        ;
    if (client->null_count > 0) {
        document = client->nulls[0];
        memmove(client->nulls, client->nulls + 1, --client->null_count * sizeof *client->nulls);
    }
    return make_reply(client, document, since_ns);
}

size_t ws_nulls(const struct ws_client *client)
{
    return client->null_count;
}

bool ws_listen(struct ws_client *client, int64_t timeout_ms)
{
    int64_t deadline_ns = deadline_after(timeout_ms);

    while (ws_client_read(client, deadline_ns))
        ;
    return !client->ended;
}

void ws_settle(struct ws_client *client)
{
    struct ws_reply reply = ws_call(client, "assay/nothing", "{}");

    expect(reply.outcome != WS_NO_REPLY, reply.end.kind == WS_SILENCE ? HANG : SILENT,
           "an answer to a request of an unknown method", "%s", reply.summary);
}

bool ws_await_updates(struct ws_client *client, const char *sid, size_t count)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);

    while (ws_updates(client, sid) < count)
        if (!ws_client_read(client, deadline_ns))
            return false;
    return true;
}

static struct ws_asked handed_out(const struct ws_client *client, size_t number)
{
    struct jsonrpc message = jsonrpc_look(client->asked[number - 1].document);

    return (struct ws_asked){.number = number, .id = message.id, .method = message.method, .params = message.params};
}

static bool is_open(const struct ws_client *client, const struct ws_request_in *request, enum ws_method method,
                    const char *sid)
{
    const char *own = NULL;

    if (!request->document || request->method != method)
        return false;
    if (sid)
        own = ws_get_string(client->server, json_get(request->document, "params"), WS_SESSION_ID);
    return !sid || (own && strcmp(own, sid) == 0);
}

/* sid NULL: of any session. */
static size_t first_open(const struct ws_client *client, enum ws_method method, const char *sid, size_t from)
{
    for (; from < client->asked_count; from++)
        if (is_open(client, &client->asked[from], method, sid))
            return from + 1;
    return 0;
}

struct ws_asked ws_await_asked_in(struct ws_client *client, enum ws_method method, const char *sid)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    size_t number = first_open(client, method, sid, 0);

    while (number == 0 && ws_client_read(client, deadline_ns))
        number = first_open(client, method, sid, client->asked_count ? client->asked_count - 1 : 0);
    if (number == 0)
        return (struct ws_asked){.number = 0};
    return handed_out(client, number);
}

struct ws_asked ws_await_asked(struct ws_client *client, enum ws_method method)
{
    return ws_await_asked_in(client, method, NULL);
}
