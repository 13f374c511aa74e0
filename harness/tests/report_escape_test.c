/* Foreign bytes made fit to be shown, and how much of them. */
#include "report/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_visible(const char *bytes, const char *expected)
{
    struct text text;

    text_init(&text, 1000);
    escape_visible(&text, bytes, strlen(bytes));
    assert_string_equal(text.bytes, expected);
    text_free(&text);
}

static void what_is_visible_is_not_changed(void **state)
{
    (void)state;
    expect_visible("", "");
    expect_visible("plain, straße, 文字", "plain, straße, 文字");
    expect_visible("\\", "\\");
    expect_visible("\\\\n \\", "\\\\n \\");
    expect_visible("\033[2J\\\n", "\\e[2J\\\\n");
    expect_visible("\\e[2J\\\\n", "\\e[2J\\\\n");
    expect_visible("\xc2\\\x9b", "\\xc2\\\\x9b");
}

static void expect_block(const char *bytes, size_t max_lines, size_t max_bytes, const char *expected)
{
    char *written = NULL;
    size_t count = 0;
    FILE *out = open_memstream(&written, &count);

    assert_non_null(out);
    escape_block(out, bytes, "> ", max_lines, max_bytes);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(written, expected);
    free(written);
}

static void lines_have_a_maximum(void **state)
{
    (void)state;
    expect_block("one\ntwo", 3, 100, "> one\n> two\n");
    expect_block("one\ntwo\n", 2, 100, "> one\n> two\n");
    expect_block("one\ntwo\n\n", 2, 100, "> one\n> two\n> (1 bytes more)\n");
    expect_block("one\ntwo\nthree", 2, 100, "> one\n> two\n> (5 bytes more)\n");
    expect_block("\n\n", 3, 100, "> \n> \n");
}

static void bytes_have_a_maximum(void **state)
{
    (void)state;
    expect_block("12345\n789", 9, 10, "> 12345\n> 789\n");
    expect_block("12345\n789", 9, 9, "> 12345\n> 789\n");
    expect_block("12345\n789", 9, 8, "> 12345\n> 78\n> (1 bytes more)\n");
    expect_block("12345\n789", 9, 5, "> 12345\n> (4 bytes more)\n");
    expect_block("12345\n789", 9, 4, "> 1234\n> (5 bytes more)\n");
}

/* A character that does not fit is left out whole; bytes that are no character are counted one by one. */
static void no_character_is_cut_in_two(void **state)
{
    (void)state;
    expect_block("ab文", 9, 5, "> ab文\n");
    expect_block("ab文", 9, 4, "> ab\n> (3 bytes more)\n");
    expect_block("ab文", 9, 3, "> ab\n> (3 bytes more)\n");
    expect_block("ab文", 9, 2, "> ab\n> (3 bytes more)\n");
    expect_block("\x80\x80\x80\x80\x80\x80", 9, 4, "> \\x80\n> (5 bytes more)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_visible_is_not_changed),
        cmocka_unit_test(lines_have_a_maximum),
        cmocka_unit_test(bytes_have_a_maximum),
        cmocka_unit_test(no_character_is_cut_in_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
