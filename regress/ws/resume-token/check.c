/* Who wants a session again shows the token that came with it, and only then. */
#include "check.h"
#include "ws/session.h"

#include <stdio.h>
#include <string.h>

enum { TOKEN_MAX_BYTES = 4096 };

/* A session that its owner has left, and its token; NA where it takes none. */
static const char *leave_one(struct ws_target *server, enum ws_method method, struct ws_client *client)
{
    struct ws_client *owner = ws_join(server);
    const char *sid = ws_new_session(owner);

    ws_need(client, method);
    if (server->open_resume || !ws_token_of(sid))
        not_applicable("this server has no resume tokens");
    ws_expect_served(owner, sid);
    ws_leave(owner);
    return sid;
}

static void expect_refused(struct ws_client *client, enum ws_method method, const char *sid, const char *token)
{
    ws_expect_error(ws_call_again(client, method, sid, token), 0);
}

/* What is nearly the token is none. */
static void expect_near_ones_refused(struct ws_client *client, enum ws_method method, const char *sid)
{
    const char *token = ws_token_of(sid);
    size_t length = strlen(token);
    char near[TOKEN_MAX_BYTES];

    if (length + 2 > sizeof near)
        not_applicable("the tokens are too long for this");
    snprintf(near, sizeof near, "%.*s", (int)length - 1, token);
    expect_refused(client, method, sid, near);
    snprintf(near, sizeof near, "%sA", token);
    expect_refused(client, method, sid, near);
    snprintf(near, sizeof near, " %s", token);
    expect_refused(client, method, sid, near);
    snprintf(near, sizeof near, "%s", token);
    near[0] = near[0] == 'A' ? 'B' : 'A';
    expect_refused(client, method, sid, near);
    expect_refused(client, method, sid, sid);
    expect_refused(client, method, sid, "");
}

/* No string, or not where it belongs. */
static void expect_odd_ones_refused(struct ws_client *client, enum ws_method method, const char *sid)
{
    static const char *const values[] = {"null", "true", "0", "[]", "{}", "\"\\u0000\""};
    const struct ws_target *server = ws_server_of(client);
    char more[TOKEN_MAX_BYTES];

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        snprintf(more, sizeof more, ",\"cwd\":\"/tmp\",\"%s\":[],\"_meta\":{\"%s\":%s}",
                 ws_member(server, WS_MCP_SERVERS), ws_member(server, WS_RESUME_TOKEN), values[i]);
        ws_expect_error(ws_call_session(client, method, sid, more), 0);
    }
}

static void expect_only_the_token_will_do(struct ws_target *server, enum ws_method method)
{
    struct ws_client *client = ws_join(server);
    const char *sid = leave_one(server, method, client), *other = leave_one(server, method, client);

    expect_refused(client, method, sid, NULL);
    expect_refused(client, method, sid, ws_token_of(other));
    expect_near_ones_refused(client, method, sid);
    expect_odd_ones_refused(client, method, sid);
    ws_expect_nothing_for(client, sid);
    ws_expect_again(client, method, sid);
    ws_expect_served(client, sid);
    ws_expect_again(client, method, other);
}

static void a_resume_takes_the_token(void **state)
{
    expect_only_the_token_will_do(*state, WS_RESUME);
}

static void so_does_a_load(void **state)
{
    expect_only_the_token_will_do(*state, WS_LOAD);
}

/* That holds without tokens too: the owner is there. */
static void a_session_whose_owner_is_there_is_not_resumed(void **state)
{
    struct ws_client *owner = ws_join(*state), *other = ws_join(*state);
    const char *sid = ws_new_session(owner);

    ws_need(owner, WS_RESUME);
    ws_expect_served(owner, sid);
    expect_refused(other, WS_RESUME, sid, NULL);
    ws_forget(owner, sid);
    ws_expect_nothing_for(other, sid);
    ws_expect_served(owner, sid);
}

/* One comes back, and the others of the same client wait on. */
static void the_other_sessions_of_its_owner_stay(void **state)
{
    struct ws_client *owner = ws_join(*state), *client = ws_join(*state);
    const char *sids[3];

    ws_need(owner, WS_RESUME);
    for (size_t i = 0; i < 3; i++)
        sids[i] = ws_new_session(owner);
    ws_leave(owner);
    ws_expect_again(client, WS_RESUME, sids[1]);
    ws_expect_served(client, sids[1]);
    ws_expect_error(ws_prompt_and_wait(client, sids[0], ws_prompt(*state, "echo", "not yet")), 0);
    ws_expect_again(client, WS_RESUME, sids[2]);
    ws_expect_again(client, WS_RESUME, sids[0]);
    for (size_t i = 0; i < 3; i++)
        ws_expect_served(client, sids[i]);
}

static void a_closed_session_does_not_come_back(void **state)
{
    struct ws_client *owner = ws_join(*state), *client = ws_join(*state);
    const char *sid = ws_new_session(owner), *other = ws_new_session(owner);

    ws_need(owner, WS_RESUME);
    ws_need(owner, WS_CLOSE_SESSION);
    if (((const struct ws_target *)*state)->open_resume)
        not_applicable("by its id a closed session may be loaded from a history");
    ws_expect_result(ws_call_session(owner, WS_CLOSE_SESSION, sid, NULL));
    ws_leave(owner);
    ws_expect_again(client, WS_RESUME, other); /* so the server has noticed that the owner left */
    expect_refused(client, WS_RESUME, sid, ws_token_of(sid));
}

static void who_shows_it_is_served(void **state)
{
    ws_expect_resume(*state);
}

const struct check check = {
    .title = "Who wants a session again has to show its token",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28S-1", "P28S-8", "CWE-639"},
    .cases =
        {
            CASE(a_resume_takes_the_token),
            CASE(so_does_a_load),
            CASE(a_session_whose_owner_is_there_is_not_resumed),
            CASE(the_other_sessions_of_its_owner_stay),
            CASE(a_closed_session_does_not_come_back),
            CONTROL(who_shows_it_is_served),
        },
};
