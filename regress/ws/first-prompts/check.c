/* Before its first turn a session looks up once what its agent can do, however many prompts wait for that, and all of
 * them are answered. */
#include "check.h"
#include "ws/turn.h"

enum { PROMPTS = 20, MORE = 5, LOOKING_MS = 100 };

static const char counter[] = "assay_discoveries_total";

/* What is looked up takes a while, where the manifest knows how to bring that about. */
static const char *first_prompt(const struct ws_target *server)
{
    return ws_has_prompt(server, "slow-discover") ? ws_prompt_count(server, "slow-discover", LOOKING_MS)
                                                  : ws_prompt(server, "echo", "first");
}

static void send_all(struct ws_client *client, const char *sid, size_t turns[PROMPTS])
{
    turns[0] = ws_ask_prompt(client, sid, first_prompt(ws_server_of(client)));
    for (size_t i = 1; i < PROMPTS; i++)
        turns[i] = ws_ask_prompt(client, sid, ws_prompt(ws_server_of(client), "echo", "first"));
}

/* A prompt beside another one may be refused, the first one not. */
static void expect_answered(struct ws_client *client, const size_t turns[PROMPTS])
{
    ws_expect_stop_reason(client, ws_await(client, turns[0]), NULL);
    for (size_t i = 1; i < PROMPTS; i++) {
        struct ws_reply reply = ws_await(client, turns[i]);

        expect(reply.outcome != WS_NO_REPLY, reply.end.kind == WS_SILENCE ? HANG : SILENT, "an answer to each prompt",
               "prompt %zu: %s", i + 1, reply.summary);
    }
}

static void all_first_prompts_are_answered(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    size_t turns[PROMPTS];

    send_all(client, sid, turns);
    expect_answered(client, turns);
    ws_expect_served(client, sid);
}

static void what_they_wait_for_is_looked_up_once(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    int64_t before = ws_metric(server, counter);
    size_t turns[PROMPTS];

    send_all(client, ws_new_session(client), turns);
    expect_answered(client, turns);
    expect_integer(ws_metric(server, counter) - before, 1, "lookups for one session");
}

static void later_prompts_look_nothing_up(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    ws_expect_served(client, sid);
    int64_t before = ws_metric(server, counter);
    for (int i = 0; i < MORE; i++)
        ws_expect_served(client, sid);
    expect_integer(ws_metric(server, counter) - before, 0, "lookups for later prompts");
}

/* Whether the lookup goes on or begins anew: the prompts behind the one that is cancelled do not wait for ever. */
static void a_cancelled_first_prompt_takes_nobody_along(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    size_t first = ws_ask_prompt(client, sid, ws_prompt_count(*state, "slow-discover", 4 * LOOKING_MS));

    ws_settle(client);
    ws_cancel(client, sid);
    ws_expect_stop_reason(client, ws_await(client, first), NULL);
    ws_expect_served(client, sid);
}

static void one_first_prompt_is_answered(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "What a session's first prompt needs is looked up once, and every prompt that waits for it is answered",
    .level = MUST,
    .origins = {"P28S-11", "CWE-367"},
    .cases =
        {
            CASE(all_first_prompts_are_answered),
            CASE(what_they_wait_for_is_looked_up_once, .promised = true),
            CASE(later_prompts_look_nothing_up),
            CASE(a_cancelled_first_prompt_takes_nobody_along),
            CONTROL(one_first_prompt_is_answered),
        },
};
