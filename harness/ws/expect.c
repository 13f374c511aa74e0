/* Expectations of a WebSocket server, as verdicts. */
#include "ws/expect.h"

#include "check.h"
#include "wire/jsonrpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEGAL_WORD_BYTES = 16, ECHO_BYTES = 32, NUMBER_BYTES = 24, TURN_MS = 10 };

/* How an end that should not be is told apart in a verdict. */
static enum how how_of(enum ws_kind kind)
{
    switch (kind) {
    case WS_SILENCE:
        return HANG;
    case WS_GOT_FIN:
    case WS_GOT_RESET:
        return SILENT;
    default:
        return WRONG;
    }
}

static enum how how_of_reply(const struct ws_reply *reply)
{
    return reply->outcome == WS_NO_REPLY ? how_of(reply->end.kind) : WRONG;
}

/* Whether the word is among those of the list, which blanks separate. */
static bool lists(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

/* --- of a peer --- */

void ws_expect_refused(struct ws_opening opening, const char *legal)
{
    char status[LEGAL_WORD_BYTES], class[LEGAL_WORD_BYTES];

    snprintf(status, sizeof status, "%d", opening.status);
    snprintf(class, sizeof class, "%dxx", opening.status / 100);
    bool refused =
        opening.status ? lists(legal, status) || lists(legal, class) : opening.closed && lists(legal, "drop");
    expect(refused && !opening.fault, opening.status || opening.closed ? WRONG : HANG, legal, "%s", opening.summary);
}

bool ws_is_close(const struct ws_event *event, const char *legal)
{
    char code[LEGAL_WORD_BYTES];

    if (event->kind == WS_GOT_FIN || event->kind == WS_GOT_RESET)
        return lists(legal, "drop");
    snprintf(code, sizeof code, "%u", event->code);
    return event->kind == WS_GOT_CLOSE && lists(legal, event->code ? code : "none");
}

/* Behind its Close the server closes the connection first (RFC 6455 7.1.1). */
static void expect_end(struct ws_peer *peer)
{
    struct ws_event event = ws_read(peer);

    expect(event.kind == WS_GOT_FIN || event.kind == WS_GOT_RESET, how_of(event.kind),
           "the end of the connection behind both Closes", "%s", event.summary);
}

static void expect_close(struct ws_peer *peer, struct ws_event event, const char *legal)
{
    expect(ws_is_close(&event, legal), how_of(event.kind), legal, "%s", event.summary);
    if (event.kind == WS_GOT_CLOSE)
        expect_end(peer);
}

void ws_expect_close(struct ws_peer *peer, const char *legal)
{
    expect_close(peer, ws_read(peer), legal);
}

void ws_expect_close_in_the_end(struct ws_peer *peer, const char *legal)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    struct ws_event event = ws_read(peer);

    while (event.kind == WS_GOT_MESSAGE && now_ns() < deadline_ns)
        event = ws_read(peer);
    expect_close(peer, event, legal);
}

void ws_expect_text(struct ws_peer *peer, const char *text)
{
    struct ws_event event = ws_read(peer);
    bool same = event.kind == WS_GOT_MESSAGE && event.opcode == WS_TEXT && event.count == strlen(text) &&
                memcmp(event.bytes, text, event.count) == 0;

    expect(same, how_of(event.kind), text, "%s", event.summary);
}

/* Messages, Pings, and Pongs of earlier Pings or of none (RFC 6455 5.5.3). */
static bool is_before_the_pong(const struct ws_event *event, const char *payload)
{
    return event->kind == WS_GOT_MESSAGE || event->kind == WS_GOT_FRAGMENT || event->kind == WS_GOT_PING ||
           (event->kind == WS_GOT_PONG && strcmp(event->bytes, payload) != 0);
}

void ws_expect_open(struct ws_peer *peer)
{
    static unsigned pings;
    char payload[ECHO_BYTES];
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);

    snprintf(payload, sizeof payload, "assay-%u", ++pings);
    ws_send_frame(peer, &(struct ws_frame){.opcode = WS_PING, .payload = payload, .payload_bytes = strlen(payload)});
    struct ws_event event = ws_read_any(peer);
    bool strange = false; /* a Pong of another Ping came, maybe instead */
    while (is_before_the_pong(&event, payload) && now_ns() < deadline_ns) {
        strange = strange || event.kind == WS_GOT_PONG;
        event = ws_read_any(peer);
    }
    expect(event.kind == WS_GOT_PONG && strcmp(event.bytes, payload) == 0,
           strange && event.kind == WS_SILENCE ? WRONG : how_of(event.kind), "a Pong with the payload of the Ping",
           "%s%s", strange ? "a Pong with another one, and then " : "", event.summary);
}

