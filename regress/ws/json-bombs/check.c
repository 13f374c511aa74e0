/* JSON that is too deep, too large or ambiguous costs nobody but its sender, and what goes out is UTF-8. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTHS = 4,
    LARGE_BYTES = 10 << 20,
    MEMBERS = 20000,
    MEMBERS_LONG = 200000,
    MESSAGE_MAX_BYTES = 16 << 20,
    PARAMS_BYTES = 4096,
    KNOCKS_MAX = 1000,
};

/* An answer of any kind, or the end of the connection; others are served either way. True: the connection lives. */
static bool expect_answer_or_end(struct ws_client *client, const char *what)
{
    struct ws_event event = ws_read(ws_peer_of(client));

    expect(event.kind == WS_GOT_MESSAGE || event.kind == WS_GOT_CLOSE || event.kind == WS_GOT_FIN ||
               event.kind == WS_GOT_RESET,
           event.kind == WS_SILENCE ? HANG : WRONG, what, "%s", event.summary);
    return event.kind == WS_GOT_MESSAGE;
}

/* The process is there. One that has just died may still have taken this connection, to reset it; the next finds nobody
 * who listens. */
static void expect_listening(struct ws_target *server)
{
    for (int i = 0; i < KNOCKS_MAX; i++) {
        struct ws_peer *peer = ws_knock(server, &(struct ws_dialling){.stranger = false});
        struct ws_opening opening = ws_read_opening(peer);
        bool open = opening.open;

        expect(open || opening.closed, opening.status ? WRONG : HANG, "101 Switching Protocols", "%s", opening.summary);
        ws_hang_up(peer);
        if (open)
            return;
    }
    fail_case(WRONG, "101 Switching Protocols", "connections that are closed", "nobody is let in any more");
}

static void send_text(struct ws_client *client, const struct text *message)
{
    if (message->cut)
        error_of_harness("a message of more than %d bytes", MESSAGE_MAX_BYTES);
    ws_send_text_bytes(ws_peer_of(client), message->bytes, message->length);
}

static void add_times(struct text *out, const char *piece, size_t times)
{
    for (size_t i = 0; i < times; i++)
        text_add(out, piece);
}

/* --- depth --- */

struct nest {
    const char *before, *open, *inside, *close, *behind;
};

static const struct nest nests[] = {
    {"", "[", "", "]", ""},
    {"", "{\"a\":", "1", "}", ""},
    {"", "[", "", "", ""}, /* which never ends */
    {"", "{\"a\":[", "", "", ""},
    {"{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"no/such/method\",\"params\":", "[", "", "]", "}"},
    {"{\"jsonrpc\":\"2.0\",\"id\":", "[", "", "]", ",\"method\":\"no/such/method\"}"},
    {"{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"no/such/method\",\"params\":{\"_meta\":", "{\"a\":", "{}", "}", "}}"},
};

static void nest(struct text *out, const struct nest *how, size_t depth)
{
    text_add(out, how->before);
    add_times(out, how->open, depth);
    text_add(out, how->inside);
    add_times(out, how->close, depth);
    text_add(out, how->behind);
}

/* A parser that recurses ends the whole process, a limit that throws from within it the connection at least. */
static void depth_ends_nobody(void **state)
{
    static const size_t depths[DEPTHS] = {1000, 10000, 100000, 400000};
    struct ws_target *server = *state;
    struct ws_client *other = ws_join(server);
    const char *sid = ws_new_session(other);

    for (size_t i = 0; i < sizeof nests / sizeof *nests; i++) {
        for (size_t j = 0; j < DEPTHS; j++) {
            struct ws_client *client = ws_join(server);
            struct text message;

            text_init(&message, MESSAGE_MAX_BYTES);
            nest(&message, &nests[i], depths[j]);
            send_text(client, &message);
            text_free(&message);
            if (expect_answer_or_end(client, "an answer, or the end of the connection"))
                ws_settle(client);
            ws_drop(client);
            expect_listening(server);
        }
    }
    ws_expect_served(other, sid);
}

/* --- size --- */

