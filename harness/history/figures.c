/* How much of a history can show anything: what was acknowledged, and what of that overlapped. */
#include "base/xalloc.h"
#include "history/history_private.h"

#include <stdlib.h>

/* The acknowledged appends, in the order in which they were invoked. */
static struct history_keyed *by_time(const struct history_session *session, size_t *count)
{
    struct history_keyed *keyed = xalloc_resize(NULL, session->operation_count + 1, sizeof *keyed);

    *count = 0;
    for (size_t i = 0; i < session->operation_count; i++)
        if (session->operations[i].outcome == ACKNOWLEDGED)
            keyed[(*count)++] = (struct history_keyed){session->operations[i].invoked_ns, i};
    history_sort(keyed, *count);
    return keyed;
}

/* An append overlaps one that was invoked before it and had not ended, or the next one. */
struct history_figures history_figures(const struct history *history, const char *sid)
{
    const struct history_session *session = history_find(history, sid);
    struct history_figures figures = {.appends = session ? session->operation_count : 0};

    if (!session)
        return figures;
    struct history_keyed *keyed = by_time(session, &figures.acknowledged);
    int64_t latest_end = INT64_MIN;
    for (size_t i = 0; i < figures.acknowledged; i++) {
        int64_t end = session->operations[keyed[i].index].ended_ns;
        bool next_begins = i + 1 < figures.acknowledged && keyed[i + 1].key < end;

        figures.overlapped += next_begins || keyed[i].key < latest_end;
        latest_end = end > latest_end ? end : latest_end;
    }
    free(keyed);
    return figures;
}
