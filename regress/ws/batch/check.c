/* A batch is answered as a whole, by one array, or refused as a whole, by one error. */
#include "check.h"
#include "wire/jsonrpc.h"
#include "ws/expect.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 1000, MANY_LONG = 10000, MANY_MAX_BYTES = 2 << 20 };

/* What answers a batch: an array of responses, or one error; NULL: the connection has ended, or nothing came. */
struct verdict {
    const struct json *document;
    bool is_array;
    struct ws_event event; /* of the message or the end; its pointers live until the next reading */
};

/* Updates of sessions come between. */
static struct verdict read_verdict(struct ws_client *client)
{
    struct verdict verdict = {0};
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);

    do {
        verdict.event = ws_read(ws_peer_of(client));
        if (verdict.event.kind != WS_GOT_MESSAGE)
            return verdict;
        const struct json *document = json_read(verdict.event.bytes, verdict.event.count, NULL);
        expect(document, WRONG, "JSON", "%s", verdict.event.summary);
        if (!json_get(document, "method")) {
            verdict.document = document;
            verdict.is_array = document->type == JSON_ARRAY;
            return verdict;
        }
        json_free(document);
    } while (now_ns() < deadline_ns);
    return verdict;
}

/* Nothing else comes: a request by itself is answered next. */
static void expect_no_more(struct ws_client *client)
{
    ws_settle(client);
    expect(ws_nulls(client) == 0, WRONG, "one answer to a batch", "%zu more answers with the id null",
           ws_nulls(client));
}

static bool is_error(const struct json *document, int64_t code)
{
    struct jsonrpc message = jsonrpc_look(document);

    return message.kind == JSONRPC_ERROR && (code == 0 || message.code == code);
}

/* The one error that refuses a batch, with the id null. */
static void expect_refusal(const struct verdict *verdict, int64_t code)
{
    bool refused =
        verdict->document && is_error(verdict->document, code) && json_get(verdict->document, "id")->type == JSON_NULL;

    expect(refused, verdict->event.kind == WS_SILENCE ? HANG : WRONG,
           code ? "one error -32600 with the id null" : "one error with the id null", "%s", verdict->event.summary);
}

/* How many of the array's responses are errors, or results, with that id; 0 stands for null. */
static size_t count_answers(const struct json *array, int64_t id)
{
    size_t count = 0;

    for (const struct json *entry = array->child; entry; entry = entry->next) {
        struct jsonrpc message = jsonrpc_look(entry);
        int64_t own = 0;

        if (message.kind != JSONRPC_RESULT && message.kind != JSONRPC_ERROR)
            continue;
        bool is_null = message.id->type == JSON_NULL;
        count += is_null ? id == 0 : id != 0 && json_as_integer(message.id, &own) && own == id;
    }
    return count;
}

static void expect_array(const struct verdict *verdict, size_t count, const char *expected)
{
    expect(verdict->document->count == count, WRONG, expected, "%s", verdict->event.summary);
}

static void requests_and_other_entries(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_send_text(ws_peer_of(client),
                 "[{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"no/such\"},{\"jsonrpc\":\"2.0\",\"method\":\"no/such\"},"
                 "1,{\"jsonrpc\":\"2.0\",\"id\":72,\"method\":\"no/such\",\"params\":{}}]");
    struct verdict verdict = read_verdict(client);
    if (verdict.is_array) {
        static const char expected[] = "an array with the answers to 71, to 72 and to what is no request";

        expect_array(&verdict, 3, expected);
        expect(count_answers(verdict.document, 71) == 1 && count_answers(verdict.document, 72) == 1 &&
                   count_answers(verdict.document, 0) == 1,
               WRONG, expected, "%s", verdict.event.summary);
    } else {
        expect_refusal(&verdict, -32600);
    }
    remark("%s", verdict.is_array ? "batches are served" : "batches are refused");
    json_free(verdict.document);
    expect_no_more(client);
    ws_expect_served(client, ws_new_session(client));
}

static void one_request_alone(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_send_text(ws_peer_of(client), "[{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"no/such\",\"params\":{}}]");
    struct verdict verdict = read_verdict(client);
    if (verdict.is_array) {
        expect_array(&verdict, 1, "an array with the answer to 71");
        expect(count_answers(verdict.document, 71) == 1, WRONG, "an array with the answer to 71", "%s",
               verdict.event.summary);
    } else {
        expect_refusal(&verdict, -32600);
    }
    json_free(verdict.document);
    expect_no_more(client);
}

