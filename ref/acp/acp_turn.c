/* A turn: a prompt, or a session/load, from its arrival to its answer, which is emitted exactly once, and nothing of
 * the turn behind it. The turns of a session come one after the other; sessions know nothing of each other. */
#include "acp/acp_private.h"

#include <stdlib.h>
#include <string.h>

static const char greeting[] = "Hello, this is assay-ref.";

static bool is_running(const struct acp_turn *turn)
{
    return TAILQ_FIRST(&turn->session->turns) == turn;
}

static void run_first(struct acp *acp, struct acp_session *session, int64_t now_ms)
{
    struct acp_turn *turn = TAILQ_FIRST(&session->turns);

    if (!turn)
        return;
    turn->due_ms = now_ms;
    turn->deadline_ms = now_ms + acp->limits.long_ms;
    TAILQ_INSERT_TAIL(&acp->running, turn, in_running);
}

/* Why there is no room for one more, or NULL. One alone may be as long as it likes. */
static const char *over_limit(const struct acp *acp, const struct acp_client *client, size_t bytes)
{
    if (client->in_flight >= acp->limits.in_flight)
        return "too many requests under way (ws.in_flight)";
    if (client->in_flight > 0 && client->prompt_bytes + (int64_t)bytes > acp->limits.queue_bytes)
        return "too much in the prompts under way (ws.queue_bytes)";
    return NULL;
}

static struct acp_turn *new_turn(struct acp_session *session, struct json_span id, char *text, size_t bytes)
{
    struct acp_turn *turn = calloc(1, sizeof *turn);
    char *copy = turn ? malloc(id.bytes) : NULL;

    if (!copy) {
        free(turn);
        return NULL;
    }
    memcpy(copy, id.at, id.bytes);
    turn->id = copy;
    turn->id_bytes = id.bytes;
    turn->text = text;
    turn->is_load = !text;
    turn->next = TAILQ_FIRST(&session->history.chunks);
    turn->session = session;
    turn->agent = (struct agent_turn){.session = &session->agent, .text = text, .bytes = bytes};
    return turn;
}

bool acp_turn_add(struct acp *acp, struct acp_client *client, struct acp_session *session, struct json_span id,
                  char *text, size_t bytes, int64_t now_ms)
{
    const char *limit = over_limit(acp, client, id.bytes + bytes);
    struct acp_turn *turn = limit ? NULL : new_turn(session, id, text, bytes);

    if (!turn) {
        free(text);
        acp->gauges.rate_limited_total += limit != NULL;
        acp_refuse(acp, client, id, limit ? ACP_IN_FLIGHT_CODE : JSONRPC_INTERNAL_CODE, limit ? limit : "no memory",
                   NULL);
        return false;
    }
    client->in_flight++;
    client->prompt_bytes += (int64_t)(id.bytes + bytes);
    TAILQ_INSERT_TAIL(&session->turns, turn, in_session);
    if (is_running(turn))
        run_first(acp, session, now_ms);
    return true;
}

static void free_turn(struct acp_turn *turn)
{
    free(turn->id);
    free(turn->text);
    free(turn->answer_text);
    free(turn);
}

/* Takes the turn out of its lists and frees it; the next one of its session begins. */
static void finish(struct acp *acp, struct acp_turn *turn, int64_t now_ms)
{
    struct acp_session *session = turn->session;
    bool was_running = is_running(turn);

    session->owner->in_flight--;
    session->owner->prompt_bytes -= (int64_t)(turn->id_bytes + turn->agent.bytes);
    session->owner->active_ms = now_ms;
    if (was_running)
        TAILQ_REMOVE(&acp->running, turn, in_running);
    TAILQ_REMOVE(&session->turns, turn, in_session);
    if (was_running)
        run_first(acp, session, now_ms);
    free_turn(turn);
}

static struct json_span id_of(const struct acp_turn *turn)
{
    return (struct json_span){turn->id, turn->id_bytes};
}

