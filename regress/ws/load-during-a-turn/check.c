/* The owner loads its own session in the middle of a turn: the turn can still be cancelled, and ends once. */
#include "check.h"
#include "ws/session.h"

enum { TURN_MS = 8000 };

/* A turn that takes long, unless it is cancelled. */
static size_t begin_long_turn(struct ws_client *client, const char *sid)
{
    const struct ws_target *server = ws_server_of(client);

    if (!ws_prompt_counts(server, "long"))
        not_applicable("the manifest's prompt \"long\" has no ${COUNT} milliseconds");
    size_t turn = ws_ask_prompt(client, sid, ws_prompt_count(server, "long", scaled_ms(TURN_MS)));
    ws_settle(client);
    return turn;
}

/* Whatever becomes of the load or resume, behind the turn or before. */
static void expect_answered(struct ws_client *client, size_t call)
{
    struct ws_reply reply = ws_await(client, call);

    expect(reply.outcome != WS_NO_REPLY, HANG, "a result, or an error", "%s", reply.summary);
}

static void expect_cancel_works(struct ws_target *server, enum ws_method method)
{
    struct ws_client *owner = ws_join(server);
    const char *sid = ws_new_session(owner);

    ws_need(owner, method);
    ws_expect_served(owner, sid);
    size_t turn = begin_long_turn(owner, sid);
    size_t again = ws_ask_again(owner, method, sid, ws_token_of(sid));
    ws_settle(owner);
    ws_cancel(owner, sid);
    ws_expect_stop_reason(owner, ws_await(owner, turn), "cancelled");
    expect_answered(owner, again);
    ws_expect_served(owner, sid);
}

static void a_load_leaves_the_turn_to_its_cancel(void **state)
{
    expect_cancel_works(*state, WS_LOAD);
}

static void so_does_a_resume(void **state)
{
    expect_cancel_works(*state, WS_RESUME);
}

/* Without a cancel the turn goes on to its end, and says what it has to say. */
static void a_load_leaves_the_turn_alone(void **state)
{
    struct ws_client *owner = ws_join(*state);
    const char *sid = ws_new_session(owner);

    ws_need(owner, WS_LOAD);
    struct ws_turn turn = ws_begin_turn(owner, sid);
    size_t load = ws_ask_again(owner, WS_LOAD, sid, ws_token_of(sid));
    ws_settle(owner);
    ws_expect_turn_to_end(owner, &turn);
    expect_answered(owner, load);
    ws_expect_served(owner, sid);
}

static void a_turn_is_cancelled(void **state)
{
    struct ws_client *owner = ws_join(*state);
    const char *sid = ws_new_session(owner);
    size_t turn = begin_long_turn(owner, sid);

    ws_cancel(owner, sid);
    ws_expect_stop_reason(owner, ws_await(owner, turn), "cancelled");
}

const struct check check = {
    .title = "A session that is loaded during a turn is still the one whose turn it is",
    .level = MUST,
    .origins = {"ACP Prompt Turn", "ACP Session Setup"},
    .cases =
        {
            CASE(a_load_leaves_the_turn_to_its_cancel),
            CASE(so_does_a_resume),
            CASE(a_load_leaves_the_turn_alone),
            CONTROL(a_turn_is_cancelled),
        },
};