/* What is said when it is too large is the transport's affair; that it comes to an end is this one's. */
static void a_huge_string_ends_nobody(void **state)
{
    static const char *const before[] = {
        "\"", "{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"no/such/method\",\"params\":{\"a\":\"",
        "{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"", "{\"jsonrpc\":\"2.0\",\"id\":\""};
    static const char *const behind[] = {"\"", "\"}}", "\"}", "\",\"method\":\"no/such/method\"}"};
    struct ws_target *server = *state;
    struct ws_client *other = ws_join(server);
    const char *sid = ws_new_session(other);

    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        struct ws_client *client = ws_join(server);
        struct text message;

        text_init(&message, MESSAGE_MAX_BYTES);
        text_add(&message, before[i]);
        add_times(&message, "ssssssssssssssss", (size_t)(i ? 1 << 20 : LARGE_BYTES) / 16);
        text_add(&message, behind[i]);
        send_text(client, &message);
        text_free(&message);
        expect_answer_or_end(client, "an answer, or the end of the connection");
        ws_drop(client);
        expect_listening(server);
    }
    ws_expect_served(other, sid);
}

/* Compared each with each they would take for ever. */
static void many_members_end_nobody(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    struct text message;
    int count = long_run() ? MEMBERS_LONG : MEMBERS;

    text_init(&message, MESSAGE_MAX_BYTES);
    text_add(&message, "{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"no/such/method\",\"params\":{");
    for (int i = 0; i < count; i++)
        text_addf(&message, "%s\"member-%d\":%d", i ? "," : "", i, i);
    text_add(&message, "}}");
    send_text(client, &message);
    text_free(&message);
    if (expect_answer_or_end(client, "an answer, or the end of the connection"))
        ws_expect_served(client, ws_new_session(client));
    expect_listening(server);
    ws_expect_alive(server);
}

/* --- what has two meanings --- */

/* The next message is one answer, whatever it says, and the session is served after it. Nothing that comes until then
 * names the forbidden session, if there is one. */
static void expect_one_answer(struct ws_client *client, const char *sid, const char *message, const char *forbidden)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    bool answers = false;

    ws_send_text(ws_peer_of(client), "%s", message);
    do {
        struct ws_event event = ws_read(ws_peer_of(client));

        expect(event.kind == WS_GOT_MESSAGE, event.kind == WS_SILENCE ? HANG : WRONG, "an answer in UTF-8", "%s%s%s",
               event.summary, event.fault ? ": " : "", event.fault ? event.fault : "");
        const struct json *document = json_read_event(event.bytes, event.count, NULL); /* half a pair may come back */
        expect(document, WRONG, "JSON", "%s", event.summary);
        answers = !json_get(document, "method");
        json_free(document);
        expect(!forbidden || !strstr(event.bytes, forbidden), WRONG, "nothing of another's session", "%s",
               event.summary);
    } while (!answers && now_ns() < deadline_ns); /* it was an update, or a request */
    ws_expect_served(client, sid);
}

static void names_that_come_twice_are_answered_once(void **state)
{
    static const char *const messages[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":71,\"id\":72,\"method\":\"no/such/method\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"no/such\",\"method\":\"no/such/method\"}",
        "{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"1.0\",\"id\":71,\"method\":\"no/such/method\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":71,\"\\u0069d\":72,\"method\":\"no/such/method\",\"params\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"no/such/method\",\"params\":{\"a\":1,\"a\":2},\"params\":[]}",
    };
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        expect_one_answer(client, sid, messages[i], NULL);
}

/* Who checks the one and serves the other serves another's session. */
static void a_session_named_beside_another_is_not_served(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *owner = ws_join(server), *client = ws_join(server);
    const char *foreign = ws_new_session(owner), *own = ws_new_session(client);
    const char *const pairs[][2] = {{foreign, own}, {own, foreign}};
    const char *name = ws_member(server, WS_SESSION_ID);
    char message[PARAMS_BYTES];

    ws_settle(owner);
    ws_forget(owner, foreign);
    for (size_t i = 0; i < 2; i++) {
        snprintf(message, sizeof message,
                 "{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"%s\",\"params\":{\"%s\":\"%.900s\",\"%s\":\"%.900s\","
                 "\"prompt\":[{\"type\":\"text\",\"text\":\"x\"}]}}",
                 ws_method(server, WS_PROMPT), name, pairs[i][0], name, pairs[i][1]);
        expect_one_answer(client, own, message, foreign);
    }
    ws_settle(owner);
    expect(ws_updates(owner, foreign) == 0, WRONG, "nothing that the owner has not asked for", "\"%.200s\"",
           ws_said(owner, foreign));
    ws_expect_served(owner, foreign);
}

