/* What is JSON and what is not, limits at their edges, and what can be read from checked text. */
#include "json/check.h"
#include "json/parse.h"
#include "json/span.h"
#include "json/string.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum json_result check_text(const char *text)
{
    return json_check(text, strlen(text), NULL);
}

static struct json_span span(const char *text)
{
    return (struct json_span){text, strlen(text)};
}

static void good_documents_pass(void **state)
{
    static const char *const good[] = {"0",
                                       "-0",
                                       "1e400",
                                       "-0.5E+10",
                                       "9007199254740993",
                                       "true",
                                       " false ",
                                       "null",
                                       "\"\"",
                                       "[]",
                                       "{}",
                                       "[ ]",
                                       "\t\r\n {\"a\" : [1 , 2 ,{ } ] }\n",
                                       "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uFFFF\"",
                                       "\"\\ud83d\\ude00\"",
                                       "\"\x7f\"",
                                       "\"\xe2\x80\xa8\xc2\x85\"",
                                       "{\"a\":1,\"A\":2,\"\":3}",
                                       "[{\"a\":1},{\"a\":1}]",
                                       "{\"a\":{\"a\":{\"a\":1}}}",
                                       "\"\xf4\x8f\xbf\xbf\"",
                                       "\"\xed\x9f\xbf\xee\x80\x80\""};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (check_text(good[i]) != JSON_OK)
            fail_msg("refused: %s", good[i]);
    }
}

static void expect_refused(const char *const *texts, size_t count, enum json_result why)
{
    for (size_t i = 0; i < count; i++) {
        struct error err = {{0}};

        if (json_check(texts[i], strlen(texts[i]), &err) != why)
            fail_msg("not refused as %d: %s", (int)why, texts[i]);
        assert_true(strlen(err.text) > 0);
    }
}

static void bad_syntax_is_refused(void **state)
{
    static const char *const bad[] = {
        "",          " ",          "01",      "-",           "+1",       "1.",         ".5",       "1e",
        "1e+",       "0x1",        "NaN",     "Infinity",    "tru",      "nul",        "True",     "'a'",
        "\"",        "\"\\\"",     "\"\\x\"", "\"\\u12g4\"", "\"\\u123", "\"a\nb\"",   "\"\x01\"", "\"\x1f\"",
        "[",         "]",          "[1",      "[1,",         "[1,]",     "[,1]",       "[1 2]",    "[1}",
        "{",         "}",          "{,}",     "{\"a\"}",     "{\"a\":}", "{\"a\":1,}", "{a:1}",    "{1:1}",
        "{\"a\" 1}", "{\"a\":1]",  "1 2",     "{}{}",        "[]x",      "/**/1",      "1//",      "\xef\xbb\xbf{}",
        "[1,,2]",    "{\"a\"::1}", "\v1",     "\xc2\xa0[]"};

    (void)state;
    expect_refused(bad, sizeof bad / sizeof bad[0], JSON_SYNTAX);
    assert_int_equal(json_check("1\0", 2, NULL), JSON_SYNTAX);
    assert_int_equal(json_check("\0", 1, NULL), JSON_SYNTAX);
    assert_int_equal(json_check("\"a\0b\"", 5, NULL), JSON_SYNTAX);
    assert_int_equal(json_check("\"\\\0\"", 4, NULL), JSON_SYNTAX);
}

static void bad_encoding_is_refused(void **state)
{
    static const char *const bad[] = {"\"\xff\"",
                                      "\"\x80\"",
                                      "\"\xc0\xaf\"",
                                      "\"\xc1\xbf\"",
                                      "\"\xc2\"",
                                      "\"\xe0\x9f\xbf\"",
                                      "\"\xe2\x80\"",
                                      "\"\xed\xa0\x80\"",
                                      "\"\xf0\x8f\xbf\xbf\"",
                                      "\"\xf4\x90\x80\x80\"",
                                      "\"\xf5\x80\x80\x80\"",
                                      "\"\xe2\x28\xa1\"",
                                      "\"\\ud800\"",
                                      "\"\\udc00\"",
                                      "\"\\ud800x\"",
                                      "\"\\ud800\\n\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\ud800\\ud800\"",
                                      "\"\\uDBFF\\uE000\""};

    (void)state;
    expect_refused(bad, sizeof bad / sizeof bad[0], JSON_ENCODING);
}

