/* Sessions of one socket know nothing of each other: what is asked of one leaves the turn of another alone. */
#include "check.h"
#include "ws/session.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS = 25, LONG_MS = 60000 };

struct pair {
    struct ws_client *client;
    const char *busy, *other; /* sessions; the first one has a turn that runs */
    struct ws_turn turn;
};

static struct pair begin(struct ws_target *server)
{
    struct pair pair = {.client = ws_join(server)};

    pair.busy = ws_new_session(pair.client);
    pair.other = ws_new_session(pair.client);
    ws_expect_served(pair.client, pair.other);
    pair.turn = ws_begin_turn(pair.client, pair.busy);
    return pair;
}

/* Where it waits for a permission, it has not been answered yet. */
static void expect_running(const struct pair *pair)
{
    ws_settle(pair->client);
    if (pair->turn.asked.number && ws_is_answered(pair->client, pair->turn.call))
        ws_expect_stop_reason(pair->client, ws_await(pair->client, pair->turn.call), "end_turn");
}

static void end(const struct pair *pair)
{
    expect_running(pair);
    ws_expect_turn_to_end(pair->client, &pair->turn);
    ws_expect_served(pair->client, pair->busy);
}

static void the_other_is_served_during_a_turn(void **state)
{
    struct pair pair = begin(*state);

    ws_expect_served(pair.client, pair.other);
    ws_expect_served(pair.client, ws_new_session(pair.client));
    end(&pair);
}

static void a_cancel_of_the_other_leaves_the_turn(void **state)
{
    struct pair pair = begin(*state);

    ws_cancel(pair.client, pair.other);
    expect_running(&pair);
    if (ws_prompt_counts(*state, "long")) {
        size_t turn = ws_ask_prompt(pair.client, pair.other, ws_prompt_count(*state, "long", LONG_MS));

        ws_settle(pair.client);
        ws_cancel(pair.client, pair.other);
        ws_expect_stop_reason(pair.client, ws_await(pair.client, turn), "cancelled");
    }
    end(&pair);
}

static void the_end_of_the_other_leaves_the_turn(void **state)
{
    struct pair pair = begin(*state);
    const char *third = ws_new_session(pair.client);

    ws_call_session(pair.client, WS_CLOSE_SESSION, pair.other, NULL);
    ws_call_session(pair.client, WS_DELETE, third, NULL);
    end(&pair);
}

static void a_load_of_the_other_leaves_the_turn(void **state)
{
    struct pair pair = begin(*state);

    ws_need(pair.client, WS_LOAD);
    ws_expect_result(ws_call_again(pair.client, WS_LOAD, pair.other, ws_token_of(pair.other)));
    end(&pair);
}

/* Two that talk at once: what each says comes under its own name, whole and in order. */
static void each_speaks_under_its_own_name(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sids[] = {ws_new_session(client), ws_new_session(client)};
    char words[2][32];
    size_t calls[2];

    for (size_t i = 0; i < 2; i++)
        ws_expect_served(client, sids[i]);
    for (size_t n = 0; n < ROUNDS; n++) {
        for (size_t i = 0; i < 2; i++) {
            snprintf(words[i], sizeof words[i], "session-%zu-says-%zu", i, n);
            ws_forget(client, sids[i]);
            calls[i] = ws_ask_prompt(client, sids[i], ws_prompt(*state, "echo", words[i]));
        }
        for (size_t i = 0; i < 2; i++) {
            ws_expect_stop_reason(client, ws_await(client, calls[i]), NULL);
            const char *says = ws_prompt_says(*state, "echo", words[i]);
            const char *others = ws_prompt_says(*state, "echo", words[1 - i]);
            const char *said = ws_said(client, sids[i]);

            expect(!says || (strstr(said, says) && !strstr(said, others)), WRONG, words[i], "\"%.200s\"", said);
        }
    }
}

static void one_is_served(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    struct ws_turn turn = ws_begin_turn(client, sid);

    ws_expect_turn_to_end(client, &turn);
}

const struct check check = {
    .title = "Sessions on one socket know nothing of each other",
    .level = MUST,
    .origins = {"ACP Session Setup", "P28S-7"},
    .cases =
        {
            CASE(the_other_is_served_during_a_turn),
            CASE(a_cancel_of_the_other_leaves_the_turn),
            CASE(the_end_of_the_other_leaves_the_turn),
            CASE(a_load_of_the_other_leaves_the_turn),
            CASE(each_speaks_under_its_own_name),
            CONTROL(one_is_served),
        },
};
