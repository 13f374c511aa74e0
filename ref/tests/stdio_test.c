/* The agent on two pipes, as it is on standard input and output: alone, and beside the server. */
#include "tests/websocket_peer.h"

#include "adapter/stdio.h"
#include "base/io.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

static struct log quiet;

/* The agent's end of the pipes is served by a thread; ours is `to` and `from`. */
struct talk {
    struct rig *rig;
    struct stdio_config config;
    enum stdio_result result;
    pthread_t thread;
    int to, from, stop;
    FILE *hears;
    char *line;
    size_t line_room;
};

static void *serve(void *argument)
{
    struct talk *talk = argument;

    talk->result = stdio_serve(talk->rig->adapter, &talk->config);
    return NULL;
}

static void begin_for(struct talk *talk, struct rig *rig, size_t message_max_bytes, int64_t end_ms)
{
    int in[2], out[2], stop[2];

    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
    *talk = (struct talk){.rig = rig, .to = in[1], .from = out[0], .stop = stop[1]};
    talk->config = (struct stdio_config){.in = in[0],
                                         .out = out[1],
                                         .stop = stop[0],
                                         .message_max_bytes = message_max_bytes,
                                         .end_ms = end_ms,
                                         .stop_ms = end_ms,
                                         .log = &quiet};
    talk->hears = fdopen(talk->from, "r");
    assert_int_equal(pthread_create(&talk->thread, NULL, serve, talk), 0);
}

static void begin(struct talk *talk, struct rig *rig, size_t message_max_bytes)
{
    begin_for(talk, rig, message_max_bytes, CLIENT_WAIT_S * 1000);
}

static enum stdio_result end(struct talk *talk)
{
    pthread_join(talk->thread, NULL);
    close(talk->config.in);
    close(talk->config.out);
    close(talk->config.stop);
    io_close(&talk->stop);
    if (talk->hears)
        fclose(talk->hears);
    free(talk->line);
    return talk->result;
}

static void stop_talk(struct talk *talk)
{
    io_close(&talk->stop);
}

static void tell(struct talk *talk, const char *text)
{
    assert_int_equal(write(talk->to, text, strlen(text)), strlen(text));
}

static const char *expect(struct talk *talk, const char *part)
{
    assert_true(getline(&talk->line, &talk->line_room, talk->hears) > 0);
    if (!strstr(talk->line, part))
        fail_msg("%s, but %s was to come", talk->line, part);
    return talk->line;
}

static void open_session(struct talk *talk, char session[64])
{
    tell(talk, PEER_INITIALIZE "\n" PEER_NEW "\n");
    expect(talk, "\"id\":1,\"result\"");
    const char *id = strstr(expect(talk, "\"sessionId\":\""), "\"sessionId\":\"") + strlen("\"sessionId\":\"");
    snprintf(session, 64, "%.*s", (int)strcspn(id, "\""), id);
}

static void prompt(struct talk *talk, const char *session, const char *text)
{
    char line[PEER_TEXT_BYTES];

    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"session/prompt\",\"params\":{\"sessionId\":\"%s\","
             "\"prompt\":[{\"type\":\"text\",\"text\":\"%s\"}]}}\n",
             session, text);
    tell(talk, line);
}

/* What was asked before the end of input is answered behind it, a turn as well. */
static void answers_to_the_end(void **state)
{
    struct talk talk;
    char session[64];

    begin(&talk, *state, 1 << 20);
    open_session(&talk, session);
    prompt(&talk, session, "stream 20000");
    close(talk.to);
    while (!strstr(expect(&talk, "\"jsonrpc\""), "\"stopReason\""))
        ;
    assert_int_equal(end(&talk), STDIO_OK);
    wait_for_clients(*state, 0);
}

static void hears_the_last_line_without_its_end(void **state)
{
    struct talk talk;

    begin(&talk, *state, 1 << 20);
    tell(&talk, "\n\n" PEER_INITIALIZE);
    close(talk.to);
    expect(&talk, "\"id\":1,\"result\"");
    assert_int_equal(end(&talk), STDIO_OK);
}

/* A line that is too long is answered, skipped, and the next one is heard; at the limit it is a line like others. */
static void bounds_lines(void **state)
{
    enum { MOST = 200000 };
    static char line[MOST + 2];
    struct talk talk;

    begin(&talk, *state, MOST);
    memset(line, ' ', MOST + 1);
    line[0] = '7';
    tell(&talk, line);
    tell(&talk, line);
    tell(&talk, "\nno JSON\n");
    expect(&talk, "-32700");
    expect(&talk, "-32700");
    memcpy(line, PEER_INITIALIZE, strlen(PEER_INITIALIZE));
    line[MOST] = '\0';
    tell(&talk, line);
    tell(&talk, "\n");
    expect(&talk, "\"id\":1,\"result\"");
    close(talk.to);
    assert_int_equal(end(&talk), STDIO_OK);
}