static void fail(struct acp *acp, struct acp_turn *turn, int code, const char *message, const char *detail,
                 int64_t now_ms)
{
    acp_refuse(acp, turn->session->owner, id_of(turn), code, message, detail);
    finish(acp, turn, now_ms);
}

/* A load has no stop reason: it was cancelled, and that is an error. */
static void answer_stopped(struct acp *acp, struct acp_turn *turn, enum acp_turn_end end)
{
    struct acp_client *client = turn->session->owner;

    if (end == ACP_TURN_CANCELLED && !turn->is_load)
        acp_reply_text(acp, client, id_of(turn), "{\"stopReason\":\"cancelled\"}");
    else if (end == ACP_TURN_TOO_LONG)
        acp_refuse(acp, client, id_of(turn), ACP_CANCELLED_CODE, "it took longer than ws.long_ms", NULL);
    else if (end != ACP_TURN_LEFT)
        acp_refuse(acp, client, id_of(turn), ACP_CANCELLED_CODE, "cancelled", NULL);
}

void acp_turn_stop(struct acp *acp, struct acp_turn *turn, enum acp_turn_end end, int64_t now_ms)
{
    static const char *const reasons[] = {"cancelled", "cancelled", "turn too long", "client left"};

    acp_call_abort(acp, turn, reasons[end]);
    if (turn->begun)
        acp->agent->cancel(acp->agent_context, &turn->agent);
    answer_stopped(acp, turn, end);
    finish(acp, turn, now_ms);
}

int acp_turns_stop(struct acp *acp, struct acp_session *session, enum acp_turn_end end, int64_t now_ms)
{
    struct acp_turn *next;
    int count = 0;

    for (struct acp_turn *turn = TAILQ_FIRST(&session->turns); turn; turn = next) {
        next = TAILQ_NEXT(turn, in_session);
        acp_turn_stop(acp, turn, end, now_ms);
        count++;
    }
    return count;
}

static void say(struct acp *acp, struct acp_session *session, const char *text, size_t bytes)
{
    acp_history_add(acp, &session->history, false, text, bytes);
    acp_update(acp, session, false, text, bytes);
}

/* A call that cannot be made is one without success; the agent hears of it at its next move. */
static void call(struct acp *acp, struct acp_turn *turn, const struct agent_move *move, int64_t now_ms)
{
    enum acp_call_kind kind = move->kind == AGENT_READ ? ACP_READ_CALL : ACP_PERMISSION_CALL;

    if (kind == ACP_READ_CALL && !turn->session->owner->can_read) {
        turn->agent.answer = AGENT_UNABLE;
        return;
    }
    turn->agent.answer = AGENT_NO_ANSWER;
    if (acp_call_begin(acp, turn, kind, move->text, move->bytes, now_ms))
        turn->due_ms = INT64_MAX; /* until the answer is there */
}

/* Before its first turn a session is discovered, once, whichever of its turns is there to wait for it. */
static void discover(struct acp *acp, struct acp_turn *turn, int64_t now_ms)
{
    struct acp_session *session = turn->session;
    struct agent_move move = {.kind = AGENT_END};

    if (!session->discovering)
        acp->gauges.discoveries_total++;
    session->discovering = true;
    acp->agent->discover(acp->agent_context, &turn->agent, now_ms, &move);
    if (move.kind == AGENT_WAIT)
        turn->due_ms = move.due_ms;
    else
        session->discovered = true;
}

static void begin(struct acp *acp, struct acp_turn *turn)
{
    struct acp_session *session = turn->session;

    if (turn->begun)
        return;
    turn->begun = true;
    acp_history_add(acp, &session->history, true, turn->text, turn->agent.bytes);
    if (session->greeted)
        return;
    session->greeted = true;
    say(acp, session, greeting, sizeof greeting - 1);
}

static void forget_answer(struct acp_turn *turn)
{
    free(turn->answer_text);
    turn->answer_text = NULL;
    turn->agent.answer_text = NULL;
    turn->agent.answer_bytes = 0;
}

