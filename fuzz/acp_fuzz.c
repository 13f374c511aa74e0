/* Clients come and go, ask and answer, and time passes, in any order: a request is answered at most once and to its own
 * client, nobody hears of a session that is not his, and when all have left and their time is over, nothing is left. */
#include "acp/acp.h"
#include "acp_model.h"
#include "fuzz.h"

enum { GRACE_MS = 300, TICKS_MAX = 10000 };

#define REQUEST(method, params) "{\"jsonrpc\":\"2.0\",\"id\":\"#\",\"method\":\"" method "\",\"params\":{" params "}}"
#define NOTIFICATION(method, params) "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\",\"params\":{" params "}}"
#define NAMED(method, more) REQUEST(method, "\"sessionId\":\"@\",\"cwd\":\"/\",\"mcpServers\":[]" more)
#define PROMPT(text) NAMED("session/prompt", ",\"prompt\":[{\"type\":\"text\",\"text\":\"" text "\"}]")
#define CLAIM(method) NAMED(method, ",\"_meta\":{\"resumeToken\":\"~\"}")
#define ANSWER(rest) "{\"jsonrpc\":\"2.0\",\"id\":\"^\"," rest "}"

static const char *const messages[] = {
    REQUEST("initialize", "\"protocolVersion\":1,\"clientCapabilities\":{\"fs\":{\"readTextFile\":true}}"),
    REQUEST("session/new", "\"cwd\":\"/\",\"mcpServers\":[]"),
    PROMPT("echo x"),
    PROMPT("sleep 40"),
    PROMPT("stream 90"),
    PROMPT("big 3000"),
    PROMPT("read /x"),
    PROMPT("permit x"),
    PROMPT("fail 7 x"),
    PROMPT("slow-discover 90"),
    PROMPT("fail-close"),
    CLAIM("session/load"),
    CLAIM("session/resume"),
    NAMED("session/load", ""),
    NAMED("session/close", ""),
    NAMED("session/delete", ""),
    NAMED("session/list", ""),
    NOTIFICATION("session/cancel", "\"sessionId\":\"@\""),
    NOTIFICATION("$/cancel_request", "\"requestId\":\"%\""),
    ANSWER("\"result\":{\"content\":\"x\"}"),
    ANSWER("\"error\":1,\"method\":\"x\""),
    "{",
    "[]",
    "{}",
};
enum { JOIN = sizeof messages / sizeof *messages, LEAVE, TAKE, PASS, STEPS };

static void say(struct acp *acp, int64_t now_ms, const char *pattern, uint64_t client, size_t which)
{
    size_t sessions = model.session_count ? model.session_count : 1;
    struct buffer text;

    if (!client || model.request_count == MODEL_REQUESTS_MAX)
        return;
    text = model_message(pattern, client, &model.sessions[which % sessions]);
    acp_receive(acp, client, text.data, text.bytes, now_ms);
    buffer_free(&text);
}

static void step(struct acp *acp, int64_t *now_ms, unsigned what, unsigned argument)
{
    struct model_client *client = &model.clients[argument % MODEL_CLIENTS];

    if (what < JOIN) {
        say(acp, *now_ms, messages[what], client->id, argument / MODEL_CLIENTS);
    } else if (what == JOIN && !client->id) {
        fuzz_require(acp_join(acp, *now_ms, &client->id) == ACP_OK, "there is room for all");
    } else if (what == LEAVE) {
        acp_leave(acp, client->id, *now_ms);
        model_left(client);
    } else if (what == TAKE) {
        acp_taken(acp, client->id, client->untaken_bytes, *now_ms);
        client->untaken_bytes = 0;
    } else if (what == PASS) {
        *now_ms += argument / MODEL_CLIENTS;
        acp_tick(acp, *now_ms);
    }
    model_watch(acp);
}

static void settle(struct acp *acp, int64_t now_ms)
{
    for (int i = 0; acp_wake_ms(acp) <= now_ms; i++) {
        fuzz_require(i < TICKS_MAX, "there is an end to what has to be done now");
        acp_tick(acp, now_ms);
        model_watch(acp);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct log silence = {LOG_ERROR, NULL, NULL};
    const struct acp_limits limits = {MODEL_CLIENTS, 6, 5, 0, 2000, 100, 500, GRACE_MS, 8000, 4000};
    struct acp *acp = acp_new(&limits, &scripted_agent, NULL, &silence);
    int64_t now_ms = 0;
    struct acp_gauges left;

    memset(&model, 0, sizeof model);
    for (size_t i = 0; i + 1 < size; i += 2)
        step(acp, &now_ms, data[i] % STEPS, data[i + 1]);
    settle(acp, now_ms);
    for (unsigned client = 0; client < MODEL_CLIENTS; client++)
        step(acp, &now_ms, LEAVE, client);
    settle(acp, now_ms + GRACE_MS);
    left = acp_gauges(acp);
    fuzz_require(left.clients + left.sessions + left.pending_calls + left.queue_bytes == 0, "nothing is left behind");
    acp_free(acp);
    return 0;
}
