/* An answer counts however soon it comes: also while the call's own sending has not returned yet. */
#include "check.h"
#include "ws/turn.h"

#include <stdlib.h>

enum { CALLS = 10, HOLD_MS = 3 };

static const char file[] = "{\"content\":\"assay-at-once\"}";

/* The client answers whatever it reads as soon as it has read it. */
static void read_at_once(struct ws_target *server)
{
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    ws_answer_always(client, WS_READ_FILE, file);
    for (int i = 0; i < CALLS; i++) {
        ws_forget(client, sid);
        size_t turn = ws_ask_prompt(client, sid, ws_prompt(server, "read", "/project/at-once.txt"));
        ws_expect_turn_says(client, sid, turn, "assay-at-once");
    }
}

static void expect_permitted(struct ws_client *client, const char *sid, size_t turn)
{
    ws_expect_turn_says(client, sid, turn, ws_prompt_says(ws_server_of(client), "permit", "assay-deed"));
}

static void permit_at_once(struct ws_target *server)
{
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    if (!ws_prompt_says(server, "permit", "assay-deed"))
        not_applicable("what the agent says when it was permitted is not known");
    size_t turn;
    struct ws_asked asked = ws_begin_call(client, sid, WS_PERMISSION, "assay-deed", &turn);
    char *yes = ws_permission_of_kind(&asked, "allow_once");
    if (!yes)
        not_applicable("the agent offers no option of the kind allow_once");
    ws_answer(client, &asked, yes);
    expect_permitted(client, sid, turn);
    ws_answer_always(client, WS_PERMISSION, yes);
    for (int i = 1; i < CALLS; i++) {
        ws_forget(client, sid);
        turn = ws_ask_prompt(client, sid, ws_prompt(server, "permit", "assay-deed"));
        expect_permitted(client, sid, turn);
    }
    ws_answer_always(client, WS_PERMISSION, NULL);
    free(yes);
}

/* Each send(2) of the server's takes effect and returns only later: so long the answer is there already. */
static struct supervisor *hold_sends(struct ws_target *server, unsigned *rule)
{
    struct supervisor *supervisor = ws_supervise(server, SUPERVISOR_SEND);

    *rule = supervisor_add(supervisor, &(struct supervisor_rule){.kinds = SUPERVISOR_SEND,
                                                                 .where = "*",
                                                                 .action = SUPERVISOR_HOLD_AFTER_SEND,
                                                                 .hold_ms = scaled_ms(HOLD_MS)});
    return supervisor;
}

static void require_held(struct supervisor *supervisor, unsigned rule)
{
    if (supervisor_fired(supervisor, rule) < CALLS)
        not_applicable("the server sends by calls that the supervisor does not see");
}

static void an_answer_at_once_counts(void **state)
{
    read_at_once(*state);
}

static void a_permission_at_once_counts(void **state)
{
    permit_at_once(*state);
}

static void an_answer_before_the_sending_returns_counts(void **state)
{
    unsigned rule;
    struct supervisor *supervisor = hold_sends(*state, &rule);

    read_at_once(*state);
    require_held(supervisor, rule);
}

static void a_permission_before_the_sending_returns_counts(void **state)
{
    unsigned rule;
    struct supervisor *supervisor = hold_sends(*state, &rule);

    permit_at_once(*state);
    require_held(supervisor, rule);
}

static void a_turn_without_a_call_is_served(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "An answer to the agent's call counts however soon it comes",
    .level = MUST,
    .origins = {"P28S-3", "CWE-362"},
    .uses = {"supervisor"},
    .cases =
        {
            CASE(an_answer_at_once_counts, .promised = true),
            CASE(a_permission_at_once_counts, .promised = true),
            CASE(an_answer_before_the_sending_returns_counts, .promised = true),
            CASE(a_permission_before_the_sending_returns_counts, .promised = true),
            CONTROL(a_turn_without_a_call_is_served),
        },
};
