/* A client does not notice what kind of clients the others are: hostile ones cost it little more than well-behaved
 * ones.
 */
#include "check.h"
#include "ws/expect.h"

#include <stdlib.h>

enum {
    NEIGHBOURS = 8,
    NEIGHBOURS_LONG = 50,
    ROUNDS = 40,
    ROUNDS_LONG = 500,
    TRIES = 3,
    TIMES = 3,
    SLACK_MS = 8, /* what a thread waits for its processor, now and then */
    SLACK_LONG_MS = 2,
    REQUESTS = 32, /* in a burst */
    PINGS = 128,
    PAYLOAD_BYTES = 125,
    BURST_MAX_BYTES = 32 << 10,
    BIG_BYTES = 64 << 20,
};

struct neighbour {
    struct ws_client *client;
    const char *sid;
    size_t call;
    struct ws_peer *peer; /* of a hostile one */
};

struct street {
    struct ws_target *server;
    struct ws_client *client; /* the one whose time is taken */
    const char *sid;
    struct neighbour neighbours[NEIGHBOURS_LONG];
    int count;
    int64_t answers_us[ROUNDS_LONG];
};

typedef void one_round(struct street *street, int neighbour);

static size_t ask(struct ws_client *client, const char *sid)
{
    return ws_ask_prompt(client, sid, ws_prompt(ws_server_of(client), "echo", "x"));
}

/* Its prompt of the last round has been answered, and the next one comes. */
static void behave_well(struct street *street, int i)
{
    struct neighbour *neighbour = &street->neighbours[i];

    if (!neighbour->client) {
        neighbour->client = ws_join(street->server);
        neighbour->sid = ws_new_session(neighbour->client);
    } else {
        ws_expect_result(ws_await(neighbour->client, neighbour->call));
    }
    neighbour->call = ask(neighbour->client, neighbour->sid);
}

static void add_burst(struct text *out, const struct ws_frame *frame, int count)
{
    text_init(out, BURST_MAX_BYTES);
    for (int i = 0; i < count; i++)
        ws_frame_write(frame, out);
}

/* Requests by the dozen; it reads what is answered, so that the server goes on. */
static void flood(struct street *street, struct neighbour *neighbour)
{
    static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"assay/no_such_method\"}";
    struct ws_frame frame = {.opcode = WS_TEXT, .payload = request, .payload_bytes = sizeof request - 1};
    struct text burst;

    if (!neighbour->peer)
        neighbour->peer = ws_dial(street->server);
    while (ws_read_within(neighbour->peer, 0).kind == WS_GOT_MESSAGE)
        ;
    add_burst(&burst, &frame, REQUESTS);
    ws_flood_patiently(neighbour->peer, burst.bytes, burst.length, 1, 1);
    text_free(&burst);
}

/* Pings by the hundred, and reads nothing. */
static void ping(struct street *street, struct neighbour *neighbour)
{
    static const char payload[PAYLOAD_BYTES];
    struct ws_frame frame = {.opcode = WS_PING, .payload = payload, .payload_bytes = sizeof payload};
    struct text burst;

    if (!neighbour->peer) {
        neighbour->peer = ws_dial_as(street->server, &(struct ws_dialling){.narrow = true});
        ws_read_slowly(neighbour->peer, 1, 0);
    }
    add_burst(&burst, &frame, PINGS);
    ws_flood_patiently(neighbour->peer, burst.bytes, burst.length, 1, 1);
    text_free(&burst);
}

/* Asks for a lot, once, and reads nothing. */
static void stall(struct street *street, struct neighbour *neighbour)
{
    if (neighbour->client)
        return;
    neighbour->client = ws_join_over(street->server, ws_dial_as(street->server, &(struct ws_dialling){.narrow = true}));
    const char *sid = ws_new_session(neighbour->client);
    ws_read_slowly(ws_peer_of(neighbour->client), 1, 0);
    if (ws_has_prompt(street->server, "big"))
        ws_ask_prompt(neighbour->client, sid, ws_prompt_count(street->server, "big", BIG_BYTES));
}

/* Comes, and resets. */
static void drop(struct street *street, struct neighbour *neighbour)
{
    (void)neighbour;
    ws_reset(ws_dial(street->server));
}

