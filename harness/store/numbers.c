/* Numbers that callers give (store.seq=caller): assay is the caller, and goes on where the session is. */
#include "check.h"
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

static struct numbered *find(struct store *store, const char *sid)
{
    struct numbered *found = store->shared->numbered;

    while (found && strcmp(found->sid, sid) != 0)
        found = found->next;
    if (found)
        return found;
    found = malloc(sizeof *found);
    if (!found)
        abort();
    *found = (struct numbered){.next = store->shared->numbered, .sid = store_keep(store, sid)};
    store->shared->numbered = found;
    return found;
}

void store_know_number(struct store *store, const char *sid, uint64_t last)
{
    struct numbered *session = find(store, sid);

    session->last = last;
    session->known = true;
}

void store_forget_numbers(struct store *store)
{
    for (struct numbered *session = store->shared->numbered; session; session = session->next)
        session->known = false;
}

static bool any_under_way(const struct store *store, const char *sid)
{
    for (size_t i = 0; i < store->shared->store_count; i++)
        for (size_t j = 0; j < store->shared->stores[i]->pending_count; j++)
            if (strcmp(store->shared->stores[i]->pending[j].sid, sid) == 0)
                return true;
    return false;
}

/* A number whose append is under way is given, whatever the session says. */
uint64_t store_give_number(struct store *store, const char *sid)
{
    if (!store_declares(store, "store.seq=caller"))
        return 0;
    struct numbered *session = find(store, sid);
    if (!session->known && !any_under_way(store, sid))
        store_know_number(store, sid, store_highest_number(store, sid));
    return ++session->last;
}

/* What is no object is sent as it is: it is to be refused. */
void store_add_numbered(struct text *out, const char *event, size_t bytes, uint64_t number)
{
    static const char blanks[] = " \t\r\n";
    const char *end = event + bytes, *open = event;

    while (open < end && *open && strchr(blanks, *open))
        open++;
    if (number != 0 && open < end && *open == '{') {
        const char *next = ++open;

        while (next < end && *next && strchr(blanks, *next))
            next++;
        bool empty = next < end && *next == '}';
        text_addf(out, "{\"seq\":%llu%s", (unsigned long long)number, empty ? "" : ",");
        event = open;
    }
    text_add_bytes(out, event, (size_t)(end - event));
}