/* Does what the agent wants. False: the turn has ended, and is freed. */
static bool make_move(struct acp *acp, struct acp_turn *turn, const struct agent_move *move, int64_t now_ms)
{
    switch (move->kind) {
    case AGENT_SAY:
        say(acp, turn->session, move->text, move->bytes);
        return true;
    case AGENT_WAIT:
        turn->due_ms = move->due_ms;
        return true;
    case AGENT_READ:
    case AGENT_PERMIT:
        call(acp, turn, move, now_ms);
        return true;
    case AGENT_FAIL:
        fail(acp, turn, move->code, move->text, move->detail, now_ms);
        return false;
    case AGENT_END:
        break;
    }
    acp_reply_text(acp, turn->session->owner, id_of(turn), "{\"stopReason\":\"end_turn\"}");
    finish(acp, turn, now_ms);
    return false;
}

/* The next chunk of what was said, as often as there is one; then the answer (protocol, "Session Setup": "When all the
 * conversation entries have been streamed"). No turn of this session runs meanwhile, so the history stays as it is. */
static bool replay(struct acp *acp, struct acp_turn *turn, int64_t now_ms)
{
    const struct acp_chunk *chunk = turn->next;

    if (chunk) {
        acp_update(acp, turn->session, chunk->of_user, chunk->text, chunk->bytes);
        turn->next = TAILQ_NEXT(chunk, link);
        return true;
    }
    acp_reply_text(acp, turn->session->owner, id_of(turn), "{}");
    finish(acp, turn, now_ms);
    return false;
}

static bool move_once(struct acp *acp, struct acp_turn *turn, int64_t now_ms)
{
    struct agent_move move = {.kind = AGENT_END};

    if (turn->is_load)
        return replay(acp, turn, now_ms);
    if (!turn->session->discovered) {
        discover(acp, turn, now_ms);
        return true;
    }
    begin(acp, turn);
    acp->agent->prompt(acp->agent_context, &turn->agent, now_ms, &move);
    forget_answer(turn);
    if (move.bytes <= AGENT_TEXT_MAX_BYTES)
        return make_move(acp, turn, &move, now_ms);
    if (move.kind != AGENT_END && move.kind != AGENT_FAIL)
        acp->agent->cancel(acp->agent_context, &turn->agent);
    fail(acp, turn, JSONRPC_INTERNAL_CODE, "the agent's text is too long", NULL, now_ms);
    return false;
}

static bool is_paused(const struct acp *acp, const struct acp_turn *turn)
{
    return turn->session->owner->queue_bytes > acp->limits.queue_bytes;
}

static void run(struct acp *acp, struct acp_turn *turn, int64_t now_ms)
{
    for (int i = 0; i < ACP_MOVES_MAX && turn->due_ms <= now_ms && !is_paused(acp, turn); i++) {
        if (!move_once(acp, turn, now_ms))
            return;
    }
}

void acp_turns_run(struct acp *acp, int64_t now_ms)
{
    struct acp_turn *last = TAILQ_LAST(&acp->running, acp_turn_list);
    struct acp_turn *turn;
    int left = ACP_TURNS_A_TICK;

    while (left > 0 && (turn = TAILQ_FIRST(&acp->running))) {
        bool was_last = turn == last;

        TAILQ_REMOVE(&acp->running, turn, in_running);
        TAILQ_INSERT_TAIL(&acp->running, turn, in_running);
        if (turn->deadline_ms <= now_ms) {
            acp_turn_stop(acp, turn, ACP_TURN_TOO_LONG, now_ms);
            left--;
        } else if (turn->due_ms <= now_ms && !is_paused(acp, turn)) {
            run(acp, turn, now_ms);
            left--;
        }
        if (was_last)
            break;
    }
}

int64_t acp_turns_wake_ms(const struct acp *acp)
{
    int64_t wake_ms = INT64_MAX;
    const struct acp_turn *turn;

    TAILQ_FOREACH(turn, &acp->running, in_running)
    {
        int64_t due_ms = is_paused(acp, turn) || turn->due_ms > turn->deadline_ms ? turn->deadline_ms : turn->due_ms;

        if (due_ms < wake_ms)
            wake_ms = due_ms;
    }
    return wake_ms;
}
