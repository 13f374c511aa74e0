/* WebSocket frames: what the writer makes of every knob, what the reader takes, what it calls a fault and which one,
 * its limits, and that pieces do not matter. */
#include "wire/ws_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OUT_MAX_BYTES = 1 << 20 };

/* --- writing --- */

static const struct written {
    struct ws_frame frame;
    const char *bytes;
    size_t count;
} written[] = {
    /* RFC 6455 5.7: a single-frame masked text message, and an unmasked Ping */
    {{.opcode = WS_TEXT, .payload = "Hello", .payload_bytes = 5, .key = "\x37\xfa\x21\x3d"},
     "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
     11},
    {{.opcode = WS_PING, .payload = "Hello", .payload_bytes = 5, .unmasked = true}, "\x89\x05Hello", 7},
    {{.opcode = WS_TEXT, .more = true, .unmasked = true, .payload = "Hel", .payload_bytes = 3}, "\x01\x03Hel", 5},
    {{.opcode = 15, .rsv = 5, .unmasked = true}, "\xdf\x00", 2},
    {{.opcode = WS_BINARY, .unmasked = true, .length_bits = 16, .payload = "x", .payload_bytes = 1},
     "\x82\x7e\x00\x01x",
     5},
    {{.opcode = WS_BINARY, .unmasked = true, .length_bits = 64, .payload = "x", .payload_bytes = 1},
     "\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x01x",
     11},
    {{.opcode = WS_BINARY, .unmasked = true, .declares = true, .declared_bytes = 1ULL << 63},
     "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00",
     10},
    {{.opcode = WS_BINARY, .unmasked = true, .declares = true, .payload = "x", .payload_bytes = 1}, "\x82\x00x", 3},
    {{.opcode = WS_BINARY, .unmasked = true, .declares = true, .declared_bytes = 125}, "\x82\x7d", 2},
    {{.opcode = WS_BINARY, .unmasked = true, .declares = true, .declared_bytes = 126}, "\x82\x7e\x00\x7e", 4},
    {{.opcode = WS_BINARY, .unmasked = true, .declares = true, .declared_bytes = 65535}, "\x82\x7e\xff\xff", 4},
    {{.opcode = WS_BINARY, .unmasked = true, .declares = true, .declared_bytes = 65536},
     "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
     10},
};

static void the_writer_does_as_it_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        struct text out;

        text_init(&out, OUT_MAX_BYTES);
        ws_frame_write(&written[i].frame, &out);
        assert_int_equal(out.length, written[i].count);
        assert_memory_equal(out.bytes, written[i].bytes, out.length);
        text_free(&out);
    }
}

static void a_frame_that_is_left_alone_is_masked_by_a_key_that_is_not_zero(void **state)
{
    struct text out;

    (void)state;
    text_init(&out, OUT_MAX_BYTES);
    ws_frame_write(&(struct ws_frame){.opcode = WS_TEXT, .payload = "\0\0\0\0\0", .payload_bytes = 5}, &out);
    assert_int_equal(out.length, 11);
    assert_memory_equal(out.bytes, "\x81\x85", 2);
    assert_memory_equal(out.bytes + 2, out.bytes + 6, 4);
    for (size_t i = 2; i < 6; i++)
        assert_int_not_equal(out.bytes[i], 0);
    text_free(&out);
}

static void long_payloads_are_masked_whole(void **state)
{
    static char payload[10000];
    const char key[] = "\x01\x02\x03\x04";
    struct text out;

    (void)state;
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (char)(i * 7);
    text_init(&out, OUT_MAX_BYTES);
    ws_frame_write(
        &(struct ws_frame){.opcode = WS_BINARY, .key = key, .payload = payload, .payload_bytes = sizeof payload}, &out);
    assert_int_equal(out.length, sizeof payload + 8);
    for (size_t i = 0; i < sizeof payload; i++)
        assert_int_equal(out.bytes[8 + i] ^ key[i % 4], payload[i]);
    text_free(&out);
}

