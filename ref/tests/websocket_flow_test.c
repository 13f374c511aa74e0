/* WebSockets under load: peers that do not read, or do not stop sending, cost bounded memory and nobody else's time. */
#include "tests/websocket_peer.h"

#include <pthread.h>
#include <stdatomic.h>

static void expect_served(struct rig *rig)
{
    struct peer *other = peer_dial(rig, "/ws");

    peer_open(other);
    peer_end(other);
}

/* Frames that a thread sends, one behind the other, while the test reads or does not. */
struct sender {
    pthread_t thread;
    int fd;
    struct buffer frames;
};

static void *send_all(void *argument)
{
    struct sender *sender = argument;
    size_t at = 0;

    while (at < sender->frames.bytes) {
        ssize_t sent = send(sender->fd, sender->frames.data + at, sender->frames.bytes - at, MSG_NOSIGNAL);

        if (sent <= 0)
            break;
        at += (size_t)sent;
    }
    return NULL;
}

static void sender_add(struct sender *sender, enum websocket_opcode opcode, const char *payload)
{
    websocket_add_frame(&sender->frames, opcode, (const unsigned char *)"mask", payload, strlen(payload));
}

static void sender_start(struct sender *sender, const struct peer *peer)
{
    sender->fd = peer->fd;
    assert_false(sender->frames.failed);
    assert_int_equal(pthread_create(&sender->thread, NULL, send_all, sender), 0);
}

static void sender_end(struct sender *sender)
{
    pthread_join(sender->thread, NULL);
    buffer_free(&sender->frames);
}

/* A turn that says more than its client takes waits, with what is allowed to wait and no more; others do not. */
static void pauses_for_who_does_not_read(void **state)
{
    enum { CHUNKS = 100000 };
    struct rig *rig = *state;
    int said = 0;

    rig->config.limits.acp.queue_bytes = 1 << 16;
    rig_start(rig);
    struct peer *peer = peer_dial(rig, "/ws");
    peer_open(peer);
    peer_prompt(peer, 3, "stream 100000");
    for (int i = 0; i < 50; i++) {
        expect_served(rig);
        assert_in_range(adapter_gauges(rig->adapter).queue_bytes, 0, 2 << 16);
    }
    while (strstr(peer_expect(peer, ""), "session/update"))
        said++;
    assert_in_range(said, CHUNKS, CHUNKS + 10); /* and what else belongs to a first turn */
    peer_end(peer);
}

static atomic_int sends_failed;

static void look_for_failed_sends(void *context, const char *line)
{
    (void)context;
    if (strstr(line, " debug ws.send_failed client="))
        sends_failed++;
}

/* Whether the server notices by reading or by a send that its client has gone, is chance; once it will be by a send. */
static void survives_a_send_to_nobody(void **state)
{
    enum { TRIES_MAX = 1000 };
    struct rig *rig = *state;

    rig->config.limits.acp.queue_bytes = 1 << 16;
    rig->config.log = (struct log){.least = LOG_DEBUG, .write = look_for_failed_sends};
    rig_start(rig);
    for (int i = 0; sends_failed == 0; i++) {
        struct peer *peer = peer_dial(rig, "/ws");

        assert_true(i < TRIES_MAX);
        peer_open(peer);
        peer_prompt(peer, 3, "stream 200000");
        while (adapter_gauges(rig->adapter).queue_bytes <= 1 << 16)
            expect_served(rig);
        peer_reset(peer);
        wait_for_clients(rig, 0);
    }
    assert_int_equal(sends_failed, 1);
    expect_served(rig);
}

static void drops_who_takes_nothing(void **state)
{
    struct rig *rig = *state;

    rig->config.limits.ws_write_ms = 200;
    rig_start(rig);
    struct peer *peer = peer_dial(rig, "/ws");
    peer_open(peer);
    peer_prompt(peer, 3, "big 50000000");
    wait_for_clients(rig, 0);
    peer_end(peer);
}

/* Requests are not read while answers are not taken; and all are answered in the end, in order. */
static void answers_a_flood_of_requests(void **state)
{
    enum { REQUESTS = 100000 };
    struct rig *rig = *state;
    struct sender sender = {.frames = buffer_new(SIZE_MAX)};
    char text[PEER_TEXT_BYTES];

    rig->config.limits.acp.queue_bytes = 1 << 16;
    rig_start(rig);
    for (int i = 0; i < REQUESTS; i++) {
        snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"no/such/method\"}", i);
        sender_add(&sender, WEBSOCKET_OPCODE_TEXT, text);
    }
    struct peer *peer = peer_dial(rig, "/ws");
    sender_start(&sender, peer);
    for (int i = 0; i < 50; i++) {
        expect_served(rig);
        assert_in_range(adapter_gauges(rig->adapter).queue_bytes, 0, 2 << 16);
    }
    for (int i = 0; i < REQUESTS; i++) {
        snprintf(text, sizeof text, "\"id\":%d,", i);
        peer_expect(peer, text);
    }
    sender_end(&sender);
    peer_end(peer);
}

/* Who sends pings without reading gets pongs for as many as there is room for, and at the end for the latest. */
static void owes_one_pong(void **state)
{
    enum { PINGS = 200000 };
    struct rig *rig = *state;
    struct sender sender = {.frames = buffer_new(SIZE_MAX)};
    char payload[WEBSOCKET_CONTROL_MAX_BYTES + 1];
    int last = -1, pongs = 0;

    rig_start(rig);
    for (int i = 0; i < PINGS; i++) {
        snprintf(payload, sizeof payload, "%0125d", i);
        sender_add(&sender, WEBSOCKET_OPCODE_PING, payload);
    }
    struct peer *peer = peer_dial(rig, "/ws");
    sender_start(&sender, peer);
    for (int i = 0; i < 20; i++)
        expect_served(rig);
    sender_end(&sender); /* all are sent: it was read to the end */
    while (last < PINGS - 1) {
        assert_int_equal(peer_hear(peer), WEBSOCKET_PONG);
        int number = atoi(peer->decoder.payload);
        assert_true(number > last);
        last = number;
        pongs++;
    }
    assert_in_range(pongs, 1, PINGS);
    peer_end(peer);
}

