/* Growing strings at their limits, hostile bytes made visible, and every code point there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/utf8.h"

static void starts_empty(void **state)
{
    (void)state;
    struct text text;

    text_init(&text, 10);
    assert_string_equal(text.bytes, "");
    assert_int_equal(text.length, 0);
    assert_false(text.cut);
    text_free(&text);
}

static void grows_and_stays_terminated(void **state)
{
    (void)state;
    struct text text;

    text_init(&text, 100000);
    for (size_t i = 0; i < 10000; i++) {
        text_add_bytes(&text, "ab\0d", 4);
        assert_int_equal(text.bytes[text.length], 0);
    }
    assert_int_equal(text.length, 40000);
    for (size_t i = 0; i < 10000; i++)
        assert_memory_equal(text.bytes + 4 * i, "ab\0d", 4);
    text_free(&text);
}

static void add_of_length(size_t length, size_t max_bytes, bool formatted, size_t expected, bool cut)
{
    char string[301];
    struct text text;

    memset(string, 'x', length);
    string[length] = '\0';
    text_init(&text, max_bytes);
    if (formatted)
        text_addf(&text, "%s", string);
    else
        text_add(&text, string);
    assert_int_equal(text.length, expected);
    assert_int_equal(strlen(text.bytes), expected);
    assert_int_equal(text.cut, cut);
    text_add(&text, "");
    assert_int_equal(text.cut, cut);
    text_free(&text);
}

static void cuts_at_its_maximum_and_remembers(void **state)
{
    (void)state;
    static const size_t maxima[] = {1, 62, 63, 64, 65, 200};

    for (size_t i = 0; i < sizeof maxima / sizeof *maxima; i++) {
        for (int formatted = 0; formatted < 2; formatted++) {
            add_of_length(maxima[i] - 1, maxima[i], formatted, maxima[i] - 1, false);
            add_of_length(maxima[i], maxima[i], formatted, maxima[i], false);
            add_of_length(maxima[i] + 1, maxima[i], formatted, maxima[i], true);
        }
    }
    add_of_length(0, 0, false, 0, false);
    add_of_length(1, 0, false, 0, true);
    add_of_length(1, 0, true, 0, true);
}

static void format_appends(void **state)
{
    (void)state;
    struct text text;

    text_init(&text, 1000);
    text_addf(&text, "%d-%s", 12, "ab");
    text_addf(&text, "/%080d", 7);
    assert_int_equal(text.length, 5 + 81);
    assert_memory_equal(text.bytes, "12-ab/0000", 10);
    assert_int_equal(text.bytes[text.length - 1], '7');
    text_clear(&text);
    text_addf(&text, "%s", "");
    assert_string_equal(text.bytes, "");
    text_free(&text);
}

static void clear_forgets_the_cut(void **state)
{
    (void)state;
    struct text text;

    text_init(&text, 3);
    text_add(&text, "four");
    assert_true(text.cut);
    text_clear(&text);
    assert_false(text.cut);
    assert_string_equal(text.bytes, "");
    text_add(&text, "six");
    assert_string_equal(text.bytes, "six");
    assert_false(text.cut);
    text_free(&text);
}

static void take_gives_the_bytes_away(void **state)
{
    (void)state;
    struct text text;

    text_init(&text, 5);
    text_add(&text, "first and more");
    char *taken = text_take(&text);
    text_add(&text, "next");
    assert_string_equal(taken, "first");
    assert_string_equal(text.bytes, "next");
    assert_false(text.cut);
    free(taken);
    text_free(&text);
}

struct visible_case {
    const char *bytes;
    size_t count;
    size_t max_shown;
    const char *expected;
};

#define VISIBLE(literal, max_shown, expected)                \
    {                                                        \
        literal, sizeof("" literal) - 1, max_shown, expected \
    }

static const struct visible_case visible_cases[] = {
    VISIBLE("", 10, ""),
    VISIBLE("plain {\"text\":1}", 100, "plain {\"text\":1}"),
    VISIBLE("a\nb\rc\td\\e", 100, "a\\nb\\rc\\td\\e"),
    VISIBLE("\x1b[31mred\x07", 100, "\\e[31mred\\x07"),
    VISIBLE("nul\0in", 100, "nul\\x00in"),
    VISIBLE("\x7f", 100, "\\x7f"),
    VISIBLE("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", 100, "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"),
    VISIBLE("\xC2\x9B", 100, "\\u{9b}"),
    VISIBLE("\xE2\x80\xAE", 100, "\\u{202e}"),
    VISIBLE("\xE2\x80\xA8", 100, "\\u{2028}"),
    VISIBLE("\xEF\xBB\xBF", 100, "\\u{feff}"),
    VISIBLE("\xFF\xC3(\xE2\x82", 100, "\\xff\\xc3(\\xe2\\x82"),
    VISIBLE("\xED\xA0\x80", 100, "\\xed\\xa0\\x80"),
    VISIBLE("123456", 5, "12345… (1 more bytes)"),
    VISIBLE("123456", 6, "123456"),
    VISIBLE("123456", 7, "123456"),
    VISIBLE("123456", 0, "… (6 more bytes)"),
    VISIBLE("12\xE2\x82\xAC", 4, "12… (3 more bytes)"),
    VISIBLE("12\xE2\x82\xAC", 5, "12\xE2\x82\xAC"),
};

static void visible_shows_everything_and_hides_nothing(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof visible_cases / sizeof *visible_cases; i++) {
        const struct visible_case *c = &visible_cases[i];
        struct text text;

        text_init(&text, 1000);
        text_add_visible(&text, c->bytes, c->count, c->max_shown);
        assert_string_equal(text.bytes, c->expected);
        text_free(&text);
    }
}

static void utf8_round_trips_every_code_point(void **state)
{
    (void)state;

    for (uint32_t code_point = 0; code_point <= UTF8_CODE_POINT_MAX; code_point++) {
        char bytes[UTF8_BYTES_MAX];
        uint32_t decoded = UINT32_MAX;

        if (code_point == 0xD800)
            code_point = 0xE000;
        size_t length = utf8_encode(code_point, bytes);
        assert_int_equal(utf8_decode(bytes, length, &decoded), length);
        assert_int_equal(decoded, code_point);
        assert_int_equal(utf8_decode(bytes, length - 1, &decoded), 0);
    }
}

static void utf8_refuses_malformed_sequences(void **state)
{
    (void)state;
    static const char *const malformed[] = {
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xF8\x88\x80\x80\x80",
        "\xFE",
        "\xFF",
        "\xC3(",
        "\xE2\x82(",
        "\xE2(\xAC",
        "\xF0\x9F\x98(",
    };

    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        uint32_t untouched = 42;

        assert_int_equal(utf8_decode(malformed[i], strlen(malformed[i]), &untouched), 0);
        assert_int_equal(untouched, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_empty),
        cmocka_unit_test(grows_and_stays_terminated),
        cmocka_unit_test(cuts_at_its_maximum_and_remembers),
        cmocka_unit_test(format_appends),
        cmocka_unit_test(clear_forgets_the_cut),
        cmocka_unit_test(take_gives_the_bytes_away),
        cmocka_unit_test(visible_shows_everything_and_hides_nothing),
        cmocka_unit_test(utf8_round_trips_every_code_point),
        cmocka_unit_test(utf8_refuses_malformed_sequences),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL) != 0;
}
