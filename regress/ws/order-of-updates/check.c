/* All that a turn says comes before its answer, in order, and to its own session. */
#include "check.h"
#include "ws/turn.h"

#include <stdlib.h>
#include <string.h>

enum { UPDATES = 1000, FEW = 200, BIG_BYTES = 3 << 20 };

/* The text of an update of the agent's message that is a number, else 0. */
static int64_t number_in(const struct json *update)
{
    const struct json *own = json_get(update, "update") ? json_get(update, "update") : update;
    const char *text = json_get_string(json_get(own, "content"), "text");
    char *rest;

    if (!text || !*text)
        return 0;
    long number = strtol(text, &rest, 10);
    return *rest ? 0 : number;
}

/* At the moment of the answer. */
static void expect_all_there(struct ws_client *client, const char *sid, int64_t chunks)
{
    expect((int64_t)ws_updates(client, sid) >= chunks, WRONG, "every update before the answer to the prompt",
           "%zu of %lld", ws_updates(client, sid), (long long)chunks);
}

/* Where the agent counts it counts on, one by one. */
static void expect_in_order(struct ws_client *client, const char *sid)
{
    int64_t last = 0;

    for (size_t i = 0; i < ws_updates(client, sid); i++) {
        const struct json *update = ws_update(client, sid, i);
        int64_t number = update ? number_in(update) : 0;

        if (number == 0)
            continue;
        expect(number == last + 1, WRONG, "the agent's text in the order in which it was said", "%lld behind %lld",
               (long long)number, (long long)last);
        last = number;
    }
}

static int64_t chunks_of(const struct ws_target *server, int64_t count)
{
    int64_t chunks = ws_prompt_chunks(server, "stream", count);

    if (chunks == 0)
        not_applicable("the manifest does not say how many updates the prompt \"stream\" brings");
    return chunks;
}

static void all_updates_come_before_the_answer(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    int64_t chunks = chunks_of(server, UPDATES);

    ws_expect_stop_reason(client, ws_prompt_and_wait(client, sid, ws_prompt_count(server, "stream", UPDATES)), NULL);
    expect_all_there(client, sid, chunks);
    size_t updates = ws_updates(client, sid);
    ws_settle(client);
    expect_integer((int64_t)(ws_updates(client, sid) - updates), 0, "updates behind the answer");
}

static void they_come_in_order(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    int64_t chunks = chunks_of(server, UPDATES);

    ws_expect_served(client, sid); /* a greeting has come by then */
    ws_forget(client, sid);
    ws_expect_stop_reason(client, ws_prompt_and_wait(client, sid, ws_prompt_count(server, "stream", UPDATES)), NULL);
    expect_all_there(client, sid, chunks);
    expect_in_order(client, sid);
}

/* Two sessions of one client that talk at the same time, and another client. */
static void each_session_has_its_own(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *clients[3];
    const char *sids[3];
    size_t turns[3];
    int64_t chunks = chunks_of(server, FEW);

    clients[0] = clients[1] = ws_join(server);
    clients[2] = ws_join(server);
    for (size_t i = 0; i < 3; i++) {
        sids[i] = ws_new_session(clients[i]);
        ws_expect_served(clients[i], sids[i]);
        ws_forget(clients[i], sids[i]);
    }
    for (size_t i = 0; i < 3; i++)
        turns[i] = ws_ask_prompt(clients[i], sids[i], ws_prompt_count(server, "stream", FEW));
    for (size_t i = 0; i < 3; i++) {
        ws_expect_stop_reason(clients[i], ws_await(clients[i], turns[i]), NULL);
        expect_all_there(clients[i], sids[i], chunks);
        expect_in_order(clients[i], sids[i]);
    }
    for (size_t i = 0; i < 3; i++)
        if (ws_prompt_counts(server, "stream"))
            expect_integer((int64_t)ws_updates(clients[i], sids[i]), chunks, "updates of a session");
}

static void nothing_of_much_is_missing(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    if (!ws_prompt_counts(server, "big"))
        not_applicable("the manifest's prompt \"big\" has no ${COUNT} bytes");
    ws_expect_served(client, sid);
    ws_forget(client, sid);
    ws_expect_stop_reason(client, ws_prompt_and_wait(client, sid, ws_prompt_count(server, "big", BIG_BYTES)), NULL);
    expect(strlen(ws_said(client, sid)) >= BIG_BYTES, WRONG, "all that the agent says, before the answer",
           "%zu of %d bytes", strlen(ws_said(client, sid)), BIG_BYTES);
}

static void one_update_comes(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "What a turn says comes before its answer, in order, and names its own session",
    .level = MUST,
    .origins = {"ACP prompt-turn"},
    .cases =
        {
            CASE(all_updates_come_before_the_answer),
            CASE(they_come_in_order),
            CASE(each_session_has_its_own),
            CASE(nothing_of_much_is_missing),
            CONTROL(one_update_comes),
        },
};
