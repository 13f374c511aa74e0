/* Many clients make sessions, prompt, close and drop at the same time: no answer is lost or goes to another, and nobody
 * loses what is his. */
#include "check.h"
#include "ws/session.h"

#include <stdio.h>
#include <string.h>

enum { CLIENTS = 16, CLIENTS_LONG = 50, ROUNDS = 12, ROUNDS_LONG = 1000, WORD_BYTES = 48, TURN_MS = 1, GRACE_MS = 500 };

struct actor {
    struct ws_client *client;
    const char *sid; /* NULL: none */
    size_t call;     /* 0: none */
    char word[WORD_BYTES];
    bool closes;
};

/* xorshift64: what is drawn can be drawn again by --seed. */
static uint64_t draw(uint64_t *lot)
{
    *lot ^= *lot << 13;
    *lot ^= *lot >> 7;
    *lot ^= *lot << 17;
    return *lot;
}

static void say(struct ws_target *server, struct actor *actor, uint64_t number)
{
    snprintf(actor->word, sizeof actor->word, "word-%llx", (unsigned long long)number);
    ws_forget(actor->client, actor->sid);
    actor->call = ws_ask_prompt(actor->client, actor->sid, ws_prompt(server, "echo", actor->word));
}

static void drop(struct ws_target *server, struct actor *actor, uint64_t lot)
{
    if (lot % 3 == 0)
        ws_break(actor->client);
    else if (lot % 3 == 1)
        ws_drop(actor->client);
    else
        ws_leave(actor->client);
    *actor = (struct actor){.client = ws_join(server)};
}

/* What it does this time; the answer is waited for later. */
static void act(struct ws_target *server, struct actor *actor, uint64_t lot)
{
    actor->call = 0;
    actor->closes = false;
    *actor->word = '\0';
    if (lot % 16 < 3) {
        drop(server, actor, lot / 16);
    } else if (!actor->sid) {
        actor->call = ws_ask_new(actor->client);
    } else if (lot % 16 < 5) {
        actor->closes = true;
        actor->call = ws_ask_session(actor->client, WS_CLOSE_SESSION, actor->sid, NULL);
    } else {
        say(server, actor, lot);
    }
}

static void take_answer(struct ws_target *server, struct actor *actor)
{
    if (!actor->call)
        return;
    if (!actor->sid) {
        actor->sid = ws_await_new(actor->client, actor->call);
        return;
    }
    if (actor->closes) {
        struct ws_reply reply = ws_await(actor->client, actor->call);

        expect(reply.outcome != WS_NO_REPLY, HANG, "an answer to session/close", "%s", reply.summary);
        actor->sid = NULL;
        return;
    }
    const char *says = ws_prompt_says(server, "echo", actor->word);
    ws_expect_stop_reason(actor->client, ws_await(actor->client, actor->call), NULL);
    expect(!says || strstr(ws_said(actor->client, actor->sid), says), WRONG, actor->word, "\"%.200s\"",
           ws_said(actor->client, actor->sid));
}

/* All are listened to, so that what goes to the wrong one is found at once. */
static void await_all(struct actor *actors, size_t count)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    size_t answered = 0;

    while (answered < count && now_ns() < deadline_ns) {
        answered = 0;
        for (size_t i = 0; i < count; i++)
            answered += !actors[i].call || ws_is_answered(actors[i].client, actors[i].call);
        if (answered < count)
            ws_listen(actors[0].client, TURN_MS);
    }
    expect(answered == count, HANG, "an answer for each", "%zu of %zu are answered", answered, count);
}

static void no_answer_is_lost_or_anothers(void **state)
{
    static struct actor actors[CLIENTS_LONG];
    size_t count = long_run() ? CLIENTS_LONG : CLIENTS;
    int rounds = long_run() ? ROUNDS_LONG : ROUNDS;
    uint64_t lot = case_seed() | 1;

    ws_prompt(*state, "echo", "");
    if (long_run()) /* so many are left behind that they would be too many */
        ws_restart_with_time(*state, "ws.grace_ms", GRACE_MS);
    for (size_t i = 0; i < count; i++)
        actors[i] = (struct actor){.client = ws_join(*state)};
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++)
            act(*state, &actors[i], draw(&lot));
        await_all(actors, count);
        for (size_t i = 0; i < count; i++)
            take_answer(*state, &actors[i]);
    }
    ws_expect_alive(*state);
}

/* Half of them go, in whatever way, with turns under way; the other half has lost nothing. */
static void who_leaves_takes_nothing_of_others_along(void **state)
{
    static struct actor actors[CLIENTS];

    for (size_t i = 0; i < CLIENTS; i++) {
        actors[i].client = ws_join(*state);
        actors[i].sid = ws_new_session(actors[i].client);
        ws_expect_served(actors[i].client, actors[i].sid);
    }
    for (size_t i = 0; i < CLIENTS; i += 2) {
        ws_ask_prompt(actors[i].client, actors[i].sid, ws_prompt(*state, "echo", "and away"));
        if (i % 4 == 0)
            ws_break(actors[i].client);
        else
            ws_leave(actors[i].client);
    }
    for (size_t i = 1; i < CLIENTS; i += 2)
        ws_expect_served(actors[i].client, actors[i].sid);
}

static void one_after_the_other_is_served(void **state)
{
    for (int i = 0; i < 3; i++)
        ws_expect_alive(*state);
}

const struct check check = {
    .title = "Under load no answer is lost, none goes to another, and nobody loses a session",
    .level = MUST,
    .origins = {"P28S-7", "CWE-362"},
    .cases =
        {
            CASE(no_answer_is_lost_or_anothers, .promised = true),
            CASE(who_leaves_takes_nothing_of_others_along),
            CONTROL(one_after_the_other_is_served),
        },
};
