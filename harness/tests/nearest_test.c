/* The spelling help of every message that says "did you mean". */
#include "nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const words[] = {"run", "list", "explain", "probe", "version", "help", NULL};

static void distances_are_counted(void **state)
{
    (void)state;
    assert_int_equal(nearest_distance("", ""), 0);
    assert_int_equal(nearest_distance("", "abc"), 3);
    assert_int_equal(nearest_distance("abc", ""), 3);
    assert_int_equal(nearest_distance("list", "list"), 0);
    assert_int_equal(nearest_distance("lits", "list"), 1);
    assert_int_equal(nearest_distance("explan", "explain"), 1);
    assert_int_equal(nearest_distance("kitten", "sitting"), 3);
    assert_int_equal(nearest_distance("ca", "abc"), 3); /* 2 were an edit allowed inside a swapped pair */
}

static void words_up_to_the_maximum_are_compared(void **state)
{
    char longest[NEAREST_WORD_MAX_BYTES + 2];

    (void)state;
    memset(longest, 'a', sizeof longest);
    longest[NEAREST_WORD_MAX_BYTES - 1] = 0;
    assert_int_equal(nearest_distance(longest, longest), 0);
    longest[NEAREST_WORD_MAX_BYTES - 1] = 'a';
    longest[NEAREST_WORD_MAX_BYTES] = 0;
    assert_int_equal(nearest_distance(longest, longest), 0);
    longest[NEAREST_WORD_MAX_BYTES] = 'a';
    longest[NEAREST_WORD_MAX_BYTES + 1] = 0;
    assert_int_equal(nearest_distance(longest, longest), NEAREST_WORD_MAX_BYTES);
    assert_null(nearest_of(longest, words));
}

static void typing_mistakes_find_their_word(void **state)
{
    (void)state;
    assert_string_equal(nearest_of("lits", words), "list");
    assert_string_equal(nearest_of("rnu", words), "run");
    assert_string_equal(nearest_of("exlpain", words), "explain");
    assert_string_equal(nearest_of("prob", words), "probe");
    assert_string_equal(nearest_of("versions", words), "version");
}

static void other_words_find_nothing(void **state)
{
    (void)state;
    assert_null(nearest_of("", words));
    assert_null(nearest_of("x", words));
    assert_null(nearest_of("frobnicate", words));
    assert_null(nearest_of("store", words));
}

static void a_part_of_a_name_counts_less_than_a_slip(void **state)
{
    struct nearest nearest = nearest_begin("length");

    (void)state;
    nearest_try(&nearest, "conflicting-lengths", "http/conflicting-lengths");
    assert_string_equal(nearest_found(&nearest), "http/conflicting-lengths");
    nearest_try(&nearest, "lengths", "http/lengths");
    assert_string_equal(nearest_found(&nearest), "http/lengths");
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