/* --- what is no text --- */

/* Half a pair of surrogates can be written in JSON, and not in UTF-8. */
static void half_a_surrogate_pair_ends_nobody(void **state)
{
    static const char *const halves[] = {"\\ud800",        "\\udfff",        "x\\udc00y",     "\\ud83d",
                                         "\\ude00\\ud83d", "\\ud800\\u0041", "\\uD800\\uD800"};
    static const char *const formats[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"no/such/method\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"%s\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"no/such/method\",\"params\":{\"%s\":1}}",
    };
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    char message[PARAMS_BYTES];

    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
        for (size_t j = 0; j < sizeof formats / sizeof *formats; j++) {
            const char *gap = strstr(formats[j], "%s");

            snprintf(message, sizeof message, "%.*s%s%s", (int)(gap - formats[j]), formats[j], halves[i], gap + 2);
            expect_one_answer(client, sid, message, NULL);
        }
    }
}

/* Said back by the agent it has to become something else, or be refused. */
static void nor_does_it_in_a_prompt(void **state)
{
    static const char *const halves[] = {"\\ud800", "x\\udc00y", "\\ude00\\ud83d"};
    static const char gap[] = "in between";
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
        char *params = ws_prompt_params(client, sid, ws_prompt(server, "echo", gap));
        const char *behind = strstr(params, gap);
        struct text message;

        if (!behind)
            not_applicable("the manifest's prompt \"echo\" has no ${TEXT}");
        text_init(&message, MESSAGE_MAX_BYTES);
        text_addf(&message, "{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"%s\",\"params\":%.*s%s%s}",
                  ws_method(server, WS_PROMPT), (int)(behind - params), params, halves[i], behind + strlen(gap));
        free(params);
        expect_one_answer(client, sid, message.bytes, NULL);
        text_free(&message);
    }
}

/* A NUL is a character; so are those that some take for the end of a line or of a file. */
static void odd_characters_come_back(void **state)
{
    static const char *const texts[] = {
        "a\x1b[31mb",    "\xe2\x80\xa8 and \xe2\x80\xa9",
        "\xef\xbf\xbf",  "\xf4\x8f\xbf\xbf",
        "\xef\xbb\xbfx", "\x7f\x01",
        "\\u0041",       "\"}]}}{\"id\":1",
    };
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *says = ws_prompt_says(server, "echo", texts[i]);

        ws_forget(client, sid);
        ws_expect_stop_reason(client, ws_prompt_and_wait(client, sid, ws_prompt(server, "echo", texts[i])), NULL);
        if (says)
            expect(strstr(ws_said(client, sid), says), WRONG, "what the prompt said", "\"%.200s\"",
                   ws_said(client, sid));
    }
}

static void odd_numbers_and_a_nul_end_nobody(void **state)
{
    static const char *const values[] = {"1e400",           "-0",    "1e-400",      "123456789012345678901234567890",
                                         "-1E+99999999999", "0.1e1", "\"\\u0000\"", "\"a\\u0000b\""};
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    char message[PARAMS_BYTES];

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        snprintf(message, sizeof message,
                 "{\"jsonrpc\":\"2.0\",\"id\":71,\"method\":\"no/such/method\",\"params\":{\"a\":%s}}", values[i]);
        expect_one_answer(client, sid, message, NULL);
        snprintf(message, sizeof message, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"no/such/method\"}", values[i]);
        expect_one_answer(client, sid, message, NULL);
    }
}

static void plain_text_comes_back(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "JSON that is too deep, too large or ambiguous costs nobody but its sender",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 8259 4", "RFC 8259 7", "RFC 8259 9", "ACP Transports", "CWE-674"},
    .cases =
        {
            CASE(depth_ends_nobody),
            CASE(a_huge_string_ends_nobody),
            CASE(many_members_end_nobody),
            CASE(names_that_come_twice_are_answered_once),
            CASE(a_session_named_beside_another_is_not_served),
            CASE(half_a_surrogate_pair_ends_nobody),
            CASE(nor_does_it_in_a_prompt),
            CASE(odd_characters_come_back),
            CASE(odd_numbers_and_a_nul_end_nobody),
            CONTROL(plain_text_comes_back),
        },
};