static void a_close_holds_its_code_and_as_much_reason_as_fits(void **state)
{
    char long_reason[200] = "";
    char out[WS_CONTROL_MAX_BYTES];

    (void)state;
    assert_int_equal(ws_frame_close(1000, "bye", out), 5);
    assert_memory_equal(out,
                        "\x03\xe8"
                        "bye",
                        5);
    assert_int_equal(ws_frame_close(4999, "", out), 2);
    memset(long_reason, 'x', sizeof long_reason - 1);
    assert_int_equal(ws_frame_close(1000, long_reason, out), WS_CONTROL_MAX_BYTES);
}

/* --- reading --- */

static size_t feed_in_pieces(struct ws_reader *reader, const char *bytes, size_t count, size_t piece_bytes)
{
    size_t taken = 0;

    while (taken < count && reader->progress == WS_READING) {
        size_t piece = count - taken < piece_bytes ? count - taken : piece_bytes;

        taken += ws_reader_feed(reader, bytes + taken, piece);
    }
    return taken;
}

/* Frames until the last one, and how that one was. */
static struct ws_reader read_all(const char *bytes, size_t count, size_t piece_bytes, bool deflate)
{
    struct ws_reader reader;
    size_t taken = 0;

    ws_reader_init(&reader);
    reader.deflate = deflate;
    while (taken < count && reader.progress != WS_MALFORMED) {
        ws_reader_next(&reader);
        taken += feed_in_pieces(&reader, bytes + taken, count - taken, piece_bytes);
    }
    return reader;
}

#define BYTES(string) string, sizeof(string) - 1

static const struct message {
    const char *bytes;
    size_t count;
    unsigned opcode;
    const char *text;
    size_t fragments;
} messages[] = {
    {BYTES("\x81\x00"), WS_TEXT, "", 1},
    {BYTES("\x81\x05Hello"), WS_TEXT, "Hello", 1},
    {BYTES("\x82\x02\xff\xfe"), WS_BINARY, "\xff\xfe", 1},
    {BYTES("\x01\x03Hel\x80\x02lo"), WS_TEXT, "Hello", 2},
    {BYTES("\x01\x00\x00\x00\x00\x01H\x80\x00"), WS_TEXT, "H", 4},
    {BYTES("\x01\x03Hel\x89\x01p\x8a\x00\x80\x02lo"), WS_TEXT, "Hello", 2},
    {BYTES("\x01\x01\xc3\x80\x01\xa9"), WS_TEXT, "\xc3\xa9", 2}, /* a character in two fragments */
    {BYTES("\x81\x05Hello\x81\x01x"), WS_TEXT, "x", 1},
};

static void messages_are_read_in_any_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        for (size_t piece = 1; piece <= messages[i].count; piece++) {
            struct ws_reader reader = read_all(messages[i].bytes, messages[i].count, piece, false);

            assert_null(reader.fault);
            assert_int_equal(reader.progress, WS_WHOLE);
            assert_true(reader.ends);
            assert_int_equal(reader.message_opcode, messages[i].opcode);
            assert_int_equal(reader.fragments, messages[i].fragments);
            assert_string_equal(reader.message.bytes, messages[i].text);
            ws_reader_free(&reader);
        }
}

static void a_control_frame_leaves_the_message_alone(void **state)
{
    struct ws_reader reader = read_all(BYTES("\x01\x03Hel\x89\x04ping"), 1, false);

    (void)state;
    assert_int_equal(reader.opcode, WS_PING);
    assert_string_equal(reader.control, "ping");
    assert_false(reader.ends);
    assert_string_equal(reader.message.bytes, "Hel");
    ws_reader_free(&reader);
}

static void a_close_is_read_with_its_code(void **state)
{
    struct ws_reader reader = read_all(BYTES("\x88\x05\x03\xf3 ok"), 1, false);

    (void)state;
    assert_int_equal(reader.progress, WS_WHOLE);
    assert_int_equal(reader.close_code, 1011);
    assert_string_equal(reader.control + 2, " ok");
    ws_reader_free(&reader);
    reader = read_all(BYTES("\x88\x00"), 1, false);
    assert_int_equal(reader.progress, WS_WHOLE);
    assert_int_equal(reader.close_code, 0);
    ws_reader_free(&reader);
}

