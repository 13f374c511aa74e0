/* The id of a call to a client names that call, and no other, ever; and an answer that names none goes nowhere. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLIENTS = 5,
    ROUNDS = 2,
    CALLS = 20,
    CALLS_LONG = 5000,
    IDS_MAX = 60000,
    ONE_CLIENT = 60,
    ID_BYTES = 128,
    WAITS_MS = 120000
};

static const char *read_prompt(const struct ws_client *client)
{
    return ws_prompt(ws_server_of(client), "read", "/tmp/this");
}

/* --- no id twice --- */

struct seen {
    char ids[IDS_MAX][ID_BYTES];
    size_t count;
};

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void expect_no_repeat(struct seen *seen)
{
    qsort(seen->ids, seen->count, sizeof *seen->ids, compare);
    for (size_t i = 1; i < seen->count; i++)
        expect(strcmp(seen->ids[i - 1], seen->ids[i]) != 0, WRONG, "ids that are never used again",
               "the id %.100s twice among %zu", seen->ids[i], seen->count);
    expect(seen->count > 0, WRONG, "calls", "none");
}

/* One call, answered, so that whatever it took in memory is free for the next. */
static void call_once(struct ws_client *client, const char *sid, struct seen *seen)
{
    size_t turn = ws_ask_prompt(client, sid, read_prompt(client));
    struct ws_asked asked = ws_await_asked(client, WS_READ_FILE);

    expect(asked.number, HANG, "a request for the file", "none came");
    if (seen->count < IDS_MAX)
        snprintf(seen->ids[seen->count++], ID_BYTES, "%.*s", (int)asked.id->raw_bytes, asked.id->raw);
    ws_answer(client, &asked, "{\"content\":\"x\"}");
    ws_expect_stop_reason(client, ws_await(client, turn), NULL);
    ws_forget(client, sid);
}

/* Not while it waits, and not afterwards: a late answer to the first would be one to the second. */
static void no_id_comes_twice_on_a_connection(void **state)
{
    static struct seen seen;
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    int count = long_run() ? CALLS_LONG : ONE_CLIENT;

    for (int i = 0; i < count; i++)
        call_once(client, sid, &seen);
    expect_no_repeat(&seen);
}

/* The standard lets each connection count for itself; whoever mixes two up later has no second chance then. */
static void nor_on_all_of_them(void **state)
{
    static struct seen seen;
    int calls = long_run() ? CALLS_LONG : CALLS;

    for (int round = 0; round < ROUNDS; round++) {
        struct ws_client *clients[CLIENTS];
        const char *sids[CLIENTS];

        for (int i = 0; i < CLIENTS; i++) {
            clients[i] = ws_join(*state);
            sids[i] = ws_new_session(clients[i]);
        }
        for (int call = 0; call < calls; call++)
            for (int i = 0; i < CLIENTS; i++)
                call_once(clients[i], sids[i], &seen);
        for (int i = 0; i < CLIENTS; i++)
            ws_leave(clients[i]);
    }
    expect_no_repeat(&seen);
}

/* --- an answer goes to its call --- */

/* A turn whose call waits. */
struct asking {
    struct ws_client *client;
    const char *sid;
    size_t turn;
    struct ws_asked asked;
};

static struct asking begin(struct ws_client *client)
{
    struct asking asking = {.client = client, .sid = ws_new_session(client)};

    asking.turn = ws_ask_prompt(client, asking.sid, read_prompt(client));
    asking.asked = ws_await_asked_in(client, WS_READ_FILE, asking.sid);
    expect(asking.asked.number, HANG, "a request for the file", "none came");
    return asking;
}

static void answer_with_id(struct ws_client *client, const char *id, const char *rest)
{
    ws_send_text(ws_peer_of(client), "{\"jsonrpc\":\"2.0\",\"id\":%s,%s}", id, rest);
}

static const char *id_of(const struct asking *asking)
{
    static char id[ID_BYTES];

    snprintf(id, sizeof id, "%.*s", (int)asking->asked.id->raw_bytes, asking->asked.id->raw);
    return id;
}

