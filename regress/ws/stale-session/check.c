/* The id of a session whose owner has gone, or that was closed, serves nobody who just names it. */
#include "check.h"
#include "ws/session.h"

/* A frame that no client may send: the server ends the connection. */
static void be_expelled(struct ws_client *client)
{
    ws_send_frame(ws_peer_of(client), &(struct ws_frame){.opcode = 3});
    ws_expect_close_in_the_end(ws_peer_of(client), "1002 drop");
    ws_drop(client);
}

static void (*const ends[])(struct ws_client *client) = {ws_leave, ws_drop, ws_break, be_expelled};

static void expect_useless(struct ws_client *client, const char *sid)
{
    ws_expect_error(ws_prompt_and_wait(client, sid, ws_prompt(ws_server_of(client), "echo", "anybody?")), 0);
    ws_expect_error(ws_call_session(client, WS_SET_MODE, sid, ",\"modeId\":\"code\""), 0);
    ws_expect_nothing_for(client, sid);
}

/* By whoever was there all the time, and by whoever comes now: he may have been its owner, but has not shown it. */
static void the_id_alone_serves_nobody_after_its_owner_left(void **state)
{
    struct ws_client *other = ws_join(*state);
    const char *own = ws_new_session(other);

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct ws_client *owner = ws_join(*state);
        const char *sid = ws_new_session(owner);

        ws_expect_served(owner, sid);
        ends[i](owner);
        expect_useless(other, sid);
        expect_useless(ws_join(*state), sid);
    }
    ws_expect_served(other, own);
}

/* The same where a turn was running when the owner left: what it would have said is for nobody. */
static void its_turn_says_nothing_to_others(void **state)
{
    struct ws_client *other = ws_join(*state);
    const char *own = ws_new_session(other);

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct ws_client *owner = ws_join(*state);
        const char *sid = ws_new_session(owner);

        ws_begin_turn(owner, sid);
        ends[i](owner);
        expect_useless(ws_join(*state), sid);
        expect_useless(other, sid);
    }
    expect(ws_times_asked(other, WS_PERMISSION) == 0, WRONG, "no question of another's session", "%zu came",
           ws_times_asked(other, WS_PERMISSION));
    ws_expect_served(other, own);
}

/* "Free any resources associated with that active session" (protocol, "Session Setup"). */
static void a_closed_session_is_gone_for_its_owner_too(void **state)
{
    struct ws_client *owner = ws_join(*state);
    const char *sid = ws_new_session(owner), *other = ws_new_session(owner);

    ws_need(owner, WS_CLOSE_SESSION);
    ws_expect_served(owner, sid);
    ws_expect_result(ws_call_session(owner, WS_CLOSE_SESSION, sid, NULL));
    ws_settle(owner);
    ws_forget(owner, sid);
    expect_useless(owner, sid);
    ws_expect_served(owner, other);
}

static void its_owner_is_served_while_it_is_there(void **state)
{
    struct ws_client *owner = ws_join(*state);

    ws_expect_served(owner, ws_new_session(owner));
}

const struct check check = {
    .title = "The id of a session that is over, or whose owner has gone, serves nobody",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28S-8", "CWE-613"},
    .cases =
        {
            CASE(the_id_alone_serves_nobody_after_its_owner_left, .promised = true),
            CASE(its_turn_says_nothing_to_others),
            CASE(a_closed_session_is_gone_for_its_owner_too),
            CONTROL(its_owner_is_served_while_it_is_there),
        },
};
