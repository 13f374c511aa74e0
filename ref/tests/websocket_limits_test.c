/* How much a frame decoder takes and keeps, and the writer: each length and limit, one below it and one above. */
#include "tests/websocket_fixture.h"

#include "websocket/write.h"

enum { BIG_BYTES = 1 << 20 };

static const unsigned char mask[] = {0x37, 0xfa, 0x21, 0x3d};

static char *pattern(size_t bytes)
{
    char *text = malloc(bytes + 1);

    assert_non_null(text);
    for (size_t i = 0; i < bytes; i++)
        text[i] = (char)('a' + i * 7 % 26);
    text[bytes] = '\0';
    return text;
}

/* Feeds all of it at once, and returns the event. */
static enum websocket_event decode(struct websocket_decoder *decoder, const char *bytes, size_t count)
{
    size_t consumed;
    enum websocket_event event = websocket_decode(decoder, bytes, count, &consumed);

    assert_true(event == WEBSOCKET_FAILED || consumed == count);
    return event;
}

/* What is written is read again, in pieces of step. */
static void expect_round_trip(const unsigned char *of_client, size_t bytes, size_t step)
{
    char *text = pattern(bytes);
    struct buffer out = buffer_new(2 * BIG_BYTES);
    struct websocket_decoder decoder;
    enum websocket_event event = WEBSOCKET_MORE;

    websocket_add_frame(&out, WEBSOCKET_OPCODE_BINARY, of_client, text, bytes);
    assert_false(out.failed);
    websocket_begin(&decoder, of_client ? WEBSOCKET_SERVER : WEBSOCKET_CLIENT, BIG_BYTES);
    for (size_t at = 0; at < out.bytes; at += step) {
        assert_int_equal(event, WEBSOCKET_MORE);
        event = decode(&decoder, out.data + at, out.bytes - at < step ? out.bytes - at : step);
    }
    assert_int_equal(event, WEBSOCKET_BINARY);
    assert_int_equal(decoder.payload_bytes, bytes);
    assert_memory_equal(decoder.payload, text, bytes + 1);
    websocket_end(&decoder);
    buffer_free(&out);
    free(text);
}

static void what_is_written_is_read_again(void **state)
{
    static const size_t bytes[] = {0, 1, 125, 126, 127, 65535, 65536, 65537, BIG_BYTES};
    static const size_t steps[] = {1, 3, 4096, 4 * BIG_BYTES};

    (void)state;
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        for (size_t j = 0; j < sizeof steps / sizeof *steps; j++) {
            expect_round_trip(NULL, bytes[i], steps[j]);
            expect_round_trip(mask, bytes[i], steps[j]);
        }
    }
}

static void expect_head(enum websocket_opcode opcode, const unsigned char *of_client, size_t bytes, const char *head,
                        size_t head_bytes)
{
    char *text = pattern(bytes);
    struct buffer out = buffer_new(BIG_BYTES);

    buffer_add_text(&out, "before");
    websocket_add_frame(&out, opcode, of_client, text, bytes);
    assert_int_equal(out.bytes, 6 + head_bytes + bytes);
    assert_memory_equal(out.data, "before", 6);
    assert_memory_equal(out.data + 6, head, head_bytes);
    assert_int_equal(out.data[out.bytes], '\0');
    buffer_free(&out);
    free(text);
}

static void lengths_are_written_in_the_shortest_form(void **state)
{
    (void)state;
    expect_head(WEBSOCKET_OPCODE_TEXT, NULL, 0, "\x81\x00", 2);
    expect_head(WEBSOCKET_OPCODE_PING, NULL, 125, "\x89\x7d", 2);
    expect_head(WEBSOCKET_OPCODE_BINARY, NULL, 126, "\x82\x7e\x00\x7e", 4);
    expect_head(WEBSOCKET_OPCODE_BINARY, NULL, 256, "\x82\x7e\x01\x00", 4); /* 5.7 */
    expect_head(WEBSOCKET_OPCODE_TEXT, NULL, 65535, "\x81\x7e\xff\xff", 4);
    expect_head(WEBSOCKET_OPCODE_BINARY, NULL, 65536, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10); /* 5.7 */
    expect_head(WEBSOCKET_OPCODE_PONG, mask, 5, "\x8a\x85\x37\xfa\x21\x3d", 6);
    expect_head(WEBSOCKET_OPCODE_TEXT, mask, 126, "\x81\xfe\x00\x7e\x37\xfa\x21\x3d", 8);
    expect_head(WEBSOCKET_OPCODE_TEXT, mask, 65536, "\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00\x37\xfa\x21\x3d", 14);
}

static void masked_payload_is_that_of_the_standard(void **state)
{
    static const char masked[] = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"; /* 5.7 */
    struct buffer out = buffer_new(sizeof masked - 1);

    (void)state;
    websocket_add_frame(&out, WEBSOCKET_OPCODE_TEXT, mask, "Hello", 5);
    assert_false(out.failed);
    assert_memory_equal(out.data, masked, sizeof masked - 1);
    buffer_free(&out);
}

