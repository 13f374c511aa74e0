/* What a client can do is what it said itself: nobody is called for what another one can. */
#include "check.h"
#include "ws/session.h"
#include "ws/turn.h"

static const char both[] = "{\"fs\":{\"readTextFile\":true,\"writeTextFile\":true}}";

/* The prompt is answered without the file, and nobody was asked for it. */
static void expect_not_asked(struct ws_client *client, const char *sid)
{
    size_t before = ws_times_asked(client, WS_READ_FILE);
    size_t turn = ws_ask_prompt(client, sid, ws_prompt(ws_server_of(client), "read", "/project/file.txt"));

    ws_answer_always(client, WS_READ_FILE, "{\"content\":\"assay-file\"}"); /* not to wait for ever, if it is */
    ws_expect_turn_without(client, sid, turn, "assay-file");
    ws_settle(client);
    expect_integer((int64_t)(ws_times_asked(client, WS_READ_FILE) - before), 0,
                   "calls of what the client has not advertised");
}

static void expect_asked(struct ws_client *client, const char *sid)
{
    size_t turn;
    struct ws_asked asked = ws_begin_call(client, sid, WS_READ_FILE, "/project/file.txt", &turn);

    ws_answer(client, &asked, "{\"content\":\"assay-file\"}");
    ws_expect_turn_says(client, sid, turn, "assay-file");
}

static void whoever_cannot_is_not_called(void **state)
{
    static const char *const capabilities[] = {
        "{}",
        "{\"fs\":{}}",
        "{\"fs\":{\"readTextFile\":false}}",
        "{\"fs\":{\"readTextFile\":false,\"writeTextFile\":true}}",
        "{\"readTextFile\":true}",
        "{\"terminal\":true}",
    };

    for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++) {
        struct ws_client *client = ws_join_as(*state, capabilities[i]);

        expect_not_asked(client, ws_new_session(client));
    }
}

/* Whoever comes first or last: both are asked what they can do, and no other. */
static void another_one_that_can_changes_nothing(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *before = ws_join_as(server, both), *client = ws_join_as(server, "{}");
    struct ws_client *after = ws_join_as(server, both);

    expect_not_asked(client, ws_new_session(client));
    ws_settle(before);
    ws_settle(after);
    expect_integer((int64_t)(ws_times_asked(before, WS_READ_FILE) + ws_times_asked(after, WS_READ_FILE)), 0,
                   "calls of others for this client's file");
}

static void another_one_that_cannot_changes_nothing(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *before = ws_join_as(server, "{}"), *client = ws_join_as(server, both);
    struct ws_client *after = ws_join_as(server, "{}");

    expect_asked(client, ws_new_session(client));
    expect_not_asked(before, ws_new_session(before));
    expect_not_asked(after, ws_new_session(after));
}

/* A session that comes back is its new client's, and so are its capabilities. */
static void a_resumed_session_asks_what_its_new_client_can(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join_as(server, both), *again = ws_join_as(server, "{}");
    const char *sid = ws_new_session(client);

    expect_asked(client, sid);
    ws_leave(client);
    ws_expect_again(again, WS_RESUME, sid);
    expect_not_asked(again, sid);
}

static void whoever_can_is_called(void **state)
{
    struct ws_client *client = ws_join_as(*state, both);

    expect_asked(client, ws_new_session(client));
}

const struct check check = {
    .title = "A client is called for what it has advertised itself, and for nothing else",
    .level = MUST,
    .tags = {"security"},
    .origins = {"ACP file-system", "ACP initialization", "CWE-668"},
    .cases =
        {
            CASE(whoever_cannot_is_not_called),
            CASE(another_one_that_can_changes_nothing),
            CASE(another_one_that_cannot_changes_nothing),
            CASE(a_resumed_session_asks_what_its_new_client_can),
            CONTROL(whoever_can_is_called),
        },
};
