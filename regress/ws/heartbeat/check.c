/* The server finds out who is not there any more, and answers who asks whether it is. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <string.h>

enum {
    HEARTBEAT_MS = 100,
    PONG_MS = 150,
    STAY_MS = 1200, /* for the pong of one that does answer: a busy machine is slow, too */
    PINGS = 3,
    LOOK_MS = 50,
    TRIES = 5,
    PROMPT_MS = 600000, /* longer than any case */
    STREAM = 60000,     /* updates: more than sockets and queues hold */
    STREAM_MS = 300,
};

/* It may have gone for good, so its end counts, and no word for that. */
static void expect_end(struct ws_peer *peer)
{
    struct ws_event event;

    ws_be_rude(peer);
    do
        event = ws_read(peer);
    while (event.kind == WS_GOT_MESSAGE);
    expect(event.kind == WS_GOT_CLOSE || event.kind == WS_GOT_FIN || event.kind == WS_GOT_RESET,
           event.kind == WS_SILENCE ? HANG : WRONG, "a Close, or the end of the connection", "%s", event.summary);
    ws_hang_up(peer);
}

static void restart(struct ws_target *server, int64_t pong_ms)
{
    ws_restart(server, &(struct server_settings){.limits = {{"ws.heartbeat_ms", scaled_ms(HEARTBEAT_MS)},
                                                            {"ws.pong_ms", scaled_ms(pong_ms)}}});
}

static size_t ask_long(struct ws_client *client, const char *sid)
{
    struct ws_target *server = ws_server_of(client);

    if (!ws_prompt_counts(server, "long"))
        not_applicable("the manifest's prompt \"long\" has no ${COUNT} milliseconds");
    return ws_ask_prompt(client, sid, ws_prompt_count(server, "long", PROMPT_MS));
}

static void who_answers_no_ping_is_closed(void **state)
{
    restart(*state, PONG_MS);
    expect_end(ws_peer_of(ws_join(*state)));
}

/* Who has not even initialized as well. */
static void a_stranger_that_answers_no_ping_is_closed(void **state)
{
    restart(*state, PONG_MS);
    expect_end(ws_dial(*state));
}

/* Its turn would go on for nobody. */
static void a_prompt_does_not_stand_for_a_pong(void **state)
{
    restart(*state, PONG_MS);
    struct ws_client *client = ws_join(*state);

    ask_long(client, ws_new_session(client));
    expect_end(ws_peer_of(client));
}

/* Answers pings for longer than a pong may take. False: this machine was too slow for that, and nothing is shown. */
static bool answer_pings(struct ws_peer *peer)
{
    int64_t begun_ns = now_ns(), pong_ns = scaled_ms(STAY_MS) * 1000000, looked_ns = begun_ns;

    for (int pings = 0; pings < PINGS || now_ns() - begun_ns < pong_ns * 3 / 2; looked_ns = now_ns()) {
        struct ws_event event = ws_read_any_within(peer, LOOK_MS);

        pings += event.kind == WS_GOT_PING;
        if (now_ns() - looked_ns > pong_ns / 2)
            return false;
        bool late = event.kind == WS_SILENCE && now_ns() - begun_ns > scaled_ms(WS_WAIT_MS) * 1000000;
        expect(event.kind <= WS_GOT_PONG || (event.kind == WS_SILENCE && !late), late ? HANG : WRONG,
               "one Ping after the other", "%s", event.summary);
    }
    return true;
}

static void who_answers_may_stay(void **state)
{
    bool shown = false;

    restart(*state, STAY_MS);
    for (int i = 0; i < TRIES && !shown; i++) {
        struct ws_client *client = ws_join(*state);

        shown = answer_pings(ws_peer_of(client));
        if (shown)
            ws_settle(client);
    }
    if (!shown)
        error_of_environment("too slow: this process did not run for %d ms", STAY_MS / 2);
}

static void a_ping_is_answered_during_a_prompt(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    size_t turn = ask_long(client, sid);

    ws_settle(client);
    ws_expect_open(ws_peer_of(client));
    ws_cancel(client, sid);
    ws_expect_stop_reason(client, ws_await(client, turn), NULL);
}

static void a_ping_is_answered_while_the_agent_waits(void **state)
{
    struct ws_client *client = ws_join(*state);
    size_t turn = ws_ask_prompt(client, ws_new_session(client), ws_prompt(*state, "permit", "this"));
    struct ws_asked asked = ws_await_asked(client, WS_PERMISSION);

    ws_expect_open(ws_peer_of(client));
    ws_answer(client, &asked, "{\"outcome\":{\"outcome\":\"cancelled\"}}");
    struct ws_reply reply = ws_await(client, turn);
    expect(reply.outcome != WS_NO_REPLY, HANG, "an answer to the prompt", "%s", reply.summary);
}

/* "As soon as is practical": between two messages, and not behind the last of tens of thousands. */
static void a_ping_is_answered_within_a_stream(void **state)
{
    struct ws_client *client = ws_join(*state);
    struct ws_peer *peer = ws_peer_of(client);
    const char *sid = ws_new_session(client);

    if (!ws_prompt_counts(*state, "stream"))
        not_applicable("the manifest's prompt \"stream\" has no ${COUNT}");
    ws_ask_prompt(client, sid, ws_prompt_count(*state, "stream", STREAM));
    ws_read_any(peer); /* it has begun */
    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_PING, .payload = "now", .payload_bytes = 3});
    struct ws_event event;
    do
        event = ws_read_any(peer);
    while (event.kind == WS_GOT_MESSAGE && !strstr(event.bytes, ws_member(*state, WS_STOP_REASON)));
    expect(event.kind == WS_GOT_PONG, event.kind == WS_SILENCE ? HANG : WRONG, "a Pong before the answer", "%s",
           event.summary);
}

static void a_ping_is_answered(void **state)
{
    ws_expect_open(ws_peer_of(ws_join(*state)));
}

const struct check check = {
    .title = "The server finds out who is not there any more, and answers who asks whether it is",
    .level = MUST,
    .origins = {"P28C-18", "RFC 6455 5.5.2", "RFC 6455 5.5.3"},
    .cases =
        {
            CASE(who_answers_no_ping_is_closed, .promised = true),
            CASE(a_stranger_that_answers_no_ping_is_closed),
            CASE(a_prompt_does_not_stand_for_a_pong),
            CASE(who_answers_may_stay),
            CASE(a_ping_is_answered_during_a_prompt),
            CASE(a_ping_is_answered_while_the_agent_waits),
            CASE(a_ping_is_answered_within_a_stream, .level = SHOULD),
            CONTROL(a_ping_is_answered),
        },
};
