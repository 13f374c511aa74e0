/* Ids and proofs: their form, and that no other text passes for them. */
#include "base/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void uuids_are_of_version_4(void **state)
{
    char first[TOKEN_UUID_BYTES], uuid[TOKEN_UUID_BYTES];

    (void)state;
    assert_true(token_uuid(first));
    for (int i = 0; i < 100; i++) {
        assert_true(token_uuid(uuid));
        assert_int_equal(strlen(uuid), TOKEN_UUID_BYTES - 1);
        assert_int_equal(strspn(uuid, "0123456789abcdef-"), TOKEN_UUID_BYTES - 1);
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
        assert_string_not_equal(uuid, first);
    }
}

static void only_the_token_matches(void **state)
{
    unsigned char digest[TOKEN_DIGEST_BYTES], other_digest[TOKEN_DIGEST_BYTES];
    char token[TOKEN_TEXT_BYTES], other[TOKEN_TEXT_BYTES];
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    (void)state;
    assert_true(token_new(token, digest));
    assert_true(token_new(other, other_digest));
    assert_int_equal(strspn(token, letters), TOKEN_TEXT_BYTES - 1);
    assert_true(token_matches(token, strlen(token), digest));
    assert_false(token_matches(token, strlen(token) - 1, digest));
    assert_false(token_matches(token, strlen(token) + 1, digest));
    assert_false(token_matches("", 0, digest));
    assert_false(token_matches(other, strlen(other), digest));
    token[7] ^= 1;
    assert_false(token_matches(token, strlen(token), digest));
}

static void cursors_are_their_holders(void **state)
{
    unsigned char key[TOKEN_KEY_BYTES], other_key[TOKEN_KEY_BYTES];
    char cursor[TOKEN_CURSOR_BYTES];
    uint64_t number;

    (void)state;
    assert_true(token_key(key));
    assert_true(token_key(other_key));
    assert_true(token_cursor(key, 3, UINT64_MAX - 1, cursor));
    assert_true(token_cursor_read(key, 3, cursor, strlen(cursor), &number));
    assert_true(number == UINT64_MAX - 1);
    assert_false(token_cursor_read(key, 4, cursor, strlen(cursor), &number));
    assert_false(token_cursor_read(other_key, 3, cursor, strlen(cursor), &number));
    assert_false(token_cursor_read(key, 3, cursor, strlen(cursor) - 1, &number));
    assert_false(token_cursor_read(key, 3, "", 0, &number));
    for (size_t i = 0; i < TOKEN_CURSOR_BYTES - 1; i++) {
        char right = cursor[i];

        cursor[i] = right == '0' ? '1' : '0';
        assert_false(token_cursor_read(key, 3, cursor, strlen(cursor), &number));
        cursor[i] = right;
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(uuids_are_of_version_4),
        cmocka_unit_test(only_the_token_matches),
        cmocka_unit_test(cursors_are_their_holders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
