/* The agent greets in each session once, before it says anything else, and only those whose session it is. */
#include "check.h"
#include "ws/session.h"

#include <string.h>

enum { SESSIONS = 3 };

/* Prompts it for the first time, or again; what was said in this turn alone is left. */
static const char *prompt(struct ws_client *client, const char *sid)
{
    ws_forget(client, sid);
    ws_expect_stop_reason(
        client, ws_prompt_and_wait(client, sid, ws_prompt(ws_server_of(client), "greeting", "assay-is-here")), NULL);
    return ws_said(client, sid);
}

/* NA where the target has not said how it greets. */
static const char *greeting_of(struct ws_target *server)
{
    ws_prompt(server, "greeting", "");
    const char *greeting = ws_prompt_says(server, "greeting", "");

    if (!greeting || !*greeting)
        not_applicable("the manifest's prompt \"greeting\" has no \"says\"");
    return greeting;
}

static size_t times_said(const char *said, const char *greeting)
{
    size_t times = 0;

    for (; (said = strstr(said, greeting)); said += strlen(greeting))
        times++;
    return times;
}

/* As soon as the session is there, or in its first turn. */
static void it_comes_first_and_once(void **state)
{
    const char *greeting = greeting_of(*state);
    struct ws_client *client = ws_join(*state);

    for (int i = 0; i < SESSIONS; i++) {
        const char *sid = ws_new_session(client);

        ws_settle(client);
        bool early = times_said(ws_said(client, sid), greeting) > 0;
        const char *said = early ? ws_said(client, sid) : prompt(client, sid);
        expect(strncmp(said, greeting, strlen(greeting)) == 0, WRONG, greeting, "the agent begins with \"%.200s\"",
               said);
        expect_integer((int64_t)times_said(said, greeting), 1, "greetings in the first turn");
        expect_integer((int64_t)times_said(prompt(client, sid), greeting), 0, "greetings in the turns behind it");
    }
}

/* Several sockets, and the first that came is not the one whose session it is. */
static void it_goes_to_nobody_else(void **state)
{
    struct ws_client *clients[SESSIONS];
    const char *greeting = greeting_of(*state), *sids[SESSIONS];

    for (size_t i = 0; i < SESSIONS; i++)
        clients[i] = ws_join(*state);
    for (size_t i = SESSIONS; i-- > 0;) {
        sids[i] = ws_new_session(clients[i]);
        ws_settle(clients[i]);
        if (ws_updates(clients[i], sids[i]) == 0)
            prompt(clients[i], sids[i]);
        expect(times_said(ws_said(clients[i], sids[i]), greeting) == 1, WRONG, greeting, "\"%.200s\"",
               ws_said(clients[i], sids[i]));
    }
    for (size_t i = 0; i < SESSIONS; i++) {
        ws_settle(clients[i]);
        expect_integer((int64_t)(ws_all_updates(clients[i]) - ws_updates(clients[i], sids[i])), 0,
                       "updates of sessions of others");
    }
}

/* It is the session that is greeted, and not the socket. */
static void who_comes_back_is_not_greeted_again(void **state)
{
    const char *greeting = greeting_of(*state);
    struct ws_client *owner = ws_join(*state), *client = ws_join(*state);
    const char *sid = ws_new_session(owner);

    ws_need(owner, WS_RESUME);
    prompt(owner, sid);
    ws_leave(owner);
    ws_expect_again(client, WS_RESUME, sid);
    expect_integer((int64_t)times_said(prompt(client, sid), greeting), 0, "greetings behind a resume");
}

static void a_prompt_is_served(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "The greeting comes first, once in each session, and to its owner",
    .level = MUST,
    .origins = {"P28S-13"},
    .cases =
        {
            CASE(it_comes_first_and_once, .promised = true),
            CASE(it_goes_to_nobody_else),
            CASE(who_comes_back_is_not_greeted_again, .level = SHOULD),
            CONTROL(a_prompt_is_served),
        },
};
