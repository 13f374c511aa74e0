/* The room's WebSocket client against servers that misbehave: what it makes of their handshakes and frames, which
 * verdict its expectations give, and that it always comes to an end. */
#include "tests/ws_plays.h"

/* --- plays: the handshake --- */

static void open_and_wait(int client)
{
    answer_101(client, "");
    hostile_take_all(client);
}

static void accept_another_key(int client)
{
    char key[WS_KEY_BYTES];

    take_head(client, key);
    hostile_send(client, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    hostile_take_all(client);
}

static void choose_an_extension(int client)
{
    answer_101(client, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    hostile_take_all(client);
}

static void answer_403(int client)
{
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 403 Forbidden\r\nX-Why: not you\r\nContent-Length: 2\r\n\r\nno");
    hostile_take_all(client);
}

static void hang_up_at_once(int client)
{
    hostile_take_request(client);
}

static void say_nothing(int client)
{
    hostile_take_all(client);
}

/* --- plays: frames --- */

static void say_hello(int client)
{
    answer_101(client, "");
    play_say(client, WS_TEXT, "hello");
    hostile_take_all(client);
}

static void say_hello_in_pieces(int client)
{
    answer_101(client, "");
    play_frame(client, &(struct ws_frame){
                           .opcode = WS_TEXT, .more = true, .unmasked = true, .payload = "hel", .payload_bytes = 3});
    play_say(client, WS_PONG, "");
    play_say(client, WS_CONTINUATION, "lo");
    hostile_take_all(client);
}

static void say_hello_masked(int client)
{
    answer_101(client, "");
    play_frame(client, &(struct ws_frame){.opcode = WS_TEXT, .payload = "hello", .payload_bytes = 5});
    hostile_take_all(client);
}

static void begin_and_hang_up(int client)
{
    answer_101(client, "");
    play_frame(client, &(struct ws_frame){.opcode = WS_TEXT, .unmasked = true, .declares = true, .declared_bytes = 9});
}

static void ping_for_ever(int client)
{
    answer_101(client, "");
    for (struct pollfd gone = {.fd = client, .events = POLLRDHUP}; poll(&gone, 1, 1) == 0;)
        play_say(client, WS_PING, "");
}

/* Whoever answers a Ping rightly is told so. */
static void ping_and_tell(int client)
{
    char payload[1 << 16];

    answer_101(client, "");
    play_say(client, WS_PING, "are you there?");
    unsigned first = take_frame(client, payload);
    play_say(client, WS_TEXT, first == 0x8a && strcmp(payload, "are you there?") == 0 ? "hello" : "no pong");
    hostile_take_all(client);
}

static void answer_pings(int client)
{
    char payload[1 << 16];

    answer_101(client, "");
    while (take_frame(client, payload) == 0x89) {
        play_say(client, WS_TEXT, "by the way");
        play_say(client, WS_PONG, payload);
    }
}

static void answer_pings_wrongly(int client)
{
    char payload[1 << 16];

    answer_101(client, "");
    while (take_frame(client, payload) == 0x89)
        play_say(client, WS_PONG, "");
}

static void echo_texts(int client)
{
    char payload[1 << 16];

    answer_101(client, "");
    while (take_frame(client, payload) == 0x81)
        play_say(client, WS_TEXT, payload);
}

/* --- plays: the end --- */

static void close_with(int client, unsigned code, bool wait)
{
    char payload[WS_CONTROL_MAX_BYTES], answer[1 << 16];
    size_t count = ws_frame_close(code, "because", payload);

    play_frame(client,
               &(struct ws_frame){.opcode = WS_CLOSE, .unmasked = true, .payload = payload, .payload_bytes = count});
    take_frame(client, answer);
    if (wait)
        hostile_wait_for_end(client);
}

static void close_1002(int client)
{
    answer_101(client, "");
    close_with(client, 1002, false);
}

static void talk_and_close_1002(int client)
{
    answer_101(client, "");
    play_say(client, WS_TEXT, "one");
    play_say(client, WS_TEXT, "two");
    close_with(client, 1002, false);
}

static void close_and_stay(int client)
{
    answer_101(client, "");
    close_with(client, 1002, true);
}

static void drop(int client)
{
    answer_101(client, "");
}

/* With nothing unread, for then the system would make a reset of it. */
static void take_a_frame_and_drop(int client)
{
    char payload[1 << 16];

    answer_101(client, "");
    take_frame(client, payload);
}

static void reset(int client)
{
    answer_101(client, "");
    hostile_set_reset(client);
}

static void never_read(int client)
{
    answer_101(client, "");
    hostile_wait_for_end(client);
}

/* --- cases --- */

static void dials(void **state)
{
    ws_hang_up(ws_dial(*state));
}

static void offers_deflate(void **state)
{
    ws_hang_up(ws_dial_as(*state, &(struct ws_dialling){.request.extensions = "permessage-deflate"}));
}

static void is_refused(void **state)
{
    struct ws_peer *peer = ws_knock(*state, &(struct ws_dialling){.request.origin = "http://evil", .stranger = true});
    struct ws_opening opening = ws_read_opening(peer);

    ws_expect_refused(opening, "4xx");
    expect_text(ws_opening_field(&opening, "X-Why"), "not you", "the reason");
    ws_hang_up(peer);
}

static void is_refused_or_dropped(void **state)
{
    struct ws_peer *peer = ws_knock(*state, &(struct ws_dialling){.request.ws_version = "12"});

    ws_expect_refused(ws_read_opening(peer), "426 drop");
    ws_hang_up(peer);
}

static void hears_hello(void **state)
{
    struct ws_peer *peer = ws_dial(*state);

    ws_expect_text(peer, "hello");
    ws_hang_up(peer);
}

static void hears_hello_soon(void **state)
{
    struct ws_peer *peer = ws_dial(*state);

    expect(ws_read_within(peer, 20000).fragments > 0, HANG, "a message", "none");
    expect(ws_read_within(peer, 10).kind == WS_SILENCE, WRONG, "silence", "more");
    expect(ws_read_any_within(peer, 10).kind == WS_SILENCE, WRONG, "silence", "more");
    ws_hang_up(peer);
}

static void expects_1002(void **state)
{
    ws_expect_close(ws_dial(*state), "1002 1007");
}

static void expects_1002_or_drop(void **state)
{
    ws_expect_close(ws_dial(*state), "1002 drop");
}

static void expects_1002_in_the_end(void **state)
{
    ws_expect_close_in_the_end(ws_dial(*state), "1002");
}

static void expects_life(void **state)
{
    struct ws_peer *peer = ws_dial(*state);

    ws_expect_open(peer);
    ws_expect_open(peer);
    ws_reset(peer);
}

static void is_rude(void **state)
{
    struct ws_peer *peer = ws_dial(*state);

    ws_be_rude(peer);
    expect(ws_read_any(peer).kind == WS_GOT_PING, WRONG, "a Ping", "another frame");
    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_PONG, .payload = "are you there?", .payload_bytes = 14});
    ws_expect_text(peer, "hello");
    ws_hang_up(peer);
}

