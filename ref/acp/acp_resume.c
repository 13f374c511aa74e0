/* Sessions brought back: by their own client or by whoever has the token, and the list of one's own. */
#include "acp/acp_private.h"

#include "json/string.h"

#include <stdlib.h>
#include <string.h>

/* Does the caller show the token of this session? */
static bool shows_token(const struct acp_work *work, const struct acp_session *session)
{
    struct json_span meta, value;
    size_t bytes;
    char *token;
    bool matches;

    if (!json_find(work->params, "_meta", &meta) || !json_find(meta, "resumeToken", &value))
        return false;
    token = json_string(value, &bytes);
    matches = token && token_matches(token, bytes, session->digest);
    free(token);
    return matches;
}

static bool waits(const struct acp_work *work, const struct acp_session *session)
{
    return !session->owner && session->expires_ms > work->now_ms;
}

/* The session that the caller may have: one that waits and whose token it shows, or its own if that will do. Whatever
 * is wrong with it, the answer is the same, so that nobody learns which sessions there are. */
static struct acp_session *claim(const struct acp_work *work, bool own_will_do)
{
    struct json_span id;
    struct acp_session *session;

    if (!acp_param_text(work, "sessionId", &id))
        return NULL;
    session = acp_session_find(work->acp, id);
    if (session && own_will_do && session->owner == work->client)
        return session;
    if (session && waits(work, session) && shows_token(work, session))
        return session;
    acp_refuse(work->acp, work->client, work->id, ACP_NO_SESSION_CODE,
               "access denied: no session that waits, or not its token", NULL);
    return NULL;
}

static bool has_cwd(const struct acp_work *work, const struct acp_session *session)
{
    char *cwd;
    bool same;

    if (!acp_param_cwd(work, &cwd))
        return false;
    same = strcmp(cwd, session->cwd) == 0;
    free(cwd);
    if (!same)
        acp_bad_params(work, "cwd is not the session's");
    return same;
}

void acp_session_load(const struct acp_work *work)
{
    struct acp_session *session = acp_param_servers(work) ? claim(work, true) : NULL;

    if (!session || !has_cwd(work, session))
        return;
    if (!TAILQ_EMPTY(&session->turns)) {
        acp_refuse(work->acp, work->client, work->id, ACP_NOT_NOW_CODE, "a turn of this session is running", NULL);
        return;
    }
    if (acp_turn_add(work->acp, work->client, session, work->id, NULL, 0, work->now_ms) &&
        session->owner != work->client)
        acp_session_adopt(work->acp, session, work->client);
}

void acp_session_resume(const struct acp_work *work)
{
    struct acp_session *session = claim(work, false);

    if (!session || !has_cwd(work, session))
        return;
    acp_session_adopt(work->acp, session, work->client);
    acp_reply_text(work->acp, work->client, work->id, "{}");
}

/* ---- session/list ---- */

/* The client's next session behind that number, in that directory; cwd NULL: in any. */
static const struct acp_session *next_session(const struct acp_client *client, const char *cwd, uint64_t number)
{
    const struct acp_session *found = NULL;
    const struct acp_session *session;

    TAILQ_FOREACH(session, &client->sessions, in_owner)
    {
        if (session->number > number && (!found || session->number < found->number) &&
            (!cwd || strcmp(session->cwd, cwd) == 0))
            found = session;
    }
    return found;
}

static void add_session(struct buffer *result, const struct acp_session *session)
{
    buffer_add_format(result, "{\"sessionId\":\"%s\",\"cwd\":", session->id);
    json_add_string(result, session->cwd, strlen(session->cwd));
    buffer_add_text(result, "}");
}

static void answer_list(const struct acp_work *work, const char *cwd, uint64_t number)
{
    struct buffer result = buffer_new(ACP_MESSAGE_MAX_BYTES);
    const struct acp_session *session;
    char cursor[TOKEN_CURSOR_BYTES];
    int count = 0;

    buffer_add_text(&result, "{\"sessions\":[");
    while ((session = next_session(work->client, cwd, number)) && count < ACP_PAGE_SESSIONS) {
        buffer_add_text(&result, count++ > 0 ? "," : "");
        add_session(&result, session);
        number = session->number;
    }
    buffer_add_text(&result, "]");
    if (session && token_cursor(work->acp->key, work->client->id, number, cursor))
        buffer_add_format(&result, ",\"nextCursor\":\"%s\"", cursor);
    buffer_add_text(&result, "}");
    acp_reply(work->acp, work->client, work->id, &result);
}

static bool read_cursor(const struct acp_work *work, uint64_t *number)
{
    struct json_span value;
    size_t bytes;
    char *cursor;
    bool good;

    if (!json_find(work->params, "cursor", &value) || *value.at == 'n')
        return true;
    cursor = json_string(value, &bytes);
    good = cursor && token_cursor_read(work->acp->key, work->client->id, cursor, bytes, number);
    free(cursor);
    return good;
}

void acp_session_list(const struct acp_work *work)
{
    struct json_span value;
    uint64_t number = 0;
    char *cwd = NULL;

    if (json_find(work->params, "cwd", &value) && *value.at != 'n' && !acp_param_cwd(work, &cwd))
        return;
    if (read_cursor(work, &number))
        answer_list(work, cwd, number);
    else
        acp_bad_params(work, "a cursor that was not given to this client");
    free(cwd);
}
