/* A text is UTF-8, whole and in every form of it; what is not ends the connection with 1007. */
#include "check.h"
#include "ws/expect.h"
#include "ws/framing.h"

#include <stdio.h>
#include <string.h>

#define UTF8 "RFC 6455 8.1: \"that endpoint MUST _Fail the WebSocket Connection_\" where a stream is not UTF-8"
#define PART(string) .payload = (string), .payload_bytes = sizeof(string) - 1
#define BAD(what, string)                                         \
    {                                                             \
        what, UTF8, 1,                                            \
        {                                                         \
            {                                                     \
                .opcode = WS_TEXT, PART("{\"p\":\"" string "\"}") \
            }                                                     \
        }                                                         \
    }
#define ROWS(rows) rows, sizeof(rows) / sizeof *(rows)

static void text_that_is_not_utf8_fails(void **state)
{
    static const struct ws_row rows[] = {
        BAD("a continuation byte alone", "\x80"),
        BAD("the last of them alone", "\xbf"),
        BAD("0xff", "\xff"),
        BAD("0xfe", "\xfe"),
        BAD("two bytes, cut short", "\xc3"),
        BAD("three bytes, cut short", "\xe2\x82"),
        BAD("four bytes, cut short", "\xf0\x9f\x98"),
        BAD("two bytes, the second too low", "\xc3\x7f"),
        BAD("two bytes, the second too high", "\xc3\xc0"),
        BAD("five bytes", "\xf8\x88\x80\x80\x80"),
        BAD("six bytes", "\xfc\x84\x80\x80\x80\x80"),
        BAD("Latin-1", "caf\xe9 "),
    };

    ws_expect_failed(*state, ROWS(rows), "1007");
}

/* The table of RFC 3629 4: what may not be, though it has the form. */
static void forms_that_utf8_does_not_have_fail(void **state)
{
    static const struct ws_row rows[] = {
        BAD("U+0000 in two bytes", "\xc0\x80"),
        BAD("U+007F in two bytes", "\xc1\xbf"),
        BAD("U+07FF in three bytes", "\xe0\x9f\xbf"),
        BAD("U+FFFF in four bytes", "\xf0\x8f\xbf\xbf"),
        BAD("the surrogate U+D800", "\xed\xa0\x80"),
        BAD("the surrogate U+DFFF", "\xed\xbf\xbf"),
        BAD("a pair of surrogates", "\xed\xa0\xbd\xed\xb8\x80"),
        BAD("U+110000", "\xf4\x90\x80\x80"),
        BAD("U+13FFFF", "\xf4\xbf\xbf\xbf"),
        BAD("U+140000", "\xf5\x80\x80\x80"),
    };

    ws_expect_failed(*state, ROWS(rows), "1007");
}

