/* Clients come and go, many at once and one after the other, in every way there is: what they needed comes back. */
#include "check.h"
#include "ws/expect.h"

#include <stdlib.h>

enum {
    WAYS = 8,
    WARM = 4 * WAYS, /* pools and caches are filled by then */
    VISITS = 16 * WAYS,
    VISITS_LONG = 10000,
    CROWD = 60,
    CROWD_LONG = 1000,
    PLACES = 100,
    MORE_MAX = 6, /* descriptors or threads; each way alone has left more than that behind, if it leaves any */
    HALF_BYTES = 48 << 10,
    GROWTH_MAX_BYTES = 4 << 20,
    ROUNDS = 5,
    BACK_MS = 20000,
    PHASES = 6,
    GRACE_MS = 50,
    GRACE_MAX_MS = 500,
    PROMPT_MS = 600000,
    STREAM = 20000,
};

/* A message that has no end. */
static void send_half(struct ws_peer *peer)
{
    static char half[HALF_BYTES];

    for (size_t i = 0; i < sizeof half; i++)
        half[i] = ' ';
    ws_send_frame(peer,
                  &(struct ws_frame){.opcode = WS_TEXT, .more = true, .payload = half, .payload_bytes = sizeof half});
}

static void ask(struct ws_client *client, const char *kind, int64_t count)
{
    struct ws_target *server = ws_server_of(client);

    if (ws_has_prompt(server, kind))
        ws_ask_prompt(client, ws_new_session(client), ws_prompt_count(server, kind, count));
}

/* A client comes, and goes in that way. */
static void visit(struct ws_target *server, int way)
{
    struct ws_peer *peer = way < 2 ? (way ? ws_knock(server, &(struct ws_dialling){0}) : ws_connect(server)) : NULL;
    struct ws_client *client = peer ? NULL : ws_join(server);

    if (peer) {
        ws_hang_up(peer);
        return;
    }
    if (way == 2 || way == 5)
        send_half(ws_peer_of(client));
    if (way == 3)
        ask(client, "long", PROMPT_MS);
    if (way == 4)
        ask(client, "stream", STREAM);
    if (way == 6)
        ws_drop(client);
    else if (way == 7)
        ws_leave(client);
    else
        ws_break(client);
}

static void visit_often(struct ws_target *server, int visits)
{
    for (int i = 0; i < visits; i++)
        visit(server, i % WAYS);
}

static void expect_back(struct ws_target *server, struct procfs_usage before)
{
    int64_t end_ns = deadline_after(BACK_MS);
    struct ws_client *client = ws_join(server);
    struct procfs_usage after = ws_usage(server);

    while ((after.descriptors > before.descriptors + MORE_MAX || after.threads > before.threads + MORE_MAX) &&
           now_ns() < end_ns) {
        ws_settle(client);
        after = ws_usage(server);
    }
    remark("%zu descriptors and %zu threads, before %zu and %zu; memory %+lld KiB", after.descriptors, after.threads,
           before.descriptors, before.threads, (long long)(after.resident_bytes - before.resident_bytes) >> 10);
    expect(after.descriptors <= before.descriptors + MORE_MAX, LEAK, "as many descriptors as before", "%zu, before %zu",
           after.descriptors, before.descriptors);
    expect(after.threads <= before.threads + MORE_MAX, LEAK, "as many threads as before", "%zu, before %zu",
           after.threads, before.threads);
    ws_leave(client);
}

static void descriptors_and_threads_come_back(void **state)
{
    visit_often(*state, WARM);
    struct procfs_usage before = ws_usage(*state);

    visit_often(*state, long_run() ? VISITS_LONG : VISITS);
    expect_back(*state, before);
}

/* Many at once: each is served, and then all go. */
static void a_crowd_leaves_nothing_behind(void **state)
{
    static struct ws_client *clients[CROWD_LONG];
    int64_t places = ws_restart_with_limit(*state, "ws.clients", long_run() ? CROWD_LONG + PLACES : PLACES);
    int count = long_run() ? CROWD_LONG : CROWD;

    if (places <= count)
        not_applicable("ws.clients is %lld, and this case needs more than %d", (long long)places, count);
    visit_often(*state, WARM);
    struct procfs_usage before = ws_usage(*state);
    for (int i = 0; i < count; i++)
        clients[i] = ws_join(*state);
    for (int i = 0; i < count; i++)
        ws_expect_served(clients[i], ws_new_session(clients[i]));
    for (int i = 0; i < count; i++) {
        if (i % 3 == 0)
            ws_leave(clients[i]);
        else if (i % 3 == 1)
            ws_drop(clients[i]);
        else
            ws_break(clients[i]);
    }
    expect_back(*state, before);
}