/* Nothing that was sent so far has ended the turn, and nobody answered it. */
static void expect_waiting(const struct asking *asking)
{
    ws_settle(asking->client);
    expect(!ws_is_answered(asking->client, asking->turn), WRONG, "a turn that waits for the answer to its call",
           "the turn has ended; the agent said \"%.200s\"", ws_said(asking->client, asking->sid));
    expect(ws_nulls(asking->client) == 0, WRONG, "no answer to an answer", "%zu of them with the id null",
           ws_nulls(asking->client));
}

/* The right answer, which is the one that counts. */
static void expect_answered_by(struct asking *asking, const char *content)
{
    char result[ID_BYTES];

    snprintf(result, sizeof result, "{\"content\":\"%s\"}", content);
    ws_answer(asking->client, &asking->asked, result);
    ws_expect_stop_reason(asking->client, ws_await(asking->client, asking->turn), NULL);
    expect(strstr(ws_said(asking->client, asking->sid), content), WRONG, content, "the agent said \"%.200s\"",
           ws_said(asking->client, asking->sid));
}

static void anothers_answer_is_none(void **state)
{
    struct ws_target *server = *state;
    struct asking asking = begin(ws_join(server));
    struct ws_client *other = ws_join(server);
    const char *sid = ws_new_session(other);

    answer_with_id(other, id_of(&asking), "\"result\":{\"content\":\"from somebody else\"}");
    answer_with_id(other, id_of(&asking), "\"error\":{\"code\":-32000,\"message\":\"from somebody else\"}");
    ws_settle(other);
    expect_waiting(&asking);
    expect_answered_by(&asking, "from whom it was asked");
    ws_expect_served(other, sid);
}

/* Both have a call under way, so that both are asked the same; each has its own answer. */
static void two_clients_have_an_answer_each(void **state)
{
    struct ws_target *server = *state;
    struct asking a = begin(ws_join(server)), b = begin(ws_join(server));

    expect_waiting(&a);
    expect_answered_by(&b, "for b");
    expect_waiting(&a);
    expect_answered_by(&a, "for a");
}

/* Three sessions of one client, whose calls are answered in another order than they came. */
static void so_have_sessions_in_any_order(void **state)
{
    struct ws_client *client = ws_join(*state);
    struct asking first = begin(client), second = begin(client), third = begin(client);

    expect_answered_by(&second, "for the second");
    expect_waiting(&first);
    expect_answered_by(&third, "for the third");
    expect_waiting(&first);
    expect_answered_by(&first, "for the first");
}

static void an_answer_that_comes_twice_counts_once(void **state)
{
    struct asking asking = begin(ws_join(*state));
    char id[ID_BYTES];

    snprintf(id, sizeof id, "%s", id_of(&asking));
    expect_answered_by(&asking, "the first");
    for (int i = 0; i < 5; i++)
        answer_with_id(asking.client, id, "\"result\":{\"content\":\"the second\"}");
    answer_with_id(asking.client, id, "\"error\":{\"code\":-32000,\"message\":\"the third\"}");
    ws_settle(asking.client);
    expect(ws_nulls(asking.client) == 0, WRONG, "no answer to an answer", "%zu of them", ws_nulls(asking.client));
    ws_forget(asking.client, asking.sid);
    ws_expect_served(asking.client, asking.sid);
    expect(!strstr(ws_said(asking.client, asking.sid), "the second"), WRONG, "the first answer alone",
           "the agent said \"%.200s\"", ws_said(asking.client, asking.sid));
}

