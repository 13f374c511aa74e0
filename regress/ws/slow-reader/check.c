/* A client that does not read is paused or dropped: it costs a bounded amount of memory, and nobody else anything. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <string.h>

enum {
    GROWTH_MAX_BYTES = 32 << 20, /* what it may cost: queues, and a message or two that are being made */
    STEP_BYTES = 256 << 10,
    STREAM = 400000, /* updates: 60 MB and more of them */
    STREAM_LONG = 2000000,
    BIG_BYTES = 64 << 20,
    BIG_LONG_BYTES = 1 << 30,
    SAMPLE_BYTES = 3 << 20,
    TALK_BYTES = 32 << 20,
    TALK_LONG_BYTES = 512 << 20,
    PIECE_BYTES = 60 << 10,
    PATIENCE_MS = 1000, /* a server that has taken nothing for so long has paused */
    WATCH_MS = 400,
    STILL = 60, /* and prompts of somebody else, so that the server has had time */
    DEAF = 3,
    SERVED = 20,
    READ_LATER_BYTES = 7 << 20, /* more than sockets hold */
    WRITE_MS = 300,
    WRITE_MAX_MS = 10000,
};

/* A client that reads from now on only what it has to wait for. */
static struct ws_client *join_narrow(struct ws_target *server, const char **sid)
{
    struct ws_client *client = ws_join_over(server, ws_dial_as(server, &(struct ws_dialling){.narrow = true}));

    *sid = ws_new_session(client);
    ws_read_slowly(ws_peer_of(client), PIECE_BYTES, 0);
    return client;
}

/* Serves somebody else, and looks at the memory, until that has stayed as it is for a while. */
static void expect_bounded(struct ws_target *server, struct ws_client *other, const char *sid, int64_t before_bytes)
{
    int64_t most_bytes = before_bytes, still_ns = now_ns();

    for (int still = 0; still < STILL || now_ns() - still_ns < scaled_ms(WATCH_MS) * 1000000; still++) {
        int64_t bytes = ws_usage(server).resident_bytes;

        expect(bytes - before_bytes <= GROWTH_MAX_BYTES, LEAK, "at most 32 MiB for a client that does not read",
               "the server has grown by %lld KiB", (long long)(bytes - before_bytes) >> 10);
        if (bytes > most_bytes + STEP_BYTES) {
            most_bytes = bytes;
            still_ns = now_ns();
            still = 0;
        }
        ws_expect_served(other, sid);
    }
}

static void watch_prompt(struct ws_target *server, const char *kind, int64_t count)
{
    struct ws_client *other = ws_join(server);
    const char *own = ws_new_session(other), *sid;
    const char *text = ws_prompt_count(server, kind, count);

    if (!ws_prompt_counts(server, kind))
        not_applicable("the manifest's prompt \"%s\" has no ${COUNT}", kind);
    struct ws_client *deaf = join_narrow(server, &sid);
    ws_expect_served(other, own);
    int64_t before_bytes = ws_usage(server).resident_bytes;
    ws_ask_prompt(deaf, sid, text);
    expect_bounded(server, other, own, before_bytes);
}

static void many_updates_do_not_pile_up(void **state)
{
    watch_prompt(*state, "stream", long_run() ? STREAM_LONG : STREAM);
}

/* What an agent says in one piece somebody has to hold, whoever reads. */
static void need_pieces(struct ws_target *server)
{
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    ws_prompt_and_wait(client, sid, ws_prompt(server, "echo", "assay"));
    size_t before = ws_updates(client, sid);
    ws_prompt_and_wait(client, sid, ws_prompt_count(server, "big", SAMPLE_BYTES));
    if (ws_updates(client, sid) <= before + 1)
        not_applicable("the agent says much in one piece, which is held as long as it takes to send it");
}

static void large_updates_do_not_pile_up(void **state)
{
    struct ws_target *server = *state;

    need_pieces(server);
    watch_prompt(server, "big", long_run() ? BIG_LONG_BYTES : BIG_BYTES);
}

/* On and on, some hundred in each piece, until the server reads no more. */
static void talk(struct ws_client *client, const struct ws_frame *frame)
{
    size_t bytes = long_run() ? TALK_LONG_BYTES : TALK_BYTES;
    struct text piece;

    text_init(&piece, PIECE_BYTES + 1024);
    while (piece.length < PIECE_BYTES)
        ws_frame_write(frame, &piece);
    ws_flood_patiently(ws_peer_of(client), piece.bytes, piece.length, bytes / piece.length, PATIENCE_MS);
    text_free(&piece);
}

/* Each request has an answer that nobody reads. */
static void answers_do_not_pile_up(void **state)
{
    static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"assay/no_such_method\"}";
    struct ws_frame frame = {.opcode = WS_TEXT, .payload = request, .payload_bytes = sizeof request - 1};
    struct ws_client *other = ws_join(*state);
    const char *own = ws_new_session(other), *sid;
    struct ws_client *deaf = join_narrow(*state, &sid);

    ws_expect_served(other, own);
    int64_t before_bytes = ws_usage(*state).resident_bytes;
    talk(deaf, &frame);
    expect_bounded(*state, other, own, before_bytes);
}

