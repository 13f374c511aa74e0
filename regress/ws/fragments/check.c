/* Fragments that hold nothing, or next to it, without end: they cost neither memory nor the others' time. */
#include "check.h"
#include "base/text.h"
#include "ws/expect.h"
#include "ws/framing.h"

#include <string.h>

enum {
    FRAGMENTS = 40000,
    LONG_FRAGMENTS = 1000000,
    KEPT_FRAGMENTS = 400000, /* 80 bytes for each of them are more than what a collector leaves lying about */
    GROWTH_BYTES = 24 << 20,
    STEP = 10000,
    PATIENCE_MS = 10000,
    BATCH = 1000,
    BATCH_BYTES = 64 << 10,
};

static size_t fragments(void)
{
    return long_run() ? LONG_FRAGMENTS : FRAGMENTS;
}

/* So many fragments of a message that was begun, none of which is the last. */
static void go_on(struct ws_peer *peer, const char *payload, size_t times)
{
    struct ws_frame frame = {.more = true, .payload = payload, .payload_bytes = strlen(payload)};
    struct text batch;

    text_init(&batch, BATCH_BYTES);
    for (int i = 0; i < BATCH; i++)
        ws_frame_write(&frame, &batch);
    ws_flood(peer, batch.bytes, batch.length, times / BATCH);
    text_free(&batch);
}

static void send_fragments(struct ws_peer *peer, const char *payload, size_t times)
{
    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_TEXT, .more = true});
    go_on(peer, payload, times);
}

/* The peer's connection goes on, or was closed for good: either way all that it sent has been read. */
static bool settle(struct ws_peer *peer)
{
    struct ws_event event;

    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_PING, .payload = "end", .payload_bytes = 3});
    event = ws_read_any(peer);
    expect(event.kind != WS_SILENCE, HANG, "a Pong, a Close, or the end of the connection", "%s", event.summary);
    expect(event.kind == WS_GOT_PONG || ws_is_close(&event, "1002 1008 1009 1011 1013 none drop"), WRONG,
           "a Pong, a Close, or the end of the connection", "%s", event.summary);
    return event.kind == WS_GOT_PONG;
}

/* A little at a time, so that a slow server can say that it goes on; until it has had enough, or time is over. */
static bool send_many(struct ws_peer *peer, const char *payload, size_t *sent_count)
{
    size_t count = long_run() ? LONG_FRAGMENTS : KEPT_FRAGMENTS;
    int64_t end_ns = deadline_after(PATIENCE_MS);
    bool open = true;

    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_TEXT, .more = true});
    for (*sent_count = 0; open && *sent_count < count && now_ns() < end_ns; *sent_count += STEP) {
        go_on(peer, payload, STEP);
        open = settle(peer);
    }
    return open;
}

/* The first round warms the heap up. */
static void expect_flat(struct ws_target *server, const char *payload)
{
    struct ws_peer *peer = ws_dial(server);
    size_t count;

    send_fragments(peer, payload, FRAGMENTS / 10);
    settle(peer);
    ws_hang_up(peer);
    ws_expect_alive(server);
    int64_t before_bytes = ws_usage(server).resident_bytes;
    peer = ws_dial(server);
    bool open = send_many(peer, payload, &count);
    int64_t growth = ws_usage(server).resident_bytes - before_bytes;
    expect(growth < GROWTH_BYTES, LEAK, "fragments that cost no more than what is in them",
           "%lld bytes more after %zu fragments of %zu bytes", (long long)growth, count, strlen(payload));
    remark(open ? "all fragments are taken" : "the connection is closed");
}

static void empty_fragments_cost_no_memory(void **state)
{
    expect_flat(*state, "");
}

static void fragments_of_a_byte_cost_no_memory(void **state)
{
    expect_flat(*state, " ");
}

static int64_t cpu_of(struct ws_target *server, const char *payload)
{
    struct ws_peer *peer = ws_dial(server);
    int64_t before_ms = ws_usage(server).cpu_ms;

    send_fragments(peer, payload, fragments() / 2);
    settle(peer);
    return ws_usage(server).cpu_ms - before_ms;
}

/* Each is looked at once: what has come already is not gone through again. */
static void their_cost_does_not_grow_with_the_message(void **state)
{
    int64_t empty_ms = cpu_of(*state, "");
    int64_t bytes_ms = cpu_of(*state, "abcd");

    expect(bytes_ms < 10 * empty_ms + scaled_ms(500), HANG,
           "at most ten times the processor time of empty fragments, and half a second", "%lld ms, and %lld ms",
           (long long)bytes_ms, (long long)empty_ms);
}

static void others_are_served_meanwhile(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *other = ws_join(server);
    const char *sid = ws_new_session(other);
    struct ws_peer *peer = ws_dial(server);

    send_fragments(peer, "", fragments());
    ws_expect_served(other, sid);
    send_fragments(ws_dial(server), "\xc3\xa9", fragments());
    ws_expect_served(other, sid);
    ws_expect_alive(server);
}

/* RFC 6455 5.4 sets no limit to their number; a server may have one, and says so by a Close. */
static void a_message_of_many_fragments_is_read(void **state)
{
    struct ws_peer *peer = ws_peer_of(ws_join(*state));
    struct ws_probe probe = ws_make_probe(400);

    send_fragments(peer, "", BATCH);
    for (size_t i = 0; i < probe.bytes; i++)
        ws_send_frame(peer,
                      &(struct ws_frame){.more = i + 1 < probe.bytes, .payload = probe.text + i, .payload_bytes = 1});
    ws_expect_answered(peer, &probe, "a request in more than a thousand fragments");
}

static void a_request_in_three_is_answered(void **state)
{
    struct ws_peer *peer = ws_peer_of(ws_join(*state));
    struct ws_probe probe = ws_make_probe(90);

    ws_send_frame(peer,
                  &(struct ws_frame){.opcode = WS_TEXT, .more = true, .payload = probe.text, .payload_bytes = 30});
    ws_send_frame(peer, &(struct ws_frame){.more = true, .payload = probe.text + 30, .payload_bytes = 30});
    ws_send_frame(peer, &(struct ws_frame){.payload = probe.text + 60, .payload_bytes = probe.bytes - 60});
    ws_expect_answered(peer, &probe, "a request in three fragments");
}

const struct check check = {
    .title = "Fragments without end that hold nothing cost neither memory nor time",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 6455 10.4", "RFC 6455 5.4", "CWE-770", "CWE-407"},
    .cases =
        {
            CASE(others_are_served_meanwhile),
            MEASURE(empty_fragments_cost_no_memory),
            MEASURE(fragments_of_a_byte_cost_no_memory),
            MEASURE(their_cost_does_not_grow_with_the_message),
            CASE(a_message_of_many_fragments_is_read, .level = SHOULD),
            CONTROL(a_request_in_three_is_answered),
        },
};
