/* DEFLATE: what is written is read again, and so is what zlib wrote; what is broken is a fault. */
#include "wire/deflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { OUT_MAX_BYTES = 1 << 20 };

#define DOG "the quick brown fox jumps over the lazy dog, and the dog is not amused; "
#define DIGITS "0123456789"
#define LONG_TEXT                                                                                       \
    DOG DOG DOG DIGITS DIGITS DIGITS DIGITS "Zw\xc3\xb6lf Boxk\xc3\xa4mpfer jagen Viktor quer \xc3\xbc" \
                                            "ber den gro\xc3\x9f"                                       \
                                            "en Sylter Deich. "

static struct text packed, said;

static int set_up(void **state)
{
    (void)state;
    text_init(&packed, OUT_MAX_BYTES);
    text_init(&said, OUT_MAX_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    text_free(&packed);
    text_free(&said);
    return 0;
}

static void assert_read(const void *bytes, size_t count, const char *wanted, size_t wanted_count)
{
    assert_null(deflate_read(bytes, count, &said));
    assert_int_equal(said.length, wanted_count);
    assert_memory_equal(said.bytes, wanted, wanted_count);
}

/* RFC 7692 7.2.3.1 to 7.2.3.5: "Hello" in fixed codes, again with the window of the first, stored, with BFINAL, and in
 * two blocks. */
static void the_examples_of_rfc_7692_are_read(void **state)
{
    static const char final[] = "\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
    static const char stored[] = "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00";

    (void)state;
    assert_read("\xf2\x48\xcd\xc9\xc9\x07\x00", 7, "Hello", 5);
    assert_read("\xf2\x00\x11\x00\x00", 5, "HelloHello", 10);
    text_clear(&said);
    assert_read(stored, sizeof stored - 1, "Hello", 5);
    text_clear(&said);
    assert_read(final, sizeof final - 1, "Hello", 5);
    text_clear(&said);
    assert_read("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13, "Hello", 5);
}

/* A block with codes of its own (3.2.7), by zlib at level 9. */
static void dynamic_codes_are_read(void **state)
{
    static const unsigned char block[] = {
        0x2a, 0xc9, 0x48, 0x55, 0x28, 0x2c, 0xcd, 0x4c, 0xce, 0x56, 0x48, 0x2a, 0xca, 0x2f, 0xcf, 0x53, 0x48,
        0xcb, 0xaf, 0x50, 0xc8, 0x2a, 0xcd, 0x2d, 0x28, 0x56, 0xc8, 0x2f, 0x4b, 0x2d, 0x52, 0x28, 0x01, 0x4a,
        0xe7, 0x24, 0x56, 0x55, 0x2a, 0xa4, 0xe4, 0xa7, 0xeb, 0x28, 0x24, 0xe6, 0xa5, 0x80, 0x45, 0x80, 0x1c,
        0x85, 0xcc, 0x62, 0x85, 0xbc, 0xfc, 0x12, 0x85, 0xc4, 0xdc, 0xd2, 0xe2, 0xd4, 0x14, 0x6b, 0xb0, 0xf0,
        0x60, 0x32, 0xc7, 0xc0, 0xd0, 0xc8, 0xd8, 0xc4, 0xd4, 0xcc, 0xdc, 0xc2, 0x12, 0x3f, 0x2b, 0xaa, 0xfc,
        0xf0, 0xb6, 0x9c, 0x34, 0x05, 0xa7, 0xfc, 0x8a, 0xec, 0xc3, 0x4b, 0x72, 0x0b, 0xd2, 0x80, 0x76, 0x64,
        0x25, 0xa6, 0xa7, 0xe6, 0x29, 0x84, 0x65, 0x66, 0x97, 0xe4, 0x17, 0x01, 0xdd, 0x02, 0x14, 0x39, 0xbc,
        0x27, 0x09, 0x48, 0xa6, 0x00, 0x45, 0xd3, 0x8b, 0xf2, 0x0f, 0xcf, 0x07, 0xd2, 0xc1, 0x95, 0x39, 0x25,
        0x40, 0x21, 0x97, 0xd4, 0xcc, 0xe4, 0x0c, 0x3d, 0x05, 0x00, 0x00};
    static const char text[] = LONG_TEXT;

    (void)state;
    assert_read(block, sizeof block, text, sizeof text - 1);
}

static void what_is_written_is_read_again(void **state)
{
    struct deflate deflate;
    char bytes[256];

    (void)state;
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    deflate_begin(&deflate, &packed);
    deflate_literals(&deflate, bytes, sizeof bytes);
    deflate_end(&deflate);
    assert_read(packed.bytes, packed.length, bytes, sizeof bytes);
}

/* Each length, and distances of each row of their table. */
static void matches_repeat_what_was_there(void **state)
{
    static const unsigned distances[] = {1, 2, 3, 4, 5, 6, 7, 12, 13, 64, 65, 1000, 1024, 1025, 8193, 20000, 32768};
    struct deflate deflate;

    (void)state;
    for (int i = 0; i < DEFLATE_WINDOW_BYTES; i++)
        text_add_bytes(&said, &(char){(char)(i * 7 + i / 251)}, 1);
    for (size_t i = 0; i < sizeof distances / sizeof *distances; i++)
        for (unsigned length = 3; length <= DEFLATE_MATCH_MAX_BYTES; length += length < 20 ? 1 : 17) {
            size_t before = said.length;

            text_clear(&packed);
            deflate_begin(&deflate, &packed);
            deflate_match(&deflate, length, distances[i]);
            deflate_end(&deflate);
            assert_null(deflate_read(packed.bytes, packed.length, &said));
            assert_int_equal(said.length, before + length);
            for (size_t at = before; at < said.length; at++)
                assert_int_equal(said.bytes[at], said.bytes[at - distances[i]]);
        }
}

static void stored_bytes_are_read_again(void **state)
{
    static char bytes[DEFLATE_LITERALS_MAX_BYTES + 10];

    (void)state;
    memset(bytes, 's', sizeof bytes);
    deflate_stored(&packed, bytes, sizeof bytes);
    assert_read(packed.bytes, packed.length, bytes, sizeof bytes);
}

static const struct {
    const char *bytes;
    size_t count;
    const char *fault;
} broken[] = {
    {"\x06", 1, "invalid block type"},
    {"\xf2\x48", 2, "ends within"},
    {"\x00\x05\x00\x00\x00", 5, "invalid stored block lengths"},
    {"\x02\x02\x00", 3, "too far back"},
    {"\xfc\x00\x00\x00", 4, "too many length"},
};

static void what_is_broken_is_a_fault(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        const char *fault = deflate_read(broken[i].bytes, broken[i].count, &said);

        assert_non_null(fault);
        assert_non_null(strstr(fault, broken[i].fault));
        text_clear(&said);
    }
}

/* A bomb does not get past the text that it is read into. */
static void a_bomb_is_cut(void **state)
{
    struct deflate deflate;

    (void)state;
    deflate_begin(&deflate, &packed);
    deflate_literals(&deflate, "b", 1);
    for (int i = 0; i < 2 * OUT_MAX_BYTES / DEFLATE_MATCH_MAX_BYTES; i++)
        deflate_match(&deflate, DEFLATE_MATCH_MAX_BYTES, 1);
    deflate_end(&deflate);
    assert_true(packed.length < 2 * OUT_MAX_BYTES / 100);
    assert_non_null(deflate_read(packed.bytes, packed.length, &said));
    assert_true(said.length <= OUT_MAX_BYTES);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_examples_of_rfc_7692_are_read),
        TEST(dynamic_codes_are_read),
        TEST(what_is_written_is_read_again),
        TEST(matches_repeat_what_was_there),
        TEST(stored_bytes_are_read_again),
        TEST(what_is_broken_is_a_fault),
        TEST(a_bomb_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
