/* Clients come and go, ask and answer, and time passes, in any order: a request is answered at most once and to its own
 * client, nobody hears of a session that is not his, and when all have left and their time is over, nothing is left. */
#include "acp/acp.h"
#include "acp_model.h"
#include "fuzz.h"

enum { GRACE_MS = 300, TICKS_MAX = 10000 };

enum { JOIN = MODEL_PATTERNS, LEAVE, TAKE, PASS, STEPS };

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
        say(acp, *now_ms, model_patterns[what], client->id, argument / MODEL_CLIENTS);
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
    struct acp_limits limits = acp_limits_default();
    struct acp *acp;
    int64_t now_ms = 0;
    struct acp_gauges left;

    limits.sessions = 6;
    limits.in_flight = 5;
    limits.idle_ms = 2000;
    limits.request_ms = 100;
    limits.long_ms = 500;
    limits.grace_ms = GRACE_MS;
    limits.queue_bytes = 8000;
    limits.history_bytes = 4000;
    acp = acp_new(&limits, &scripted_agent, NULL, &silence);
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
