/* A client that has vanished before its answer costs nobody anything: not the server, not the others, and what it held
 * comes back. */
#include "check.h"
#include "ws/turn.h"

#include <poll.h>

enum { CLIENTS = 60, CLIENTS_LONG = 1000, ROUND = 20, REPLY_MS = 20, BIG_BYTES = 16 << 20, PAUSE_MS = 10 };
enum { SPARE = 4, GROWTH_MAX_BYTES = 8 << 20, TIMES = 5, GRACE_MS = 50 };

/* They prompt, and are gone while that is under way: by a reset, or without a word. */
static void vanish(struct ws_target *server, int count, bool big)
{
    static int gone;

    for (int i = 0; i < count; i++) {
        struct ws_client *client = ws_join(server);
        const char *sid = ws_new_session(client);

        if (big) {
            ws_ask_prompt(client, sid, ws_prompt_count(server, "big", BIG_BYTES));
            ws_await_updates(client, sid, 1);
        } else {
            ws_ask_prompt(client, sid, ws_prompt_count(server, "long", REPLY_MS));
            ws_settle(client);
        }
        if (gone++ % 3 == 2)
            ws_drop(client);
        else
            ws_break(client);
    }
}

static int clients(void)
{
    return long_run() ? CLIENTS_LONG : CLIENTS;
}

static void the_server_lives_on(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *other = ws_join(server);
    const char *sid = ws_new_session(other);

    for (int i = 0; i < clients(); i += ROUND) {
        vanish(server, ROUND, false);
        ws_expect_served(other, sid);
    }
    ws_expect_alive(server);
}

/* The answer is long, and breaks off in the middle of its sending. */
static void so_it_does_in_the_middle_of_a_long_answer(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *other = ws_join(server);
    const char *sid = ws_new_session(other);

    for (int i = 0; i < ROUND; i++) {
        vanish(server, 1, true);
        ws_listen(other, 0); /* a server may ask whether it is there, too */
    }
    ws_expect_served(other, sid);
    ws_expect_alive(server);
}

static void its_place_is_free_again(void **state)
{
    struct ws_target *server = *state;
    int64_t before = ws_metric(server, "assay_clients");

    vanish(server, ROUND, false);
    vanish(server, ROUND, true);
    ws_expect_metric(server, "assay_clients", before);
    ws_expect_metric(server, "assay_queue_bytes", 0);
    ws_expect_metric(server, "assay_pending_calls", 0);
}

/* Waits until no more descriptors are open than there were. */
static struct procfs_usage usage_after(struct ws_target *server, const struct procfs_usage *before)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    struct procfs_usage usage = ws_usage(server);

    while ((usage.descriptors > before->descriptors + SPARE || usage.threads > before->threads + SPARE) &&
           now_ns() < deadline_ns) {
        poll(NULL, 0, PAUSE_MS);
        usage = ws_usage(server);
    }
    return usage;
}

/* Returns by how much a round of them has the server grow. */
static int64_t growth_of_a_round(struct ws_target *server)
{
    struct procfs_usage before = ws_usage(server);

    vanish(server, ROUND, true);
    vanish(server, clients(), false);
    ws_expect_alive(server);
    struct procfs_usage after = usage_after(server, &before);
    expect(after.descriptors <= before.descriptors + SPARE, LEAK, "as many descriptors as before", "%zu instead of %zu",
           after.descriptors, before.descriptors);
    expect(after.threads <= before.threads + SPARE, LEAK, "as many threads as before", "%zu instead of %zu",
           after.threads, before.threads);
    return after.resident_bytes - before.resident_bytes;
}

/* What a server that can load them keeps of sessions, whose owners might come back, is not asked for here. */
static void forget_sessions_soon(struct ws_target *server)
{
    struct ws_client *client = ws_join(server);
    bool keeps = ws_can(client, "loadSession") || server->flat;

    ws_leave(client);
    if (keeps)
        ws_restart_with_limit(server, "ws.grace_ms", GRACE_MS);
}

/* A first round grows what is kept for use again, and another one what a collector has not come to: a leak grows with
 * each. */
static void descriptors_threads_and_memory_come_back(void **state)
{
    struct ws_target *server = *state;
    int64_t growth = GROWTH_MAX_BYTES;

    forget_sessions_soon(server);
    vanish(server, ROUND, true);
    vanish(server, ROUND, false);
    ws_expect_alive(server);
    for (int i = 0; i < TIMES && growth >= GROWTH_MAX_BYTES; i++)
        growth = growth_of_a_round(server);
    expect(growth < GROWTH_MAX_BYTES, LEAK, "as much memory as before, in one of five rounds",
           "%lld bytes more after the last, and not less than %d after any", (long long)growth, (int)GROWTH_MAX_BYTES);
}

static void a_client_that_waits_is_answered(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "A client that vanishes before its answer costs nobody anything",
    .level = MUST,
    .origins = {"P28S-12", "P28C-8", "CWE-772"},
    .cases =
        {
            CASE(the_server_lives_on, .promised = true),
            CASE(so_it_does_in_the_middle_of_a_long_answer),
            CASE(its_place_is_free_again),
            MEASURE(descriptors_threads_and_memory_come_back),
            CONTROL(a_client_that_waits_is_answered),
        },
};