/* Somebody is owed an answer that it does not read, and talks on: nothing of that is answered, all of it would have to
 * wait. */
static void what_it_says_does_not_pile_up(void **state)
{
    static const char notification[] = "{\"jsonrpc\":\"2.0\",\"method\":\"assay/nothing\"}";
    struct ws_frame frame = {.opcode = WS_TEXT, .payload = notification, .payload_bytes = sizeof notification - 1};
    const char *kind = ws_has_prompt(*state, "big") ? "big" : "stream";
    struct ws_client *other = ws_join(*state);
    const char *own = ws_new_session(other), *sid;
    struct ws_client *deaf = join_narrow(*state, &sid);

    ws_ask_prompt(deaf, sid, ws_prompt_count(*state, kind, strcmp(kind, "big") == 0 ? BIG_BYTES : STREAM));
    ws_expect_served(other, own);
    int64_t before_bytes = ws_usage(*state).resident_bytes;
    talk(deaf, &frame);
    expect_bounded(*state, other, own, before_bytes);
}

static void others_are_served_meanwhile(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *other = ws_join(server);
    const char *own = ws_new_session(other), *sid;
    const char *kind = ws_has_prompt(server, "big") ? "big" : "stream";
    const char *text = ws_prompt_count(server, kind, strcmp(kind, "big") == 0 ? BIG_BYTES : STREAM);

    for (int i = 0; i < DEAF; i++) {
        struct ws_client *deaf = join_narrow(server, &sid);

        ws_ask_prompt(deaf, sid, text);
        for (int j = 0; j < SERVED; j++)
            ws_expect_served(other, own);
    }
    ws_expect_alive(server);
}

/* Who reads later gets all of it, unless it was dropped. */
static void who_reads_later_has_lost_nothing(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server), *other = ws_join(server);
    const char *sid = ws_new_session(client), *own = ws_new_session(other);
    const char *text = ws_prompt_count(server, "big", READ_LATER_BYTES);

    if (!ws_prompt_counts(server, "big"))
        not_applicable("the manifest's prompt \"big\" has no ${COUNT}");
    ws_expect_served(client, sid);
    ws_forget(client, sid);
    ws_read_slowly(ws_peer_of(client), 0, 0);
    size_t turn = ws_ask_prompt(client, sid, text);
    int64_t end_ns = deadline_after(WATCH_MS);
    while (now_ns() < end_ns)
        ws_expect_served(other, own);
    struct ws_reply reply = ws_await(client, turn);
    if (reply.outcome == WS_NO_REPLY && reply.end.kind != WS_SILENCE) {
        expect(!ws_listen(client, 0), WRONG, "an answer, or the end of the connection", "%s", reply.summary);
        remark("the client that does not read is dropped");
        return;
    }
    ws_expect_stop_reason(client, reply, NULL);
    size_t said_bytes = strlen(ws_said(client, sid));
    expect(said_bytes >= READ_LATER_BYTES, WRONG, "all that the agent said, and then the answer",
           "%zu of %d bytes came", said_bytes, READ_LATER_BYTES);
}

static void who_never_reads_is_dropped_in_the_end(void **state)
{
    struct ws_target *server = *state;
    int64_t write_ms = ws_restart_with_limit(server, "ws.write_ms", scaled_ms(WRITE_MS));
    const char *text = ws_prompt_count(server, "stream", STREAM), *sid, *own;

    if (write_ms > scaled_ms(WRITE_MAX_MS))
        not_applicable("the server waits %lld ms for one who does not read", (long long)write_ms);
    struct ws_client *other = ws_join(server);
    own = ws_new_session(other);
    ws_expect_served(other, own);
    size_t before = ws_usage(server).descriptors;
    struct ws_client *deaf = join_narrow(server, &sid);
    ws_ask_prompt(deaf, sid, text);
    int64_t end_ns = deadline_after(WS_WAIT_MS);
    bool dropped = false;
    while (!dropped && now_ns() < end_ns) {
        ws_pause(ws_peer_of(other), WRITE_MS / 10);
        ws_expect_served(other, own);
        dropped = ws_usage(server).descriptors <= before;
    }
    expect(dropped, HANG, "its connection is ended", "after %d s without reading it is still there", WS_WAIT_MS / 1000);
}

static void who_reads_is_served(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "A client that does not read costs little memory, and nobody else anything",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28C-12", "CWE-770", "CWE-400"},
    .cases =
        {
            CASE(others_are_served_meanwhile, .promised = true),
            CASE(who_reads_later_has_lost_nothing),
            CASE(who_never_reads_is_dropped_in_the_end, .level = SHOULD),
            MEASURE(many_updates_do_not_pile_up, .promised = true),
            MEASURE(large_updates_do_not_pile_up, .promised = true),
            MEASURE(answers_do_not_pile_up),
            MEASURE(what_it_says_does_not_pile_up),
            CONTROL(who_reads_is_served),
        },
};
