/* JSON-RPC 2.0 messages: which there are, which there are not, and answers that can be read back. */
#include "rpc/jsonrpc.h"

#include "json/string.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct jsonrpc_message read_good(const char *text)
{
    struct jsonrpc_message message;
    struct error err = {{0}};

    if (jsonrpc_read(text, strlen(text), &message, &err) != JSONRPC_OK)
        fail_msg("%s: %s", text, err.text);
    return message;
}

static void expect_span(struct json_span span, const char *text)
{
    assert_int_equal(span.bytes, strlen(text));
    assert_memory_equal(span.at, text, span.bytes);
}

static void requests_are_taken_apart(void **state)
{
    struct jsonrpc_message message =
        read_good(" {\"extra\":[1],\"params\" : {\"n\":1e400} "
                  ",\"meth\\u006fd\":\"a\\/b\",\"id\":9007199254740993,\"jsonrpc\":\"2.0\"}");

    (void)state;
    assert_int_equal(message.kind, JSONRPC_REQUEST);
    expect_span(message.id, "9007199254740993");
    expect_span(message.params, "{\"n\":1e400}");
    assert_true(json_string_is(message.method, "a/b"));
    assert_null(message.result.at);
    message = read_good("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\",\"params\":[]}");
    assert_int_equal(message.kind, JSONRPC_REQUEST);
    expect_span(message.id, "null");
    message = read_good("{\"jsonrpc\":\"2.0\",\"method\":\"m\"}");
    assert_int_equal(message.kind, JSONRPC_NOTIFICATION);
    assert_int_equal(message.id.bytes, 0);
    assert_null(message.params.at);
}

static void answers_are_taken_apart(void **state)
{
    struct jsonrpc_message message = read_good("{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":null}");

    (void)state;
    assert_int_equal(message.kind, JSONRPC_RESULT);
    expect_span(message.id, "\"x\"");
    expect_span(message.result, "null");
    message =
        read_good("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"data\":{\"a\":1},\"message\":\"no\",\"code\":-32601}}");
    assert_int_equal(message.kind, JSONRPC_ERROR);
    assert_int_equal(message.error_code, JSONRPC_UNKNOWN_METHOD_CODE);
    assert_true(json_string_is(message.error_message, "no"));
    expect_span(message.error_data, "{\"a\":1}");
    message = read_good("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":0,\"message\":\"\"}}");
    assert_null(message.error_data.at);
}

static void what_is_no_message_is_refused(void **state)
{
    static const struct {
        const char *text;
        const char *id; /* to answer to; "" where none can be found */
    } bad[] = {
        {"[]", ""},
        {"7", ""},
        {"{}", ""},
        {"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}]", ""},
        {"{\"id\":1,\"method\":\"m\"}", "1"},
        {"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"m\"}", "1"},
        {"{\"jsonrpc\":2.0,\"id\":1,\"method\":\"m\"}", "1"},
        {"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"m\"}", ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"m\"}", ""},
        {"{\"jsonrpc\":\"2.0\",\"ID\":1,\"result\":1}", ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":7}", "\"a\""},
        {"{\"jsonrpc\":\"2.0\",\"id\":1}", "1"},
        {"{\"jsonrpc\":\"2.0\",\"result\":1}", ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"result\":1}", "1"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{\"code\":1,\"message\":\"\"}}", "1"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":\"no\"}", "1"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1.5,\"message\":\"\"}}", "1"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1}}", "1"},
        {"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1,\"message\":\"\"}}", ""},
    };
    struct jsonrpc_message message;
    struct error err = {{0}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (jsonrpc_read(bad[i].text, strlen(bad[i].text), &message, &err) != JSONRPC_BAD_MESSAGE)
            fail_msg("%s was read", bad[i].text);
        assert_true(strlen(err.text) > 0);
        expect_span(message.id, bad[i].id);
    }
    assert_int_equal(jsonrpc_read("{\"id\":1,\"id\":1}", 15, &message, &err), JSONRPC_NOT_JSON);
    assert_int_equal(message.id.bytes, 0);
    assert_int_equal(jsonrpc_read("", 0, &message, NULL), JSONRPC_NOT_JSON);
}

static void written_answers_are_read_back(void **state)
{
    struct json_span id = {"\"\\u0069d\"", 9}, result = {"{\"n\":1e400}", 11};
    struct buffer out = buffer_new(id.bytes + result.bytes + JSONRPC_WRAPPING_BYTES);
    struct jsonrpc_message message;
    cJSON *data = cJSON_CreateObject();

    (void)state;
    jsonrpc_add_result(&out, id, result);
    assert_false(out.failed);
    assert_string_equal(out.data, "{\"jsonrpc\":\"2.0\",\"id\":\"\\u0069d\",\"result\":{\"n\":1e400}}");
    assert_int_equal(read_good(out.data).kind, JSONRPC_RESULT);
    buffer_free(&out);
    out = buffer_new(1000);
    cJSON_AddStringToObject(data, "kind", "refused");
    jsonrpc_add_error(&out, (struct json_span){0}, JSONRPC_NOT_JSON_CODE, "not \"JSON\"\n\xff", data);
    message = read_good(out.data);
    assert_int_equal(message.error_code, JSONRPC_NOT_JSON_CODE);
    expect_span(message.id, "null");
    assert_true(json_string_is(message.error_message, "not \"JSON\"\n\xef\xbf\xbd"));
    expect_span(message.error_data, "{\"kind\":\"refused\"}");
    assert_null(memchr(out.data, '\n', out.bytes));
    buffer_clear(&out);
    jsonrpc_add_error(&out, id, JSONRPC_INTERNAL_CODE, "x", NULL);
    assert_null(read_good(out.data).error_data.at);
    cJSON_Delete(data);
    buffer_free(&out);
}

/* Somebody whose own request is under way has to see that a message with too much in it was meant to answer it. */
static void a_refused_message_shows_what_it_has(void **state)
{
    static const char text[] = "{\"id\":\"x\",\"method\":7,\"params\":1,\"result\":2,\"error\":{}}";
    struct jsonrpc_message message;

    (void)state;
    assert_int_equal(jsonrpc_read(text, strlen(text), &message, NULL), JSONRPC_BAD_MESSAGE);
    expect_span(message.id, "\"x\"");
    expect_span(message.method, "7");
    expect_span(message.params, "1");
    expect_span(message.result, "2");
    expect_span(message.error, "{}");
}

static void written_calls_are_read_back(void **state)
{
    static const char params[] = "{\"n\":1e400}";
    struct json_span span = {params, strlen(params)};
    struct buffer out = buffer_new(1000);
    struct jsonrpc_message message;

    (void)state;
    jsonrpc_add_request(&out, "i\"d", "a/b", span);
    message = read_good(out.data);
    assert_int_equal(message.kind, JSONRPC_REQUEST);
    assert_true(json_string_is(message.id, "i\"d"));
    assert_true(json_string_is(message.method, "a/b"));
    expect_span(message.params, params);
    buffer_clear(&out);
    jsonrpc_add_notification(&out, "a/b", span);
    message = read_good(out.data);
    assert_int_equal(message.kind, JSONRPC_NOTIFICATION);
    expect_span(message.params, params);
    buffer_free(&out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_taken_apart),
        cmocka_unit_test(answers_are_taken_apart),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(written_answers_are_read_back),
        cmocka_unit_test(a_refused_message_shows_what_it_has),
        cmocka_unit_test(written_calls_are_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
