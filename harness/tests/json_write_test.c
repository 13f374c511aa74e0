/* What the writer writes is JSON, and is read back as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "json/json.h"

static void commas_come_by_themselves(void **state)
{
    (void)state;
    struct text text;

    text_init(&text, 1000);
    struct json_writer writer = json_write(&text);
    json_open(&writer, '{');
    json_member(&writer, "a", "x");
    json_key(&writer, "b");
    json_open(&writer, '[');
    json_integer(&writer, 1);
    json_open(&writer, '{');
    json_close(&writer, '}');
    json_open(&writer, '[');
    json_close(&writer, ']');
    json_bool(&writer, true);
    json_bool(&writer, false);
    json_string(&writer, NULL);
    json_raw(&writer, "{\"spliced\" : 1}", 15);
    json_string_bytes(&writer, "y", 1);
    json_close(&writer, ']');
    json_key(&writer, "c");
    json_open(&writer, '{');
    json_member_integer(&writer, "d", -5);
    json_close(&writer, '}');
    json_member(&writer, "e", NULL);
    json_close(&writer, '}');
    assert_string_equal(text.bytes, "{\"a\":\"x\",\"b\":[1,{},[],true,false,null,{\"spliced\" : 1},\"y\"],"
                                    "\"c\":{\"d\":-5},\"e\":null}");
    text_free(&text);
}

static void integers_are_written_whole(void **state)
{
    (void)state;
    struct text text;

    text_init(&text, 1000);
    struct json_writer writer = json_write(&text);
    json_open(&writer, '[');
    json_integer(&writer, INT64_MIN);
    json_integer(&writer, INT64_MAX);
    json_integer(&writer, 9007199254740993);
    json_close(&writer, ']');
    assert_string_equal(text.bytes, "[-9223372036854775808,9223372036854775807,9007199254740993]");
    text_free(&text);
}

static void write_string(struct text *text, const char *bytes, size_t count)
{
    struct json_writer writer = json_write(text);

    text_clear(text);
    json_string_bytes(&writer, bytes, count);
}

static void strings_are_escaped_where_they_must_be(void **state)
{
    (void)state;
    struct text text;

    text_init(&text, 1000);
    write_string(&text, "\"\\/\b\f\n\r\t\0\x01\x1f\x7f", 12);
    assert_string_equal(text.bytes, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f\x7f\"");
    write_string(&text, "", 0);
    assert_string_equal(text.bytes, "\"\"");
    text_free(&text);
}

static void what_is_not_utf8_is_replaced(void **state)
{
    (void)state;
    struct text text;

    text_init(&text, 1000);
    write_string(&text, "a\xFFz", 3);
    assert_string_equal(text.bytes, "\"a\xEF\xBF\xBDz\"");
    write_string(&text, "\xE2\x82", 2);
    assert_string_equal(text.bytes, "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    write_string(&text, "\xED\xA0\x80\"", 4);
    assert_string_equal(text.bytes, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\\\"\"");
    text_free(&text);
}

/* Whatever is written can be read, as one line, and says the same. */
static void every_character_round_trips(void **state)
{
    (void)state;
    struct text text;

    text_init(&text, 1000);
    for (uint32_t code_point = 0; code_point <= UTF8_CODE_POINT_MAX; code_point++) {
        char bytes[UTF8_BYTES_MAX];

        if (code_point == 0xD800)
            code_point = 0xE000;
        size_t length = utf8_encode(code_point, bytes);
        write_string(&text, bytes, length);
        assert_null(memchr(text.bytes, '\n', text.length));
        const struct json *value = json_read(text.bytes, text.length, NULL);
        assert_non_null(value);
        assert_int_equal(value->string_bytes, length);
        assert_memory_equal(value->string, bytes, length);
        json_free(value);
    }
    text_free(&text);
}

static void every_pair_of_bytes_becomes_a_string(void **state)
{
    (void)state;
    struct text text;

    text_init(&text, 1000);
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        char bytes[2] = {(char)(pair >> 8), (char)pair};

        write_string(&text, bytes, 2);
        const struct json *value = json_read(text.bytes, text.length, NULL);
        assert_non_null(value);
        assert_int_equal(value->type, JSON_STRING);
        json_free(value);
    }
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_come_by_themselves),
        cmocka_unit_test(integers_are_written_whole),
        cmocka_unit_test(strings_are_escaped_where_they_must_be),
        cmocka_unit_test(what_is_not_utf8_is_replaced),
        cmocka_unit_test(every_character_round_trips),
        cmocka_unit_test(every_pair_of_bytes_becomes_a_string),
    };

    return cmocka_run_group_tests_name("json_write", tests, NULL, NULL) != 0;
}