/* As long as answers are not taken, nothing more is heard; and then all of it, in order. */
static void waits_for_who_does_not_read(void **state)
{
    enum { REQUESTS = 30000 };
    struct rig *rig = *state;
    struct talk talk;
    char text[PEER_TEXT_BYTES];
    size_t sent = 0;

    begin(&talk, rig, 1 << 20);
    fcntl(talk.to, F_SETFL, O_NONBLOCK);
    for (int heard = 0; heard < REQUESTS;) {
        int length =
            snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"no/such/method\"}\n", sent);

        if (sent < REQUESTS && write(talk.to, text, (size_t)length) == length) {
            sent++;
            continue;
        }
        snprintf(text, sizeof text, "\"id\":%d,", heard++);
        expect(&talk, text);
        assert_in_range(adapter_gauges(rig->adapter).queue_bytes, 0, 2 << 20);
    }
    close(talk.to);
    assert_int_equal(end(&talk), STDIO_OK);
}

/* It ends a turn that nobody would end; who does not read its answers does not hold it up for ever. */
static void stops(void **state)
{
    struct talk talk;
    char session[64];

    begin(&talk, *state, 1 << 20);
    open_session(&talk, session);
    prompt(&talk, session, "sleep 3000000");
    tell(&talk, "no JSON\n");
    while (!strstr(expect(&talk, ""), "-32700"))
        ;
    stop_talk(&talk);
    while (!strstr(expect(&talk, ""), "\"stopReason\":\"cancelled\"")) /* the greeting may come before */
        ;
    assert_int_equal(end(&talk), STDIO_OK);
    close(talk.to);
}

static void stops_without_a_reader(void **state)
{
    struct talk talk;
    char session[64];

    begin_for(&talk, *state, 1 << 20, 100);
    open_session(&talk, session);
    prompt(&talk, session, "big 3000000");
    while (adapter_gauges(talk.rig->adapter).queue_bytes < 1 << 20)
        ;
    stop_talk(&talk);
    assert_int_equal(end(&talk), STDIO_OK);
    close(talk.to);
}

static void breaks_with_its_pipe(void **state)
{
    struct talk talk;

    signal(SIGPIPE, SIG_IGN);
    begin(&talk, *state, 1 << 20);
    fclose(talk.hears);
    talk.hears = NULL;
    tell(&talk, PEER_INITIALIZE "\n");
    assert_int_equal(end(&talk), STDIO_BROKEN);
    close(talk.to);
}

/* Nobody reads any more, and a turn that is under way has nothing to say: it does not go on for ever. */
static void sees_its_reader_leave(void **state)
{
    struct talk talk;
    char session[64];

    begin(&talk, *state, 1 << 20);
    open_session(&talk, session);
    prompt(&talk, session, "sleep 3000000");
    close(talk.to);
    fclose(talk.hears);
    talk.hears = NULL;
    assert_int_equal(end(&talk), STDIO_BROKEN);
    wait_for_clients(*state, 0);
}

/* A client of the server has no way to the session of standard input and output, whatever it says. */
static void keeps_its_sessions_to_itself(void **state)
{
    static const char *const methods[] = {
        "\"session/prompt\",\"params\":{\"prompt\":[{\"type\":\"text\",\"text\":\"echo x\"}]",
        "\"session/load\",\"params\":{\"cwd\":\"/\",\"mcpServers\":[]",
        "\"session/resume\",\"params\":{\"cwd\":\"/\",\"mcpServers\":[]",
        "\"session/close\",\"params\":{\"x\":0",
    };
    char session[64], message[PEER_TEXT_BYTES];
    struct talk talk;

    begin(&talk, *state, 1 << 20);
    open_session(&talk, session);
    prompt(&talk, session, "sleep 3000000");
    struct peer *peer = peer_dial(*state, "/ws");
    peer_open(peer);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        snprintf(message, sizeof message, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":%s,\"sessionId\":\"%s\"}}",
                 methods[i], session);
        peer_say(peer, message);
        peer_expect(peer, "\"id\":9,\"error\"");
    }
    snprintf(message, sizeof message,
             "{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\",\"params\":{\"sessionId\":\"%s\"}}", session);
    peer_say(peer, message);
    peer_say(peer, PEER_NEW); /* heard behind it */
    peer_expect(peer, "\"id\":2");
    peer_end(peer);
    tell(&talk, message);
    tell(&talk, "\n"); /* the turn is still there, for its owner to cancel */
    while (!strstr(expect(&talk, ""), "\"stopReason\":\"cancelled\""))
        ;
    close(talk.to);
    assert_int_equal(end(&talk), STDIO_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_to_the_end, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(hears_the_last_line_without_its_end, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(bounds_lines, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(waits_for_who_does_not_read, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(stops, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(stops_without_a_reader, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(breaks_with_its_pipe, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(sees_its_reader_leave, rig_set_up_running, rig_tear_down),
        cmocka_unit_test_setup_teardown(keeps_its_sessions_to_itself, rig_set_up_running, rig_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
