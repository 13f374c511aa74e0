/* WebSockets on the server: how they begin, what they carry, and how they end. */
#include "tests/websocket_peer.h"

#include <pthread.h>

static struct answer answer;

/* ---- how they begin ---- */

static void carries_a_turn(void **state)
{
    static const char *const paths[] = {"/ws", "/acp", "/ws?x=y"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct peer *peer = peer_dial(*state, paths[i]);

        peer_open(peer);
        peer_prompt(peer, 3, "echo hello");
        while (!strstr(peer_expect(peer, ""), "hello"))
            ;
        peer_expect(peer, "\"stopReason\":\"end_turn\"");
        peer_end(peer);
    }
}

static void refuses_what_is_no_handshake(void **state)
{
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"POST /ws HTTP/1.1\r\nContent-Length: 0\r\n", 405},
        {"GET /ws HTTP/1.1\r\n", 400},
        {"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", 400},
        {"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
         400},
        {"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 12\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
         426},
        {"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 0\r\nTransfer-Encoding: x\r\n",
         400},
        {"GET /nothing HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
         404},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = dial(*state);

        say(fd, cases[i].request);
        say(fd, "Host: localhost\r\n\r\n");
        assert_int_equal(hear(fd, &answer), cases[i].status);
        if (cases[i].status == 426)
            assert_string_equal(field_of(&answer, "Sec-WebSocket-Version"), "13");
        close(fd);
    }
}

/* A refusal is an answer like others: the next request on the connection may be a better handshake. */
static void may_try_again_after_a_refusal(void **state)
{
    char request[PEER_TEXT_BYTES];
    int fd = dial(*state);

    say(fd, "GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_int_equal(hear(fd, &answer), 400);
    snprintf(request, sizeof request, PEER_HANDSHAKE, "/ws");
    say(fd, request);
    hear_head(fd, &answer);
    assert_int_equal(answer.status, 101);
    assert_int_equal(strlen(field_of(&answer, "Acp-Connection-Id")), 36);
    struct peer *peer = peer_begin(fd);
    peer_open(peer);
    peer_end(peer);
}

static void asks_the_policy_first(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *fields;
        int status;
    } cases[] = {
        {"Host: localhost\r\nOrigin: http://evil.example\r\nAuthorization: Bearer s3cret\r\n", 403},
        {"Host: evil.example\r\nAuthorization: Bearer s3cret\r\n", 403},
        {"Host: localhost\r\nOrigin: null\r\nAuthorization: Bearer s3cret\r\n", 403},
        {"Host: localhost\r\n", 401},
        {"Host: localhost\r\nAuthorization: Bearer s3cre\r\n", 401},
        {"Host: localhost\r\nOrigin: https://my.example\r\nAuthorization: Bearer s3cret\r\n", 101},
        {"Host: localhost\r\nAuthorization: Bearer s3cret\r\n", 101},
    };

    rig->config.token = "s3cret";
    rig->config.local_only = true;
    rig->config.origins = (const char *const[]){"https://my.example", NULL};
    rig_start(rig);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = dial(rig);

        say(fd, "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        say(fd, cases[i].fields);
        say(fd, "\r\n");
        hear_head(fd, &answer);
        assert_int_equal(answer.status, cases[i].status);
        close(fd);
    }
}

static void hears_what_came_with_the_handshake(void **state)
{
    char text[PEER_TEXT_BYTES];
    struct buffer frame = peer_frame(WEBSOCKET_OPCODE_TEXT, PEER_INITIALIZE, strlen(PEER_INITIALIZE));
    int length = snprintf(text, sizeof text, PEER_HANDSHAKE, "/ws");
    int fd = dial(*state);

    memcpy(text + length, frame.data, frame.bytes);
    say_bytes(fd, text, (size_t)length + frame.bytes);
    hear_head(fd, &answer);
    struct peer *peer = peer_begin(fd);
    peer_expect(peer, "\"id\":1,\"result\"");
    peer_end(peer);
    buffer_free(&frame);
}