static void a_full_buffer_fails(void **state)
{
    (void)state;
    for (size_t room = 0; room < 11; room++) {
        struct buffer out = buffer_new(room);

        websocket_add_frame(&out, WEBSOCKET_OPCODE_TEXT, mask, "Hello", 5);
        assert_true(out.failed && out.bytes <= room);
        buffer_free(&out);
    }
}

static void expect_close(int code, const char *reason, const char *expected)
{
    for (int i = 0; i < 2; i++) {
        struct buffer out = buffer_new(BIG_BYTES);

        websocket_add_close(&out, i == 0 ? NULL : mask, code, reason);
        expect_outcome(i == 0 ? WEBSOCKET_CLIENT : WEBSOCKET_SERVER, out.data, out.bytes, expected, "5.5.1: close");
        buffer_free(&out);
    }
}

static void closes_are_written(void **state)
{
    char reason[200] = "";
    char expected[200];

    (void)state;
    expect_close(1000, "", "close 1000(); ");
    expect_close(4999, "bye", "close 4999(bye); ");
    expect_close(1005, "not said", "close 1005(); ");
    for (size_t bytes = 122; bytes <= 124; bytes++) {
        memset(reason, 'r', bytes);
        snprintf(expected, sizeof expected, "close 1001(%.123s); ", reason);
        expect_close(1001, reason, expected);
    }
    for (size_t bytes = 119; bytes <= 123; bytes++) { /* a character that is not all within 123 bytes is cut off */
        memset(reason, 'r', bytes);
        memcpy(reason + bytes, "\xf0\x9f\x98\x80", 5);
        snprintf(expected, sizeof expected, "close 1001(%.*s); ", (int)(bytes == 119 ? 123 : bytes), reason);
        expect_close(1001, reason, expected);
    }
    memset(reason, '\x80', 150); /* no text at all: nothing is left of it, and nothing is read before it */
    expect_close(1001, reason, "close 1001(); ");
}

static void control_frames_have_125_bytes(void **state)
{
    char *text = pattern(125);

    (void)state;
    for (size_t bytes = 124; bytes <= 125; bytes++) { /* 126: see websocket_test.c */
        struct buffer out = buffer_new(BIG_BYTES);
        char expected[400];

        websocket_add_frame(&out, WEBSOCKET_OPCODE_PING, mask, text, bytes);
        websocket_add_frame(&out, WEBSOCKET_OPCODE_PONG, mask, text, bytes);
        snprintf(expected, sizeof expected, "ping(%.*s); pong(%.*s); ", (int)bytes, text, (int)bytes, text);
        expect_outcome(WEBSOCKET_SERVER, out.data, out.bytes, expected, "5.5: at most 125 bytes");
        buffer_free(&out);
    }
    free(text);
}

/* A message of that many bytes in frames of at most frame_bytes; says how it ends. */
static enum websocket_event decode_message(size_t bytes, size_t frame_bytes)
{
    char *text = pattern(bytes);
    struct websocket_decoder decoder;
    enum websocket_opcode opcode = WEBSOCKET_OPCODE_TEXT;
    enum websocket_event event = WEBSOCKET_MORE;

    websocket_begin(&decoder, WEBSOCKET_SERVER, MESSAGE_MAX_BYTES);
    for (size_t at = 0; at < bytes && event == WEBSOCKET_MORE; at += frame_bytes) {
        struct buffer out = buffer_new(BIG_BYTES);

        websocket_add_frame(&out, opcode, mask, text + at, bytes - at < frame_bytes ? bytes - at : frame_bytes);
        if (bytes - at > frame_bytes)
            out.data[0] = (char)(out.data[0] & 0x7f); /* not final */
        event = decode(&decoder, out.data, out.bytes);
        opcode = WEBSOCKET_OPCODE_CONTINUATION;
        buffer_free(&out);
    }
    assert_true(event != WEBSOCKET_FAILED || decoder.close_code == 1009);
    websocket_end(&decoder);
    free(text);
    return event;
}

static void a_message_has_a_maximum(void **state)
{
    static const size_t frames[] = {1, 7, 500, MESSAGE_MAX_BYTES, 2 * MESSAGE_MAX_BYTES};

    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        assert_int_equal(decode_message(MESSAGE_MAX_BYTES - 1, frames[i]), WEBSOCKET_TEXT);
        assert_int_equal(decode_message(MESSAGE_MAX_BYTES, frames[i]), WEBSOCKET_TEXT);
        assert_int_equal(decode_message(MESSAGE_MAX_BYTES + 1, frames[i]), WEBSOCKET_FAILED);
    }
}

static void too_much_is_refused_before_memory_is_taken(void **state)
{
    static const char whole[] = "\x82\x7f\x00\x00\x01\x00\x00\x00\x00\x00";
    static const char rest[] = "\x02\x01x\x00\x7e\x03\xe8";
    struct websocket_decoder decoder;

    (void)state;
    websocket_begin(&decoder, WEBSOCKET_CLIENT, MESSAGE_MAX_BYTES);
    assert_int_equal(decode(&decoder, whole, sizeof whole - 1), WEBSOCKET_FAILED);
    assert_int_equal(decoder.close_code, 1009);
    assert_int_equal(decoder.content.room_bytes, 0);
    websocket_end(&decoder);
    websocket_begin(&decoder, WEBSOCKET_CLIENT, MESSAGE_MAX_BYTES);
    assert_int_equal(decode(&decoder, rest, sizeof rest - 1), WEBSOCKET_FAILED); /* 1 and 1000 */
    assert_int_equal(decoder.close_code, 1009);
    websocket_end(&decoder);
}

