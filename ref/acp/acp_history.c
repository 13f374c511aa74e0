/* What was said in a session, as whole turns: the oldest one goes when there is no more room. */
#include "acp/acp_private.h"

#include <stdlib.h>
#include <string.h>

static int64_t cost_bytes(const struct acp_chunk *chunk)
{
    return (int64_t)(sizeof *chunk + chunk->bytes);
}

static void drop_first(struct acp_history *history)
{
    struct acp_chunk *chunk = TAILQ_FIRST(&history->chunks);

    TAILQ_REMOVE(&history->chunks, chunk, link);
    history->bytes -= cost_bytes(chunk);
    free(chunk);
}

/* A turn that has lost its beginning loses the rest as well; so one that is too long by itself leaves nothing. */
static void trim(struct acp_history *history, int64_t max_bytes)
{
    while (history->bytes > max_bytes)
        drop_first(history);
    while (!TAILQ_EMPTY(&history->chunks) && !TAILQ_FIRST(&history->chunks)->of_user)
        drop_first(history);
}

void acp_history_add(struct acp *acp, struct acp_history *history, bool of_user, const char *text, size_t bytes)
{
    struct acp_chunk *chunk = malloc(sizeof *chunk + bytes);

    if (!chunk) { /* a history with a gap would be a lie */
        acp_history_free(history);
        return;
    }
    chunk->of_user = of_user;
    chunk->bytes = bytes;
    memcpy(chunk->text, text, bytes);
    TAILQ_INSERT_TAIL(&history->chunks, chunk, link);
    history->bytes += cost_bytes(chunk);
    trim(history, acp->limits.history_bytes);
}

void acp_history_free(struct acp_history *history)
{
    while (!TAILQ_EMPTY(&history->chunks))
        drop_first(history);
}