/* --- of a reply --- */

void ws_expect_result(struct ws_reply reply)
{
    expect(reply.outcome == WS_RESULT, how_of_reply(&reply), "a result", "%s", reply.summary);
}

void ws_expect_error(struct ws_reply reply, int64_t code)
{
    char expected[40] = "an error";

    if (code)
        snprintf(expected, sizeof expected, "an error with the code %lld", (long long)code);
    expect(reply.outcome == WS_ERROR && (!code || reply.code == code), how_of_reply(&reply), expected, "%s",
           reply.summary);
}

void ws_expect_error_or_end(struct ws_reply reply)
{
    expect(reply.outcome == WS_ERROR || (reply.outcome == WS_NO_REPLY && reply.end.kind != WS_SILENCE),
           how_of_reply(&reply), "an error, or the end of the connection", "%s", reply.summary);
}

static bool is_refusal(const struct json *document, const char *codes, const char *id)
{
    struct jsonrpc message = document ? jsonrpc_look(document) : (struct jsonrpc){.kind = JSONRPC_BROKEN};
    char code[NUMBER_BYTES];

    if (message.kind != JSONRPC_ERROR)
        return false;
    snprintf(code, sizeof code, "%lld", (long long)message.code);
    bool is_its_own = id && message.id->raw_bytes == strlen(id) && memcmp(message.id->raw, id, strlen(id)) == 0;
    return lists(codes, code) && (message.id->type == JSON_NULL || is_its_own);
}

void ws_expect_refusal(struct ws_client *client, const char *codes, const char *id)
{
    struct ws_event event = ws_read(ws_peer_of(client));
    const struct json *document = event.kind == WS_GOT_MESSAGE ? json_read(event.bytes, event.count, NULL) : NULL;
    bool refused = is_refusal(document, codes, id);
    char expected[128];

    json_free(document);
    snprintf(expected, sizeof expected, "an error %s with the id null%s%s", codes, id ? ", or " : "", id ? id : "");
    expect(refused, how_of(event.kind), expected, "%s", event.summary);
}

void ws_expect_stop_reason(const struct ws_client *client, struct ws_reply reply, const char *reason)
{
    const char *own = ws_get_string(ws_server_of(client), reply.result, WS_STOP_REASON);
    char expected[64] = "a result with a stop reason";

    if (reason)
        snprintf(expected, sizeof expected, "a result with the stop reason \"%s\"", reason);
    expect(own && (!reason || strcmp(own, reason) == 0), how_of_reply(&reply), expected, "%s", reply.summary);
}

/* --- of clients and the server --- */

void ws_expect_nothing_for(struct ws_client *client, const char *sid)
{
    ws_settle(client);
    expect(ws_updates(client, sid) == 0, WRONG, "no update of a session that is another's", "%zu updates of %s: \"%s\"",
           ws_updates(client, sid), sid, ws_said(client, sid));
}

void ws_expect_denied(struct ws_client *client, size_t call, struct ws_client *owner, const char *sid)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);

    while (!ws_is_answered(client, call) && now_ns() < deadline_ns && ws_listen(client, TURN_MS)) {
        ws_listen(owner, 0);
        expect(ws_updates(owner, sid) == 0, WRONG, "no update that the owner has not asked for",
               "%zu updates of %s: \"%s\"", ws_updates(owner, sid), sid, ws_said(owner, sid));
    }
    ws_expect_error(ws_await_within(client, call, 0), 0);
}

void ws_expect_served(struct ws_client *client, const char *sid)
{
    const struct ws_target *server = ws_server_of(client);
    static unsigned prompts;
    char word[ECHO_BYTES];

    if (!ws_has_prompt(server, "echo")) {
        ws_settle(client);
        return;
    }
    snprintf(word, sizeof word, "assay-served-%u", ++prompts);
    ws_forget(client, sid);
    ws_expect_stop_reason(client, ws_prompt_and_wait(client, sid, ws_prompt(server, "echo", word)), NULL);
    const char *says = ws_prompt_says(server, "echo", word);
    if (says)
        expect(strstr(ws_said(client, sid), says), WRONG, says, "the agent said \"%.200s\"", ws_said(client, sid));
}

void ws_expect_alive(struct ws_target *server)
{
    struct ws_client *client = ws_join(server);

    ws_expect_served(client, ws_new_session(client));
    ws_leave(client);
}
