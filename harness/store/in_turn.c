/* What overlapped, once more and one after the other: only what passes then was a race. */
#include "check.h"
#include "history/history.h"
#include "store/store_private.h"

enum { IN_TURN_MAX = 64 }; /* appends, so that a judge who is in doubt keeps nobody waiting */

bool store_may_repeat(const struct store *store)
{
    const struct shared *shared = store->shared;

    if (!shared->overlapped || shared->stimulus || shared->in_turn)
        return false;
    for (size_t i = 0; i < shared->store_count; i++)
        if (driver_is_dead(shared->stores[i]->driver) || shared->stores[i]->pending_count > 0)
            return false;
    return true;
}

const char *store_repeat_in_turn(struct store *store, const char *sid)
{
    struct shared *shared = store->shared;
    const char *again = store_create(store), *event;

    shared->in_turn = true;
    for (size_t i = 0; i < IN_TURN_MAX && (event = history_acknowledged(shared->history, sid, i)); i++)
        store_append(shared->stores[i % shared->store_count], again, event);
    return again;
}