/* Entries that are no requests are refused one by one, or together. */
static void entries_that_are_no_requests(void **state)
{
    static const struct {
        const char *text;
        size_t count;
    } batches[] = {{"[1]", 1}, {"[1,2,3]", 3}, {"[[]]", 1}, {"[null,\"x\",{}]", 3}, {"[[1],[2]]", 2}};
    struct ws_client *client = ws_join(*state);

    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        ws_send_text(ws_peer_of(client), "%s", batches[i].text);
        struct verdict verdict = read_verdict(client);
        if (verdict.is_array) {
            expect_array(&verdict, batches[i].count, "an array with one error -32600 for each entry");
            for (const struct json *entry = verdict.document->child; entry; entry = entry->next)
                expect(is_error(entry, -32600), WRONG, "errors -32600", "%s", verdict.event.summary);
        } else {
            expect_refusal(&verdict, -32600);
        }
        json_free(verdict.document);
    }
    expect_no_more(client);
    ws_expect_served(client, ws_new_session(client));
}

static void an_empty_batch_is_one_error(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_send_text(ws_peer_of(client), " [ ] ");
    struct verdict verdict = read_verdict(client);
    expect_refusal(&verdict, -32600);
    json_free(verdict.document);
    expect_no_more(client);
}

/* Nothing at all, and no empty array; or the refusal of whoever serves no batches. */
static void notifications_alone_bring_no_array(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_send_text(ws_peer_of(client), "[{\"jsonrpc\":\"2.0\",\"method\":\"no/such\"},"
                                     "{\"jsonrpc\":\"2.0\",\"method\":\"no/such/either\",\"params\":{}}]");
    ws_settle(client); /* which finds an array, and what has another id */
    expect(ws_nulls(client) <= 1, WRONG, "no answer, or one error with the id null", "%zu answers with the id null",
           ws_nulls(client));
    if (ws_nulls(client) == 1)
        ws_expect_error(ws_await_null(client), -32600);
    ws_expect_served(client, ws_new_session(client));
}

/* A prompt in a batch: its updates and its answer, or the refusal and not a word of it. */
static void what_is_refused_is_not_done(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    ws_settle(client); /* a greeting has come by then */
    ws_forget(client, sid);
    char *params = ws_prompt_params(client, sid, ws_prompt(server, "echo", "in a batch"));
    ws_send_text(ws_peer_of(client), "[{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"%s\",\"params\":%s}]",
                 ws_method(server, WS_PROMPT), params);
    free(params);
    struct verdict verdict = read_verdict(client);
    if (verdict.is_array) {
        expect(count_answers(verdict.document, 71) == 1, WRONG, "an array with the answer to 71", "%s",
               verdict.event.summary);
    } else {
        expect_refusal(&verdict, -32600);
        ws_settle(client);
        expect(ws_updates(client, sid) == 0, WRONG, "nothing of what was refused", "the agent said \"%.200s\"",
               ws_said(client, sid));
    }
    json_free(verdict.document);
    ws_expect_served(client, sid);
}

/* As many answers as requests, or one that says it is too much, or a Close that does. */
static void a_huge_one_does_no_harm(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    size_t count = long_run() ? MANY_LONG : MANY;
    struct text batch;

    text_init(&batch, MANY_MAX_BYTES);
    for (size_t i = 0; i < count; i++)
        text_addf(&batch, "%s{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"no/such\"}", i ? "," : "[", i + 1);
    text_add(&batch, "]");
    ws_send_text_bytes(ws_peer_of(client), batch.bytes, batch.length);
    text_free(&batch);
    struct verdict verdict = read_verdict(client);
    bool ended = verdict.event.kind == WS_GOT_CLOSE;
    if (verdict.is_array)
        expect_array(&verdict, count, "an array with an answer to each request");
    else if (!ended)
        expect_refusal(&verdict, 0);
    json_free(verdict.document);
    if (!ended)
        expect_no_more(client);
    ws_expect_alive(server);
}

static void requests_one_by_one(void **state)
{
    struct ws_client *client = ws_join(*state);
    size_t first = ws_ask(client, "no/such", "{}"), second = ws_ask(client, "no/such", NULL);

    ws_expect_error(ws_await(client, second), 0);
    ws_expect_error(ws_await(client, first), 0);
    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "A batch is answered by one array, or refused by one error",
    .level = MUST,
    .origins = {"JSON-RPC 2.0 6"},
    .cases =
        {
            CASE(requests_and_other_entries),
            CASE(one_request_alone),
            CASE(entries_that_are_no_requests),
            CASE(an_empty_batch_is_one_error),
            CASE(notifications_alone_bring_no_array),
            CASE(what_is_refused_is_not_done),
            CASE(a_huge_one_does_no_harm),
            CONTROL(requests_one_by_one),
        },
};
