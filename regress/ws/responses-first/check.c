/* What answers a call is an answer, whatever else it looks like; and while a call waits for it, everybody is served. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAITS_MS = 120000 /* the time-out of a call, that must not strike */ };

/* A client whose agent asks it for a file. */
struct asking {
    struct ws_client *client;
    const char *sid;
    size_t turn;
    struct ws_asked asked;
};

static struct asking begin(struct ws_client *client, const char *kind, enum ws_method method)
{
    struct ws_target *server = ws_server_of(client);
    struct asking asking = {.client = client, .sid = ws_new_session(client)};

    asking.turn = ws_ask_prompt(client, asking.sid, ws_prompt(server, kind, "/tmp/this"));
    asking.asked = ws_await_asked(client, method);
    expect(asking.asked.number, HANG, "a request of the agent's", "none came");
    return asking;
}

static struct asking begin_read(struct ws_target *server)
{
    return begin(ws_join(server), "read", WS_READ_FILE);
}

/* The id of the call stands between the two. */
static void answer_by_hand(const struct asking *asking, const char *before, const char *behind)
{
    ws_send_text(ws_peer_of(asking->client), "%s%.*s%s", before, (int)asking->asked.id->raw_bytes,
                 asking->asked.id->raw, behind);
}

/* The turn has what the answer said, and ends; with NULL, where there was no file, by an error as well. */
static void expect_taken(const struct asking *asking, const char *says)
{
    struct ws_reply reply = ws_await(asking->client, asking->turn);

    if (says || reply.outcome != WS_ERROR)
        ws_expect_stop_reason(asking->client, reply, NULL);
    if (says)
        expect(strstr(ws_said(asking->client, asking->sid), says), WRONG, says, "the agent said \"%.200s\"",
               ws_said(asking->client, asking->sid));
    ws_expect_served(asking->client, asking->sid);
}

static void a_result_beside_a_method_is_an_answer(void **state)
{
    struct asking asking = begin_read(*state);

    answer_by_hand(&asking, "{\"jsonrpc\":\"2.0\",\"id\":",
                   ",\"result\":{\"content\":\"what it holds\"},\"method\":\"fs/read_text_file\"}");
    expect_taken(&asking, "what it holds");
}

/* Whatever the order of the members is, and with the request's own parameters beside them. */
static void so_it_is_with_the_method_first(void **state)
{
    struct asking asking = begin_read(*state);

    answer_by_hand(&asking, "{\"method\":\"fs/read_text_file\",\"params\":{\"path\":\"/tmp/this\"},\"id\":",
                   ",\"jsonrpc\":\"2.0\",\"result\":{\"content\":\"what it holds\"}}");
    expect_taken(&asking, "what it holds");
}

/* A method that the agent serves. */
static void so_it_is_with_a_method_of_the_agents(void **state)
{
    struct ws_target *server = *state;
    struct asking asking = begin_read(server);
    char behind[256];

    snprintf(behind, sizeof behind, ",\"result\":{\"content\":\"what it holds\"},\"method\":\"%s\",\"params\":{}}",
             ws_method(server, WS_PROMPT));
    answer_by_hand(&asking, "{\"jsonrpc\":\"2.0\",\"id\":", behind);
    expect_taken(&asking, "what it holds");
}

/* How its turn ends does not show whether it had the answer, but when: the time-out lies far behind. */
static void an_error_beside_a_method_is_an_answer(void **state)
{
    ws_restart_with_limit(*state, "ws.request_ms", scaled_ms(WAITS_MS));
    struct asking asking = begin_read(*state);

    answer_by_hand(&asking, "{\"jsonrpc\":\"2.0\",\"method\":\"fs/read_text_file\",\"id\":",
                   ",\"error\":{\"code\":-32000,\"message\":\"no such file\"}}");
    expect_taken(&asking, NULL);
}

static void so_it_is_with_other_calls(void **state)
{
    struct ws_target *server = *state;
    char behind[1024];
    struct asking asking = begin(ws_join(server), "permit", WS_PERMISSION);

    char *allow = ws_permission_of_kind(&asking.asked, "allow_once");
    snprintf(behind, sizeof behind, ",\"method\":\"session/request_permission\",\"result\":%.800s}",
             allow ? allow : "{\"outcome\":{\"outcome\":\"cancelled\"}}");
    answer_by_hand(&asking, "{\"jsonrpc\":\"2.0\",\"id\":", behind);
    expect_taken(&asking, allow ? ws_prompt_says(server, "permit", "/tmp/this") : NULL);
    free(allow);
}

/* --- nobody waits for somebody else's answer --- */

static void expect_other_work_done(struct ws_client *client)
{
    ws_settle(client);
    ws_expect_open(ws_peer_of(client));
    ws_expect_served(client, ws_new_session(client));
}

static void while_a_call_waits_its_connection_is_served(void **state)
{
    struct asking asking = begin_read(*state);

    expect_other_work_done(asking.client);
    ws_answer(asking.client, &asking.asked, "{\"content\":\"what it holds\"}");
    expect_taken(&asking, "what it holds");
}

static void while_a_call_waits_other_clients_are_served(void **state)
{
    struct ws_target *server = *state;
    struct asking asking = begin_read(server);

    expect_other_work_done(ws_join(server));
    ws_answer(asking.client, &asking.asked, "{\"content\":\"what it holds\"}");
    expect_taken(&asking, "what it holds");
}

/* The turn that waits can be called off; what is answered afterwards finds nobody, and does no harm. */
static void a_call_that_waits_can_be_cancelled(void **state)
{
    struct asking asking = begin_read(*state);

    ws_cancel(asking.client, asking.sid);
    ws_expect_stop_reason(asking.client, ws_await(asking.client, asking.turn), "cancelled");
    answer_by_hand(&asking, "{\"jsonrpc\":\"2.0\",\"id\":", ",\"result\":{\"content\":\"too late\"}}");
    ws_forget(asking.client, asking.sid);
    ws_expect_served(asking.client, asking.sid);
    expect(!strstr(ws_said(asking.client, asking.sid), "too late"), WRONG, "nothing of a call that was cancelled",
           "the agent said \"%.200s\"", ws_said(asking.client, asking.sid));
}

static void a_plain_answer_is_taken(void **state)
{
    struct asking asking = begin_read(*state);

    ws_answer(asking.client, &asking.asked, "{\"content\":\"what it holds\"}");
    expect_taken(&asking, "what it holds");
}

const struct check check = {
    .title = "An answer is taken for one before it is taken for anything else, and nobody waits for it but its call",
    .level = MUST,
    .origins = {"P28C-6", "JSON-RPC 2.0 5"},
    .cases =
        {
            CASE(a_result_beside_a_method_is_an_answer, .promised = true),
            CASE(so_it_is_with_the_method_first),
            CASE(so_it_is_with_a_method_of_the_agents),
            CASE(an_error_beside_a_method_is_an_answer, .promised = true),
            CASE(so_it_is_with_other_calls),
            CASE(while_a_call_waits_its_connection_is_served, .promised = true),
            CASE(while_a_call_waits_other_clients_are_served),
            CASE(a_call_that_waits_can_be_cancelled),
            CONTROL(a_plain_answer_is_taken),
        },
};