static void a_text_that_ends_within_a_character_fails(void **state)
{
    static const struct ws_row rows[] = {
        {"a text that ends with one of two bytes", UTF8, 1, {{.opcode = WS_TEXT, PART("{}\xc3")}}},
        {"with two of three", UTF8, 1, {{.opcode = WS_TEXT, PART("{}\xe2\x82")}}},
        {"with three of four", UTF8, 1, {{.opcode = WS_TEXT, PART("\xf0\x9f\x98")}}},
        {"the last fragment is empty, and a byte is owed",
         UTF8,
         2,
         {{.opcode = WS_TEXT, .more = true, PART("{}\xc3")}, {.payload_bytes = 0}}},
        {"the rest is in the next message",
         UTF8,
         2,
         {{.opcode = WS_TEXT, PART("{}\xc3")}, {.opcode = WS_TEXT, PART("\xa9{}")}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1007");
}

static void so_it_does_across_fragments(void **state)
{
    static const struct ws_row rows[] = {
        {"a character whose second half is wrong",
         UTF8,
         2,
         {{.opcode = WS_TEXT, .more = true, PART("\"\xe2\x82")}, {PART("\"")}}},
        {"an overlong form in two fragments",
         UTF8,
         2,
         {{.opcode = WS_TEXT, .more = true, PART("\"\xe0")}, {PART("\x80\x80\"")}}},
        {"a surrogate in two fragments",
         UTF8,
         2,
         {{.opcode = WS_TEXT, .more = true, PART("\"\xed")}, {PART("\xa0\x80\"")}}},
        {"U+110000 in three fragments",
         UTF8,
         3,
         {{.opcode = WS_TEXT, .more = true, PART("\"\xf4")}, {.more = true}, {PART("\x90\x80\x80\"")}}},
        {"a bad byte in the second fragment",
         UTF8,
         2,
         {{.opcode = WS_TEXT, .more = true, PART("\"")}, {PART("\xff\"")}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1007");
}

/* Only so much of a text has come that it can be UTF-8 no more. */
static void a_bad_byte_is_seen_at_once(void **state)
{
    static const struct {
        const char *bytes;
        const char *what;
    } begun[] = {{"\xff", "0xff"},
                 {"\"\xc3\"", "a character that goes wrong"},
                 {"\xe0\x9f", "the second byte of an overlong form"},
                 {"\xed\xa0", "the second byte of a surrogate"},
                 {"\xf4\x90", "the second byte of a number that is too large"}};
    struct ws_target *server = *state;

    if (!server->strict)
        not_applicable("the target does not declare ws.framing=strict, and the end of a message may be waited for");
    for (size_t i = 0; i < sizeof begun / sizeof *begun; i++) {
        struct ws_client *client = ws_join(server);

        ws_send_frame(ws_peer_of(client), &(struct ws_frame){.opcode = WS_TEXT,
                                                             .declares = true,
                                                             .declared_bytes = 100,
                                                             .payload = begun[i].bytes,
                                                             .payload_bytes = strlen(begun[i].bytes)});
        ws_expect_failing(ws_peer_of(client), "1007", begun[i].what, UTF8);
        ws_drop(client);
    }
}

/* A request whose parameter is that text. */
static struct ws_probe send_with(struct ws_peer *peer, const char *text, size_t cut)
{
    struct ws_probe probe = ws_make_probe(0);
    char message[512];
    int length = snprintf(message, sizeof message,
                          "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"assay/none\",\"params\":{\"p\":\"%s\"}}",
                          probe.id, text);
    size_t count = (size_t)length < cut ? (size_t)length : cut;

    ws_send_frame(peer,
                  &(struct ws_frame){.opcode = WS_TEXT, .more = true, .payload = message, .payload_bytes = count});
    ws_send_frame(peer, &(struct ws_frame){.payload = message + count, .payload_bytes = (size_t)length - count});
    return probe;
}

/* At the borders of RFC 3629's table: first and last of each length, and on both sides of what is left out. */
static void every_form_of_utf8_is_taken(void **state)
{
    static const char *const texts[] = {
        "\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xe1\x80\x80",
        "\xec\xbf\xbf",
        "\xed\x80\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xef\xbf\xbe",
        "\xf0\x90\x80\x80",
        "\xf1\x80\x80\x80",
        "\xf3\xbf\xbf\xbf",
        "\xf4\x80\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
        "e\xcc\x81",
        "\xef\xbb\xbf",
        "\xe2\x80\xa8",
    };
    struct ws_client *client = ws_join(*state);

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct ws_probe probe = send_with(ws_peer_of(client), texts[i], 10);

        ws_expect_answered(ws_peer_of(client), &probe, "a request with characters of all lengths");
    }
}

/* A fragment may end within a character. */
static void fragments_may_cut_a_character(void **state)
{
    static const char text[] = "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf";
    struct ws_client *client = ws_join(*state);

    for (size_t cut = 70; cut < 70 + sizeof text; cut++) {
        struct ws_probe probe = send_with(ws_peer_of(client), text, cut);

        ws_expect_answered(ws_peer_of(client), &probe, "a request that is cut within a character");
    }
}

static void a_request_in_letters_is_answered(void **state)
{
    struct ws_client *client = ws_join(*state);
    struct ws_probe probe = ws_send_probe(ws_peer_of(client));

    ws_expect_answered(ws_peer_of(client), &probe, "a request");
}

const struct check check = {
    .title = "A text that is not UTF-8 ends the connection, and every form of UTF-8 is taken",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 6455 8.1", "RFC 6455 5.6", "RFC 3629 4", "CWE-176"},
    .cases =
        {
            CASE(text_that_is_not_utf8_fails),
            CASE(forms_that_utf8_does_not_have_fail),
            CASE(a_text_that_ends_within_a_character_fails),
            CASE(so_it_does_across_fragments),
            CASE(a_bad_byte_is_seen_at_once),
            CASE(every_form_of_utf8_is_taken),
            CASE(fragments_may_cut_a_character),
            CONTROL(a_request_in_letters_is_answered),
        },
};