/* However it is sent, the server reads the same. */
static void sends_in_pieces(void **state)
{
    struct ws_peer *peer;
    struct text bytes;

    text_init(&bytes, 1024);
    ws_frame_write(&(struct ws_frame){.opcode = WS_TEXT, .payload = "glued", .payload_bytes = 5}, &bytes);
    peer = ws_dial_as(
        *state, &(struct ws_dialling){.glued = bytes.bytes, .glued_bytes = bytes.length, .plan = tcp_plan_drip(7, 1)});
    text_free(&bytes);
    ws_expect_text(peer, "glued");
    ws_hang_up(peer);
}

static void sends_frames_in_every_way(void **state)
{
    const struct ws_frame frame = {.opcode = WS_TEXT, .payload = "chopped", .payload_bytes = 7};
    struct ws_peer *peer = ws_dial(*state);
    struct text bytes;

    ws_send_text(peer, "%s %d", "number", 1);
    ws_expect_text(peer, "number 1");
    ws_send_frame_chopped(peer, tcp_plan_drip(1, 1), &frame);
    ws_expect_text(peer, "chopped");
    text_init(&bytes, 1024);
    ws_frame_write(&frame, &bytes);
    ws_send_chopped(peer, tcp_plan_cut_at(3, 1), bytes.bytes, bytes.length);
    ws_expect_text(peer, "chopped");
    ws_send_bytes(peer, bytes.bytes, bytes.length);
    text_free(&bytes);
    for (int64_t deadline_ns = deadline_after(WS_WAIT_MS); !ws_pause(peer, 1);)
        expect(now_ns() < deadline_ns, HANG, "an echo", "none");
    ws_read_slowly(peer, 1, 0);
    ws_expect_text(peer, "chopped");
    ws_half_close(peer);
    expect(ws_read(peer).kind == WS_GOT_FIN, WRONG, "the end", "another");
    ws_hang_up(peer);
}

static void floods(void **state)
{
    static const char block[1 << 16];
    struct ws_peer *peer = ws_dial(*state);
    size_t times = ws_flood(peer, block, sizeof block, 1 << 20);

    expect(times < 1 << 20, WRONG, "a server that takes no more", "it took all");
    ws_reset(peer); /* for a FIN would wait behind all that was not read */
}