static const struct faulty {
    const char *bytes;
    size_t count;
    bool deflate;
    const char *fault;
} faulty[] = {
    {BYTES("\x81\x85\1\2\3\4"), false, "masked"},
    {BYTES("\x91\x00"), false, "RSV"},
    {BYTES("\xa1\x00"), false, "RSV"},
    {BYTES("\xc1\x00"), false, "RSV"},
    {BYTES("\xa1\x00"), true, "RSV"},
    {BYTES("\xc9\x00"), true, "RFC 7692"},
    {BYTES("\x41\x00\xc0\x00"), true, "RFC 7692"},
    {BYTES("\x83\x00"), false, "opcode"},
    {BYTES("\x87\x00"), false, "opcode"},
    {BYTES("\x8b\x00"), false, "opcode"},
    {BYTES("\x8f\x00"), false, "opcode"},
    {BYTES("\x81\x7e\x00\x7d"), false, "least number"},
    {BYTES("\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff"), false, "least number"},
    {BYTES("\x81\x7f\x80\x00\x00\x00\x00\x01\x00\x00"), false, "most significant"},
    {BYTES("\x81\x7f\x00\x00\x00\x00\x02\x00\x00\x01"), false, "32 MiB"},
    {BYTES("\x01\x01x\x80\x7f\x00\x00\x00\x00\x02\x00\x00\x00"), false, "32 MiB"},
    {BYTES("\x09\x00"), false, "fragments"},
    {BYTES("\x08\x00"), false, "fragments"},
    {BYTES("\x89\x7e"), false, "125"},
    {BYTES("\x80\x00"), false, "continuation"},
    {BYTES("\x81\x00\x80\x00"), false, "continuation"},
    {BYTES("\x01\x00\x81\x00"), false, "new message"},
    {BYTES("\x01\x00\x89\x00\x02\x00"), false, "new message"},
    {BYTES("\x81\x01\xff"), false, "UTF-8"},
    {BYTES("\x81\x01\xc3"), false, "UTF-8"},
    {BYTES("\x01\x01\xc3\x80\x01x"), false, "UTF-8"},
    {BYTES("\x81\x03\xed\xa0\x80"), false, "UTF-8"},
    {BYTES("\x88\x01\x03"), false, "single byte"},
    {BYTES("\x88\x02\x03\xe7"), false, "code"}, /* 999 */
    {BYTES("\x88\x02\x03\xec"), false, "code"}, /* 1004 */
    {BYTES("\x88\x02\x03\xed"), false, "code"}, /* 1005 */
    {BYTES("\x88\x02\x03\xee"), false, "code"}, /* 1006 */
    {BYTES("\x88\x02\x03\xf7"), false, "code"}, /* 1015 */
    {BYTES("\x88\x02\x0b\xb7"), false, "code"}, /* 2999 */
    {BYTES("\x88\x02\x13\x88"), false, "code"}, /* 5000 */
    {BYTES("\x88\x03\x03\xe8\xff"), false, "reason"},
    {BYTES("\x88\x00\x81\x00"), false, "behind a Close"},
};

static void faults_are_named_with_their_sections(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++)
        for (size_t piece = 1; piece <= faulty[i].count; piece++) {
            struct ws_reader reader = read_all(faulty[i].bytes, faulty[i].count, piece, faulty[i].deflate);

            assert_int_equal(reader.progress, WS_MALFORMED);
            if (!strstr(reader.fault, faulty[i].fault))
                fail_msg("%zu: %s, not %s", i, reader.fault, faulty[i].fault);
            assert_true(strstr(reader.fault, "(RFC ") || strstr(reader.fault, "assay"));
            ws_reader_free(&reader);
        }
}

static void compressed_messages_are_handed_on_where_that_was_negotiated(void **state)
{
    struct ws_reader reader = read_all(BYTES("\x41\x01\xff\x80\x01\xfe"), 1, true);

    (void)state;
    assert_null(reader.fault);
    assert_true(reader.ends && reader.message_deflated);
    assert_int_equal(reader.message.length, 2);
    ws_reader_free(&reader);
}

