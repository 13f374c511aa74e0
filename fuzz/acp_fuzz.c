/* Clients come and go, ask and answer, and time passes, in any order: a request is answered at most once and to its own
 * client, nobody hears of a session that is not his, and when all have left and their time is over, nothing is left. */
#include "acp/acp.h"
#include "acp_model.h"
#include "base/buffer.h"
#include "fuzz.h"

enum { CLIENTS = 4, TEXT_MAX_BYTES = 4096, GRACE_MS = 300, TICKS_MAX = 10000 };

#define REQUEST(method, params) "{\"jsonrpc\":\"2.0\",\"id\":\"#\",\"method\":\"" method "\",\"params\":{" params "}}"
#define NOTIFICATION(method, params) "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\",\"params\":{" params "}}"
#define NAMED(method, more) REQUEST(method, "\"sessionId\":\"@\",\"cwd\":\"/\",\"mcpServers\":[]" more)
#define PROMPT(text) NAMED("session/prompt", ",\"prompt\":[{\"type\":\"text\",\"text\":\"" text "\"}]")
#define CLAIM(method) NAMED(method, ",\"_meta\":{\"resumeToken\":\"~\"}")
#define ANSWER(rest) "{\"jsonrpc\":\"2.0\",\"id\":\"^\"," rest "}"

/* # is a new request's id, % the last one's, @ a session's, ~ its token, ^ the last call's to a client. */
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

static struct acp *acp;
static int64_t now_ms;
static uint64_t clients[CLIENTS]; /* 0: not there */
static size_t untaken_bytes[CLIENTS];

static void say(uint64_t client, const char *message, struct model_session *session)
{
    struct buffer text = buffer_new(TEXT_MAX_BYTES);

    if (!client || model.request_count == MODEL_REQUESTS_MAX)
        return;
    if (strchr(message, '#'))
        model.requests[model.request_count++] = (struct model_request){client, NULL};
    if (strchr(message, '~'))
        model_claim(session, client);
    for (; *message; message++) {
        if (*message == '#' || *message == '%')
            buffer_add_format(&text, "f%zu", model.request_count - 1);
        else if (*message == '@' || *message == '~' || *message == '^')
            buffer_add_text(&text, *message == '@' ? session->id : *message == '~' ? session->token : model.call);
        else
            buffer_add(&text, message, 1);
    }
    acp_receive(acp, client, text.data, text.bytes, now_ms);
    buffer_free(&text);
}

static void watch(void)
{
    struct acp_action *next;

    for (struct acp_action *action = acp_take_actions(acp); action; action = next) {
        size_t slot = 0;

        next = action->next;
        while (slot < CLIENTS && clients[slot] != action->client)
            slot++;
        fuzz_require(slot < CLIENTS, "nothing is said to one that has left");
        if (action->kind == ACP_SEND) {
            model_sent(action->client, action->text);
            untaken_bytes[slot] += action->bytes;
        } else {
            model_left(action->client);
            clients[slot] = 0;
        }
        acp_action_free(action);
    }
}

static void step(unsigned what, unsigned slot, unsigned which)
{
    uint64_t *client = &clients[slot % CLIENTS];

    if (what < JOIN) {
        say(*client, messages[what], &model.sessions[model.session_count ? which % model.session_count : 0]);
    } else if (what == JOIN && !*client) {
        fuzz_require(acp_join(acp, now_ms, client) == ACP_OK, "there is room for all");
        untaken_bytes[slot % CLIENTS] = 0;
    } else if (what == LEAVE) {
        acp_leave(acp, *client, now_ms);
        model_left(*client);
        *client = 0;
    } else if (what == TAKE) {
        acp_taken(acp, *client, untaken_bytes[slot % CLIENTS], now_ms);
        untaken_bytes[slot % CLIENTS] = 0;
    } else if (what == PASS) {
        now_ms += which;
    }
    if (what >= TAKE)
        acp_tick(acp, now_ms);
    watch();
}

static void settle(void)
{
    for (int i = 0; acp_wake_ms(acp) <= now_ms; i++) {
        fuzz_require(i < TICKS_MAX, "there is an end to what has to be done now");
        acp_tick(acp, now_ms);
        watch();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct log silence = {LOG_ERROR, NULL, NULL};
    const struct acp_limits limits = {CLIENTS, 6, 5, 0, 2000, 100, 500, GRACE_MS, 8000, 4000};
    struct acp_gauges gauges;

    model = (struct model){.session_count = 0};
    now_ms = 0;
    acp = acp_new(&limits, &scripted_agent, NULL, &silence);
    fuzz_require(acp != NULL, "there is memory");
    for (unsigned slot = 0; slot < CLIENTS; slot++) {
        clients[slot] = 0;
        step(JOIN, slot, 0);
        step(0, slot, 0);
    }
    for (size_t i = 0; i + 1 < size; i += 2)
        step(data[i] % STEPS, data[i + 1], data[i + 1] / CLIENTS);
    settle();
    for (unsigned slot = 0; slot < CLIENTS; slot++)
        step(LEAVE, slot, 0);
    now_ms += GRACE_MS;
    settle();
    gauges = acp_gauges(acp);
    fuzz_require(gauges.clients == 0 && gauges.sessions == 0 && gauges.pending_calls == 0 && gauges.queue_bytes == 0,
                 "nothing is left behind");
    acp_free(acp);
    return 0;
}