static void duplicate_names_are_refused(void **state)
{
    static const char *const bad[] = {"{\"a\":1,\"a\":1}",
                                      "{\"seq\":1,\"\\u0073eq\":2}",
                                      "{\"\":1,\"\":2}",
                                      "{\"x\":[{\"b\":1,\"c\":2,\"b\":3}]}",
                                      "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}",
                                      "{\"a\\/\":1,\"a/\":2}",
                                      "{\"a\":{\"z\":1},\"b\":2,\"a\":3}"};

    (void)state;
    expect_refused(bad, sizeof bad / sizeof bad[0], JSON_DUPLICATE);
}

/* `[[[…]]]`, or `{"a":{"a":…1…}}`, so deep. */
static enum json_result check_depth(size_t depth, bool objects)
{
    struct buffer text = buffer_new(2000000);
    enum json_result result;

    for (size_t i = 0; i < depth; i++)
        buffer_add_text(&text, objects ? "{\"a\":" : "[");
    buffer_add_text(&text, "1");
    for (size_t i = 0; i < depth; i++)
        buffer_add_text(&text, objects ? "}" : "]");
    result = json_check(text.data, text.bytes, NULL);
    if (result == JSON_OK) {
        cJSON *root;

        assert_int_equal(json_parse(text.data, text.bytes, &root, NULL), JSON_OK);
        cJSON_Delete(root);
    }
    buffer_free(&text);
    return result;
}

static void depth_has_a_limit(void **state)
{
    (void)state;
    for (int objects = 0; objects < 2; objects++) {
        assert_int_equal(check_depth(JSON_DEPTH_MAX - 1, objects), JSON_OK);
        assert_int_equal(check_depth(JSON_DEPTH_MAX, objects), JSON_OK);
        assert_int_equal(check_depth(JSON_DEPTH_MAX + 1, objects), JSON_TOO_DEEP);
        assert_int_equal(check_depth(100000, objects), JSON_TOO_DEEP);
    }
}

/* A prefix of a document is never a document, unless it is a bare number: recovery relies on it for objects. */
static void no_prefix_of_an_object_is_json(void **state)
{
    static const char text[] = "{\"a\":[1,-2.5e3,true,null,\"\\ud83d\\ude00\\n\"],\"\xe2\x82\xac\":{\"b\":\"}\"}}";

    (void)state;
    for (size_t bytes = 0; bytes < sizeof text - 1; bytes++)
        assert_int_not_equal(json_check(text, bytes, NULL), JSON_OK);
    assert_int_equal(json_check(text, sizeof text - 1, NULL), JSON_OK);
}

static void members_are_found_by_decoded_name(void **state)
{
    struct json_span object = span(" { \"a\" : [1, {\"b\":\"]}\"}] , \"\\u0062\":\"x\\\"y\",\"c\":-1 ,\"d\":{}} ");
    struct json_member member = {0};
    struct json_span value;
    size_t count = 0;

    (void)state;
    assert_true(json_find(object, "a", &value));
    assert_int_equal(value.bytes, strlen("[1, {\"b\":\"]}\"}]"));
    assert_true(json_find(object, "b", &value));
    assert_true(json_string_is(value, "x\"y"));
    assert_true(json_find(object, "c", &value));
    assert_int_equal(value.bytes, 2);
    assert_true(json_find(object, "d", &value));
    assert_true(json_is_object(value));
    assert_false(json_find(object, "B", &value));
    assert_false(json_find(span("[\"a\"]"), "a", &value));
    assert_false(json_find(span("{ }"), "a", &value));
    while (json_next_member(object, &member))
        count++;
    assert_int_equal(count, 4);
}

