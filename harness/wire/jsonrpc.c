/* What kind of message a value is, and messages from their parts. */
#include "wire/jsonrpc.h"

#include <string.h>

static struct jsonrpc broken(struct jsonrpc message, const char *fault)
{
    message.kind = JSONRPC_BROKEN;
    message.fault = fault;
    return message;
}

static bool is_id(const struct json *id)
{
    return id->type == JSON_STRING || id->type == JSON_NUMBER || id->type == JSON_NULL;
}

static struct jsonrpc look_at_call(struct jsonrpc message, const struct json *method)
{
    message.method = json_as_string(method);
    message.params = json_get(message.root, "params");
    if (!message.method)
        return broken(message, "a method that is no string (JSON-RPC 4)");
    if (message.params && message.params->type != JSON_OBJECT && message.params->type != JSON_ARRAY)
        return broken(message, "params that are no object and no array (JSON-RPC 4.2)");
    message.kind = message.id ? JSONRPC_REQUEST : JSONRPC_NOTIFICATION;
    return message;
}

static struct jsonrpc look_at_error(struct jsonrpc message)
{
    message.message = json_get_string(message.error, "message");
    if (message.error->type != JSON_OBJECT)
        return broken(message, "an error that is no object (JSON-RPC 5)");
    if (!json_get_integer(message.error, "code", &message.code))
        return broken(message, "an error whose code is no integer (JSON-RPC 5.1)");
    if (!message.message)
        return broken(message, "an error whose message is no string (JSON-RPC 5.1)");
    message.kind = JSONRPC_ERROR;
    return message;
}

static struct jsonrpc look_at_response(struct jsonrpc message)
{
    if (!message.id)
        return broken(message, "a response without an id (JSON-RPC 5)");
    if (message.error)
        return look_at_error(message);
    message.kind = JSONRPC_RESULT;
    return message;
}

struct jsonrpc jsonrpc_look(const struct json *value)
{
    struct jsonrpc message = {.root = value, .id = json_get(value, "id")};
    const char *version = json_get_string(value, "jsonrpc");
    const struct json *method = json_get(value, "method");

    if (value->type == JSON_ARRAY && value->count > 0) {
        message.kind = JSONRPC_BATCH;
        return message;
    }
    if (value->type != JSON_OBJECT)
        return broken(message, "no object (JSON-RPC 4, 5)");
    message.result = json_get(value, "result");
    message.error = json_get(value, "error");
    if (!version || strcmp(version, "2.0") != 0)
        return broken(message, "its \"jsonrpc\" is not \"2.0\" (JSON-RPC 4, 5)");
    if (message.id && !is_id(message.id))
        return broken(message, "an id that is no string, number or null (JSON-RPC 4, 5)");
    if (!method && !message.result == !message.error)
        return broken(message, "neither a method, nor exactly one of result and error (JSON-RPC 5)");
    if (method && (message.result || message.error))
        return broken(message, "a method beside a result or an error (JSON-RPC 4, 5)");
    return method ? look_at_call(message, method) : look_at_response(message);
}

void jsonrpc_write(struct text *out, const char *id, const char *method, const char *params)
{
    struct json_writer writer = json_write(out);

    json_open(&writer, '{');
    json_member(&writer, "jsonrpc", "2.0");
    if (id) {
        json_key(&writer, "id");
        json_raw(&writer, id, strlen(id));
    }
    json_member(&writer, "method", method);
    if (params) {
        json_key(&writer, "params");
        json_raw(&writer, params, strlen(params));
    }
    json_close(&writer, '}');
}

static struct json_writer open_response(struct text *out, const struct json *id)
{
    struct json_writer writer = json_write(out);

    json_open(&writer, '{');
    json_member(&writer, "jsonrpc", "2.0");
    json_key(&writer, "id");
    json_raw(&writer, id->raw, id->raw_bytes);
    return writer;
}

void jsonrpc_write_result(struct text *out, const struct json *id, const char *result)
{
    struct json_writer writer = open_response(out, id);

    json_key(&writer, "result");
    json_raw(&writer, result, strlen(result));
    json_close(&writer, '}');
}

void jsonrpc_write_error(struct text *out, const struct json *id, int64_t code, const char *message)
{
    struct json_writer writer = open_response(out, id);

    json_key(&writer, "error");
    json_open(&writer, '{');
    json_member_integer(&writer, "code", code);
    json_member(&writer, "message", message);
    json_close(&writer, '}');
    json_close(&writer, '}');
}
