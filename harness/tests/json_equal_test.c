/* Values that are equal although their bytes differ, and such as only look equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

static const struct json *read_string(const char *text)
{
    const struct json *root = json_read(text, strlen(text), NULL);

    if (!root)
        fail_msg("the test's own document is no JSON: %s", text);
    return root;
}

struct comparison {
    const char *a;
    const char *b;
};

static void expect_all(const struct comparison *comparisons, size_t count, bool equal)
{
    for (size_t i = 0; i < count; i++) {
        const struct json *a = read_string(comparisons[i].a);
        const struct json *b = read_string(comparisons[i].b);

        if (json_equal(a, b) != equal || json_equal(b, a) != equal)
            fail_msg("%s and %s: expected %s", comparisons[i].a, comparisons[i].b, equal ? "equal" : "different");
        assert_true(json_equal(a, a));
        assert_true(json_equal(b, b));
        json_free(a);
        json_free(b);
    }
}

static void equal_values_may_be_written_differently(void **state)
{
    (void)state;
    static const struct comparison equal[] = {
        {"null", " null "},
        {"[]", "[ ]"},
        {"{}", "{\n}"},
        {"[1,[2,{}]]", "[ 1 , [ 2 , { } ] ]"},
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"},
        {"{\"a\":{\"x\":1,\"y\":[]},\"b\":2}", "{\"b\":2,\"a\":{\"y\":[],\"x\":1}}"},
        {"\"\\u0041\\/\\n\"", "\"A/\\u000A\""},
        {"\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\""},
        {"{\"\\u0061\":0}", "{\"a\":0}"},
        {"{\"aa\":1,\"b\":2,\"\":3,\"c\":4}", "{\"\":3,\"c\":4,\"b\":2,\"aa\":1}"},
    };
    expect_all(equal, sizeof equal / sizeof *equal, true);
}

static void different_values_differ(void **state)
{
    (void)state;
    static const struct comparison different[] = {
        {"null", "false"},
        {"true", "false"},
        {"0", "false"},
        {"\"\"", "null"},
        {"1", "\"1\""},
        {"[]", "{}"},
        {"[]", "[null]"},
        {"[1,2]", "[2,1]"},
        {"[1,2]", "[1,2,3]"},
        {"[[1],2]", "[[1,2]]"},
        {"{\"a\":1}", "{\"a\":2}"},
        {"{\"a\":1}", "{\"A\":1}"},
        {"{\"a\":1}", "{\"b\":1}"},
        {"{\"a\":1}", "{\"a\":1,\"b\":1}"},
        {"{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}"},
        {"{\"a\":null}", "{}"},
        {"\"a\"", "\"a \""},
        {"\"a\"", "\"a\\u0000\""},
        {"\"a\\u0000b\"", "\"a\\u0000c\""},
        {"\"\xC3\xA9\"", "\"e\xCC\x81\""},
        {"{\"a\\u0000b\":1}", "{\"a\\u0000c\":1}"},
        {"[[[[1]]]]", "[[[[2]]]]"},
    };
    expect_all(different, sizeof different / sizeof *different, false);
}

static void numbers_are_equal_by_their_decimal_value(void **state)
{
    (void)state;
    static const struct comparison equal[] = {
        {"0", "-0"},
        {"0", "0.000"},
        {"0", "-0.0e-99999999999999999999999"},
        {"0e5", "0e-7"},
        {"1", "1.0"},
        {"1", "10e-1"},
        {"1", "0.1e1"},
        {"1", "0.00001E+5"},
        {"1", "1e0"},
        {"1", "1e-0"},
        {"1", "1e0000000000000000000000000000"},
        {"100", "1e2"},
        {"100", "1.00e+02"},
        {"-120", "-1.2e2"},
        {"0.001", "1e-3"},
        {"0.0120", "12e-3"},
        {"1e400", "10e399"},
        {"1e400", "0.0001e404"},
        {"1e-400", "100e-402"},
        {"1e999999999999", "10e999999999998"},
        {"1e99999999999999999999999999999999999", "10e99999999999999999999999999999999998"},
        {"0.1e100000000000000000000000000000000", "1e99999999999999999999999999999999"},
        {"1e-100000000000000000000000000000000", "10e-100000000000000000000000000000001"},
        {"100e-1", "0.1e2"},
        {"10e-1", "0.1e1"},
        {"1000e-2", "0.01e3"},
        {"123456789012345678901234567890.5", "1234567890123456789012345678905e-1"},
        {"102.030", "10203e-2"},
        {"1.5", "15e-1"},
    };
    expect_all(equal, sizeof equal / sizeof *equal, true);
}

static void numbers_that_doubles_confuse_differ(void **state)
{
    (void)state;
    static const struct comparison different[] = {
        {"1", "-1"},
        {"0", "1e-999999999999999999999"},
        {"9007199254740993", "9007199254740992"},
        {"18446744073709551615", "18446744073709551616"},
        {"0.30000000000000004", "0.3"},
        {"0.1000000000000000055511151231257827", "0.1"},
        {"1e400", "1e401"},
        {"1e400", "-1e400"},
        {"1e400", "2e400"},
        {"1e-400", "0"},
        {"1e-400", "1e-401"},
        {"1e99999999999999999999999999999999999", "1e99999999999999999999999999999999998"},
        {"1e18446744073709551616", "1e0"},
        {"1e18446744073709551617", "1e1"},
        {"1e9223372036854775807", "1e-9223372036854775808"},
        {"1e9999999999999999999999", "1e-9999999999999999999999"},
        {"1e100000000000000000000000000000000", "1e99999999999999999999999999999999"},
        {"12", "1.2"},
        {"12", "21"},
        {"1", "11"},
        {"101", "11"},
        {"1.01", "1.1"},
        {"1.2e5", "1.2e-5"},
        {"123.4", "12.34"},
    };
    expect_all(different, sizeof different / sizeof *different, false);
}

static bool equal_without(const char *a, const char *b, const char *const *names)
{
    const struct json *first = read_string(a);
    const struct json *second = read_string(b);
    bool equal = json_equal_without(first, second, names);

    assert_int_equal(json_equal_without(second, first, names), equal);
    json_free(first);
    json_free(second);
    return equal;
}

static bool holds_without(const char *whole, const char *part, const char *const *names)
{
    const struct json *first = read_string(whole);
    const struct json *second = read_string(part);
    bool held = json_holds_without(first, second, names);

    json_free(first);
    json_free(second);
    return held;
}

static void the_part_may_lack_what_the_whole_has(void **state)
{
    (void)state;
    static const char *const names[] = {"seq", NULL};

    assert_true(holds_without("{\"c\":null,\"b\":2,\"a\":1}", "{\"b\":2.0}", names));
    assert_true(holds_without("{\"a\":1}", "{}", names));
    assert_true(holds_without("{\"a\":1}", "{\"seq\":9,\"a\":1}", names));
    assert_false(holds_without("{\"b\":2}", "{\"a\":1,\"b\":2}", names));
    assert_false(holds_without("{\"a\":1,\"b\":3}", "{\"b\":2}", names));
    assert_false(holds_without("{}", "{\"none\":null}", names));
    /* Only at top level: a value is equal as a whole. */
    assert_false(holds_without("{\"a\":{\"x\":1,\"y\":2}}", "{\"a\":{\"x\":1}}", names));
    assert_false(holds_without("[]", "[]", names));
}