static void memory_grows_with_what_has_come(void **state)
{
    static const char head[] = "\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x00";
    struct websocket_decoder decoder;
    char *text = pattern(BIG_BYTES);

    (void)state;
    websocket_begin(&decoder, WEBSOCKET_CLIENT, BIG_BYTES);
    assert_int_equal(decode(&decoder, head, sizeof head - 1), WEBSOCKET_MORE);
    assert_int_equal(decoder.content.room_bytes, 0);
    for (size_t at = 0; at < BIG_BYTES - 1; at++) {
        assert_int_equal(decode(&decoder, text + at, 1), WEBSOCKET_MORE);
        assert_true(decoder.content.room_bytes <= 256 + 2 * at);
    }
    assert_int_equal(decode(&decoder, text + BIG_BYTES - 1, 1), WEBSOCKET_BINARY);
    assert_memory_equal(decoder.payload, text, BIG_BYTES);
    assert_int_equal(decode(&decoder, "", 0), WEBSOCKET_MORE);
    assert_int_equal(decoder.content.room_bytes, 0); /* nothing is kept between messages */
    websocket_end(&decoder);
    free(text);
}

static void empty_fragments_take_no_memory(void **state)
{
    struct websocket_decoder decoder;

    (void)state;
    websocket_begin(&decoder, WEBSOCKET_CLIENT, MESSAGE_MAX_BYTES);
    assert_int_equal(decode(&decoder, "\x01\x00", 2), WEBSOCKET_MORE);
    for (int i = 0; i < 1000000; i++)
        assert_int_equal(decode(&decoder, "\x00\x00", 2), WEBSOCKET_MORE);
    assert_int_equal(decoder.content.room_bytes, 0);
    assert_true(websocket_is_reading(&decoder));
    assert_int_equal(decode(&decoder, "\x80\x00", 2), WEBSOCKET_TEXT);
    assert_string_equal(decoder.payload, "");
    websocket_end(&decoder);
}

static void a_close_ends_what_was_begun(void **state)
{
    struct websocket_decoder decoder;

    (void)state;
    websocket_begin(&decoder, WEBSOCKET_CLIENT, MESSAGE_MAX_BYTES);
    assert_int_equal(decode(&decoder, "\x01\x01!\x88\x00", 5), WEBSOCKET_CLOSE);
    assert_int_equal(decoder.content.room_bytes, 0);
    assert_false(websocket_is_reading(&decoder));
    websocket_end(&decoder);
}

static void without_memory_it_fails_with_1011(void **state)
{
    struct websocket_decoder decoder;

    (void)state;
    websocket_begin(&decoder, WEBSOCKET_CLIENT, MESSAGE_MAX_BYTES);
    assert_int_equal(decode(&decoder, "\x02\x05x", 3), WEBSOCKET_MORE);
    decoder.content.failed = true; /* as it is after an allocation that failed */
    assert_int_equal(decode(&decoder, "y", 1), WEBSOCKET_FAILED);
    assert_int_equal(decoder.close_code, 1011);
    expect_lasting_failure(&decoder);
    websocket_end(&decoder);
}

static void knows_whether_the_peer_owes_bytes(void **state)
{
    static const char bytes[] = "\x01\x01x\x89\x00\x80\x02yz";
    static const bool owes[] = {true, true, true, true, true, true, true, true, false};
    struct websocket_decoder decoder;

    (void)state;
    websocket_begin(&decoder, WEBSOCKET_CLIENT, MESSAGE_MAX_BYTES);
    assert_false(websocket_is_reading(&decoder));
    for (size_t i = 0; i < sizeof bytes - 1; i++) {
        decode(&decoder, bytes + i, 1);
        assert_int_equal(websocket_is_reading(&decoder), owes[i]);
    }
    decode(&decoder, "\x89", 1);
    assert_true(websocket_is_reading(&decoder));
    decode(&decoder, "\x00", 1);
    assert_false(websocket_is_reading(&decoder));
    websocket_end(&decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(lengths_are_written_in_the_shortest_form),
        cmocka_unit_test(masked_payload_is_that_of_the_standard),
        cmocka_unit_test(a_full_buffer_fails),
        cmocka_unit_test(closes_are_written),
        cmocka_unit_test(control_frames_have_125_bytes),
        cmocka_unit_test(a_message_has_a_maximum),
        cmocka_unit_test(too_much_is_refused_before_memory_is_taken),
        cmocka_unit_test(memory_grows_with_what_has_come),
        cmocka_unit_test(empty_fragments_take_no_memory),
        cmocka_unit_test(a_close_ends_what_was_begun),
        cmocka_unit_test(without_memory_it_fails_with_1011),
        cmocka_unit_test(knows_whether_the_peer_owes_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