/* A client too many is told so, and leaves nothing behind. */
static void refuses_clients_over_the_limit(void **state)
{
    struct rig *rig = *state;

    rig->config.limits.acp.clients = 1;
    rig_start(rig);
    struct peer *first = peer_dial(rig, "/ws");
    peer_open(first);
    for (int i = 0; i < 50; i++) {
        struct peer *more = peer_dial(rig, "/ws");

        peer_say(more, PEER_INITIALIZE);
        peer_expect_close(more, 1013);
        peer_close(more, 1013);
        assert_int_equal(peer_hear(more), PEER_GONE);
        peer_end(more);
    }
    peer_end(first);
    wait_for_clients(rig, 0);
    first = peer_dial(rig, "/ws");
    peer_open(first);
    peer_end(first);
}

/* A WebSocket is a connection like others. */
static void counts_as_a_connection(void **state)
{
    struct rig *rig = *state;

    rig->config.limits.connections = 1;
    rig_start(rig);
    struct peer *peer = peer_dial(rig, "/ws");
    peer_open(peer);
    int fd = dial(rig);
    assert_int_equal(hear(fd, &answer), 503);
    close(fd);
    peer_end(peer);
}

/* ---- what they carry ---- */

static void answers_pings_in_a_turn(void **state)
{
    struct peer *peer = peer_dial(*state, "/ws");

    peer_open(peer);
    peer_prompt(peer, 3, "sleep 3000000");
    peer_send(peer, WEBSOCKET_OPCODE_PING, "are you there?", 14);
    while (peer_hear(peer) != WEBSOCKET_PONG)
        ;
    assert_string_equal(peer->decoder.payload, "are you there?");
    peer_end(peer);
}

/* The answer to the agent's call comes in on the connection whose prompt is waiting for it. */
static void hears_answers_in_a_turn(void **state)
{
    char text[PEER_TEXT_BYTES];
    struct peer *peer = peer_dial(*state, "/ws");

    peer_open(peer);
    peer_prompt(peer, 3, "read /a/file");
    while (!strstr(peer_expect(peer, ""), "fs/read_text_file"))
        ;
    const char *id = strstr(peer->decoder.payload, "\"id\":\"") + strlen("\"id\":\"");
    snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":\"%.*s\",\"result\":{\"content\":\"what is in it\"}}",
             (int)strcspn(id, "\""), id);
    peer_say(peer, text);
    peer_expect(peer, "what is in it");
    peer_expect(peer, "\"stopReason\"");
    peer_end(peer);
}

static void ignores_binary_messages(void **state)
{
    struct peer *peer = peer_dial(*state, "/ws");

    peer_send(peer, WEBSOCKET_OPCODE_BINARY, PEER_INITIALIZE, strlen(PEER_INITIALIZE));
    peer_open(peer); /* so it was not initialized before */
    peer_end(peer);
}

/* ---- how they end ---- */

static void echoes_the_close_code(void **state)
{
    static const int codes[] = {1000, 1001, 4000, WEBSOCKET_NO_CODE};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct peer *peer = peer_dial(*state, "/ws");
        struct buffer late = peer_frame(WEBSOCKET_OPCODE_TEXT, PEER_NEW, strlen(PEER_NEW));

        peer_say(peer, PEER_INITIALIZE); /* this still gets its answer */
        peer_close(peer, codes[i]);
        say_bytes(peer->fd, late.data, late.bytes); /* and this none (RFC 6455 5.5.1) */
        peer_expect(peer, "\"id\":1");
        peer_expect_close(peer, codes[i]);
        assert_int_equal(peer_hear(peer), PEER_GONE);
        peer_end(peer);
        buffer_free(&late);
    }
    wait_for_clients(*state, 0);
}

