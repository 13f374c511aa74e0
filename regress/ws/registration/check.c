/* Who cannot be registered is told so by the end of the connection, and leaves nothing behind. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>

enum {
    CLIENTS = 3,
    CLIENTS_MAX = 100, /* a fixed number: beyond, the case takes too long */
    SESSIONS = 3,
    SESSIONS_MAX = 200,
    REFUSALS = 40,
    CROWD = 40,
    REFUSALS_LONG = 1000,
    AGAIN_MS = 5000,
    LATE_MAX = 3, /* places that those who have left are found to have held */
};

static const char legal[] = "1013 1011 1008 503 429 drop";

/* How those who are too many are turned away: before the upgrade, or by a Close right behind it. */
static void expect_refused(struct ws_peer *peer)
{
    struct ws_opening opening = ws_read_opening(peer);

    if (opening.open)
        ws_expect_close(peer, legal);
    else
        expect(opening.closed || opening.status == 503 || opening.status == 429 || opening.status == 403, WRONG,
               "503, or a Close with 1013 or 1011", "%s", opening.summary);
    ws_hang_up(peer);
}

static void refuse(struct ws_target *server, size_t times)
{
    for (size_t i = 0; i < times; i++)
        expect_refused(ws_knock(server, &(struct ws_dialling){0}));
}

static size_t refusals(void)
{
    return long_run() ? REFUSALS_LONG : REFUSALS;
}

/* Returns how many clients there may be. */
static int limited_server(struct ws_target *server)
{
    int64_t limit = ws_restart_with_limit(server, "ws.clients", CLIENTS);

    if (limit < 2 || limit > CLIENTS_MAX)
        not_applicable("ws.clients is %lld, and this case needs 2 to %d", (long long)limit, CLIENTS_MAX);
    return (int)limit;
}

/* As many clients as there may be; returns the number. */
static int fill(struct ws_target *server, struct ws_client *clients[CLIENTS_MAX])
{
    int limit = limited_server(server);

    for (int i = 0; i < limit; i++)
        clients[i] = ws_join(server);
    return limit;
}

/* Is the one that has knocked served? */
static bool is_served(struct ws_peer *peer)
{
    if (!ws_read_opening(peer).open)
        return false;
    ws_send_text(peer, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"assay/no_such_method\"}");
    return ws_read(peer).kind == WS_GOT_MESSAGE;
}

static bool is_let_in(struct ws_target *server)
{
    struct ws_peer *peer = ws_knock(server, &(struct ws_dialling){0});
    bool served = is_served(peer);

    ws_hang_up(peer);
    return served;
}

/* The server may still be busy with those who have left. */
static void expect_room_for_one(struct ws_target *server)
{
    int64_t end_ns = deadline_after(AGAIN_MS);
    bool let_in = is_let_in(server);

    while (!let_in && now_ns() < end_ns)
        let_in = is_let_in(server);
    expect(let_in, WRONG, "room for one when one has left", "everybody was turned away for %d s", AGAIN_MS / 1000);
}

static void who_is_too_many_is_closed(void **state)
{
    struct ws_client *clients[CLIENTS_MAX];

    fill(*state, clients);
    refuse(*state, 1);
}

static void who_was_refused_takes_no_place(void **state)
{
    struct ws_client *clients[CLIENTS_MAX];

    fill(*state, clients);
    refuse(*state, refusals());
    ws_leave(clients[0]);
    expect_room_for_one(*state);
}

/* What is left of them are their descriptors, at first: a few may still be on their way out. */
static void who_was_refused_leaves_no_descriptor(void **state)
{
    struct ws_client *clients[CLIENTS_MAX];
    int64_t end_ns = deadline_after(AGAIN_MS);

    fill(*state, clients);
    refuse(*state, 2);
    size_t before = ws_usage(*state).descriptors;
    refuse(*state, refusals());
    size_t after = ws_usage(*state).descriptors;
    while (after > before + LATE_MAX && now_ns() < end_ns) {
        ws_settle(clients[0]);
        after = ws_usage(*state).descriptors;
    }
    expect(after <= before + LATE_MAX, LEAK, "as many descriptors as before", "%zu, and %zu before", after, before);
}

static void who_was_there_is_served(void **state)
{
    struct ws_client *clients[CLIENTS_MAX];
    int count = fill(*state, clients);

    refuse(*state, refusals() / 4);
    for (int i = 0; i < count; i++)
        ws_expect_served(clients[i], ws_new_session(clients[i]));
}

