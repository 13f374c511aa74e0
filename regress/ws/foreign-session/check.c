/* A session is its owner's: whoever knows its id, and has not made it, can neither prompt it nor end it nor take it. */
#include "check.h"
#include "ws/session.h"

struct pair {
    struct ws_client *owner, *other;
    const char *sid; /* the owner's */
    const char *own; /* the other's */
};

static struct pair join_both(struct ws_target *server)
{
    struct pair pair = {.owner = ws_join(server), .other = ws_join(server)};

    pair.sid = ws_new_session(pair.owner);
    pair.own = ws_new_session(pair.other);
    ws_settle(pair.owner); /* a greeting has come by then */
    ws_forget(pair.owner, pair.sid);
    return pair;
}

/* The owner has noticed nothing, and both are served in what is theirs. */
static void expect_untouched(const struct pair *pair)
{
    ws_expect_nothing_for(pair->other, pair->sid);
    ws_expect_nothing_for(pair->owner, pair->sid);
    ws_expect_served(pair->owner, pair->sid);
    ws_expect_nothing_for(pair->other, pair->sid);
    ws_expect_served(pair->other, pair->own);
}

static void a_prompt_by_another_is_refused(void **state)
{
    struct ws_target *server = *state;
    struct pair pair = join_both(server);

    ws_expect_denied(pair.other, ws_ask_prompt(pair.other, pair.sid, ws_prompt(server, "echo", "this is not mine")),
                     pair.owner, pair.sid);
    expect_untouched(&pair);
}

/* The same from a client that has no session of its own. */
static void a_prompt_by_a_newcomer_is_refused(void **state)
{
    struct ws_target *server = *state;
    struct pair pair = join_both(server);
    struct ws_client *newcomer = ws_join(server);

    ws_expect_denied(newcomer, ws_ask_prompt(newcomer, pair.sid, ws_prompt(server, "echo", "this is not mine")),
                     pair.owner, pair.sid);
    ws_expect_nothing_for(newcomer, pair.sid);
    expect_untouched(&pair);
}

/* A notification has no answer, so the turn itself shows it: it goes on to its end. */
static void a_cancel_by_another_is_ignored(void **state)
{
    struct pair pair = join_both(*state);
    struct ws_turn turn = ws_begin_turn(pair.owner, pair.sid);

    ws_cancel(pair.other, pair.sid);
    ws_settle(pair.other);
    ws_expect_turn_to_end(pair.owner, &turn);
    ws_forget(pair.owner, pair.sid); /* what its own turn said */
    expect_untouched(&pair);
}

/* All that could end a turn, by somebody who may not: what is asked of it later is refused, or of no effect. */
static void its_turn_goes_on_whatever_another_asks(void **state)
{
    struct pair pair = join_both(*state);
    struct ws_turn turn = ws_begin_turn(pair.owner, pair.sid);

    ws_expect_error(ws_call_again(pair.other, WS_LOAD, pair.sid, NULL), 0);
    ws_expect_error(ws_call_again(pair.other, WS_RESUME, pair.sid, NULL), 0);
    ws_expect_error(ws_prompt_and_wait(pair.other, pair.sid, ws_prompt(ws_server_of(pair.other), "echo", "x")), 0);
    ws_call_session(pair.other, WS_CLOSE_SESSION, pair.sid, NULL);
    ws_call_session(pair.other, WS_DELETE, pair.sid, NULL);
    ws_expect_turn_to_end(pair.owner, &turn);
    ws_forget(pair.owner, pair.sid);
    expect_untouched(&pair);
}

/* That the owner is still there is no matter of tokens: nobody else has one. */
static void another_cannot_take_it(void **state)
{
    static const char forged[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    struct pair pair = join_both(*state);
    const char *const tokens[] = {NULL, forged, ws_token_of(pair.own)};

    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        ws_expect_error(ws_call_again(pair.other, WS_RESUME, pair.sid, tokens[i]), 0);
        ws_expect_error(ws_call_again(pair.other, WS_LOAD, pair.sid, tokens[i]), 0);
    }
    expect_untouched(&pair);
}

static void another_cannot_set_its_mode(void **state)
{
    struct pair pair = join_both(*state);

    ws_expect_error(ws_call_session(pair.other, WS_SET_MODE, pair.sid, ",\"modeId\":\"code\""), 0);
    expect_untouched(&pair);
}

/* Ending what is not there may succeed without a word, so the session itself shows it. */
static void another_cannot_end_it(void **state)
{
    struct pair pair = join_both(*state);

    ws_call_session(pair.other, WS_CLOSE_SESSION, pair.sid, NULL);
    ws_call_session(pair.other, WS_DELETE, pair.sid, NULL);
    expect_untouched(&pair);
}

static void both_are_served_in_their_own(void **state)
{
    struct pair pair = join_both(*state);

    ws_expect_served(pair.owner, pair.sid);
    ws_expect_served(pair.other, pair.own);
}

const struct check check = {
    .title = "A session belongs to the client that made it, and to nobody else",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28S-1", "CWE-639"},
    .cases =
        {
            CASE(a_prompt_by_another_is_refused, .promised = true),
            CASE(a_prompt_by_a_newcomer_is_refused, .promised = true),
            CASE(a_cancel_by_another_is_ignored),
            CASE(its_turn_goes_on_whatever_another_asks),
            CASE(another_cannot_take_it),
            CASE(another_cannot_set_its_mode),
            CASE(another_cannot_end_it),
            CONTROL(both_are_served_in_their_own),
        },
};
