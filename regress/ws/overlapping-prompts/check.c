/* Prompts of one session that overlap are each answered once, and one that comes behind the answer to the last one does
 * not overlap. */
#include "check.h"
#include "ws/turn.h"

#include <stdio.h>
#include <string.h>

enum { AT_ONCE = 3, WORK_MS = 200, IN_A_ROW = 100, IN_A_ROW_LONG = 500, WORD_BYTES = 32 };

static void word_of(char word[WORD_BYTES], size_t number)
{
    snprintf(word, WORD_BYTES, "overlap-%zu-assay", number);
}

/* One that works, and others meanwhile: served or refused. What was served has been said. */
static void each_of_three_is_answered_once(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    bool says = ws_prompt_says(*state, "echo", "word");
    size_t turns[AT_ONCE];
    char word[WORD_BYTES];

    turns[0] = ws_ask_prompt(client, sid, ws_prompt_count(*state, "long", WORK_MS));
    for (size_t i = 1; i < AT_ONCE; i++) {
        word_of(word, i);
        turns[i] = ws_ask_prompt(client, sid, ws_prompt(*state, "echo", word));
    }
    ws_expect_stop_reason(client, ws_await(client, turns[0]), NULL);
    for (size_t i = 1; i < AT_ONCE; i++) {
        struct ws_reply reply = ws_await(client, turns[i]);

        expect(reply.outcome != WS_NO_REPLY, HANG, "an answer to each prompt", "prompt %zu: %s", i + 1, reply.summary);
        word_of(word, i);
        if (says && reply.outcome == WS_RESULT)
            expect(strstr(ws_said(client, sid), word), WRONG, word, "the agent said \"%.200s\"", ws_said(client, sid));
    }
    ws_settle(client);
    ws_expect_served(client, sid);
}

/* Whoever has the answer knows that the turn is over. */
static void back_to_back_is_never_too_early(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    int times = long_run() ? IN_A_ROW_LONG : IN_A_ROW;

    for (int i = 0; i < times; i++)
        ws_expect_served(client, sid);
}

/* Also where the turn before was cancelled, or failed. */
static void nor_is_it_behind_a_turn_that_was_cancelled(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    for (int i = 0; i < IN_A_ROW / 5; i++) {
        size_t turn = ws_ask_prompt(client, sid, ws_prompt_count(*state, "long", scaled_ms(10000)));

        ws_settle(client);
        ws_cancel(client, sid);
        ws_expect_stop_reason(client, ws_await(client, turn), NULL);
        ws_expect_served(client, sid);
    }
}

static void nor_is_it_behind_a_turn_that_failed(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    for (int i = 0; i < IN_A_ROW / 5; i++) {
        ws_expect_error(ws_prompt_and_wait(client, sid, ws_prompt(*state, "fail", "as told")), 0);
        ws_expect_served(client, sid);
    }
}

static void one_prompt_is_served(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "Prompts that overlap are each answered once, and behind an answer a session is free",
    .level = MUST,
    .origins = {"JSON-RPC 2.0 5", "ACP prompt-turn"},
    .cases =
        {
            CASE(each_of_three_is_answered_once),
            CASE(back_to_back_is_never_too_early),
            CASE(nor_is_it_behind_a_turn_that_was_cancelled),
            CASE(nor_is_it_behind_a_turn_that_failed),
            CONTROL(one_prompt_is_served),
        },
};