static void fails_what_breaks_the_rules(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
        int code;
    } cases[] = {
        {"\x81\x02{}", 4, 1002},                      /* not masked */
        {"\xc1\x80mask", 6, 1002},                    /* RSV1 */
        {"\x81\x81\0\0\0\0\xff", 7, 1007},            /* not UTF-8 */
        {"\x81\xff\0\0\x01\0\0\0\0\0mask", 14, 1009}, /* a terabyte */
        {"\x83\x80mask", 6, 1002},                    /* an opcode that does not exist */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer *peer = peer_dial(*state, "/ws");

        peer_open(peer);
        say_bytes(peer->fd, cases[i].bytes, cases[i].count);
        peer_expect_close(peer, cases[i].code);
        assert_int_equal(peer_hear(peer), PEER_GONE);
        peer_end(peer);
    }
    wait_for_clients(*state, 0);
}

static void leaves_with_its_peer(void **state)
{
    struct rig *rig = *state;

    for (int i = 0; i < 20; i++) {
        struct peer *peer = peer_dial(rig, "/ws");

        peer_open(peer);
        peer_prompt(peer, 3, i % 4 < 2 ? "stream 1000" : "sleep 3000000");
        if (i % 2 == 0)
            peer_end(peer);
        else
            peer_reset(peer);
    }
    wait_for_clients(rig, 0);
    assert_int_equal(adapter_gauges(rig->adapter).queue_bytes, 0);
}

/* Who does not answer a close loses the connection all the same. */
static void does_not_wait_for_a_close(void **state)
{
    struct rig *rig = *state;

    rig->config.limits.acp.idle_ms = 50;
    rig->config.limits.close_ms = 100;
    rig_start(rig);
    struct peer *peer = peer_dial(rig, "/ws");
    peer_expect_close(peer, 1000);
    assert_int_equal(peer_hear(peer), PEER_GONE);
    peer_end(peer);
}

static void beats_the_heart(void **state)
{
    struct rig *rig = *state;

    rig->config.limits.ws_heartbeat_ms = 20;
    rig->config.limits.pong_ms = 3000;
    rig_start(rig);
    struct peer *peer = peer_dial(rig, "/ws");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(peer_hear(peer), WEBSOCKET_PING);
        peer_send(peer, WEBSOCKET_OPCODE_PONG, "", 0);
    }
    assert_int_equal(peer_hear(peer), WEBSOCKET_PING);
    peer_expect_close(peer, 1011);
    peer_end(peer);
}

static void *stop_rig(void *argument)
{
    struct rig *rig = argument;

    server_stop(rig->server);
    return NULL;
}

/* In the middle of a turn: the prompt is answered, then comes the close. */
static void closes_everybody_when_it_stops(void **state)
{
    enum { PEERS = 30 };
    struct rig *rig = *state;
    struct peer *peers[PEERS];
    pthread_t thread;

    rig_start(rig);
    for (int i = 0; i < PEERS; i++) {
        peers[i] = peer_dial(rig, "/ws");
        peer_open(peers[i]);
        peer_prompt(peers[i], 3, "read /a/file");
        while (!strstr(peer_expect(peers[i], ""), "fs/read_text_file"))
            ;
    }
    pthread_create(&thread, NULL, stop_rig, rig);
    for (int i = 0; i < PEERS; i++) {
        peer_expect(peers[i], "\"stopReason\":\"cancelled\"");
        peer_expect_close(peers[i], 1001);
        peer_close(peers[i], 1001);
        assert_int_equal(peer_hear(peers[i]), PEER_GONE);
        peer_end(peers[i]);
    }
    pthread_join(thread, NULL);
    adapter_stop(rig->adapter);
    store_close(rig->store);
    nftw(rig->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(carries_a_turn, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_handshake, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(may_try_again_after_a_refusal, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(asks_the_policy_first, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(hears_what_came_with_the_handshake, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(refuses_clients_over_the_limit, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(counts_as_a_connection, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(answers_pings_in_a_turn, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(hears_answers_in_a_turn, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(ignores_binary_messages, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(echoes_the_close_code, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(fails_what_breaks_the_rules, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(leaves_with_its_peer, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(does_not_wait_for_a_close, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(beats_the_heart, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup(closes_everybody_when_it_stops, rig_set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