static void control_frames_may_follow_a_close(void **state)
{
    struct ws_reader reader = read_all(BYTES("\x88\x00\x8a\x00"), 1, false);

    (void)state;
    assert_null(reader.fault);
    assert_int_equal(reader.opcode, WS_PONG);
    ws_reader_free(&reader);
}

/* A message of that many bytes, in frames of frame_bytes; the last fault, or NULL. */
static const char *fault_of_a_message(uint64_t bytes, size_t frame_bytes)
{
    static char block[1 << 20];
    struct ws_reader reader;
    const char *fault;

    memset(block, 'x', sizeof block);
    ws_reader_init(&reader);
    for (uint64_t done = 0; done < bytes && reader.progress != WS_MALFORMED;) {
        uint64_t piece = bytes - done < frame_bytes ? bytes - done : frame_bytes;
        struct ws_frame frame = {.opcode = done ? WS_CONTINUATION : WS_TEXT,
                                 .more = done + piece < bytes,
                                 .unmasked = true,
                                 .declares = true,
                                 .declared_bytes = piece};
        struct text header;

        text_init(&header, WS_HEADER_MAX_BYTES);
        ws_frame_write(&frame, &header);
        ws_reader_next(&reader);
        ws_reader_feed(&reader, header.bytes, header.length);
        text_free(&header);
        for (uint64_t left = piece; left > 0 && reader.progress == WS_READING;)
            left -= ws_reader_feed(&reader, block, left < sizeof block ? (size_t)left : sizeof block);
        done += piece;
    }
    fault = reader.fault;
    assert_true(fault || reader.message.length == bytes);
    ws_reader_free(&reader);
    return fault;
}

static void messages_have_a_maximum(void **state)
{
    (void)state;
    assert_null(fault_of_a_message(WS_MESSAGE_MAX_BYTES - 1, SIZE_MAX));
    assert_null(fault_of_a_message(WS_MESSAGE_MAX_BYTES, SIZE_MAX));
    assert_non_null(fault_of_a_message(WS_MESSAGE_MAX_BYTES + 1ULL, SIZE_MAX));
    assert_null(fault_of_a_message(WS_MESSAGE_MAX_BYTES, 1 << 20));
    assert_non_null(fault_of_a_message(WS_MESSAGE_MAX_BYTES + 1ULL, 1 << 20));
}

/* What the writer writes without a mask is what the reader takes, at every length where the encoding changes. */
static void the_reader_takes_what_the_writer_writes(void **state)
{
    static const size_t lengths[] = {0, 1, 124, 125, 126, 127, 65534, 65535, 65536, 65537};
    static char payload[65537];

    (void)state;
    memset(payload, 'y', sizeof payload);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct text out;

        text_init(&out, OUT_MAX_BYTES);
        ws_frame_write(
            &(struct ws_frame){.opcode = WS_TEXT, .unmasked = true, .payload = payload, .payload_bytes = lengths[i]},
            &out);
        struct ws_reader reader = read_all(out.bytes, out.length, 1000, false);
        assert_int_equal(reader.progress, WS_WHOLE);
        assert_int_equal(reader.message.length, lengths[i]);
        ws_reader_free(&reader);
        text_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_writer_does_as_it_is_told),
        cmocka_unit_test(a_frame_that_is_left_alone_is_masked_by_a_key_that_is_not_zero),
        cmocka_unit_test(long_payloads_are_masked_whole),
        cmocka_unit_test(a_close_holds_its_code_and_as_much_reason_as_fits),
        cmocka_unit_test(messages_are_read_in_any_pieces),
        cmocka_unit_test(a_control_frame_leaves_the_message_alone),
        cmocka_unit_test(a_close_is_read_with_its_code),
        cmocka_unit_test(faults_are_named_with_their_sections),
        cmocka_unit_test(compressed_messages_are_handed_on_where_that_was_negotiated),
        cmocka_unit_test(control_frames_may_follow_a_close),
        cmocka_unit_test(messages_have_a_maximum),
        cmocka_unit_test(the_reader_takes_what_the_writer_writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
