/* A server that is asked to stop says so to each of its clients, settles what is under way, and goes. */
#include "check.h"
#include "ws/expect.h"

enum { CLIENTS = 8, CLIENTS_LONG = 50, PROMPT_MS = 600000, BIG_BYTES = 32 << 20 };

/* Told, and gone. */
static void expect_told(struct ws_peer *peer)
{
    ws_expect_close_in_the_end(peer, "1001 1012");
    ws_hang_up(peer);
}

static int how_many(void)
{
    return long_run() ? CLIENTS_LONG : CLIENTS;
}

static size_t ask_long(struct ws_client *client)
{
    struct ws_target *server = ws_server_of(client);

    if (!ws_prompt_counts(server, "long"))
        not_applicable("the manifest's prompt \"long\" has no ${COUNT} milliseconds");
    return ws_ask_prompt(client, ws_new_session(client), ws_prompt_count(server, "long", PROMPT_MS));
}

static void each_client_is_told(void **state)
{
    struct ws_client *clients[CLIENTS_LONG];
    struct ws_peer *stranger = ws_dial(*state);

    for (int i = 0; i < how_many(); i++)
        clients[i] = ws_join(*state);
    ws_ask_to_stop(*state);
    for (int i = 0; i < how_many(); i++)
        expect_told(ws_peer_of(clients[i]));
    expect_told(stranger);
    ws_expect_stop(*state);
}

/* Their turns would take longer than anybody waits for a server. */
static void each_client_with_a_prompt_is_told(void **state)
{
    struct ws_client *clients[CLIENTS_LONG];

    for (int i = 0; i < how_many(); i++) {
        clients[i] = ws_join(*state);
        ask_long(clients[i]);
    }
    for (int i = 0; i < how_many(); i++)
        ws_settle(clients[i]);
    ws_ask_to_stop(*state);
    for (int i = 0; i < how_many(); i++)
        expect_told(ws_peer_of(clients[i]));
    ws_expect_stop(*state);
}

static void expect_settled(struct ws_client *client, size_t turn)
{
    struct ws_reply reply = ws_await(client, turn);

    expect(reply.outcome != WS_NO_REPLY, reply.end.kind == WS_SILENCE ? HANG : SILENT,
           "an answer to the prompt: cancelled, or an error", "%s", reply.summary);
    expect_told(ws_peer_of(client));
}

static void a_prompt_is_answered_before(void **state)
{
    struct ws_client *client = ws_join(*state);
    size_t turn = ask_long(client);

    ws_settle(client);
    ws_ask_to_stop(*state);
    expect_settled(client, turn);
    ws_expect_stop(*state);
}

/* One that waits for its client. */
static void a_prompt_with_a_call_is_answered_before(void **state)
{
    struct ws_client *client = ws_join(*state);
    size_t turn = ws_ask_prompt(client, ws_new_session(client), ws_prompt(*state, "permit", "this"));

    ws_await_asked(client, WS_PERMISSION);
    ws_ask_to_stop(*state);
    expect_settled(client, turn);
    ws_expect_stop(*state);
}

/* No standard says how long a server may wait. They answer no Close, read nothing, have half a message under way, or
 * half a handshake. */
static void nobody_is_waited_for_for_ever(void **state)
{
    struct ws_client *rude = ws_join(*state), *half = ws_join(*state);
    struct ws_client *deaf = ws_join_over(*state, ws_dial_as(*state, &(struct ws_dialling){.narrow = true}));
    const char *kind = ws_has_prompt(*state, "big") ? "big" : "echo";
    const char *sid = ws_new_session(deaf);

    ws_be_rude(ws_peer_of(rude));
    ws_send_frame(ws_peer_of(half),
                  &(struct ws_frame){.opcode = WS_TEXT, .more = true, .payload = "{\"jsonrpc\"", .payload_bytes = 10});
    ws_be_rude(ws_peer_of(half));
    ws_read_slowly(ws_peer_of(deaf), 1, 0);
    ws_ask_prompt(deaf, sid, ws_prompt_count(*state, kind, BIG_BYTES));
    ws_send_bytes(ws_connect(*state), "GET /", 5);
    ws_settle(rude);
    ws_expect_stop(*state);
}

static void it_goes_when_nobody_is_there(void **state)
{
    ws_expect_alive(*state);
    ws_expect_stop(*state);
}

const struct check check = {
    .title = "A server that is asked to stop says so to each of its clients, and goes",
    .level = MUST,
    .origins = {"RFC 6455 7.4.1", "RFC 6455 7.1.1", "JSON-RPC 2.0 5"},
    .cases =
        {
            CASE(each_client_is_told),
            CASE(each_client_with_a_prompt_is_told),
            CASE(nobody_is_waited_for_for_ever, .level = SHOULD),
            CASE(a_prompt_is_answered_before, .level = SHOULD),
            CASE(a_prompt_with_a_call_is_answered_before, .level = SHOULD),
            CONTROL(it_goes_when_nobody_is_there),
        },
};