/* Ids that nobody gave, or that are the right one in another type or but for a letter. */
static void answers_to_other_ids_do_no_harm(void **state)
{
    static const char *const ids[] = {"\"no-such-id\"", "\"\"", "0", "1", "-1", "1.5", "null", "9007199254740993"};
    struct asking asking = begin(ws_join(*state));
    const char *own = id_of(&asking);
    char other[2 * ID_BYTES];

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (strcmp(ids[i], own) == 0)
            continue;
        answer_with_id(asking.client, ids[i], "\"result\":{\"content\":\"to nobody\"}");
        answer_with_id(asking.client, ids[i], "\"error\":{\"code\":-32000,\"message\":\"to nobody\"}");
    }
    if (*own == '"') /* a letter more, a letter less, and what a number is read from */
        snprintf(other, sizeof other, "\"x%s", own + 1);
    else
        snprintf(other, sizeof other, "\"%s\"", own);
    answer_with_id(asking.client, other, "\"result\":{\"content\":\"to nobody\"}");
    if (*own == '"' && strlen(own) > 3) {
        snprintf(other, sizeof other, "%.*s\"", (int)strlen(own) - 2, own);
        answer_with_id(asking.client, other, "\"result\":{\"content\":\"to nobody\"}");
    }
    expect_waiting(&asking);
    expect_answered_by(&asking, "to the one that asked");
}

/* Answers that are none: their ids cannot be ids, or they have no "jsonrpc", or both, as those that were sent to
 * published adapters and ended the connection. That such a one is answered by -32600 is allowed. */
static void answers_that_are_none_do_no_harm(void **state)
{
    static const char *const frames[] = {
        "{\"id\":[1],\"result\":1}",
        "{\"id\":{},\"error\":{\"code\":1,\"message\":\"x\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":[1],\"result\":1}",
        "{\"jsonrpc\":\"2.0\",\"id\":{\"a\":1},\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":true,\"result\":null}",
        "{\"jsonrpc\":\"2.0\",\"result\":1}",
        "{\"result\":1}",
        "{\"error\":null}",
        "{\"id\":null,\"error\":\"text\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":1,\"error\":{\"code\":1,\"message\":\"x\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":null}",
        "5",
        "null",
    };
    struct asking asking = begin(ws_join(*state));

    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        ws_send_text(ws_peer_of(asking.client), "%s", frames[i]);
        ws_expect_open(ws_peer_of(asking.client));
    }
    ws_settle(asking.client);
    expect(!ws_is_answered(asking.client, asking.turn), WRONG, "a turn that waits for the answer to its call",
           "the turn has ended");
    expect_answered_by(&asking, "to the one that asked");
    ws_expect_served(asking.client, asking.sid);
}

/* The id is right and the rest is not: the call is over, one way or the other, and before its time-out. */
static void an_answer_of_the_wrong_shape_ends_its_call(void **state)
{
    static const char *const rests[] = {"\"result\":5", "\"result\":null", "\"result\":{\"content\":5}",
                                        "\"result\":[[]]", "\"error\":{\"code\":-1,\"message\":\"x\",\"data\":[1]}"};
    struct ws_target *server = *state;

    ws_restart_with_limit(server, "ws.request_ms", scaled_ms(WAITS_MS));
    struct ws_client *client = ws_join(server);
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        struct asking asking = begin(client);

        answer_with_id(client, id_of(&asking), rests[i]);
        struct ws_reply reply = ws_await(client, asking.turn);
        expect(reply.outcome != WS_NO_REPLY, HANG, "an answer to the prompt", "%s", reply.summary);
    }
    ws_expect_served(client, ws_new_session(client));
}

static void a_plain_answer_is_taken(void **state)
{
    struct asking asking = begin(ws_join(*state));

    expect_answered_by(&asking, "what it holds");
}

const struct check check = {
    .title = "The id of a call to a client names that call alone, and an answer that names none goes nowhere",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28S-5", "P28C-4", "JSON-RPC 2.0 4", "JSON-RPC 2.0 5"},
    .cases =
        {
            CASE(no_id_comes_twice_on_a_connection, .promised = true),
            CASE(nor_on_all_of_them, .level = SHOULD, .promised = true),
            CASE(anothers_answer_is_none, .promised = true),
            CASE(two_clients_have_an_answer_each),
            CASE(so_have_sessions_in_any_order),
            CASE(an_answer_that_comes_twice_counts_once),
            CASE(answers_to_other_ids_do_no_harm),
            CASE(answers_that_are_none_do_no_harm),
            CASE(an_answer_of_the_wrong_shape_ends_its_call),
            CONTROL(a_plain_answer_is_taken),
        },
};
