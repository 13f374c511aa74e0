/* Sessions: whose they are, how they change hands, and how they end. One that waits for its owner stands in the list of
 * those that wait, which is in the order in which they expire, since all wait equally long; one that was taken over
 * stands there no more, so no sweep can find it. */
#include "acp/acp_private.h"

#include "json/string.h"

#include <stdlib.h>
#include <string.h>

static size_t bucket_of(const char *id)
{
    return strtoul((char[]){id[0], id[1], id[2], '\0'}, NULL, 16) % ACP_BUCKETS;
}

struct acp_session *acp_session_new(struct acp *acp, struct acp_client *owner, char *cwd, char token[TOKEN_TEXT_BYTES])
{
    struct acp_session *session = calloc(1, sizeof *session);

    if (!session || !token_uuid(session->id) || !token_new(token, session->digest)) {
        free(session);
        free(cwd);
        return NULL;
    }
    session->number = ++acp->last_session;
    session->cwd = cwd;
    session->owner = owner;
    TAILQ_INIT(&session->turns);
    TAILQ_INIT(&session->history.chunks);
    TAILQ_INSERT_TAIL(&owner->sessions, session, in_owner);
    LIST_INSERT_HEAD(&acp->buckets[bucket_of(session->id)], session, in_bucket);
    acp->gauges.sessions++;
    return session;
}

struct acp_session *acp_session_find(struct acp *acp, struct json_span id)
{
    size_t bytes;
    char *text = json_string(id, &bytes);
    struct acp_session *session = NULL;

    if (text && bytes == TOKEN_UUID_BYTES - 1) {
        LIST_FOREACH(session, &acp->buckets[bucket_of(text)], in_bucket)
        {
            if (memcmp(session->id, text, bytes) == 0)
                break;
        }
    }
    free(text);
    return session;
}

static struct acp_session_list *list_of(struct acp *acp, struct acp_session *session)
{
    return session->owner ? &session->owner->sessions : &acp->waiting;
}

void acp_session_wait(struct acp *acp, struct acp_session *session, int64_t now_ms)
{
    TAILQ_REMOVE(list_of(acp, session), session, in_owner);
    session->owner = NULL;
    session->expires_ms = now_ms + acp->limits.grace_ms;
    TAILQ_INSERT_TAIL(&acp->waiting, session, in_owner);
}

void acp_session_adopt(struct acp *acp, struct acp_session *session, struct acp_client *owner)
{
    TAILQ_REMOVE(list_of(acp, session), session, in_owner);
    session->owner = owner;
    TAILQ_INSERT_TAIL(&owner->sessions, session, in_owner);
}

/* Whatever fails in the agent, the rest of the clean-up comes all the same. */
void acp_session_end(struct acp *acp, struct acp_session *session, int64_t now_ms)
{
    acp_turns_stop(acp, session, ACP_TURN_CANCELLED, now_ms);
    if (session->discovering && !acp->agent->session_closed(acp->agent_context, &session->agent))
        log_event(acp->log, LOG_ERROR, "cleanup.failed", "step", "session_closed", "session", session->id, NULL);
    TAILQ_REMOVE(list_of(acp, session), session, in_owner);
    LIST_REMOVE(session, in_bucket);
    acp->gauges.sessions--;
    acp_history_free(&session->history);
    free(session->cwd);
    free(session);
}

void acp_sessions_sweep(struct acp *acp, int64_t now_ms)
{
    for (int i = 0; i < ACP_SWEEP_A_TICK; i++) {
        struct acp_session *session = TAILQ_FIRST(&acp->waiting);

        if (!session || session->expires_ms > now_ms)
            return;
        acp_session_end(acp, session, now_ms);
    }
}
