/* Calls that wait for a client's answer end when the client goes, and their turns with them, long before the time-out
 * of the call. */
#include "check.h"
#include "ws/session.h"
#include "ws/turn.h"

enum { CALL_MS = 60000, WAYS = 3, SESSIONS = 3 };

static const char pending[] = "assay_pending_calls";

/* An answer that does not come would be missed for a minute: whatever ends before that ends for another reason. */
static void give_calls_long(struct ws_target *server)
{
    ws_restart_with_limit(server, "ws.request_ms", CALL_MS);
}

static void go(struct ws_client *client, int way)
{
    static void (*const ways[WAYS])(struct ws_client *) = {ws_drop, ws_break, ws_leave};

    ways[way](client);
}

static void begin(struct ws_client *client, const char *sid)
{
    size_t turn;

    ws_begin_call(client, sid, WS_READ_FILE, "/project/never.txt", &turn);
}

/* The turn has ended: whoever comes back to the session is not kept waiting by it. */
static void the_session_is_free_at_once(void **state)
{
    struct ws_target *server = *state;

    give_calls_long(server);
    for (int way = 0; way < WAYS; way++) {
        struct ws_client *client = ws_join(server);
        const char *sid = ws_new_session(client);

        begin(client, sid);
        go(client, way);
        struct ws_client *again = ws_join(server);
        ws_expect_again(again, WS_RESUME, sid);
        ws_expect_served(again, sid);
    }
}

static void nothing_stays_pending(void **state)
{
    struct ws_target *server = *state;

    give_calls_long(server);
    int64_t before = ws_metric(server, pending);
    for (int way = 0; way < WAYS; way++) {
        struct ws_client *client = ws_join(server);

        for (int i = 0; i < SESSIONS; i++)
            begin(client, ws_new_session(client));
        ws_expect_metric(server, pending, before + SESSIONS);
        go(client, way);
        ws_expect_metric(server, pending, before);
    }
}

/* Those of others wait on. */
static void the_calls_of_others_wait_on(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server), *other = ws_join(server);
    const char *sid = ws_new_session(other);
    size_t turn;
    struct ws_asked asked = ws_begin_call(other, sid, WS_READ_FILE, "/project/others.txt", &turn);

    begin(client, ws_new_session(client));
    ws_break(client);
    ws_expect_alive(server);
    ws_settle(other);
    ws_answer(other, &asked, "{\"content\":\"assay-still-here\"}");
    ws_expect_turn_says(other, sid, turn, "assay-still-here");
}

/* A permission is a call like others. */
static void so_are_permissions(void **state)
{
    struct ws_target *server = *state;

    give_calls_long(server);
    struct ws_client *client = ws_join(server), *again = ws_join(server);
    const char *sid = ws_new_session(client);
    size_t turn;
    ws_begin_call(client, sid, WS_PERMISSION, "assay-deed", &turn);
    ws_break(client);
    ws_expect_again(again, WS_RESUME, sid);
    ws_expect_served(again, sid);
}

static void a_client_that_stays_is_served(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "Calls to a client end with its connection, and do not wait for their time-out",
    .level = MUST,
    .origins = {"P28S-4"},
    .cases =
        {
            CASE(the_session_is_free_at_once, .promised = true),
            CASE(nothing_stays_pending, .promised = true),
            CASE(the_calls_of_others_wait_on),
            CASE(so_are_permissions, .promised = true),
            CONTROL(a_client_that_stays_is_served),
        },
};
