/* What rooms about sessions share. */
#include "ws/session.h"

#include "check.h"

#include <stdlib.h>

enum { TURN_MS = 1500, AGAIN_MS = 20 };

static const struct {
    const char *acp, *flat;
} capabilities[WS_METHODS] = {
    [WS_LOAD] = {"loadSession", "load_session"},
    [WS_RESUME] = {"sessionCapabilities.resume", "session_capabilities.resume"},
    [WS_LIST] = {"sessionCapabilities.list", "session_capabilities.list"},
    [WS_CLOSE_SESSION] = {"sessionCapabilities.close", "session_capabilities.close"},
    [WS_DELETE] = {"sessionCapabilities.delete", "session_capabilities.delete"},
};

bool ws_offers(const struct ws_client *client, enum ws_method method)
{
    bool flat = ws_server_of(client)->flat;

    if (!capabilities[method].acp || (flat && method == WS_RESUME))
        return true;
    return ws_can(client, capabilities[method].acp) || (flat && ws_can(client, capabilities[method].flat));
}

void ws_need(const struct ws_client *client, enum ws_method method)
{
    if (!ws_offers(client, method))
        not_applicable("the server does not advertise %s (%s)", ws_method(ws_server_of(client), method),
                       capabilities[method].acp);
}

struct ws_turn ws_begin_turn(struct ws_client *client, const char *sid)
{
    const struct ws_target *server = ws_server_of(client);
    struct ws_turn turn = {0};

    if (ws_has_prompt(server, "permit")) {
        turn.call = ws_ask_prompt(client, sid, ws_prompt(server, "permit", "assay-holds-this-turn"));
        turn.asked = ws_await_asked(client, WS_PERMISSION);
        expect(turn.asked.number, HANG, "a request for permission", "none came");
        return turn;
    }
    if (!ws_prompt_counts(server, "long"))
        not_applicable("the manifest's prompt \"long\" has no ${COUNT} milliseconds, and there is no \"permit\"");
    turn.call = ws_ask_prompt(client, sid, ws_prompt_count(server, "long", scaled_ms(TURN_MS)));
    ws_settle(client);
    return turn;
}

void ws_expect_turn_to_end(struct ws_client *client, const struct ws_turn *turn)
{
    if (turn->asked.number && !ws_is_answered(client, turn->call)) {
        char *allowed = ws_permission_of_kind(&turn->asked, "allow_once");

        if (!allowed)
            not_applicable("the agent offers no permission of the kind \"allow_once\"");
        ws_answer(client, &turn->asked, allowed);
        free(allowed);
    }
    ws_expect_stop_reason(client, ws_await(client, turn->call), "end_turn");
}

void ws_expect_again(struct ws_client *client, enum ws_method method, const char *sid)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);

    ws_need(client, method);
    struct ws_reply reply = ws_call_again(client, method, sid, ws_token_of(sid));
    while (reply.outcome == WS_ERROR && now_ns() < deadline_ns) {
        ws_listen(client, AGAIN_MS);
        reply = ws_call_again(client, method, sid, ws_token_of(sid));
    }
    ws_expect_result(reply);
}

void ws_expect_resume(struct ws_target *server)
{
    struct ws_client *owner = ws_join(server), *client = ws_join(server);
    const char *sid = ws_new_session(owner);

    ws_leave(owner);
    ws_expect_again(client, WS_RESUME, sid);
    ws_expect_served(client, sid);
}

void ws_restart_with_time(struct ws_target *server, const char *limit, int64_t wanted_ms)
{
    int64_t value = ws_restart_with_limit(server, limit, scaled_ms(wanted_ms));

    if (value > scaled_ms(wanted_ms))
        not_applicable("the server's %s is always %lld, which is too long for this", limit, (long long)value);
}
