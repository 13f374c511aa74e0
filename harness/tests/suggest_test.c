/* The spelling help of every message that says "did you mean". */
#include "base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const words[] = {"run", "list", "explain", "probe", "version", "help", NULL};

static void distances_are_counted(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance("", ""), 0);
    assert_int_equal(suggest_distance("", "abc"), 3);
    assert_int_equal(suggest_distance("abc", ""), 3);
    assert_int_equal(suggest_distance("list", "list"), 0);
    assert_int_equal(suggest_distance("lits", "list"), 1);
    assert_int_equal(suggest_distance("explan", "explain"), 1);
    assert_int_equal(suggest_distance("kitten", "sitting"), 3);
    assert_int_equal(suggest_distance("ca", "abc"), 3); /* 2 were an edit allowed inside a swapped pair */
}

static void words_up_to_the_maximum_are_compared(void **state)
{
    char longest[SUGGEST_WORD_MAX_BYTES + 2];

    (void)state;
    memset(longest, 'a', sizeof longest);
    longest[SUGGEST_WORD_MAX_BYTES - 1] = 0;
    assert_int_equal(suggest_distance(longest, longest), 0);
    longest[SUGGEST_WORD_MAX_BYTES - 1] = 'a';
    longest[SUGGEST_WORD_MAX_BYTES] = 0;
    assert_int_equal(suggest_distance(longest, longest), 0);
    longest[SUGGEST_WORD_MAX_BYTES] = 'a';
    longest[SUGGEST_WORD_MAX_BYTES + 1] = 0;
    assert_int_equal(suggest_distance(longest, longest), SUGGEST_WORD_MAX_BYTES);
    assert_null(suggest_from(longest, words));
}

static void typing_mistakes_find_their_word(void **state)
{
    (void)state;
    assert_string_equal(suggest_from("lits", words), "list");
    assert_string_equal(suggest_from("rnu", words), "run");
    assert_string_equal(suggest_from("exlpain", words), "explain");
    assert_string_equal(suggest_from("prob", words), "probe");
    assert_string_equal(suggest_from("versions", words), "version");
}

static void other_words_find_nothing(void **state)
{
    (void)state;
    assert_null(suggest_from("", words));
    assert_null(suggest_from("x", words));
    assert_null(suggest_from("frobnicate", words));
    assert_null(suggest_from("store", words));
}

static void a_part_of_a_name_counts_less_than_a_slip(void **state)
{
    struct suggestion nearest = suggest_begin("length");

    (void)state;
    suggest_try(&nearest, "conflicting-lengths", "http/conflicting-lengths");
    assert_string_equal(suggest_found(&nearest), "http/conflicting-lengths");
    suggest_try(&nearest, "lengths", "http/lengths");
    assert_string_equal(suggest_found(&nearest), "http/lengths");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_counted),
        cmocka_unit_test(words_up_to_the_maximum_are_compared),
        cmocka_unit_test(typing_mistakes_find_their_word),
        cmocka_unit_test(other_words_find_nothing),
        cmocka_unit_test(a_part_of_a_name_counts_less_than_a_slip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
