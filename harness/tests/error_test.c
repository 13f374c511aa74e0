/* Error texts: set, added to, put before, and cut at their maximum. */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void texts_are_put_together(void **state)
{
    struct error err;

    (void)state;
    error_set(&err, "%d is too many", 3);
    error_add(&err, "; try %d", 2);
    error_prefix(&err, "%s:%d: ", "file", 7);
    assert_string_equal(err.text, "file:7: 3 is too many; try 2");
}

static void who_does_not_want_to_know_passes_null(void **state)
{
    (void)state;
    error_set(NULL, "a");
    error_add(NULL, "b");
    error_prefix(NULL, "c");
}

/* One byte below the maximum, at it, and above it. */
static void texts_are_cut_at_their_maximum(void **state)
{
    char longest[ERROR_TEXT_BYTES + 2];

    (void)state;
    for (size_t bytes = ERROR_TEXT_BYTES - 2; bytes <= ERROR_TEXT_BYTES; bytes++) {
        size_t kept = bytes < ERROR_TEXT_BYTES ? bytes : ERROR_TEXT_BYTES - 1;
        struct error err;

        memset(longest, 'x', bytes);
        longest[bytes] = '\0';
        error_set(&err, "%s", longest);
        assert_int_equal(strlen(err.text), kept);
        error_add(&err, "yy");
        assert_int_equal(strlen(err.text), ERROR_TEXT_BYTES - 1);
        error_prefix(&err, "z");
        assert_int_equal(strlen(err.text), ERROR_TEXT_BYTES - 1);
        assert_int_equal(err.text[0], 'z');
        assert_int_equal(err.text[1], 'x');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_put_together),
        cmocka_unit_test(who_does_not_want_to_know_passes_null),
        cmocka_unit_test(texts_are_cut_at_their_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
