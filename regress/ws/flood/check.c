/* However many requests come at once: what was taken is answered once, what is too much is refused with an error. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <string.h>

enum {
    REQUESTS = 2000,
    REQUESTS_LONG = 100000,
    LISTEN_EVERY = 64,
    IN_FLIGHT = 4,
    IN_FLIGHT_MAX = 64,
    PROMPTS = 3 * IN_FLIGHT_MAX,
    PER_SESSION = 8,
    PROMPT_MS = 600000, /* longer than any case: only a cancel ends it */
    SERVED = 20,
    GROWTH_MAX_BYTES = 16 << 20,
    FLOOD_BYTES = 32 << 20,
    FLOOD_LONG_BYTES = 512 << 20,
    PIECE_BYTES = 60 << 10,
    PATIENCE_MS = 5000,
};

/* As fast as they can be sent, while the answers are read. */
static void pipeline(struct ws_client *client, const char *method, const char *params, size_t *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        calls[i] = ws_ask(client, method, params);
        if (i % LISTEN_EVERY == 0)
            ws_is_answered(client, calls[i]);
    }
}

static void every_request_is_answered(void **state)
{
    static size_t calls[REQUESTS_LONG];
    size_t count = long_run() ? REQUESTS_LONG : REQUESTS;
    struct ws_client *client = ws_join(*state);

    pipeline(client, "assay/no_such_method", NULL, calls, count);
    for (size_t i = 0; i < count; i++)
        ws_expect_error(ws_await(client, calls[i]), 0);
    ws_expect_served(client, ws_new_session(client));
}

struct flood {
    struct ws_client *client;
    const char *sids[PROMPTS / PER_SESSION];
    size_t calls[PROMPTS];
    bool refused[PROMPTS];
    size_t count, accepted, limit;
};

/* Three times as many prompts as may be under way, which go on until they are cancelled. */
static struct flood *flood_with_prompts(struct ws_target *server)
{
    static struct flood flood;
    int64_t limit = ws_restart_with_limit(server, "ws.in_flight", IN_FLIGHT);

    if (limit > IN_FLIGHT_MAX)
        not_applicable("ws.in_flight is %lld, and this case floods with %d", (long long)limit, PROMPTS);
    if (!ws_prompt_counts(server, "long"))
        not_applicable("the manifest's prompt \"long\" has no ${COUNT} milliseconds");
    flood = (struct flood){.client = ws_join(server), .count = 3 * (size_t)limit, .limit = (size_t)limit};
    for (size_t i = 0; i * PER_SESSION < flood.count; i++)
        flood.sids[i] = ws_new_session(flood.client);
    for (size_t i = 0; i < flood.count; i++)
        flood.calls[i] =
            ws_ask_prompt(flood.client, flood.sids[i / PER_SESSION], ws_prompt_count(server, "long", PROMPT_MS));
    return &flood;
}

static void expect_clear_error(struct ws_reply reply)
{
    ws_expect_error(reply, 0);
    const char *message = json_get_string(reply.error, "message");
    expect(message && *message, WRONG, "an error that says why", "%s", reply.summary);
}

/* The settling is answered behind them. */
static void look_at_answers(struct flood *flood)
{
    ws_settle(flood->client);
    for (size_t i = 0; i < flood->count; i++) {
        flood->refused[i] = ws_is_answered(flood->client, flood->calls[i]);
        if (flood->refused[i])
            expect_clear_error(ws_await(flood->client, flood->calls[i]));
        else
            flood->accepted++;
    }
}

/* Those that were taken have an answer then, as well as the others. */
static void cancel_all(struct flood *flood)
{
    for (size_t i = 0; i * PER_SESSION < flood->count; i++)
        ws_cancel(flood->client, flood->sids[i]);
    for (size_t i = 0; i < flood->count; i++) {
        if (flood->refused[i])
            continue;
        struct ws_reply reply = ws_await(flood->client, flood->calls[i]);
        expect(reply.outcome != WS_NO_REPLY, HANG, "an answer to each prompt", "%s", reply.summary);
    }
}

