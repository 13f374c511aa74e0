/* An id that names no session names nobody's: the prompt is refused, and no other connection serves instead. */
#include "check.h"
#include "ws/session.h"

#include <stdio.h>
#include <string.h>

enum { ID_BYTES = 5000 };

static size_t prompt(struct ws_client *client, const char *sid)
{
    return ws_ask_prompt(client, sid, ws_prompt(ws_server_of(client), "echo", "is anybody there?"));
}

static void expect_refused(struct ws_client *client, const char *sid)
{
    ws_expect_error(ws_await(client, prompt(client, sid)), 0);
}

/* Nor does the owner of another session, which may be the client itself, serve instead. */
static void expect_ids_refused(struct ws_client *client, struct ws_client *owner, const char *sid)
{
    static const char *const ids[] = {
        "",
        "0",
        "1",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "6f1c0a5be8d94c27b3a1f0d2e4c69b58",
        "punie-session-0",
        "*",
        "sess_abc",
        "null",
        "../../etc/passwd",
        "stdio",
        "default",
    };

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        ws_expect_denied(client, prompt(client, ids[i]), owner, sid);
}

/* Nothing was said to anybody. */
static void expect_quiet(struct ws_client *client, size_t updates_before)
{
    ws_settle(client);
    expect(ws_all_updates(client) == updates_before, WRONG, "no update of any session", "%zu updates",
           ws_all_updates(client) - updates_before);
}

static void a_client_without_a_session_is_refused(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *owner = ws_join(server), *client = ws_join(server);
    const char *sid = ws_new_session(owner);

    ws_settle(owner);
    ws_forget(owner, sid);
    size_t before = ws_all_updates(owner);
    expect_ids_refused(client, owner, sid);
    expect_quiet(client, 0);
    expect_quiet(owner, before);
    ws_expect_served(owner, sid);
}

static void a_client_with_a_session_is_refused_too(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    ws_settle(client);
    ws_forget(client, sid);
    size_t before = ws_all_updates(client);
    expect_ids_refused(client, client, sid);
    expect_quiet(client, before);
    ws_expect_served(client, sid);
}

/* What is nearly the id of a session is another one: a byte less, a byte more, another letter. */
static void an_id_that_is_nearly_right_is_refused(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    size_t length = strlen(sid);
    char other[ID_BYTES];

    if (length + 2 > sizeof other)
        not_applicable("the ids of sessions are too long for this");
    snprintf(other, sizeof other, "%.*s", (int)length - 1, sid);
    expect_refused(client, other);
    snprintf(other, sizeof other, "%s ", sid);
    expect_refused(client, other);
    snprintf(other, sizeof other, "%s", sid);
    other[length - 1] = other[length - 1] == '0' ? '1' : '0';
    expect_refused(client, other);
    ws_expect_served(client, sid);
}

/* A server may have a limit for ids, and end the connection of whoever passes it (RFC 6455 7.4.1, code 1008). */
static void an_id_of_thousands_of_bytes_is_refused(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *owner = ws_join(server), *client = ws_join(server);
    const char *sid = ws_new_session(owner);
    char long_id[ID_BYTES];

    ws_settle(owner);
    ws_forget(owner, sid);
    size_t before = ws_all_updates(owner);
    memset(long_id, 'a', sizeof long_id - 1);
    long_id[sizeof long_id - 1] = '\0';
    ws_expect_error_or_end(ws_await(client, prompt(client, long_id)));
    expect_quiet(owner, before);
    ws_expect_served(owner, sid);
}

/* Asking for it has not made it. */
static void refusing_makes_no_session(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    static const char sid[] = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

    expect_refused(client, sid);
    ws_expect_error(ws_call_again(client, WS_RESUME, sid, NULL), 0);
    ws_expect_error(ws_call_again(client, WS_LOAD, sid, NULL), 0);
    expect_refused(client, sid);
    expect_refused(ws_join(server), sid);
    ws_expect_alive(server);
}

static void no_id_at_all_is_refused(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    static const char *const values[] = {"null", "0", "[]", "{}", "true"};
    const char *sid = ws_new_session(client);
    char params[256];

    ws_settle(client);
    size_t before = ws_all_updates(client);

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        snprintf(params, sizeof params, "{\"%s\":%s,\"prompt\":[{\"type\":\"text\",\"text\":\"x\"}]}",
                 ws_member(server, WS_SESSION_ID), values[i]);
        ws_expect_error(ws_call(client, ws_method(server, WS_PROMPT), params), 0);
    }
    ws_expect_error(ws_call(client, ws_method(server, WS_PROMPT), "{\"prompt\":[{\"type\":\"text\",\"text\":\"x\"}]}"),
                    0);
    expect_quiet(client, before);
    ws_expect_served(client, sid);
}

/* What names no session means none: not the only one, nor the one whose turn runs. */
static void a_cancel_of_nothing_stops_nothing(void **state)
{
    static const char *const ids[] = {"", "0", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"};
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    struct ws_turn turn = ws_begin_turn(client, sid);

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        ws_cancel(client, ids[i]);
    ws_notify(client, ws_method(*state, WS_CANCEL), "{}");
    ws_notify(client, ws_method(*state, WS_CANCEL), NULL);
    ws_settle(client);
    ws_expect_turn_to_end(client, &turn);
    ws_expect_served(client, sid);
}

/* Closing and deleting may succeed where there is nothing; the session that there is shows what they did. */
static void no_other_method_takes_it_for_another(void **state)
{
    static const char *const ids[] = {"", "0", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"};
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        ws_expect_error(ws_call_session(client, WS_SET_MODE, ids[i], ",\"modeId\":\"code\""), 0);
        ws_call_session(client, WS_CLOSE_SESSION, ids[i], NULL);
        ws_call_session(client, WS_DELETE, ids[i], NULL);
    }
    ws_expect_served(client, sid);
}

static void the_right_id_is_served(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "A prompt for a session that does not exist is refused, and serves nobody else's",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28S-2", "CWE-639"},
    .cases =
        {
            CASE(a_client_without_a_session_is_refused, .promised = true),
            CASE(a_client_with_a_session_is_refused_too, .promised = true),
            CASE(an_id_that_is_nearly_right_is_refused),
            CASE(an_id_of_thousands_of_bytes_is_refused),
            CASE(refusing_makes_no_session),
            CASE(no_id_at_all_is_refused),
            CASE(a_cancel_of_nothing_stops_nothing),
            CASE(no_other_method_takes_it_for_another),
            CONTROL(the_right_id_is_served),
        },
};
