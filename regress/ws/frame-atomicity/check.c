/* Whatever is to be sent at once, each frame goes out whole: updates, large ones, Pongs and Pings of the server's, to a
 * client that reads slowly. What comes is read strictly, so a byte that is out of place FAILs the case where it is. */
#include "check.h"
#include "ws/expect.h"

#include <string.h>

enum {
    BIG_BYTES = 4 << 20, /* more than the buffers of both sockets hold */
    TURNS = 60,
    READ_BYTES = 16 << 10,
    TIMES = 4,
    ROUNDS_MIN = 20,
    TURN_BYTES = 256 << 10,
    BLOCKED_MS = 60,
    HEARTBEAT_MS = 10,
    SESSIONS = 16,
};

/* A client that reads only when it is told to, a little at a time. */
static struct ws_client *join_deaf(struct ws_target *server)
{
    struct ws_client *client = ws_join(server);

    ws_read_slowly(ws_peer_of(client), READ_BYTES, 1);
    return client;
}

/* Others are served so long that the server has sent what the sockets take, and stands within a frame. */
static void let_it_fill(struct ws_target *server)
{
    int64_t end_ns = now_ns() + (int64_t)BLOCKED_MS * 1000000;

    for (int round = 0; round < ROUNDS_MIN || now_ns() < end_ns; round++)
        ws_expect_alive(server);
}

static void ping(struct ws_client *client)
{
    static const char payload[WS_CONTROL_MAX_BYTES] = "so much that half of it would do harm";

    ws_send_frame(ws_peer_of(client),
                  &(struct ws_frame){.opcode = WS_PING, .payload = payload, .payload_bytes = sizeof payload});
}

/* All that the agent has to say, as far as the prompt says how much that is. */
static void expect_said(struct ws_client *client, const char *sid, size_t call, int64_t least_bytes)
{
    ws_read_slowly(ws_peer_of(client), 1 << 16, 0); /* what matters has been read */
    ws_expect_stop_reason(client, ws_await(client, call), NULL);
    if (!ws_prompt_counts(ws_server_of(client), "big"))
        least_bytes = 1;
    expect((int64_t)strlen(ws_said(client, sid)) >= least_bytes, WRONG, "all of what the agent was told to say",
           "%zu of %lld bytes", strlen(ws_said(client, sid)), (long long)least_bytes);
}

static size_t ask_big(struct ws_client *client, const char *sid, int64_t bytes)
{
    return ws_ask_prompt(client, sid, ws_prompt_count(ws_server_of(client), "big", bytes));
}

static void large_replies_to_a_slow_reader_are_whole(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = join_deaf(server);
    const char *sid = ws_new_session(client);
    size_t call = ask_big(client, sid, BIG_BYTES);

    let_it_fill(server);
    expect_said(client, sid, call, BIG_BYTES);
}

/* One turn after another says something large, while the client reads next to nothing: at some point the sockets are
 * full, and the server, which is not behind yet, hears what is asked of it within a frame. */
static void let_it_fill_by_turns(struct ws_client *client, void (*meanwhile)(struct ws_client *))
{
    const char *sids[SESSIONS];
    size_t calls[SESSIONS];

    for (int i = 0; i < SESSIONS; i++)
        sids[i] = ws_new_session(client);
    for (int i = 0; i < SESSIONS; i++) {
        calls[i] = ask_big(client, sids[i], TURN_BYTES);
        ws_expect_alive(ws_server_of(client));
        for (int n = 0; n < TIMES; n++) {
            meanwhile(client);
            ws_listen(client, 1);
        }
    }
    for (int i = 0; i < SESSIONS; i++)
        expect_said(client, sids[i], calls[i], TURN_BYTES);
}

/* Pongs are due while a large frame is half sent, and there is room for them. */
static void pongs_go_between_frames(void **state)
{
    let_it_fill_by_turns(join_deaf(*state), ping);
}

static void call(struct ws_client *client)
{
    ws_ask(client, "assay/none", "{}");
}

/* Answers to other calls are due meanwhile. */
static void so_do_answers_to_other_calls(void **state)
{
    struct ws_client *client = join_deaf(*state);

    let_it_fill_by_turns(client, call);
    ws_settle(client);
    ws_expect_open(ws_peer_of(client));
}

/* So do the server's own Pings. */
static void so_do_pings_of_the_server(void **state)
{
    struct ws_target *server = *state;

    ws_restart(server, &(struct server_settings){
                           .limits = {{"ws.heartbeat_ms", server_limit("ws.heartbeat_ms", HEARTBEAT_MS)}}});
    struct ws_client *client = join_deaf(server);
    const char *sid = ws_new_session(client);
    size_t call = ask_big(client, sid, BIG_BYTES);
    let_it_fill(server);
    for (int i = 0; i < TURNS; i++) {
        ws_listen(client, 1);
        ws_expect_alive(server);
    }
    expect_said(client, sid, call, BIG_BYTES);
}

/* The answer to a Close comes behind the frame that is being sent, and not into it. */
static void a_close_goes_behind_the_frame(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = join_deaf(server);
    const char *sid = ws_new_session(client);

    ask_big(client, sid, BIG_BYTES);
    let_it_fill(server);
    for (int i = 0; i < TURNS / 4; i++)
        ws_listen(client, 1);
    ws_send_close(ws_peer_of(client), 1000, "");
    ws_expect_close_in_the_end(ws_peer_of(client), "1000 none drop");
}

static void a_large_reply_is_whole(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    expect_said(client, sid, ask_big(client, sid, 1000), 1000);
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
            CASE(so_do_answers_to_other_calls),
            CASE(a_close_goes_behind_the_frame),
            CONTROL(a_large_reply_is_whole),
        },
};