static void be_hostile(struct street *street, int i)
{
    static void (*const ways[])(struct street *, struct neighbour *) = {flood, ping, stall, drop};

    ways[i % 4](street, &street->neighbours[i]);
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* Everybody who lived there has gone. */
static void leave(struct street *street)
{
    for (int i = 0; i < street->count; i++) {
        struct neighbour *neighbour = &street->neighbours[i];

        if (neighbour->client)
            ws_break(neighbour->client);
        if (neighbour->peer)
            ws_reset(neighbour->peer);
        *neighbour = (struct neighbour){0};
    }
    ws_settle(street->client);
}

static int64_t waited_ns(const struct street *street, bool measured)
{
    return measured ? ws_usage(street->server).waited_ns : 0;
}

/* A prompt's time until its answer, without what the server waited for a processor that other programs had: how busy
 * the machine is is no matter of the neighbours. That sum is less where a thread has ended, and then nothing is taken
 * off. */
static int64_t answer_us(struct street *street, bool measured)
{
    int64_t before_ns = waited_ns(street, measured);
    int64_t begun_ns = now_ns();

    ws_expect_result(ws_await(street->client, ask(street->client, street->sid)));
    int64_t taken_ns = now_ns() - begun_ns;
    int64_t for_others_ns = waited_ns(street, measured) - before_ns;
    if (for_others_ns > 0)
        taken_ns -= for_others_ns;
    return taken_ns > 0 ? taken_ns / 1000 : 0;
}

/* The time within which 99 of 100 prompts are answered. */
static int64_t live_beside(struct street *street, one_round *round, bool measured)
{
    int rounds = long_run() ? ROUNDS_LONG : ROUNDS;

    for (int i = 0; i < rounds; i++) {
        for (int j = 0; j < street->count; j++)
            round(street, j);
        street->answers_us[i] = answer_us(street, measured);
    }
    leave(street);
    qsort(street->answers_us, (size_t)rounds, sizeof *street->answers_us, by_size);
    return street->answers_us[rounds * 99 / 100 - (rounds < 100)];
}

static void move_in(struct street *street, struct ws_target *server)
{
    street->server = server;
    street->client = ws_join(server);
    street->sid = ws_new_session(street->client);
    street->count = long_run() ? NEIGHBOURS_LONG : NEIGHBOURS;
}

/* A busy machine may be slow once, a server that lets one client wait for another is slow each time. */
static void hostile_neighbours_cost_little_more(void **state)
{
    static struct street street;
    bool quick = false;

    if (!ws_has_prompt(*state, "echo"))
        not_applicable("the manifest has no prompt \"echo\"");
    move_in(&street, *state);
    for (int i = 1; i <= TRIES && !quick; i++) {
        int64_t well_us = live_beside(&street, behave_well, false);
        int64_t hostile_us = live_beside(&street, be_hostile, true);

        quick = hostile_us <= TIMES * well_us + scaled_ms(long_run() ? SLACK_LONG_MS : SLACK_MS) * 1000;
        remark("beside %d well-behaved clients 99 of 100 prompts took at most %lld us, beside hostile ones %lld us",
               street.count, (long long)well_us, (long long)hostile_us);
        expect(quick || i < TRIES, WRONG, "at most three times as long as beside well-behaved ones",
               "99 of 100 took up to %lld us, beside well-behaved ones %lld us", (long long)hostile_us,
               (long long)well_us);
    }
}

static void each_is_answered_beside_hostile_ones(void **state)
{
    static struct street street;

    if (!ws_has_prompt(*state, "echo"))
        not_applicable("the manifest has no prompt \"echo\"");
    move_in(&street, *state);
    live_beside(&street, be_hostile, false);
    ws_expect_served(street.client, street.sid);
}

static void each_is_answered_beside_others(void **state)
{
    static struct street street;

    if (!ws_has_prompt(*state, "echo"))
        not_applicable("the manifest has no prompt \"echo\"");
    move_in(&street, *state);
    live_beside(&street, behave_well, false);
    ws_expect_served(street.client, street.sid);
}

const struct check check = {
    .title = "Hostile clients cost the others little more than well-behaved ones",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28C-12", "P28S-12", "CWE-400"},
    .cases =
        {
            CASE(each_is_answered_beside_hostile_ones),
            MEASURE(hostile_neighbours_cost_little_more),
            CONTROL(each_is_answered_beside_others),
        },
};