/* Updates, pongs and answers of a megabyte go out at the same time, to a peer that reads late: each is whole. */
static void keeps_frames_whole(void **state)
{
    enum { PINGS = 2000, CHUNKS = 20000 };
    struct rig *rig = *state;
    struct sender sender = {.frames = buffer_new(SIZE_MAX)};
    int event, ended = 0, pongs = 0;

    rig->config.limits.ws_heartbeat_ms = 1;
    rig->config.limits.pong_ms = 1000 * CLIENT_WAIT_S;
    rig_start(rig);
    for (int i = 0; i < PINGS; i++)
        sender_add(&sender, WEBSOCKET_OPCODE_PING, "x");
    struct peer *peer = peer_dial(rig, "/ws");
    peer_say(peer, PEER_INITIALIZE);
    peer_say(peer, PEER_NEW);
    while ((event = peer_hear(peer)) != WEBSOCKET_TEXT || !strstr(peer->decoder.payload, "sessionId"))
        assert_int_not_equal(event, PEER_GONE);
    snprintf(peer->session, sizeof peer->session, "%.36s", strstr(peer->decoder.payload, "sessionId") + 12);
    peer_prompt(peer, 3, "stream 20000");
    peer_prompt(peer, 4, "big 5000000");
    sender_start(&sender, peer);
    while (adapter_gauges(rig->adapter).queue_bytes <= 1 << 20) /* now it waits for the peer */
        ;
    while (ended < 2) {
        event = peer_hear(peer);
        pongs += event == WEBSOCKET_PONG;
        ended += event == WEBSOCKET_TEXT && strstr(peer->decoder.payload, "\"stopReason\"");
        assert_true(event == WEBSOCKET_TEXT || event == WEBSOCKET_PONG || event == WEBSOCKET_PING);
        if (event == WEBSOCKET_TEXT)
            assert_true(strncmp(peer->decoder.payload, "{\"jsonrpc\"", 10) == 0);
    }
    sender_end(&sender);
    assert_true(pongs > 0);
    peer_end(peer);
}

/* At the limit it is heard; one byte more is too much. */
static void bounds_messages(void **state)
{
    enum { MOST = 100000 };
    static char text[MOST + 2];
    struct rig *rig = *state;

    rig->config.limits.message_bytes = MOST;
    rig_start(rig);
    struct peer *peer = peer_dial(rig, "/ws");
    memset(text, ' ', MOST + 1);
    memcpy(text, PEER_INITIALIZE, strlen(PEER_INITIALIZE));
    peer_send(peer, WEBSOCKET_OPCODE_TEXT, text, MOST);
    peer_expect(peer, "\"id\":1");
    peer_send(peer, WEBSOCKET_OPCODE_TEXT, text, MOST + 1);
    peer_expect_close(peer, 1009);
    peer_end(peer);
}

static void comes_and_goes_without_a_trace(void **state)
{
    struct rig *rig = *state;

    rig_start(rig);
    expect_served(rig);
    wait_for_clients(rig, 0);
    int before = count_entries("/proc/self/fd");
    for (int i = 0; i < 1000; i++) {
        struct peer *peer = peer_dial(rig, "/ws");

        if (i % 3 == 0)
            peer_say(peer, PEER_INITIALIZE);
        if (i % 2 == 0)
            peer_end(peer);
        else
            peer_reset(peer);
    }
    wait_for_clients(rig, 0);
    int64_t end_ms = now_ms() + CLIENT_WAIT_S * 1000;
    while (count_entries("/proc/self/fd") > before)
        assert_true(now_ms() < end_ms);
}

static void counts(void **state)
{
    static struct answer answer;
    struct rig *rig = *state;

    rig_start(rig);
    struct peer *peer = peer_dial(rig, "/ws");
    peer_open(peer);
    peer_prompt(peer, 3, "read /a/file");
    while (!strstr(peer_expect(peer, ""), "fs/read_text_file"))
        ;
    int fd = dial(rig);
    assert_int_equal(ask(fd, &answer, "GET", "/metrics", ""), 200);
    static const char *const lines[] = {"\nassay_clients 1\n",
                                        "\nassay_sessions 1\n",
                                        "\nassay_pending_calls 1\n",
                                        "\nassay_queue_bytes ",
                                        "\nassay_discoveries_total 1\n",
                                        "\nassay_rate_limited_total 0\n",
                                        "\nassay_connections 2\n",
                                        "\nassay_connection_seconds_sum ",
                                        "\nassay_connection_seconds_count 0\n",
                                        "assay_requests_total{route=\"ws\",status=\"101\"} 1\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(answer.body, lines[i]))
            fail_msg("%s is not in: %s", lines[i], answer.body);
    peer_end(peer);
    while (!strstr(answer.body, "\nassay_connection_seconds_count 1\n") || !strstr(answer.body, "\nassay_clients 0\n"))
        assert_int_equal(ask(fd, &answer, "GET", "/metrics", ""), 200);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pauses_for_who_does_not_read, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(survives_a_send_to_nobody, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(drops_who_takes_nothing, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(answers_a_flood_of_requests, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(owes_one_pong, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(keeps_frames_whole, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(bounds_messages, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(comes_and_goes_without_a_trace, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(counts, rig_set_up, rig_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