/* More of them than have a place, so that one that is not given back is missed. */
static void places_come_back(void **state)
{
    int64_t places = ws_restart_with_limit(*state, "ws.clients", WAYS);
    int64_t end_ns;

    if (places > PLACES)
        not_applicable("ws.clients is %lld, and this case makes use of %d", (long long)places, PLACES);
    for (int64_t i = 0; i < 3 * places; i++) {
        struct ws_client *client = ws_join(*state);
        struct ws_peer *watcher;

        send_half(ws_peer_of(client));
        ws_break(client);
        end_ns = deadline_after(BACK_MS);
        do { /* until the server has seen it */
            watcher = ws_knock(*state, &(struct ws_dialling){0});
            ws_send_text(watcher, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"assay/no_such_method\"}");
            bool served = ws_read_opening(watcher).open && ws_read(watcher).kind == WS_GOT_MESSAGE;
            ws_hang_up(watcher);
            if (served)
                break;
        } while (now_ns() < end_ns);
        expect(now_ns() < end_ns, LEAK, "room for one, when everybody has left", "turned away for %d s",
               BACK_MS / 1000);
    }
}

static void leave_half_a_message(struct ws_target *server)
{
    struct ws_client *client = ws_join(server);

    send_half(ws_peer_of(client));
    ws_break(client);
}

/* One with a history. */
static void leave_a_session(struct ws_target *server)
{
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    const char *kind = ws_has_prompt(server, "big") ? "big" : "echo";

    ws_expect_stop_reason(client, ws_prompt_and_wait(client, sid, ws_prompt_count(server, kind, HALF_BYTES)), NULL);
    ws_drop(client);
}

/* A heap grows for a while, and one with a collector more than others; but what leaks does so each time. */
static void expect_no_growth(struct ws_target *server, void (*come_and_leave)(struct ws_target *), int visits)
{
    int64_t grown_bytes = INT64_MAX;

    for (int phase = 0; phase < PHASES && grown_bytes > GROWTH_MAX_BYTES; phase++) {
        struct procfs_usage before = ws_usage(server);

        for (int i = 0; i < visits; i++)
            come_and_leave(server);
        expect_back(server, before);
        grown_bytes = ws_usage(server).resident_bytes - before.resident_bytes;
    }
    expect(grown_bytes <= GROWTH_MAX_BYTES, LEAK, "at most 4 MiB more than before, once in six times",
           "%lld KiB more, after %d clients that have left, time and again", (long long)grown_bytes >> 10, visits);
}

static void memory_comes_back(void **state)
{
    expect_no_growth(*state, leave_half_a_message, long_run() ? VISITS_LONG : 2 * VISITS);
}

/* Their sessions wait for them, and no longer than they have to. */
static void sessions_of_the_gone_go_too(void **state)
{
    int64_t grace_ms = ws_restart_with_limit(*state, "ws.grace_ms", scaled_ms(GRACE_MS));

    if (grace_ms > scaled_ms(GRACE_MAX_MS))
        not_applicable("a session waits %lld ms for its owner, and this case does not", (long long)grace_ms);
    expect_no_growth(*state, leave_a_session, long_run() ? VISITS_LONG / 4 : 2 * VISITS);
}

static void one_comes_and_goes(void **state)
{
    ws_expect_alive(*state);
    ws_expect_alive(*state);
}

const struct check check = {
    .title = "Clients come and go, and what they needed comes back",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28C-7", "P28S-12", "CWE-772"},
    .cases =
        {
            CASE(descriptors_and_threads_come_back),
            CASE(a_crowd_leaves_nothing_behind),
            CASE(places_come_back),
            MEASURE(memory_comes_back),
            MEASURE(sessions_of_the_gone_go_too),
            CONTROL(one_comes_and_goes),
        },
};
