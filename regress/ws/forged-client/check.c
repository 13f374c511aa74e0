/* Which client it is, the server knows by the socket; what a message says about that means nothing. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <string.h>

enum { PARAMS_BYTES = 1024 };

static const char *const members[] = {"client_id", "clientId"};

/* Ids of clients are not seen from outside, so what they usually look like is tried; "owner" and "99999" are nobody's.
 */
static const char *const values[] = {
    "0", "1", "2", "3", "\"0\"", "\"1\"", "\"2\"", "99999", "\"owner\"", "\"client-1\"", "null", "-1"};

struct scene {
    struct ws_client *owner, *other;
    const char *sid; /* the owner's */
};

static struct scene open_scene(struct ws_target *server)
{
    struct scene scene = {.owner = ws_join(server), .other = ws_join(server)};

    scene.sid = ws_new_session(scene.owner);
    ws_settle(scene.owner);
    ws_forget(scene.owner, scene.sid);
    return scene;
}

static size_t ask_new_as(struct ws_client *client, const char *member, const char *value)
{
    const struct ws_target *server = ws_server_of(client);
    char params[PARAMS_BYTES];

    snprintf(params, sizeof params, "{\"cwd\":\"/tmp\",\"%s\":[],\"%s\":%s,\"_meta\":{\"%s\":%s}}",
             ws_member(server, WS_MCP_SERVERS), member, value, member, value);
    return ws_ask(client, ws_method(server, WS_NEW), params);
}

/* Refused, or made for the socket that asked: that one is served, and the other one is told nothing. */
static void expect_own(const struct scene *scene, size_t call)
{
    const struct ws_target *server = ws_server_of(scene->other);
    struct ws_reply reply = ws_await(scene->other, call);
    const char *made = ws_get_string(server, reply.result, WS_SESSION_ID);
    char sid[PARAMS_BYTES];

    expect(reply.outcome == WS_ERROR || made, reply.outcome == WS_NO_REPLY ? HANG : WRONG,
           "an error, or a session of the socket that asked", "%s", reply.summary);
    if (!made)
        return;
    snprintf(sid, sizeof sid, "%s", made);
    ws_expect_served(scene->other, sid);
    ws_expect_nothing_for(scene->owner, sid);
    ws_expect_error(ws_prompt_and_wait(scene->owner, sid, "whose is it?"), 0);
}

static void a_new_session_is_the_sockets_own(void **state)
{
    struct scene scene = open_scene(*state);

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        for (size_t j = 0; j < sizeof values / sizeof *values; j++)
            expect_own(&scene, ask_new_as(scene.other, members[i], values[j]));
    ws_expect_served(scene.owner, scene.sid);
}

static size_t ask_prompt_as(struct ws_client *client, const char *sid, const char *member, const char *value)
{
    char more[PARAMS_BYTES];

    snprintf(more, sizeof more,
             ",\"prompt\":[{\"type\":\"text\",\"text\":\"not mine\"}],\"%s\":%s,\"_meta\":{\"%s\":%s}", member, value,
             member, value);
    return ws_ask_session(client, WS_PROMPT, sid, more);
}

static void who_names_the_owner_is_refused_all_the_same(void **state)
{
    struct scene scene = open_scene(*state);

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        for (size_t j = 0; j < sizeof values / sizeof *values; j++)
            ws_expect_denied(scene.other, ask_prompt_as(scene.other, scene.sid, members[i], values[j]), scene.owner,
                             scene.sid);
    ws_expect_nothing_for(scene.other, scene.sid);
    ws_expect_served(scene.owner, scene.sid);
}

static void who_names_nobody_is_served(void **state)
{
    struct scene scene = open_scene(*state);

    ws_expect_served(scene.owner, scene.sid);
    ws_expect_served(scene.other, ws_new_session(scene.other));
}

const struct check check = {
    .title = "Whose session it is, the socket tells, and not what a message says",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28S-9", "CWE-290"},
    .cases =
        {
            CASE(a_new_session_is_the_sockets_own, .promised = true),
            CASE(who_names_the_owner_is_refused_all_the_same),
            CONTROL(who_names_nobody_is_served),
        },
};
