/* Expectations of turns and calls, as verdicts. */
#include "ws/turn.h"

#include "check.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { PAUSE_MS = 5, TEXT_BYTES = 256 };

void ws_expect_turn_says(struct ws_client *client, const char *sid, size_t turn, const char *text)
{
    char expected[TEXT_BYTES];

    ws_expect_stop_reason(client, ws_await(client, turn), NULL);
    snprintf(expected, sizeof expected, "an agent that says \"%.200s\"", text);
    expect(strstr(ws_said(client, sid), text), WRONG, expected, "the agent said \"%.200s\"", ws_said(client, sid));
}

void ws_expect_turn_without(struct ws_client *client, const char *sid, size_t turn, const char *text)
{
    char expected[TEXT_BYTES];
    struct ws_reply reply = ws_await(client, turn);

    expect(reply.outcome != WS_NO_REPLY, reply.end.kind == WS_SILENCE ? HANG : SILENT, "an answer to the prompt", "%s",
           reply.summary);
    snprintf(expected, sizeof expected, "an agent that does not say \"%.200s\"", text);
    expect(!strstr(ws_said(client, sid), text), WRONG, expected, "the agent said \"%.200s\"", ws_said(client, sid));
}

struct ws_asked ws_expect_asked(struct ws_client *client, enum ws_method method)
{
    struct ws_asked asked = ws_await_asked(client, method);
    char expected[TEXT_BYTES];

    snprintf(expected, sizeof expected, "a call of %s", ws_method(ws_server_of(client), method));
    expect(asked.number, SILENT, expected, "none came");
    return asked;
}

/* An agent that does not ask ends its turn without. */
struct ws_asked ws_begin_call(struct ws_client *client, const char *sid, enum ws_method method, const char *text,
                              size_t *turn)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    size_t before = ws_times_asked(client, method);
    char expected[TEXT_BYTES];

    *turn =
        ws_ask_prompt(client, sid, ws_prompt(ws_server_of(client), method == WS_READ_FILE ? "read" : "permit", text));
    while (ws_times_asked(client, method) == before && !ws_is_answered(client, *turn) && now_ns() < deadline_ns &&
           ws_listen(client, 1))
        ;
    snprintf(expected, sizeof expected, "a call of %s before the prompt is answered",
             ws_method(ws_server_of(client), method));
    expect(ws_times_asked(client, method) > before, SILENT, expected, "none came");
    return ws_expect_asked(client, method);
}

void ws_expect_metric(struct ws_target *server, const char *name, int64_t value)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    int64_t actual = ws_metric(server, name);

    while (actual != value && now_ns() < deadline_ns) {
        poll(NULL, 0, PAUSE_MS); /* there is nobody who would tell */
        actual = ws_metric(server, name);
    }
    expect(actual == value, LEAK, "a metric that comes back to what it was", "%s is %lld, and should be %lld", name,
           (long long)actual, (long long)value);
}