static void floods_for_a_moment(void **state)
{
    static const char block[1 << 16];
    int64_t begun_ns = now_ns();
    struct ws_peer *peer = ws_dial(*state);
    size_t times = ws_flood_patiently(peer, block, sizeof block, 1 << 20, 1);

    expect(times < 1 << 20, WRONG, "a server that takes no more", "it took all");
    expect(now_ns() - begun_ns < scaled_ms(WS_WAIT_MS) * 500000, HANG, "an end when patience ends", "none");
    ws_reset(peer);
}

/* --- tests --- */

static void handshakes_are_judged(void **state)
{
    (void)state;
    expect_pass(open_and_wait, dials);
    expect_pass(choose_an_extension, offers_deflate);
    expect_fail(choose_an_extension, dials, "wrong", "an extension that was not offered");
    expect_fail(accept_another_key, dials, "wrong", "Sec-WebSocket-Accept");
    expect_fail(answer_403, dials, "wrong", "403 after");
    expect_fail(hang_up_at_once, dials, "wrong", "closed without an answer");
    expect_fail(say_nothing, dials, "hang", "silence");
}

static void refusals_are_judged(void **state)
{
    (void)state;
    expect_pass(answer_403, is_refused);
    expect_pass(hang_up_at_once, is_refused_or_dropped);
    expect_fail(answer_403, is_refused_or_dropped, "wrong", "403 after");
    expect_fail(open_and_wait, is_refused, "wrong", "101 after");
    expect_fail(hang_up_at_once, is_refused, "wrong", "closed without");
    expect_fail(say_nothing, is_refused, "hang", "silence");
}

static void messages_are_read(void **state)
{
    (void)state;
    expect_pass(say_hello, hears_hello);
    expect_pass(say_hello_in_pieces, hears_hello);
    expect_pass(say_hello, hears_hello_soon);
    expect_fail(say_hello_masked, hears_hello, "wrong", "RFC 6455 5.1");
    expect_fail(begin_and_hang_up, hears_hello, "wrong", "not finished");
    expect_fail(open_and_wait, hears_hello, "hang", "silence");
    expect_fail(ping_for_ever, hears_hello, "hang", "silence");
    expect_fail(drop, hears_hello, "silent", "closed after");
    expect_fail(close_1002, hears_hello, "wrong", "Close 1002 after");
}

static void pings_are_answered_unless_the_room_is_rude(void **state)
{
    (void)state;
    expect_pass(ping_and_tell, hears_hello);
    expect_pass(ping_and_tell, is_rude);
}

static void closes_are_judged(void **state)
{
    (void)state;
    expect_pass(close_1002, expects_1002);
    expect_pass(close_1002, expects_1002_or_drop);
    expect_pass(drop, expects_1002_or_drop);
    expect_pass(reset, expects_1002_or_drop);
    expect_pass(talk_and_close_1002, expects_1002_in_the_end);
    expect_fail(talk_and_close_1002, expects_1002, "wrong", "Text of 3 bytes");
    expect_fail(close_and_stay, expects_1002, "hang", "silence");
    expect_fail(drop, expects_1002, "silent", "closed after");
    expect_fail(open_and_wait, expects_1002, "hang", "silence");
}

static void a_connection_is_shown_to_live(void **state)
{
    (void)state;
    expect_pass(answer_pings, expects_life);
    expect_fail(answer_pings_wrongly, expects_life, "wrong", "a Pong with another one, and then");
    expect_fail(take_a_frame_and_drop, expects_life, "silent", "closed after");
}

static void what_is_sent_arrives(void **state)
{
    (void)state;
    expect_pass(echo_texts, sends_frames_in_every_way);
}

static void bytes_may_be_glued_to_the_handshake(void **state)
{
    (void)state;
    expect_pass(echo_texts, sends_in_pieces);
}

static void a_flood_comes_to_an_end(void **state)
{
    (void)state;
    expect_pass_in_time(never_read, floods);
    expect_pass_in_time(never_read, floods_for_a_moment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes_are_judged),   cmocka_unit_test(refusals_are_judged),
        cmocka_unit_test(messages_are_read),       cmocka_unit_test(pings_are_answered_unless_the_room_is_rude),
        cmocka_unit_test(closes_are_judged),       cmocka_unit_test(a_connection_is_shown_to_live),
        cmocka_unit_test(what_is_sent_arrives),    cmocka_unit_test(bytes_may_be_glued_to_the_handshake),
        cmocka_unit_test(a_flood_comes_to_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
