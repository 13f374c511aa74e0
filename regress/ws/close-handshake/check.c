/* A connection ends by both Closes, whoever begins: the server sends the code back and closes, refuses a Close that is
 * none, and waits for ever for nobody. */
#include "check.h"
#include "ws/expect.h"
#include "ws/framing.h"

#include <string.h>

#define HALF "RFC 6455 5.5.1: \"If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer\""
#define UNSENT "RFC 6455 7.4.1: \"a reserved value and MUST NOT be set as a status code in a Close control frame\""
#define RANGE "RFC 6455 7.4.2: the ranges of codes, and who uses them"
#define REASON "RFC 6455 5.5.1, 8.1: the reason is UTF-8"
#define BODY(string) .payload = (string), .payload_bytes = sizeof(string) - 1
#define ROWS(rows) rows, sizeof(rows) / sizeof *(rows)

enum { SOON_MS = 300, TURN_MS = 60000, WAIT_TURNS = 4000 };

/* Sends a Close with that body, and expects one with the same code, or 1000, and the end. */
static void expect_closed_by(struct ws_target *server, const char *body, size_t count, unsigned code)
{
    struct ws_peer *peer = ws_peer_of(ws_join(server));

    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_CLOSE, .payload = body, .payload_bytes = count});
    struct ws_event event = ws_read(peer);
    expect(event.kind == WS_GOT_CLOSE && (event.code == code || event.code == 1000 || event.code == 0),
           event.kind == WS_SILENCE ? HANG : WRONG, "a Close with the same code, 1000, or none (RFC 6455 5.5.1)",
           "Close %u was answered by %s", code, event.summary);
    event = ws_read(peer);
    expect(event.kind == WS_GOT_FIN || event.kind == WS_GOT_RESET, event.kind == WS_SILENCE ? HANG : WRONG,
           "the end of the connection, by the server (RFC 6455 7.1.1)", "Close %u: %s", code, event.summary);
}

static void every_code_that_may_be_sent_is_taken(void **state)
{
    static const unsigned codes[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const char body[] = {(char)(codes[i] >> 8), (char)codes[i], 'b', 'y', 'e'};

        expect_closed_by(*state, body, sizeof body, codes[i]);
    }
    ws_expect_alive(*state);
}

/* 5.5.1: "the endpoint typically echos the status code it received". */
static void the_code_comes_back(void **state)
{
    static const unsigned codes[] = {1000, 1001, 3000, 4000, 4999};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct ws_peer *peer = ws_peer_of(ws_join(*state));

        ws_send_close(peer, codes[i], "");
        struct ws_event event = ws_read(peer);
        expect(event.kind == WS_GOT_CLOSE, WRONG, "a Close", "%s", event.summary);
        expect_integer(event.code, codes[i], "the code of the Close;");
    }
}

static void a_close_need_not_have_a_body(void **state)
{
    struct ws_peer *peer = ws_peer_of(ws_join(*state));

    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_CLOSE});
    ws_expect_close(peer, "none 1000");
}

static void the_longest_reason_is_taken(void **state)
{
    char body[WS_CONTROL_MAX_BYTES];

    for (size_t i = 0; i + 1 < sizeof body; i += 2) /* a code is two bytes, and so are these letters */
        memcpy(body + i, i ? "\xc3\xa9" : "\x03\xe8", 2);
    body[sizeof body - 1] = '.';
    expect_closed_by(*state, body, sizeof body, 1000);
}