static void elements_come_in_their_order(void **state)
{
    static const char *const wanted[] = {"1", "[2,\"]\"]", "\"x,\\\"\"", "{}", "null"};
    struct json_span array = span(" [ 1 , [2,\"]\"],\"x,\\\"\" ,{} , null ] ");
    struct json_span element = {0};
    size_t count = 0;

    (void)state;
    for (; json_next_element(array, &element); count++) {
        assert_true(count < sizeof wanted / sizeof *wanted);
        assert_int_equal(element.bytes, strlen(wanted[count]));
        assert_memory_equal(element.at, wanted[count], element.bytes);
    }
    assert_int_equal(count, sizeof wanted / sizeof *wanted);
    element = (struct json_span){0};
    assert_false(json_next_element(span("[ ]"), &element));
    assert_false(json_next_element(span("{\"a\":1}"), &element));
    assert_false(json_next_element(span("\"[1]\""), &element));
}

/* A quotation mark ends a string behind an even number of backslashes. */
static void strings_end_where_they_end(void **state)
{
    static const char *const values[] = {"\"\"",         "\"\\\\\"",           "\"\\\"\"",         "\"\\\\\\\"\"",
                                         "\"\\\\\\\\\"", "\"\\\",\\\\\\\"}\"", "\"\\\"\\\"\\\"\"", "\"x\\\\\\\"y\""};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct buffer text = buffer_new(100);
        struct json_span value;

        buffer_add_format(&text, "{\"a\":%s,\"b\":[%s],\"c\":1}", values[i], values[i]);
        assert_int_equal(check_text(text.data), JSON_OK);
        assert_true(json_find(span(text.data), "a", &value));
        assert_int_equal(value.bytes, strlen(values[i]));
        assert_memory_equal(value.at, values[i], value.bytes);
        assert_true(json_find(span(text.data), "c", &value));
        buffer_free(&text);
    }
}

static void strings_are_decoded(void **state)
{
    size_t bytes;
    char *text = json_string(span("\"a\\u0000\\u00e9\\u20AC\\ud83d\\ude00\\b\\f\\n\\r\\t\\/\""), &bytes);

    (void)state;
    assert_int_equal(bytes, 17);
    assert_memory_equal(text, "a\0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\b\f\n\r\t/", bytes);
    free(text);
    assert_null(json_string(span("12"), &bytes));
    assert_false(json_string_is(span("\"a\\u0000b\""), "a"));
    assert_false(json_string_is(span("\"ab\""), "a"));
    assert_false(json_string_is(span("\"a\""), "ab"));
    assert_false(json_string_is(span("a"), "a"));
    assert_true(json_compare_strings(span("\"a\""), span("\"b\"")) < 0);
    assert_true(json_compare_strings(span("\"ab\""), span("\"a\"")) > 0);
}