static void prompts_beyond_the_limit_are_refused(void **state)
{
    struct flood *flood = flood_with_prompts(*state);

    look_at_answers(flood);
    expect(flood->accepted <= flood->limit, WRONG, "no more prompts under way than ws.in_flight",
           "%zu of %zu were taken, and %zu may be", flood->accepted, flood->count, flood->limit);
    expect(flood->accepted > 0, WRONG, "some of them are taken", "all %zu were refused", flood->count);
}

static void every_prompt_is_answered(void **state)
{
    struct flood *flood = flood_with_prompts(*state);

    look_at_answers(flood);
    cancel_all(flood);
}

static void afterwards_there_is_room_again(void **state)
{
    struct flood *flood = flood_with_prompts(*state);

    look_at_answers(flood);
    cancel_all(flood);
    for (size_t i = 0; i < flood->limit; i++)
        ws_expect_served(flood->client, flood->sids[0]);
}

/* One client's prompts are not another's. */
static void others_are_served_meanwhile(void **state)
{
    struct flood *flood = flood_with_prompts(*state);
    struct ws_client *other = ws_join(*state);
    const char *own = ws_new_session(other);

    look_at_answers(flood);
    for (int i = 0; i < SERVED; i++)
        ws_expect_served(other, own);
}

/* Nothing is answered here, so nothing but the reading itself can hold the client back. */
static void notifications_do_not_pile_up(void **state)
{
    static char padding[4096];
    struct ws_client *client = ws_join(*state), *other = ws_join(*state);
    const char *own = ws_new_session(other);
    struct text message, piece;

    memset(padding, '1', sizeof padding - 1);
    text_init(&message, 2 * sizeof padding);
    text_addf(&message, "{\"jsonrpc\":\"2.0\",\"method\":\"assay/nothing\",\"params\":{\"x\":\"%s\"}}", padding);
    text_init(&piece, PIECE_BYTES + 2 * sizeof padding);
    while (piece.length < PIECE_BYTES)
        ws_frame_write(&(struct ws_frame){.opcode = WS_TEXT, .payload = message.bytes, .payload_bytes = message.length},
                       &piece);
    ws_expect_served(other, own);
    int64_t before_bytes = ws_usage(*state).resident_bytes;
    size_t times = (size_t)(long_run() ? FLOOD_LONG_BYTES : FLOOD_BYTES) / piece.length;
    for (size_t i = 0; i < times; i += 16) {
        ws_flood_patiently(ws_peer_of(client), piece.bytes, piece.length, 16, PATIENCE_MS);
        int64_t grown_bytes = ws_usage(*state).resident_bytes - before_bytes;
        expect(grown_bytes <= GROWTH_MAX_BYTES, LEAK, "at most 16 MiB for what nobody asks to keep",
               "the server has grown by %lld KiB", (long long)grown_bytes >> 10);
    }
    ws_expect_served(other, own);
    text_free(&piece);
    text_free(&message);
}

static void a_few_are_answered(void **state)
{
    struct ws_client *client = ws_join(*state);
    size_t calls[2];

    pipeline(client, "assay/no_such_method", NULL, calls, 2);
    ws_expect_error(ws_await(client, calls[1]), 0);
    ws_expect_error(ws_await(client, calls[0]), 0);
}

const struct check check = {
    .title = "However many requests come at once, each is answered, if only by a refusal",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28C-12", "JSON-RPC 2.0 5", "CWE-770"},
    .cases =
        {
            CASE(every_request_is_answered),
            CASE(prompts_beyond_the_limit_are_refused),
            CASE(every_prompt_is_answered),
            CASE(afterwards_there_is_room_again),
            CASE(others_are_served_meanwhile),
            MEASURE(notifications_do_not_pile_up),
            CONTROL(a_few_are_answered),
        },
};
