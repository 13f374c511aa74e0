/* Over its rate a client is told so by an error; what was taken goes on, and later it is served again. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <string.h>

enum {
    RATE_PER_S = 5,
    RATE_MAX = 50, /* a fixed one: beyond, a slow machine is not over it */
    NO_RATE = 100000,
    WINDOW_S = 60, /* the longest over which a server may add up its rate */
    BURST_MS = 20000,
    FLOOD = 200,
    WAITS = 6, /* of 1 s, 2 s, … 32 s */
    BELOW = 40,
    PROMPT_MS = 600000, /* longer than any case */
};

static int64_t limited_server(struct ws_target *server)
{
    int64_t rate_per_s = ws_restart_with_limit(server, "ws.rate_per_s", RATE_PER_S);

    if (rate_per_s > RATE_MAX)
        not_applicable("a rate of more than %d a second takes a fast machine to be over it", RATE_MAX);
    return rate_per_s;
}

/* Closed as one that is too fast: legal, too. */
static bool is_closed_for_it(const struct ws_reply *reply)
{
    return reply->outcome == WS_NO_REPLY && reply->end.kind == WS_GOT_CLOSE &&
           (reply->end.code == 1008 || reply->end.code == 1013);
}

/* Prompts one after the other until one is refused. Whatever is served beyond two windows of a minute, and twice what
 * the rate has given meanwhile, is over any rate of that kind. */
static struct ws_reply prompt_until_refused(struct ws_client *client, const char *sid, int64_t rate_per_s)
{
    struct ws_target *server = ws_server_of(client);
    int64_t begun_ns = now_ns();

    for (int64_t served = 1;; served++) {
        struct ws_reply reply = ws_prompt_and_wait(client, sid, ws_prompt(server, "echo", "again"));
        int64_t passed_ms = (now_ns() - begun_ns) / 1000000;

        if (reply.outcome != WS_RESULT)
            return reply;
        expect(served <= rate_per_s * (2 * WINDOW_S * 1000 + 2 * passed_ms) / 1000, WRONG,
               "an error to a client without pause", "%lld prompts within %lld ms, and all of them were served",
               (long long)served, (long long)passed_ms);
        if (passed_ms > scaled_ms(BURST_MS))
            error_of_environment("%lld prompts took %lld ms: too slow to be over any rate", (long long)served,
                                 (long long)passed_ms);
    }
}

static void a_client_without_pause_is_refused(void **state)
{
    int64_t rate_per_s = limited_server(*state);
    struct ws_client *client = ws_join(*state);
    struct ws_reply reply = prompt_until_refused(client, ws_new_session(client), rate_per_s);

    if (is_closed_for_it(&reply))
        return;
    ws_expect_error(reply, 0);
    const char *message = json_get_string(reply.error, "message");
    expect(message && *message, WRONG, "an error that says why", "%s", reply.summary);
}

static void every_request_is_answered(void **state)
{
    limited_server(*state);
    struct ws_client *client = ws_join(*state);
    size_t calls[FLOOD];

    for (int i = 0; i < FLOOD; i++)
        calls[i] = ws_ask(client, "assay/no_such_method", NULL);
    for (int i = 0; i < FLOOD; i++) {
        struct ws_reply reply = ws_await(client, calls[i]);

        if (is_closed_for_it(&reply))
            return;
        ws_expect_error(reply, 0);
    }
}

static void later_the_client_is_served_again(void **state)
{
    int64_t rate_per_s = limited_server(*state);
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    struct ws_reply reply = prompt_until_refused(client, sid, rate_per_s);
    int64_t wait_ms = 1000;

    for (int waits = 0; reply.outcome == WS_ERROR && waits < WAITS; waits++, wait_ms *= 2) {
        ws_pause(ws_peer_of(client), wait_ms);
        reply = ws_prompt_and_wait(client, sid, ws_prompt(*state, "echo", "now"));
    }
    if (!is_closed_for_it(&reply))
        ws_expect_result(reply);
}

static void another_client_is_not_refused(void **state)
{
    int64_t rate_per_s = limited_server(*state);
    struct ws_client *client = ws_join(*state), *other = ws_join(*state);
    const char *own = ws_new_session(other), *sid = ws_new_session(client);

    prompt_until_refused(client, sid, rate_per_s);
    ws_expect_served(other, own);
}

static void exceed(struct ws_client *client)
{
    for (int i = 0; i < FLOOD; i++)
        ws_ask(client, "assay/no_such_method", NULL);
}

/* A prompt was taken, and asks its client: that answer cannot be refused, for nobody would hear of it. */
static void an_answer_to_the_agent_is_heard(void **state)
{
    limited_server(*state);
    struct ws_client *client = ws_join(*state);
    size_t turn = ws_ask_prompt(client, ws_new_session(client), ws_prompt(*state, "permit", "this"));
    struct ws_asked asked = ws_await_asked(client, WS_PERMISSION);

    exceed(client);
    ws_answer(client, &asked, "{\"outcome\":{\"outcome\":\"cancelled\"}}");
    struct ws_reply reply = ws_await(client, turn);
    if (!is_closed_for_it(&reply))
        ws_expect_stop_reason(client, reply, NULL);
}

/* Nor can a notification be refused. */
static void a_cancel_is_heard(void **state)
{
    limited_server(*state);
    if (!ws_prompt_counts(*state, "long"))
        not_applicable("the manifest's prompt \"long\" has no ${COUNT} milliseconds");
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    size_t turn = ws_ask_prompt(client, sid, ws_prompt_count(*state, "long", PROMPT_MS));

    exceed(client);
    ws_cancel(client, sid);
    struct ws_reply reply = ws_await(client, turn);
    if (!is_closed_for_it(&reply))
        ws_expect_stop_reason(client, reply, "cancelled");
}

static void below_the_rate_all_are_served(void **state)
{
    ws_restart(*state, &(struct server_settings){.limits = {{"ws.rate_per_s", NO_RATE}}});
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    for (int i = 0; i < BELOW; i++)
        ws_expect_result(ws_prompt_and_wait(client, sid, ws_prompt(*state, "echo", "again")));
}

const struct check check = {
    .title = "Over its rate a client is told so by an error, and is served again later",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28C-12", "JSON-RPC 2.0 5", "CWE-770"},
    .cases =
        {
            CASE(a_client_without_pause_is_refused, .promised = true),
            CASE(every_request_is_answered),
            CASE(later_the_client_is_served_again),
            CASE(another_client_is_not_refused, .level = SHOULD),
            CASE(an_answer_to_the_agent_is_heard),
            CASE(a_cancel_is_heard),
            CONTROL(below_the_rate_all_are_served),
        },
};
