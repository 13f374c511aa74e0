/* The frame decoder against a corpus: each row is a stream of bytes, all that may come out of it, and the sentence of
 * RFC 6455 that says so. A failure has to come with the last byte of its row and not before. */
#include "tests/websocket_fixture.h"

#include "json/utf8.h"

struct row {
    const char *rule;
    enum websocket_role role;
    const char *bytes;
    size_t count;
    const char *expected;
};

#define TO_SERVER(rule, bytes, expected)                           \
    {                                                              \
        rule, WEBSOCKET_SERVER, bytes, sizeof(bytes) - 1, expected \
    }
#define TO_CLIENT(rule, bytes, expected)                           \
    {                                                              \
        rule, WEBSOCKET_CLIENT, bytes, sizeof(bytes) - 1, expected \
    }

/* A mask that changes nothing, so that rows can be read. */
#define M "\x00\x00\x00\x00"
#define HI "\x81\x82" M "hi"

static void expect_rows(const struct row *row, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_outcome(row[i].role, row[i].bytes, row[i].count, row[i].expected, row[i].rule);
}

#define EXPECT_ROWS(rows) expect_rows(rows, sizeof(rows) / sizeof *(rows))

static void messages_are_delivered(void **state)
{
    static const struct row rows[] = {
        TO_CLIENT("5.7: a single-frame unmasked text message", "\x81\x05Hello", "text(Hello); "),
        TO_SERVER("5.7: a single-frame masked text message", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
                  "text(Hello); "),
        TO_CLIENT("5.7: a fragmented unmasked text message", "\x01\x03Hel\x80\x02lo", "text(Hello); "),
        TO_CLIENT("5.7: unmasked ping request", "\x89\x05Hello", "ping(Hello); "),
        TO_SERVER("5.7: masked ping response", "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "pong(Hello); "),
        TO_SERVER("5.3: each frame has a mask of its own",
                  "\x01\x83\x01\x02\x03\x04igo\x80\x82\x20\x40\x60\x80\x4c\x2f", "text(hello); "),
        TO_SERVER("5.6: payload of binary frames is arbitrary", "\x82\x83" M "\xff\xfe\xc0", "binary(\xff\xfe\xc0); "),
        TO_SERVER("5.2: a payload may be empty", "\x81\x80" M "\x82\x80" M, "text(); binary(); "),
        TO_CLIENT("5.2: also to a client", "\x81\x00\x82\x00\x89\x00", "text(); binary(); ping(); "),
        TO_SERVER("5.6: two messages are two", HI HI, "text(hi); text(hi); "),
        TO_SERVER("5.2: frames may be half there", "\x81\x82" M "h", "reading"),
        TO_SERVER("5.2: a head may be half there", HI "\x81", "text(hi); reading"),
        TO_CLIENT("5.2: a length may be half there", "\x82\x7e\x01", "reading"),
    };

    (void)state;
    EXPECT_ROWS(rows);
}

static void masks_are_of_clients(void **state)
{
    static const struct row rows[] = {
        TO_SERVER("5.1: server MUST close the connection upon receiving a frame that is not masked", "\x81\x02",
                  "failed 1002"),
        TO_SERVER("5.1: a ping likewise", HI "\x89\x00", "text(hi); failed 1002"),
        TO_SERVER("5.1: a close likewise", "\x88\x00", "failed 1002"),
        TO_SERVER("5.1: a continuation likewise", "\x01\x80" M "\x80\x00", "failed 1002"),
        TO_CLIENT("5.1: client MUST close a connection if it detects a masked frame", "\x81\x82", "failed 1002"),
        TO_CLIENT("5.1: a ping likewise", "\x81\x02hi\x89\x80", "text(hi); failed 1002"),
    };

    (void)state;
    EXPECT_ROWS(rows);
}

static void reserved_is_refused(void **state)
{
    static const struct row rows[] = {
        TO_SERVER("5.2: RSV1 MUST be 0 unless an extension is negotiated", "\xc1", "failed 1002"),
        TO_SERVER("5.2: RSV2 likewise", "\xa1", "failed 1002"),
        TO_SERVER("5.2: RSV3 likewise", "\x91", "failed 1002"),
        TO_CLIENT("5.2: to a client likewise", "\x81\x02hi\xc2", "text(hi); failed 1002"),
        TO_SERVER("5.2: on a ping likewise", HI "\xc9", "text(hi); failed 1002"),
        TO_SERVER("5.2: on a close likewise", "\x98", "failed 1002"),
        TO_SERVER("5.2: on a continuation likewise", "\x01\x80" M "\xa0", "failed 1002"),
    };

    (void)state;
    EXPECT_ROWS(rows);
    for (char opcode = 0; opcode <= 0x0f; opcode++) {
        char first[] = {(char)(0x80 | opcode)};
        bool known = opcode == 1 || opcode == 2 || (opcode >= 8 && opcode <= 10);

        expect_outcome(WEBSOCKET_CLIENT, first, 1, known ? "reading" : "failed 1002", "5.2: unknown opcode");
        first[0] = opcode;
        known = opcode == 1 || opcode == 2;
        expect_outcome(WEBSOCKET_SERVER, first, 1, known ? "reading" : "failed 1002", "5.2, 5.5: no first fragment");
    }
}

static void fragments_are_put_together(void **state)
{
    static const struct row rows[] = {
        TO_SERVER("5.4: fragments are delivered in order", "\x01\x81" M "a\x00\x81" M "b\x80\x81" M "c", "text(abc); "),
        TO_SERVER("5.4: the type is that of the first fragment", "\x02\x81" M "\xff\x80\x81" M "\xfe",
                  "binary(\xff\xfe); "),
        TO_SERVER("5.4: fragments may be empty", "\x01\x80" M "\x00\x80" M "\x80\x80" M, "text(); "),
        TO_SERVER("5.4: control frames MAY be injected in the middle of a fragmented message",
                  "\x01\x81" M "a\x89\x81" M "p\x00\x81" M "b\x8a\x80" M "\x80\x81" M "c",
                  "ping(p); pong(); text(abc); "),
        TO_SERVER("5.4: an unfinished message is owed", "\x01\x81" M "a\x89\x80" M, "ping(); reading"),
        TO_SERVER("5.4: a message begins with its opcode", "\x80", "failed 1002"),
        TO_SERVER("5.4: so does one in fragments", "\x00", "failed 1002"),
        TO_SERVER("5.4: after a message there is none to continue", HI "\x80", "text(hi); failed 1002"),
        TO_SERVER("5.4: after one in fragments neither", "\x01\x80" M "\x80\x81" M "a\x80", "text(a); failed 1002"),
        TO_SERVER("5.4: fragments of one message MUST NOT be interleaved with another's", "\x01\x81" M "a\x81",
                  "failed 1002"),
        TO_SERVER("5.4: of another type neither", "\x01\x81" M "a\x82", "failed 1002"),
        TO_SERVER("5.4: nor may another begin in fragments", "\x02\x81" M "a\x00\x80" M "\x02", "failed 1002"),
    };

    (void)state;
    EXPECT_ROWS(rows);
}

static void control_frames_are_small_and_whole(void **state)
{
    static const struct row rows[] = {
        TO_SERVER("5.5: all control frames MUST have a payload length of 125 bytes or less", "\x89\xfe", "failed 1002"),
        TO_SERVER("5.5: a pong likewise", "\x8a\xff", "failed 1002"),
        TO_SERVER("5.5: a close likewise", "\x88\xfe", "failed 1002"),
        TO_CLIENT("5.5: to a client likewise", "\x89\x7e", "failed 1002"),
        TO_SERVER("5.5: control frames MUST NOT be fragmented", "\x09", "failed 1002"),
        TO_SERVER("5.5: a pong neither", HI "\x0a", "text(hi); failed 1002"),
        TO_SERVER("5.5: a close neither", "\x08", "failed 1002"),
    };

    (void)state;
    EXPECT_ROWS(rows);
}

static void lengths_are_minimal(void **state)
{
    static const struct row rows[] = {
        TO_CLIENT("5.2: the minimal number of bytes MUST be used: 0", "\x82\x7e\x00\x00", "failed 1002"),
        TO_CLIENT("5.2: 124, the standard's example", "\x82\x7e\x00\x7c", "failed 1002"),
        TO_CLIENT("5.2: 125", "\x82\x7e\x00\x7d", "failed 1002"),
        TO_CLIENT("5.2: 126 needs 16 bits", "\x82\x7e\x00\x7e", "reading"),
        TO_CLIENT("5.2: 0 in 64 bits", "\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x00", "failed 1002"),
        TO_CLIENT("5.2: 126 in 64 bits", "\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x7e", "failed 1002"),
        TO_CLIENT("5.2: 65535 in 64 bits", "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", "failed 1002"),
        TO_SERVER("5.2: before the mask comes", "\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff", "failed 1002"),
        TO_CLIENT("5.2, 10.4: 65536 in 64 bits is minimal, and too big here",
                  "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", "failed 1009"),
        TO_CLIENT("5.2, 10.4: the largest length", "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "failed 1009"),
        TO_CLIENT("5.2: the most significant bit MUST be 0", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", "failed 1002"),
        TO_CLIENT("5.2: with other bits too", "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "failed 1002"),
    };

    (void)state;
    EXPECT_ROWS(rows);
}

static void text_is_utf8_as_it_comes(void **state)
{
    static const struct row rows[] = {
        TO_SERVER("5.6: text is UTF-8", "\x81\x8f" M "\xc2\xa2 \xe2\x82\xac \xf0\x9f\x98\x80 \xef\xbf\xbf",
                  "text(\xc2\xa2 \xe2\x82\xac \xf0\x9f\x98\x80 \xef\xbf\xbf); "),
        TO_CLIENT("5.6: a frame might include a partial UTF-8 sequence", "\x01\x02\xf0\x9f\x00\x01\x98\x80\x02\x80!",
                  "text(\xf0\x9f\x98\x80!); "),
        TO_CLIENT("5.6: fragments that are empty leave it partial", "\x01\x01\xc3\x00\x00\x80\x01\xa4",
                  "text(\xc3\xa4); "),
        TO_CLIENT("8.1: at the byte that shows it, in the middle of a frame", "\x81\x7e\x01\x00good\xff",
                  "failed 1007"),
        TO_CLIENT("8.1: a byte that continues nothing", "\x81\x05\x80", "failed 1007"),
        TO_CLIENT("8.1: a surrogate shows with its second byte", "\x81\x05\xed\xa0", "failed 1007"),
        TO_CLIENT("8.1: an overlong form with its first", "\x81\x05\xc0", "failed 1007"),
        TO_CLIENT("8.1: or its second", "\x81\x05\xe0\x9f", "failed 1007"),
        TO_CLIENT("8.1: above U+10FFFF", "\x81\x05\xf4\x90", "failed 1007"),
        TO_CLIENT("8.1: across fragments",
                  "\x01\x03"
                  "ab\xe2\x80\x05\x28",
                  "failed 1007"),
        TO_CLIENT("8.1: a ping between them changes nothing", "\x01\x01\xe2\x89\x01\xff\x00\x09\x82\x28",
                  "ping(\xff); failed 1007"),
        TO_CLIENT("8.1: in a later message",
                  "\x81\x01"
                  "a\x81\x01\xfe",
                  "text(a); failed 1007"),
        TO_CLIENT("8.1: a message may not end within a character",
                  "\x81\x02"
                  "a\xc3",
                  "failed 1007"),
        TO_SERVER("8.1: nor with an empty fragment", "\x01\x81" M "\xc3\x80\x80" M, "failed 1007"),
        TO_SERVER("8.1: the mask is taken off before", "\x81\x82\xff\x00\x00\x00\x9e\x80", "failed 1007"),
        TO_CLIENT("5.6: what a binary message ends with is no matter of the next text",
                  "\x82\x01\xc3\x81\x01"
                  "a",
                  "binary(\xc3); text(a); "),
    };

    (void)state;
    EXPECT_ROWS(rows);
}

/* Can these bytes still become UTF-8? By the reader of ref/json, which knows whole characters only: there is a way to
 * go on that makes them whole. */
static bool may_become_utf8(const char *bytes, size_t count)
{
    char text[2][8] = {"\0\0\0\0", "\0\0\0\0"};

    for (size_t i = 0; i < 4; i++) {
        text[0][i] = i < count ? bytes[i] : '\x80';
        text[1][i] = i < count ? bytes[i] : i == count ? '\xbf' : '\x80';
    }
    size_t whole = json_utf8_bytes(bytes, count);
    if (count == 0)
        return true;
    if (whole > 0)
        return may_become_utf8(bytes + whole, count - whole);
    return json_utf8_bytes(text[0], 4) > count || json_utf8_bytes(text[1], 4) > count;
}

static void utf8_fails_at_once(void **state)
{
    static const char edges[] =
        "\x00\x41\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff";
    enum { EDGES = sizeof edges - 1, ALL = EDGES * EDGES * EDGES * EDGES };

    (void)state;
    for (int number = 0; number < ALL; number++) {
        char bytes[] = {edges[number % EDGES], edges[number / EDGES % EDGES], edges[number / EDGES / EDGES % EDGES],
                        edges[number / EDGES / EDGES / EDGES]};
        struct websocket_utf8 utf8 = {0};
        bool taken = true;

        for (size_t count = 1; count <= sizeof bytes && taken; count++) {
            taken = websocket_utf8_add(&utf8, bytes + count - 1, 1);
            assert_int_equal(taken, may_become_utf8(bytes, count));
        }
    }
}

static void closes_say_why(void **state)
{
    static const struct row rows[] = {
        TO_SERVER("5.5.1: the close frame MAY contain a body", "\x88\x80" M, "close 1005(); "),
        TO_SERVER("5.5.1: a code", "\x88\x82" M "\x03\xe8", "close 1000(); "),
        TO_SERVER("5.5.1: and a reason",
                  "\x88\x85" M "\x03\xe9"
                  "bye",
                  "close 1001(bye); "),
        TO_CLIENT("5.5.1: to a client", "\x88\x05\x0f\xa0\xe2\x82\xac", "close 4000(\xe2\x82\xac); "),
        TO_SERVER("5.5.1: the first two bytes of the body MUST be a 2-byte integer", "\x88\x81" M "\x03",
                  "failed 1002"),
        TO_SERVER("5.5.1: the reason is UTF-8", "\x88\x84" M "\x03\xe8\xc3\x28", "failed 1007"),
        TO_SERVER("5.5.1: all of it", "\x88\x83" M "\x03\xe8\xc3", "failed 1007"),
        TO_SERVER("7.4: the code is judged before the reason", "\x88\x83" M "\x03\xed\xff", "failed 1002"),
        TO_SERVER("1.4: data after it is discarded", HI "\x88\x80" M HI "\xff", "text(hi); close 1005(); "),
        TO_SERVER("5.4: it may come within a message, which is lost", "\x01\x81" M "a\x88\x80" M "\x80\x81" M "b",
                  "close 1005(); "),
    };

    (void)state;
    EXPECT_ROWS(rows);
}

static void half_a_code_is_none(void **state)
{
    (void)state;
    for (int byte = 0; byte <= 0xff; byte++) {
        char frame[] = {'\x88', 1, (char)byte};

        expect_outcome(WEBSOCKET_CLIENT, frame, sizeof frame, "failed 1002", "5.5.1: a 2-byte unsigned integer");
    }
}

/* 7.4.1 and 7.4.2, and the registry that 11.7 has opened, in which 1012 to 1014 came later. */
static void close_codes_are_those_that_may_be_sent(void **state)
{
    static const int ranges[][2] = {{1000, 1003}, {1007, 1014}, {3000, 4999}};

    (void)state;
    for (int code = 0; code <= 0xffff; code++) {
        char frame[] = {'\x88', 2, (char)(code >> 8), (char)code};
        struct websocket_decoder decoder;
        bool legal = false;
        size_t consumed;

        for (size_t i = 0; i < 3; i++)
            legal = legal || (code >= ranges[i][0] && code <= ranges[i][1]);
        websocket_begin(&decoder, WEBSOCKET_CLIENT, 0);
        assert_int_equal(websocket_decode(&decoder, frame, sizeof frame, &consumed),
                         legal ? WEBSOCKET_CLOSE : WEBSOCKET_FAILED);
        assert_int_equal(decoder.close_code, legal ? code : 1002);
        websocket_end(&decoder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_delivered),
        cmocka_unit_test(masks_are_of_clients),
        cmocka_unit_test(reserved_is_refused),
        cmocka_unit_test(fragments_are_put_together),
        cmocka_unit_test(control_frames_are_small_and_whole),
        cmocka_unit_test(lengths_are_minimal),
        cmocka_unit_test(text_is_utf8_as_it_comes),
        cmocka_unit_test(utf8_fails_at_once),
        cmocka_unit_test(closes_say_why),
        cmocka_unit_test(half_a_code_is_none),
        cmocka_unit_test(close_codes_are_those_that_may_be_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