static void integers_end_where_int64_does(void **state)
{
    static const char *const bad[] = {"9223372036854775808", "-9223372036854775809", "1.0", "1e3", "-", "\"1\"", ""};
    int64_t number;

    (void)state;
    assert_true(json_integer(span("9223372036854775807"), &number) && number == INT64_MAX);
    assert_true(json_integer(span("-9223372036854775808"), &number) && number == INT64_MIN);
    assert_true(json_integer(span("0"), &number) && number == 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(json_integer(span(bad[i]), &number));
}

static void compact_keeps_strings(void **state)
{
    struct buffer out = buffer_new(1000);

    (void)state;
    json_add_compact(&out, span(" {\n\"a b\" : [ 1 ,\r\t2 ] , \"c\\\"\" : \" x \" }\n"));
    assert_string_equal(out.data, "{\"a b\":[1,2],\"c\\\"\":\" x \"}");
    buffer_free(&out);
}

static void written_strings_are_json(void **state)
{
    struct buffer out = buffer_new(10000);
    char all[256];
    size_t bytes;
    char *back;

    (void)state;
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    json_add_string(&out, all, 128);
    assert_int_equal(check_text(out.data), JSON_OK);
    back = json_string(span(out.data), &bytes);
    assert_int_equal(bytes, 128);
    assert_memory_equal(back, all, 128);
    free(back);
    buffer_clear(&out);
    json_add_string(&out, all, 256);
    assert_int_equal(check_text(out.data), JSON_OK);
    buffer_clear(&out);
    json_add_string(&out,
                    "a\xff"
                    "b",
                    3);
    assert_string_equal(out.data, "\"a\xef\xbf\xbd"
                                  "b\"");
    buffer_free(&out);
}

static void parse_refuses_what_cjson_would_cut_short(void **state)
{
    cJSON *root;

    (void)state;
    assert_int_equal(json_parse("{\"a\":\"x\\u0000y\"}", 16, &root, NULL), JSON_NUL);
    assert_null(root);
    assert_int_equal(json_parse("{\"a\":\"\\\\u0000\"}", 15, &root, NULL), JSON_OK);
    assert_string_equal(cJSON_GetObjectItemCaseSensitive(root, "a")->valuestring, "\\u0000");
    cJSON_Delete(root);
    assert_int_equal(json_parse("[1,]", 4, &root, NULL), JSON_SYNTAX);
    assert_null(root);
}

static void whole_numbers_end_where_doubles_do(void **state)
{
    static const struct {
        const char *text;
        bool whole;
    } numbers[] = {{"0", true},      {"-1", true},    {"9007199254740992", true},  {"-9007199254740992", true},
                   {"1e3", true},    {"0.5", false},  {"9007199254740994", false}, {"-9007199254740994", false},
                   {"1e400", false}, {"\"1\"", false}};
    int64_t number = 0;

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        cJSON *root;

        assert_int_equal(json_parse(numbers[i].text, strlen(numbers[i].text), &root, NULL), JSON_OK);
        assert_int_equal(json_whole(root, &number), numbers[i].whole);
        cJSON_Delete(root);
    }
    assert_false(json_whole(NULL, &number));
}

static void buffer_has_a_maximum(void **state)
{
    struct buffer buffer = buffer_new(1000);
    char data[1001] = {0};
    size_t bytes;
    char *taken;

    (void)state;
    assert_true(buffer_add(&buffer, data, 999));
    assert_true(buffer_add_text(&buffer, "x"));
    assert_false(buffer_add_format(&buffer, "%d", 1));
    assert_false(buffer_add(&buffer, data, 0));
    assert_null(buffer_take(&buffer, &bytes));
    assert_false(buffer_add(&buffer, data, 1001));
    buffer_clear(&buffer);
    assert_true(buffer_add_format(&buffer, "%s-%d", "abc", 12));
    buffer_drop(&buffer, 2);
    taken = buffer_take(&buffer, &bytes);
    assert_string_equal(taken, "c-12");
    assert_int_equal(bytes, 4);
    free(taken);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_documents_pass),
        cmocka_unit_test(bad_syntax_is_refused),
        cmocka_unit_test(bad_encoding_is_refused),
        cmocka_unit_test(duplicate_names_are_refused),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(no_prefix_of_an_object_is_json),
        cmocka_unit_test(members_are_found_by_decoded_name),
        cmocka_unit_test(elements_come_in_their_order),
        cmocka_unit_test(strings_end_where_they_end),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(integers_end_where_int64_does),
        cmocka_unit_test(compact_keeps_strings),
        cmocka_unit_test(written_strings_are_json),
        cmocka_unit_test(parse_refuses_what_cjson_would_cut_short),
        cmocka_unit_test(whole_numbers_end_where_doubles_do),
        cmocka_unit_test(buffer_has_a_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