static void half_a_code_fails(void **state)
{
    static const struct ws_row rows[] = {
        {"a Close with one byte", HALF, 1, {{.opcode = WS_CLOSE, BODY("\x03")}}},
        {"a Close with another", HALF, 1, {{.opcode = WS_CLOSE, .payload = "", .payload_bytes = 1}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1002");
}

static void codes_that_nobody_may_send_fail(void **state)
{
    static const struct ws_row rows[] = {
        {"Close 1004", UNSENT, 1, {{.opcode = WS_CLOSE, BODY("\x03\xec")}}},
        {"Close 1005", UNSENT, 1, {{.opcode = WS_CLOSE, BODY("\x03\xed")}}},
        {"Close 1006", UNSENT, 1, {{.opcode = WS_CLOSE, BODY("\x03\xee why")}}},
        {"Close 1015", UNSENT, 1, {{.opcode = WS_CLOSE, BODY("\x03\xf7")}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1002");
}

/* 7.4.2: "Status codes in the range 0-999 are not used"; those to 2999 belong to the protocol. */
static void codes_out_of_every_range_fail(void **state)
{
    static const struct ws_row rows[] = {
        {"Close 0", RANGE, 1, {{.opcode = WS_CLOSE, .payload = "\0", .payload_bytes = 2}}},
        {"Close 999", RANGE, 1, {{.opcode = WS_CLOSE, BODY("\x03\xe7")}}},
        {"Close 1016", RANGE, 1, {{.opcode = WS_CLOSE, BODY("\x03\xf8")}}},
        {"Close 2000", RANGE, 1, {{.opcode = WS_CLOSE, BODY("\x07\xd0")}}},
        {"Close 2999", RANGE, 1, {{.opcode = WS_CLOSE, BODY("\x0b\xb7")}}},
        {"Close 5000", RANGE, 1, {{.opcode = WS_CLOSE, BODY("\x13\x88")}}},
        {"Close 65535", RANGE, 1, {{.opcode = WS_CLOSE, BODY("\xff\xff")}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1002");
}

static void a_reason_that_is_not_utf8_fails(void **state)
{
    static const struct ws_row rows[] = {
        {"a reason with 0xff", REASON, 1, {{.opcode = WS_CLOSE, BODY("\x03\xe8\xff")}}},
        {"with a surrogate", REASON, 1, {{.opcode = WS_CLOSE, BODY("\x03\xe8\xed\xa0\x80")}}},
        {"that ends within a character", REASON, 1, {{.opcode = WS_CLOSE, BODY("\x03\xe8 \xe2\x82")}}},
    };

    ws_expect_failed(*state, ROWS(rows), "1007");
}

/* A Close within a message ends it: the rest will never come. */
static void a_close_within_a_message_is_a_close(void **state)
{
    struct ws_peer *peer = ws_peer_of(ws_join(*state));

    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_TEXT, .more = true, BODY("{\"jsonrpc\"")});
    ws_send_close(peer, 1000, "");
    ws_expect_close(peer, "1000 none");
}

/* A server that has a client's session left, a turn running: the owner ends in each way, and the turn ends as well. */
static void the_server_forgets(struct ws_target *server, void (*end)(struct ws_client *))
{
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    if (ws_has_prompt(server, "long") && ws_prompt_counts(server, "long"))
        ws_ask_prompt(client, sid, ws_prompt_count(server, "long", scaled_ms(TURN_MS)));
    ws_settle(client);
    end(client);
}

static void half_close(struct ws_client *client)
{
    struct ws_peer *peer = ws_peer_of(client);

    ws_half_close(peer);
    ws_expect_close_in_the_end(peer, "1000 1001 1002 1011 none drop");
    ws_drop(client);
}

/* So often that descriptors which are not given back show. */
static void expect_nothing_left(struct ws_target *server, void (*end)(struct ws_client *))
{
    enum { ROUNDS = 12 };
    size_t before, after;
    int turns = 0;

    ws_expect_alive(server);
    before = ws_usage(server).descriptors;
    for (int i = 0; i < ROUNDS; i++)
        the_server_forgets(server, end);
    do {
        ws_expect_alive(server);
        after = ws_usage(server).descriptors;
    } while (after >= before + ROUNDS / 2 && ++turns < WAIT_TURNS);
    expect(after < before + ROUNDS / 2, LEAK, "the descriptors of clients that have gone are given back",
           "%zu descriptors before, %zu after %d clients have gone", before, after, (int)ROUNDS);
}

static void a_client_that_closes_is_forgotten(void **state)
{
    expect_nothing_left(*state, ws_leave);
}

static void a_client_that_goes_without_a_close_is_forgotten(void **state)
{
    expect_nothing_left(*state, ws_drop);
}

static void a_client_that_says_no_more_is_forgotten(void **state)
{
    expect_nothing_left(*state, half_close);
}

static void a_client_that_resets_is_forgotten(void **state)
{
    expect_nothing_left(*state, ws_break);
}

/* The server has closed, for the peer broke a rule or the idle time is over, and the peer neither answers nor goes. */
static void a_close_that_is_not_answered_is_not_waited_for(void **state)
{
    struct ws_target *server = *state;

    ws_restart(server, &(struct server_settings){.limits = {{"ws.close_ms", server_limit("ws.close_ms", SOON_MS)},
                                                            {"ws.idle_ms", server_limit("ws.idle_ms", SOON_MS)}}});
    struct ws_peer *peer = ws_peer_of(ws_join(server));
    ws_be_rude(peer);
    struct ws_event event = ws_read(peer);
    expect(event.kind == WS_GOT_CLOSE, event.kind == WS_SILENCE ? HANG : WRONG, "the Close of a client that is idle",
           "%s", event.summary);
    event = ws_read(peer);
    expect(event.kind == WS_GOT_FIN || event.kind == WS_GOT_RESET, event.kind == WS_SILENCE ? HANG : WRONG,
           "the end of the connection, though the Close was not answered", "%s", event.summary);
}

static void both_closes_end_the_connection(void **state)
{
    struct ws_peer *peer = ws_peer_of(ws_join(*state));

    ws_send_close(peer, 1000, "bye");
    ws_expect_close(peer, "1000 none");
}

const struct check check = {
    .title = "A connection ends by both Closes, and a Close that is none is refused",
    .level = MUST,
    .origins = {"RFC 6455 5.5.1", "RFC 6455 7.1.1", "RFC 6455 7.4", "RFC 6455 7.4.2"},
    .cases =
        {
            CASE(every_code_that_may_be_sent_is_taken),
            CASE(the_code_comes_back, .level = SHOULD),
            CASE(a_close_need_not_have_a_body),
            CASE(the_longest_reason_is_taken),
            CASE(half_a_code_fails),
            CASE(codes_that_nobody_may_send_fail),
            CASE(codes_out_of_every_range_fail, .level = SHOULD),
            CASE(a_reason_that_is_not_utf8_fails),
            CASE(a_close_within_a_message_is_a_close),
            CASE(a_client_that_closes_is_forgotten),
            CASE(a_client_that_goes_without_a_close_is_forgotten),
            CASE(a_client_that_says_no_more_is_forgotten),
            CASE(a_client_that_resets_is_forgotten),
            CASE(a_close_that_is_not_answered_is_not_waited_for),
            CONTROL(both_closes_end_the_connection),
        },
};
