/* However many come at once, and whoever has left, each client is one of its own: what is for it goes to its socket. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <string.h>

enum { CLIENTS = 40, CLIENTS_LONG = 200, ROUNDS = 2, ROUNDS_LONG = 20, WORD_BYTES = 48, TURN_MS = 1 };

struct crowd {
    size_t count;
    struct ws_client *clients[CLIENTS_LONG];
    size_t calls[CLIENTS_LONG];
    const char *sids[CLIENTS_LONG];
};

static void word_of(size_t client, char word[WORD_BYTES])
{
    snprintf(word, WORD_BYTES, "word-%zu-of-its-own", client);
}

/* Over a limit of clients a server may close as well as refuse the handshake. */
static void expect_let_in(const struct crowd *crowd, size_t i)
{
    struct ws_reply reply;

    if (ws_listen(crowd->clients[i], 0))
        return;
    reply = ws_await_within(crowd->clients[i], crowd->calls[i], 0);
    if (reply.end.kind == WS_GOT_CLOSE && reply.end.code == 1013)
        not_applicable("the server lets fewer than %zu clients in", crowd->count);
    expect(reply.outcome != WS_NO_REPLY, SILENT, "an answer", "%s", reply.summary);
}

/* All are listened to, so that what goes to the wrong one is found at once: it answers no call of that one. */
static void await_all(struct crowd *crowd)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    size_t answered = 0;

    while (answered < crowd->count && now_ns() < deadline_ns) {
        answered = 0;
        for (size_t i = 0; i < crowd->count; i++) {
            bool is_answered = ws_is_answered(crowd->clients[i], crowd->calls[i]);

            answered += is_answered;
            if (!is_answered)
                expect_let_in(crowd, i);
        }
        ws_listen(crowd->clients[0], TURN_MS);
    }
    expect(answered == crowd->count, HANG, "an answer for each", "%zu of %zu are answered", answered, crowd->count);
}

/* All requests are under way before the first answer is read. */
static void connect_all(struct ws_target *server, struct crowd *crowd)
{
    struct ws_peer *peers[CLIENTS_LONG];

    for (size_t i = 0; i < crowd->count; i++)
        peers[i] = ws_knock(server, &(struct ws_dialling){0});
    for (size_t i = 0; i < crowd->count; i++) {
        struct ws_opening opening = ws_read_opening(peers[i]);

        if (opening.status == 503 || opening.status == 429)
            not_applicable("the server lets fewer than %zu clients in", crowd->count);
        expect(opening.open, WRONG, "101", "%s", opening.summary);
        crowd->clients[i] = ws_client_of(server, peers[i]);
    }
}

static size_t ask_to_initialize(struct ws_client *client)
{
    const struct ws_target *server = ws_server_of(client);
    char params[128];

    snprintf(params, sizeof params, "{\"%s\":1,\"%s\":{}}", ws_member(server, WS_PROTOCOL_VERSION),
             ws_member(server, WS_CLIENT_CAPABILITIES));
    return ws_ask(client, ws_method(server, WS_INITIALIZE), params);
}

static void initialize_all(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->count; i++)
        crowd->calls[i] = ask_to_initialize(crowd->clients[i]);
    await_all(crowd);
}

static void give_sessions(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->count; i++)
        crowd->calls[i] = ws_ask_new(crowd->clients[i]);
    await_all(crowd);
    for (size_t i = 0; i < crowd->count; i++)
        crowd->sids[i] = ws_await_new(crowd->clients[i], crowd->calls[i]);
}

static void expect_own_words(struct ws_target *server, struct crowd *crowd)
{
    char word[WORD_BYTES];

    for (size_t i = 0; i < crowd->count; i++) {
        word_of(i, word);
        crowd->calls[i] = ws_ask_prompt(crowd->clients[i], crowd->sids[i], ws_prompt(server, "echo", word));
    }
    await_all(crowd);
    for (size_t i = 0; i < crowd->count; i++) {
        word_of(i, word);
        const char *says = ws_prompt_says(server, "echo", word);

        ws_expect_stop_reason(crowd->clients[i], ws_await(crowd->clients[i], crowd->calls[i]), NULL);
        expect(!says || strstr(ws_said(crowd->clients[i], crowd->sids[i]), says), WRONG, word, "\"%.200s\"",
               ws_said(crowd->clients[i], crowd->sids[i]));
        expect(ws_all_updates(crowd->clients[i]) == ws_updates(crowd->clients[i], crowd->sids[i]), WRONG,
               "no update of another's session", "client %zu got some", i);
    }
}

static void each_of_a_crowd_is_served_on_its_own_socket(void **state)
{
    static struct crowd crowd;
    int rounds = long_run() ? ROUNDS_LONG : ROUNDS;

    crowd.count = long_run() ? CLIENTS_LONG : CLIENTS;
    if (long_run())
        ws_restart_with_limit(*state, "ws.clients", 2 * CLIENTS_LONG);
    for (int i = 0; i < rounds; i++) {
        connect_all(*state, &crowd);
        initialize_all(&crowd);
        give_sessions(&crowd);
        expect_own_words(*state, &crowd);
        for (size_t j = 0; j < crowd.count; j++)
            ws_leave(crowd.clients[j]);
    }
}

/* Of three, one leaves, and another comes: that is a fourth, and no second of the two that stayed. */
static void who_comes_after_one_has_left_is_nobody_else(void **state)
{
    static struct crowd crowd;

    for (size_t leaver = 0; leaver < 3; leaver++) {
        crowd.count = 3;
        connect_all(*state, &crowd);
        initialize_all(&crowd);
        give_sessions(&crowd);
        ws_leave(crowd.clients[leaver]);
        crowd.clients[leaver] = ws_enter(*state);
        crowd.calls[leaver] = ask_to_initialize(crowd.clients[leaver]);
        await_all(&crowd);
        crowd.calls[leaver] = ws_ask_new(crowd.clients[leaver]);
        await_all(&crowd);
        crowd.sids[leaver] = ws_await_new(crowd.clients[leaver], crowd.calls[leaver]);
        expect_own_words(*state, &crowd);
        for (size_t i = 0; i < 3; i++)
            ws_leave(crowd.clients[i]);
    }
}

static void one_is_served(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "Clients that come at once are as many clients, each on its own socket",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28S-6", "CWE-362"},
    .cases =
        {
            CASE(each_of_a_crowd_is_served_on_its_own_socket, .promised = true),
            CASE(who_comes_after_one_has_left_is_nobody_else),
            CONTROL(one_is_served),
        },
};
