/* A client hears of a session by the answer that names it, and by nothing before. */
#include "check.h"
#include "ws/session.h"

#include <string.h>

enum { SESSIONS = 60, SESSIONS_LONG = 200, NAMES_MAX = 2 * SESSIONS_LONG };

/* What answers have named. */
struct names {
    const char *sids[NAMES_MAX];
    size_t count;
};

static bool is_known(const struct names *names, const char *sid)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->sids[i], sid) == 0)
            return true;
    return false;
}

/* Reads one message; true: it was an answer. Its document is kept, for the names in it. */
static bool take_message(struct ws_target *server, struct ws_peer *peer, struct names *names)
{
    struct ws_event event = ws_read(peer);

    expect(event.kind == WS_GOT_MESSAGE, event.kind == WS_SILENCE ? HANG : WRONG, "an answer to session/new", "%s",
           event.summary);
    const struct json *message = json_read(event.bytes, event.count, NULL);
    const char *made = ws_get_string(server, json_get(message, "result"), WS_SESSION_ID);
    const char *told = ws_get_string(server, json_get(message, "params"), WS_SESSION_ID);
    expect(!told || is_known(names, told), WRONG, "the answer that names a session before anything of it", "%s",
           event.summary);
    if (!json_get(message, "id") || json_get(message, "method") ||
        ws_get(server, json_get(message, "result"), WS_STOP_REASON))
        return false;
    expect(made && !is_known(names, made), WRONG, "a new session, with its id", "%s", event.summary);
    if (names->count < NAMES_MAX)
        names->sids[names->count++] = made;
    return true;
}

/* All at once on one socket, so that what one session pushes can get in between. */
static void no_update_comes_before_the_name(void **state)
{
    struct ws_client *client = ws_join(*state);
    size_t count = long_run() ? SESSIONS_LONG : SESSIONS, answers = 0;
    static struct names names;

    for (size_t i = 0; i < count; i++)
        ws_ask_new(client);
    while (answers < count)
        answers += take_message(*state, ws_peer_of(client), &names);
}

/* The same from several sockets in turn, each of which has a turn under way. */
static void nor_while_turns_run(void **state)
{
    enum { CLIENTS = 4 };
    struct ws_client *clients[CLIENTS];
    static struct names names;

    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = ws_join(*state);
        const char *sid = ws_new_session(clients[i]);
        ws_begin_turn(clients[i], sid);
        names.sids[names.count++] = sid;
    }
    for (int j = 0; j < SESSIONS / CLIENTS; j++)
        for (size_t i = 0; i < CLIENTS; i++)
            ws_ask_new(clients[i]);
    for (size_t i = 0; i < CLIENTS; i++)
        for (int answers = 0; answers < SESSIONS / CLIENTS;)
            answers += take_message(*state, ws_peer_of(clients[i]), &names);
}

static void a_session_is_made_and_served(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "The answer names a session before anything else does",
    .level = MUST,
    .origins = {"ACP Session Setup"},
    .cases =
        {
            CASE(no_update_comes_before_the_name),
            CASE(nor_while_turns_run),
            CONTROL(a_session_is_made_and_served),
        },
};
