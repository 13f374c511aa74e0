/* One walk along a message's members, then the rules of JSON-RPC 2.0 on what was found. */
#include "rpc/jsonrpc.h"

#include "json/check.h"
#include "json/string.h"

#include <string.h>

/* A member that is looked for, and its value once it is found. */
struct wanted {
    const char *name;
    struct json_span value;
};

static void find_all(struct json_span object, struct wanted *wanted, size_t count)
{
    struct json_member member = {0};

    while (json_next_member(object, &member)) {
        for (size_t i = 0; i < count; i++) {
            if (json_string_is(member.name, wanted[i].name))
                wanted[i].value = member.value;
        }
    }
}

static bool is_string(struct json_span value)
{
    return value.at && json_is_string(value);
}

/* Section 4: "An identifier established by the Client that MUST contain a String, Number, or NULL value". */
static bool is_id(struct json_span value)
{
    return value.at && !strchr("{[tf", *value.at);
}

static enum jsonrpc_result refuse(const char *why, struct error *err)
{
    error_set(err, "not a JSON-RPC 2.0 message: %s", why);
    return JSONRPC_BAD_MESSAGE;
}

static enum jsonrpc_result read_error(struct jsonrpc_message *message, struct json_span error, struct error *err)
{
    enum { CODE, MESSAGE, DATA, PARTS };
    struct wanted parts[PARTS] = {
        [CODE] = {.name = "code"}, [MESSAGE] = {.name = "message"}, [DATA] = {.name = "data"}};

    find_all(error, parts, PARTS);
    if (!parts[CODE].value.at || !json_integer(parts[CODE].value, &message->error_code) ||
        !is_string(parts[MESSAGE].value))
        return refuse("its error has no code or no message", err);
    message->kind = JSONRPC_ERROR;
    message->error_message = parts[MESSAGE].value;
    message->error_data = parts[DATA].value;
    return JSONRPC_OK;
}

enum jsonrpc_result jsonrpc_read(const char *text, size_t bytes, struct jsonrpc_message *message, struct error *err)
{
    enum { VERSION, ID, METHOD, PARAMS, RESULT, ERROR, PARTS };
    struct wanted parts[PARTS] = {
        [VERSION] = {.name = "jsonrpc"}, [ID] = {.name = "id"},         [METHOD] = {.name = "method"},
        [PARAMS] = {.name = "params"},   [RESULT] = {.name = "result"}, [ERROR] = {.name = "error"},
    };
    enum json_result checked = json_check(text, bytes, err);

    *message = (struct jsonrpc_message){0};
    if (checked != JSON_OK)
        return checked == JSON_NO_MEMORY ? JSONRPC_NO_MEMORY : JSONRPC_NOT_JSON;
    find_all((struct json_span){text, bytes}, parts, PARTS);
    message->method = parts[METHOD].value;
    message->params = parts[PARAMS].value;
    message->result = parts[RESULT].value;
    message->error = parts[ERROR].value;
    if (is_id(parts[ID].value))
        message->id = parts[ID].value;
    else if (parts[ID].value.at)
        return refuse("its id is no string, number or null", err);
    if (!parts[VERSION].value.at || !json_string_is(parts[VERSION].value, "2.0"))
        return refuse("its version is another one", err);
    if (!!parts[METHOD].value.at + !!parts[RESULT].value.at + !!parts[ERROR].value.at != 1)
        return refuse("it has not exactly one of method, result and error", err);
    if (!parts[METHOD].value.at && !message->id.at)
        return refuse("an answer without an id", err);
    if (parts[ERROR].value.at)
        return read_error(message, parts[ERROR].value, err);
    if (parts[METHOD].value.at && !is_string(parts[METHOD].value))
        return refuse("its method is no string", err);
    message->kind = parts[RESULT].value.at ? JSONRPC_RESULT : message->id.at ? JSONRPC_REQUEST : JSONRPC_NOTIFICATION;
    return JSONRPC_OK;
}

static void begin_answer(struct buffer *out, struct json_span id)
{
    buffer_add_text(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    if (id.bytes > 0)
        buffer_add(out, id.at, id.bytes);
    else
        buffer_add_text(out, "null");
}

void jsonrpc_add_result(struct buffer *out, struct json_span id, struct json_span result)
{
    begin_answer(out, id);
    buffer_add_text(out, ",\"result\":");
    buffer_add(out, result.at, result.bytes);
    buffer_add_text(out, "}");
}

void jsonrpc_add_error(struct buffer *out, struct json_span id, int code, const char *message, const cJSON *data)
{
    char *printed = data ? cJSON_PrintUnformatted(data) : NULL;

    begin_answer(out, id);
    buffer_add_format(out, ",\"error\":{\"code\":%d,\"message\":", code);
    json_add_string(out, message, strlen(message));
    if (printed) {
        buffer_add_text(out, ",\"data\":");
        buffer_add_text(out, printed);
    }
    buffer_add_text(out, "}}");
    cJSON_free(printed);
}

static void add_call(struct buffer *out, const char *method, struct json_span params)
{
    buffer_add_text(out, "\"method\":");
    json_add_string(out, method, strlen(method));
    buffer_add_text(out, ",\"params\":");
    buffer_add(out, params.at, params.bytes);
    buffer_add_text(out, "}");
}

void jsonrpc_add_request(struct buffer *out, const char *id, const char *method, struct json_span params)
{
    buffer_add_text(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    json_add_string(out, id, strlen(id));
    buffer_add_text(out, ",");
    add_call(out, method, params);
}

void jsonrpc_add_notification(struct buffer *out, const char *method, struct json_span params)
{
    buffer_add_text(out, "{\"jsonrpc\":\"2.0\",");
    add_call(out, method, params);
}
