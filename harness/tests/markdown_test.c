/* READMEs as the terminal shows them: each kind of block, and bytes that must not reach a terminal. */
#include "cli/markdown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_printed(const char *markdown, size_t columns, const char *wanted)
{
    char *printed = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&printed, &bytes);

    assert_non_null(out);
    markdown_print(markdown, columns, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(printed, wanted);
    free(printed);
}

static void headings_are_underlined(void **state)
{
    (void)state;
    assert_printed("# Order\n\nText.\n\n## Why é\n\nBecause.\n", 80,
                   "Order\n=====\n\nText.\n\nWhy é\n-----\n\nBecause.\n");
}

static void paragraphs_are_wrapped_at_the_width(void **state)
{
    (void)state;
    assert_printed("one two three\nfour", 9, "one two\nthree\nfour\n");
    assert_printed("one two three\nfour", 10, "one two\nthree four\n");
    assert_printed("one two three\nfour", 11, "one two\nthree four\n");
    assert_printed("wider-than-a-line x", 5, "wider-than-a-line\nx\n");
    assert_printed("éé éé", 5, "éé éé\n");
    assert_printed("", 80, "");
}

static void entries_of_lists_hang_under_their_first_word(void **state)
{
    (void)state;
    assert_printed("- one two\n  three\n- four\n", 8, "- one\n  two\n  three\n- four\n");
    assert_printed("12. one two\n", 9, "12. one\n    two\n");
    assert_printed("1.5 is no entry\n", 80, "1.5 is no entry\n");
    assert_printed("2026 is none either\n", 80, "2026 is none either\n");
    assert_printed("-x neither\n", 80, "-x neither\n");
}

static void quotations_keep_their_mark(void **state)
{
    (void)state;
    assert_printed("> one two\n> three\n\nafter\n", 11, "  > one two\n  > three\n\nafter\n");
}

static void code_and_tables_are_left_as_they_are(void **state)
{
    (void)state;
    assert_printed("```c\nint  x;   /* wide wide wide */\n# no heading\n```\n", 10,
                   "    int  x;   /* wide wide wide */\n    # no heading\n");
    assert_printed("    int  x;\n", 5, "    int  x;\n");
    assert_printed("| a | b |\n|---|---|\n", 5, "| a | b |\n|---|---|\n");
}

static void strong_marks_go(void **state)
{
    (void)state;
    assert_printed("a **strong** `word` and 2*3\n", 80, "a strong `word` and 2*3\n");
}

static void control_characters_are_made_visible(void **state)
{
    (void)state;
    assert_printed("a\x1b[31mb\n# \x1b]0;t\n```\n\x07\n```\n", 80, "a\\e[31mb\n\\e]0;t\n=====\n    \\x07\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headings_are_underlined),
        cmocka_unit_test(paragraphs_are_wrapped_at_the_width),
        cmocka_unit_test(entries_of_lists_hang_under_their_first_word),
        cmocka_unit_test(quotations_keep_their_mark),
        cmocka_unit_test(code_and_tables_are_left_as_they_are),
        cmocka_unit_test(strong_marks_go),
        cmocka_unit_test(control_characters_are_made_visible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
