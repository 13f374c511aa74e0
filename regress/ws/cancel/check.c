/* session/cancel ends the turn of its session: the prompt is answered once, as cancelled, and nothing more comes. */
#include "check.h"
#include "ws/turn.h"

#include <stdlib.h>

enum { TURN_MS = 10000, UPDATES = 300000, SEEN = 10, TIMES = 3 };

static size_t work(struct ws_client *client, const char *sid)
{
    if (!ws_prompt_counts(ws_server_of(client), "long"))
        not_applicable("the manifest's prompt \"long\" has no ${COUNT} milliseconds");
    return ws_ask_prompt(client, sid, ws_prompt_count(ws_server_of(client), "long", scaled_ms(TURN_MS)));
}

/* Once: a second answer would fail the case when it is read, and ws_settle() reads all there is. */
static void expect_cancelled(struct ws_client *client, const char *sid, size_t turn)
{
    ws_expect_stop_reason(client, ws_await(client, turn), "cancelled");
    size_t updates = ws_updates(client, sid);
    ws_settle(client);
    ws_settle(client);
    expect_integer((int64_t)(ws_updates(client, sid) - updates), 0, "updates behind the prompt's answer");
}

static void a_turn_is_cancelled(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    size_t turn = work(client, sid);

    ws_settle(client);
    ws_cancel(client, sid);
    expect_cancelled(client, sid, turn);
    ws_expect_served(client, sid);
}

/* The cancel is there before the turn has done anything: while what it needs is looked up, and right behind its prompt.
 */
static void so_is_one_that_has_hardly_begun(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);

    if (ws_has_prompt(server, "slow-discover")) {
        const char *sid = ws_new_session(client);
        size_t turn = ws_ask_prompt(client, sid, ws_prompt_count(server, "slow-discover", scaled_ms(TURN_MS)));

        ws_settle(client);
        ws_cancel(client, sid);
        expect_cancelled(client, sid, turn);
    }
    for (int i = 0; i < TIMES; i++) {
        const char *sid = ws_new_session(client);
        size_t turn = work(client, sid);

        ws_cancel(client, sid);
        expect_cancelled(client, sid, turn);
        ws_expect_served(client, sid);
    }
}

static void so_is_one_in_the_middle_of_its_updates(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    if (!ws_prompt_counts(server, "stream"))
        not_applicable("the manifest's prompt \"stream\" has no ${COUNT} updates");
    size_t turn = ws_ask_prompt(client, sid, ws_prompt_count(server, "stream", UPDATES));
    expect(ws_await_updates(client, sid, SEEN), SILENT, "updates of a prompt that streams", "fewer than %d", SEEN);
    ws_cancel(client, sid);
    expect_cancelled(client, sid, turn);
    ws_expect_served(client, sid);
}

/* The client answers as it must: the permission is cancelled too. */
static void so_is_one_that_waits_for_a_permission(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    size_t turn;
    struct ws_asked asked = ws_begin_call(client, sid, WS_PERMISSION, "assay-deed", &turn);

    ws_cancel(client, sid);
    ws_answer(client, &asked, "{\"outcome\":{\"outcome\":\"cancelled\"}}");
    expect_cancelled(client, sid, turn);
    ws_expect_served(client, sid);
}

static void said_again_and_again_it_is_answered_once(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    size_t turn = work(client, sid);

    ws_settle(client);
    for (int i = 0; i < TIMES; i++)
        ws_cancel(client, sid);
    expect_cancelled(client, sid, turn);
    ws_expect_served(client, sid);
}

/* Where nothing runs there is nothing to be cancelled, and what comes later is not meant. */
static void without_a_turn_it_means_nothing(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    for (int i = 0; i < TIMES; i++) {
        ws_cancel(client, sid);
        ws_settle(client);
        ws_forget(client, sid);
        ws_expect_stop_reason(client, ws_prompt_and_wait(client, sid, ws_prompt(server, "echo", "go on")), "end_turn");
    }
}

/* Only the session that it names. */
static void another_session_goes_on(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client), *other = ws_new_session(client);
    size_t others;
    struct ws_asked asked = ws_begin_call(client, other, WS_PERMISSION, "assay-deed", &others);
    size_t turn = work(client, sid);

    ws_settle(client);
    ws_cancel(client, sid);
    expect_cancelled(client, sid, turn);
    char *no = ws_permission_of_kind(&asked, "reject_once");
    ws_answer(client, &asked, no ? no : "{\"outcome\":{\"outcome\":\"selected\",\"optionId\":\"assay-none\"}}");
    free(no);
    ws_expect_stop_reason(client, ws_await(client, others), "end_turn");
}

static void a_turn_that_nobody_cancels_ends(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "A cancelled turn is answered once, as cancelled, and nothing of it comes behind that",
    .level = MUST,
    .origins = {"ACP prompt-turn"},
    .cases =
        {
            CASE(a_turn_is_cancelled),
            CASE(so_is_one_that_has_hardly_begun),
            CASE(so_is_one_in_the_middle_of_its_updates),
            CASE(so_is_one_that_waits_for_a_permission),
            CASE(said_again_and_again_it_is_answered_once),
            CASE(without_a_turn_it_means_nothing),
            CASE(another_session_goes_on),
            CONTROL(a_turn_that_nobody_cancels_ends),
        },
};