static void named_members_do_not_count_at_top_level(void **state)
{
    (void)state;
    static const char *const names[] = {"seq", "ts", NULL};

    assert_true(equal_without("{\"seq\":1,\"a\":2}", "{\"a\":2}", names));
    assert_true(equal_without("{\"seq\":1,\"ts\":\"x\",\"a\":2}", "{\"ts\":\"y\",\"a\":2,\"seq\":{}}", names));
    assert_true(equal_without("{\"seq\":1}", "{}", names));
    assert_true(equal_without("{}", "{}", names));
    assert_false(equal_without("{\"seq\":1,\"a\":2}", "{\"seq\":1,\"a\":3}", names));
    assert_false(equal_without("{\"SEQ\":1}", "{}", names));
    assert_false(equal_without("{\"seq2\":1}", "{}", names));
    assert_false(equal_without("{\"a\":{\"seq\":1}}", "{\"a\":{\"seq\":2}}", names));
    assert_false(equal_without("{\"a\":1}", "{\"seq\":1}", names));
    assert_false(equal_without("[]", "[]", names));
    assert_false(equal_without("{}", "[]", names));
}

static void wide_and_deep_values_are_compared(void **state)
{
    (void)state;
    enum { MEMBERS = 100003, DEPTH = 100000 };
    struct text a;
    struct text b;

    text_init(&a, 10 << 20);
    text_init(&b, 10 << 20);
    text_add(&a, "{\"first\":0");
    text_add(&b, "{\"first\":0");
    for (size_t i = 0; i < MEMBERS; i++) {
        text_addf(&a, ",\"m%zu\":%zu", i, i);
        text_addf(&b, ",\"m%zu\":%zu", i * 7919 % MEMBERS, i * 7919 % MEMBERS);
    }
    text_add(&a, ",\"deep\":");
    text_add(&b, ",\"deep\":");
    for (size_t i = 0; i < DEPTH; i++) {
        text_add(&a, "[0,");
        text_add(&b, "[0,");
    }
    text_add(&a, "1");
    text_add(&b, "1.0");
    for (size_t i = 0; i < DEPTH; i++) {
        text_add(&a, ",2]");
        text_add(&b, ",2]");
    }
    text_add(&a, "}");
    text_add(&b, "}");
    const struct json *first = read_string(a.bytes);
    const struct json *second = read_string(b.bytes);
    assert_true(json_equal(first, second));
    json_free(second);

    strstr(b.bytes, "1.0")[2] = '1';
    second = read_string(b.bytes);
    assert_false(json_equal(first, second));
    json_free(first);
    json_free(second);
    text_free(&a);
    text_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_values_may_be_written_differently),
        cmocka_unit_test(different_values_differ),
        cmocka_unit_test(numbers_are_equal_by_their_decimal_value),
        cmocka_unit_test(numbers_that_doubles_confuse_differ),
        cmocka_unit_test(named_members_do_not_count_at_top_level),
        cmocka_unit_test(the_part_may_lack_what_the_whole_has),
        cmocka_unit_test(wide_and_deep_values_are_compared),
    };

    return cmocka_run_group_tests_name("json_equal", tests, NULL, NULL) != 0;
}