/* Comes, and goes at once: by a Close in the packet of its handshake, by a FIN or a reset before that is answered. */
static void come_and_go(struct ws_target *server, size_t way)
{
    static const char close_frame[] = {(char)0x88, (char)0x82, 0, 0, 0, 0, 3, (char)0xe8}; /* 1000 */
    struct ws_dialling dialling = {.glued = close_frame, .glued_bytes = way == 0 ? sizeof close_frame : 0};
    struct ws_peer *peer = ws_knock(server, &dialling);

    if (way == 0)
        ws_read_opening(peer);
    if (way == 2)
        ws_reset(peer);
    else
        ws_hang_up(peer);
}

/* Those who go while they are being registered have no place either. */
static void who_vanishes_meanwhile_takes_no_place(void **state)
{
    size_t visits = refusals() + (size_t)limited_server(*state);
    struct ws_client *client = ws_join(*state);

    for (size_t i = 0; i < 3 * visits; i++)
        come_and_go(*state, i % 3);
    expect_room_for_one(*state);
    ws_settle(client);
}

/* Each of them is still there when the next one comes, and none says more than it has to. */
static void of_a_crowd_no_more_are_let_in(void **state)
{
    struct ws_client *clients[CLIENTS_MAX];
    struct ws_peer *crowd[CROWD];
    int count = fill(*state, clients), served = 0;

    ws_leave(clients[0]);
    expect_room_for_one(*state);
    for (int i = 0; i < CROWD; i++)
        crowd[i] = ws_knock(*state, &(struct ws_dialling){0});
    for (int i = 0; i < CROWD; i++)
        served += is_served(crowd[i]);
    expect(served <= 1, WRONG, "one more is let in", "%d of %d were, beside %d", served, CROWD, count - 1);
    for (int i = 1; i < count; i++)
        ws_settle(clients[i]);
}

/* Sessions are registered, too. */
static int64_t fill_sessions(struct ws_target *server, struct ws_client **client, const char **sid)
{
    int64_t limit = ws_restart_with_limit(server, "ws.sessions", SESSIONS);

    if (limit > SESSIONS_MAX)
        not_applicable("ws.sessions is %lld, and this case makes %d", (long long)limit, SESSIONS_MAX);
    *client = ws_join(server);
    for (int i = 0; i < limit; i++)
        *sid = ws_new_session(*client);
    return limit;
}

static void a_session_too_many_is_refused(void **state)
{
    struct ws_client *client;
    const char *sid;

    fill_sessions(*state, &client, &sid);
    for (size_t i = 0; i < refusals(); i++)
        ws_expect_error(ws_await(client, ws_ask_new(client)), 0);
    ws_expect_served(client, sid);
}

static void a_refused_session_takes_no_place(void **state)
{
    struct ws_client *client;
    const char *sid;

    fill_sessions(*state, &client, &sid);
    if (!ws_can(client, "sessionCapabilities.close"))
        not_applicable("the agent does not advertise sessionCapabilities.close");
    for (size_t i = 0; i < refusals(); i++)
        ws_expect_error(ws_await(client, ws_ask_new(client)), 0);
    ws_expect_result(ws_call_session(client, WS_CLOSE_SESSION, sid, NULL));
    ws_expect_served(client, ws_new_session(client));
}

static void below_the_limit_all_are_served(void **state)
{
    struct ws_client *clients[CLIENTS_MAX];
    int count = fill(*state, clients);

    for (int i = 0; i < count; i++)
        ws_settle(clients[i]);
}

const struct check check = {
    .title = "Who cannot be registered is told so, and leaves nothing behind",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28C-7", "P28C-12", "RFC 6455 7.4.1", "CWE-404"},
    .cases =
        {
            CASE(who_is_too_many_is_closed, .promised = true),
            CASE(of_a_crowd_no_more_are_let_in),
            CASE(who_was_refused_takes_no_place),
            CASE(who_was_refused_leaves_no_descriptor),
            CASE(who_was_there_is_served),
            CASE(who_vanishes_meanwhile_takes_no_place),
            CASE(a_session_too_many_is_refused),
            CASE(a_refused_session_takes_no_place),
            CONTROL(below_the_limit_all_are_served),
        },
};
