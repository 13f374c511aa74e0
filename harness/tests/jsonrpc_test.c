/* JSON-RPC messages: what each kind is, what is none, and that what is written is what is read. */
#include "wire/jsonrpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OUT_MAX_BYTES = 4096 };

static const struct sample {
    const char *text;
    enum jsonrpc_kind kind;
    const char *fault;
} samples[] = {
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}", JSONRPC_RESULT, NULL},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"\",\"result\":{}}", JSONRPC_RESULT, NULL},
    {"{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":0}", JSONRPC_RESULT, NULL},
    {"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"x\"}}", JSONRPC_ERROR, NULL},
    {"{\"jsonrpc\":\"2.0\",\"id\":1.5,\"error\":{\"code\":0,\"message\":\"\",\"data\":[]}}", JSONRPC_ERROR, NULL},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}", JSONRPC_REQUEST, NULL},
    {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\",\"params\":[]}", JSONRPC_REQUEST, NULL},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{}}", JSONRPC_NOTIFICATION, NULL},
    {"[1]", JSONRPC_BATCH, NULL},
    {"[]", JSONRPC_BROKEN, "no object"},
    {"1", JSONRPC_BROKEN, "no object"},
    {"{}", JSONRPC_BROKEN, "\"2.0\""},
    {"{\"jsonrpc\":2.0,\"id\":1,\"result\":1}", JSONRPC_BROKEN, "\"2.0\""},
    {"{\"jsonrpc\":\"1.0\",\"id\":1,\"result\":1}", JSONRPC_BROKEN, "\"2.0\""},
    {"{\"jsonrpc\":\"2.0\"}", JSONRPC_BROKEN, "neither"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1}", JSONRPC_BROKEN, "neither"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{\"code\":1,\"message\":\"\"}}", JSONRPC_BROKEN, "neither"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":null}", JSONRPC_BROKEN, "neither"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"method\":\"m\"}", JSONRPC_BROKEN, "beside"},
    {"{\"jsonrpc\":\"2.0\",\"result\":1}", JSONRPC_BROKEN, "without an id"},
    {"{\"jsonrpc\":\"2.0\",\"id\":[1],\"result\":1}", JSONRPC_BROKEN, "an id"},
    {"{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"m\"}", JSONRPC_BROKEN, "an id"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":\"no\"}", JSONRPC_BROKEN, "no object"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":\"1\",\"message\":\"\"}}", JSONRPC_BROKEN, "code"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1.5,\"message\":\"\"}}", JSONRPC_BROKEN, "code"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"message\":\"\"}}", JSONRPC_BROKEN, "code"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1}}", JSONRPC_BROKEN, "message"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":null}}", JSONRPC_BROKEN, "message"},
    {"{\"jsonrpc\":\"2.0\",\"method\":1}", JSONRPC_BROKEN, "method"},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":1}", JSONRPC_BROKEN, "params"},
};

static void every_message_is_of_one_kind_or_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const struct json *value = json_read(samples[i].text, strlen(samples[i].text), NULL);
        struct jsonrpc message = jsonrpc_look(value);

        if (message.kind != samples[i].kind || !message.fault != !samples[i].fault ||
            (message.fault && !strstr(message.fault, samples[i].fault)))
            fail_msg("%s: %d, %s", samples[i].text, message.kind, message.fault ? message.fault : "no fault");
        json_free(value);
    }
}

static void an_error_is_taken_apart(void **state)
{
    const char text[] = "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32601,\"message\":\"no such method\"}}";
    const struct json *value = json_read(text, sizeof text - 1, NULL);
    struct jsonrpc message = jsonrpc_look(value);
    int64_t id;

    (void)state;
    assert_true(json_as_integer(message.id, &id) && id == 7);
    assert_int_equal(message.code, -32601);
    assert_string_equal(message.message, "no such method");
    json_free(value);
}

static void messages_are_written_as_they_are_read(void **state)
{
    const struct json *id = json_read("\"a\\\"b\"", 6, NULL);
    struct text out;

    (void)state;
    text_init(&out, OUT_MAX_BYTES);
    jsonrpc_write(&out, "7", "session/new", "{\"cwd\":\"/\"}");
    assert_string_equal(out.bytes,
                        "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"session/new\",\"params\":{\"cwd\":\"/\"}}");
    text_clear(&out);
    jsonrpc_write(&out, NULL, "m", NULL);
    assert_string_equal(out.bytes, "{\"jsonrpc\":\"2.0\",\"method\":\"m\"}");
    text_clear(&out);
    jsonrpc_write_result(&out, id, "{}");
    assert_string_equal(out.bytes, "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"result\":{}}");
    text_clear(&out);
    jsonrpc_write_error(&out, id, -1, "no");
    assert_string_equal(out.bytes,
                        "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"error\":{\"code\":-1,\"message\":\"no\"}}");
    text_free(&out);
    json_free(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_is_of_one_kind_or_broken),
        cmocka_unit_test(an_error_is_taken_apart),
        cmocka_unit_test(messages_are_written_as_they_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
