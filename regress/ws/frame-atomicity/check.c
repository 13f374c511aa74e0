/* Whatever is to be sent at once, each frame goes out whole: updates, large ones, Pongs and Pings of the server's, to a
 * client that reads slowly. What comes is read strictly, so a byte that is out of place FAILs the case where it is. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <string.h>

enum {
    BIG_BYTES = 192 << 10,
    LONG_BYTES = 1 << 20,
    UPDATES = 300,
    PINGS = 40,
    READ_BYTES = 16 << 10,
    PAUSE_MS = 1,
    HEARTBEAT_MS = 20,
    SESSIONS = 3,
};

static size_t big_bytes(void)
{
    return long_run() ? LONG_BYTES : BIG_BYTES;
}

/* A client with as small a window as there is, that reads a little at a time. */
static struct ws_client *join_slowly(struct ws_target *server)
{
    struct ws_peer *peer = ws_dial_as(server, &(struct ws_dialling){.narrow = true});
    struct ws_client *client = ws_client_of(server, peer);
    char params[256];

    snprintf(params, sizeof params, "{\"%s\":1,\"%s\":{}}", ws_member(server, WS_PROTOCOL_VERSION),
             ws_member(server, WS_CLIENT_CAPABILITIES));
    ws_expect_result(ws_call(client, ws_method(server, WS_INITIALIZE), params));
    ws_read_slowly(peer, READ_BYTES, PAUSE_MS);
    return client;
}

static void ping(struct ws_client *client, int count)
{
    static const char payload[WS_CONTROL_MAX_BYTES] = "so much that half of it would do harm";

    for (int i = 0; i < count; i++)
        ws_send_frame(ws_peer_of(client),
                      &(struct ws_frame){.opcode = WS_PING, .payload = payload, .payload_bytes = sizeof payload});
}

/* All that the agent has to say, as far as the prompt says how much that is. */
static void expect_said(struct ws_client *client, const char *sid, size_t call, size_t least_bytes)
{
    ws_expect_stop_reason(client, ws_await(client, call), NULL);
    expect(strlen(ws_said(client, sid)) >= least_bytes, WRONG, "all of what the agent was told to say",
           "%zu of %zu bytes", strlen(ws_said(client, sid)), least_bytes);
}

static void large_replies_to_a_slow_reader_are_whole(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = join_slowly(server);
    const char *sid = ws_new_session(client);

    size_t call = ws_ask_prompt(client, sid, ws_prompt_count(server, "big", (int64_t)big_bytes()));
    expect_said(client, sid, call, ws_prompt_counts(server, "big") ? big_bytes() : 1);
}

/* Pongs are due while a large frame is half sent. */
static void pongs_go_between_frames(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = join_slowly(server);
    const char *sid = ws_new_session(client);

    size_t call = ws_ask_prompt(client, sid, ws_prompt_count(server, "big", (int64_t)big_bytes()));
    for (int i = 0; i < PINGS; i++) {
        ping(client, 2);
        ws_listen(client, PAUSE_MS);
    }
    expect_said(client, sid, call, ws_prompt_counts(server, "big") ? big_bytes() : 1);
}

/* So do the server's own Pings. */
static void so_do_pings_of_the_server(void **state)
{
    struct ws_target *server = *state;

    ws_restart(server, &(struct server_settings){
                           .limits = {{"ws.heartbeat_ms", server_limit("ws.heartbeat_ms", HEARTBEAT_MS)}}});
    struct ws_client *client = join_slowly(server);
    const char *sid = ws_new_session(client);
    size_t call = ws_ask_prompt(client, sid, ws_prompt_count(server, "big", 2 * (int64_t)big_bytes()));
    expect_said(client, sid, call, ws_prompt_counts(server, "big") ? 2 * big_bytes() : 1);
}

/* Several turns at once, with updates of all sizes, from threads of the server's own. */
static void turns_that_overlap_do_not_mix(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = join_slowly(server);
    const char *sids[SESSIONS];
    size_t calls[SESSIONS];

    for (int i = 0; i < SESSIONS; i++)
        sids[i] = ws_new_session(client);
    for (int i = 0; i < SESSIONS; i++)
        calls[i] = ws_ask_prompt(client, sids[i],
                                 i % 2 ? ws_prompt_count(server, "big", (int64_t)big_bytes() / 2)
                                       : ws_prompt_count(server, "stream", UPDATES));
    ping(client, PINGS);
    for (int i = 0; i < SESSIONS; i++)
        expect_said(client, sids[i], calls[i], i % 2 && ws_prompt_counts(server, "big") ? big_bytes() / 2 : 1);
    ws_expect_open(ws_peer_of(client));
}

/* The Close of the server comes behind the frame that it is sending, and not into it. */
static void a_close_goes_behind_the_frame(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = join_slowly(server);
    const char *sid = ws_new_session(client);

    ws_ask_prompt(client, sid, ws_prompt_count(server, "big", (int64_t)big_bytes()));
    ws_await_updates(client, sid, 1);
    ws_send_close(ws_peer_of(client), 1000, "");
    ws_expect_close_in_the_end(ws_peer_of(client), "1000 none drop");
}

static void a_large_reply_is_whole(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    size_t call = ws_ask_prompt(client, sid, ws_prompt_count(server, "big", 1000));
    expect_said(client, sid, call, 1);
}

const struct check check = {
    .title = "Each frame goes out whole, whatever else is to be sent and however slowly it is read",
    .level = MUST,
    .origins = {"RFC 6455 5.4", "RFC 6455 5.5", "RFC 6455 5.1"},
    .cases =
        {
            CASE(large_replies_to_a_slow_reader_are_whole),
            CASE(pongs_go_between_frames),
            CASE(so_do_pings_of_the_server),
            CASE(turns_that_overlap_do_not_mix),
            CASE(a_close_goes_behind_the_frame),
            CONTROL(a_large_reply_is_whole),
        },
};
