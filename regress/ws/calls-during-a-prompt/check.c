/* While a prompt waits for what its client answers, the connection is read: the answer is heard, and so is everything
 * else. */
#include "check.h"
#include "ws/turn.h"

#include <stdio.h>
#include <stdlib.h>

enum { SESSIONS = 8, LISTENINGS = 100, TEXT_BYTES = 80 };

static void the_answer_is_heard(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    size_t turn;
    struct ws_asked asked = ws_begin_call(client, sid, WS_READ_FILE, "/project/heard.txt", &turn);

    ws_answer(client, &asked, "{\"content\":\"assay-was-heard\"}");
    ws_expect_turn_says(client, sid, turn, "assay-was-heard");
}

static void a_permission_is_heard(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    const char *says = ws_prompt_says(server, "permit", "assay-deed");
    size_t turn;
    struct ws_asked asked = ws_begin_call(client, sid, WS_PERMISSION, "assay-deed", &turn);
    char *yes = ws_permission_of_kind(&asked, "allow_once");

    if (!yes || !says)
        not_applicable("%s", yes ? "what the agent says when it was permitted is not known"
                                 : "the agent offers no option of the kind allow_once");
    ws_answer(client, &asked, yes);
    free(yes);
    ws_expect_turn_says(client, sid, turn, says);
}

/* An error answers the call as well: the prompt does not wait for anything more. */
static void an_error_is_heard(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    size_t turn;
    struct ws_asked asked = ws_begin_call(client, sid, WS_READ_FILE, "/project/missing.txt", &turn);

    ws_answer_error(client, &asked, -32002, "there is no such file");
    ws_expect_turn_without(client, sid, turn, "assay-was-heard");
    ws_expect_served(client, sid);
}

static void other_requests_are_served_meanwhile(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    size_t turn;
    struct ws_asked asked = ws_begin_call(client, sid, WS_READ_FILE, "/project/slow.txt", &turn);

    ws_settle(client);
    ws_expect_served(client, ws_new_session(client));
    ws_expect_alive(server);
    ws_expect_open(ws_peer_of(client));
    ws_answer(client, &asked, "{\"content\":\"assay-at-last\"}");
    ws_expect_turn_says(client, sid, turn, "assay-at-last");
}

/* Several calls are under way at a time, and each session is given its own file. */
static void each_answer_reaches_its_own_call(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sids[SESSIONS];
    size_t turns[SESSIONS];
    char text[TEXT_BYTES];

    for (size_t i = 0; i < SESSIONS; i++)
        sids[i] = ws_new_session(client);
    for (size_t i = 0; i < SESSIONS; i++)
        turns[i] = ws_ask_prompt(client, sids[i], ws_prompt(*state, "read", "/project/own.txt"));
    for (int i = 0; i < LISTENINGS && ws_times_asked(client, WS_READ_FILE) < SESSIONS; i++)
        ws_listen(client, 5); /* whoever serves one after the other asks later */
    for (size_t i = 0; i < SESSIONS; i++) {
        struct ws_asked asked = ws_expect_asked(client, WS_READ_FILE);
        const char *sid = ws_get_string(*state, asked.params, WS_SESSION_ID);

        snprintf(text, sizeof text, "{\"content\":\"file of %.40s\"}", sid ? sid : "");
        ws_answer(client, &asked, text);
    }
    for (size_t i = 0; i < SESSIONS; i++) {
        snprintf(text, sizeof text, "file of %.40s", sids[i]);
        ws_expect_turn_says(client, sids[i], turns[i], text);
    }
}

static void a_prompt_without_a_call_is_served(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "A prompt that waits for its client does not keep the connection from being read",
    .level = MUST,
    .origins = {"P28C-6"},
    .cases =
        {
            CASE(the_answer_is_heard, .promised = true),
            CASE(a_permission_is_heard),
            CASE(an_error_is_heard),
            CASE(other_requests_are_served_meanwhile),
            CASE(each_answer_reaches_its_own_call),
            CONTROL(a_prompt_without_a_call_is_served),
        },
};
