/* Many clients at once: each appends one event at a time, all of them overlap. */
#include "check.h"
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

struct crowd { /* clients that append, one event at a time each */
    struct store **stores;
    struct driver *drivers[DRIVERS_MAX];
    size_t store_count;
    const char *sid;
    char *filler;
    size_t *left; /* per client: events still to be sent */
    size_t clients;
};

static void send_next(struct crowd *crowd, size_t client)
{
    struct store *store = crowd->stores[client % crowd->store_count];

    if (crowd->left[client] == 0)
        return;
    crowd->left[client]--;
    store_begin_append_as(store, (unsigned)client + 1, crowd->sid, store_event(store, crowd->filler));
}

static size_t in_flight(const struct crowd *crowd)
{
    size_t count = 0;

    for (size_t i = 0; i < crowd->store_count; i++)
        count += crowd->stores[i]->pending_count;
    return count;
}

static void run_crowd(struct crowd *crowd)
{
    for (size_t client = 0; client < crowd->clients; client++)
        send_next(crowd, client);
    while (in_flight(crowd)) {
        size_t which;
        uint64_t id;
        struct answer answer = driver_wait_any(crowd->drivers, crowd->store_count, &which, &id, STORE_CALL_MS);
        unsigned client = store_enter_append(crowd->stores[which], id, &answer);

        if (!driver_is_dead(crowd->drivers[which]))
            send_next(crowd, client - 1);
    }
}

void store_append_concurrently(struct store **stores, size_t store_count, const char *sid, size_t clients, size_t each,
                               size_t event_bytes)
{
    if (store_count == 0)
        error_of_harness("a crowd needs a store");
    struct crowd crowd = {.stores = stores, .store_count = store_count, .sid = sid, .clients = clients};
    for (size_t i = 0; i < store_count; i++)
        crowd.drivers[i] = stores[i]->driver;
    crowd.filler = malloc(event_bytes + 1);
    crowd.left = malloc(clients * sizeof *crowd.left);
    if (!crowd.filler || !crowd.left)
        abort();
    memset(crowd.filler, 'x', event_bytes);
    crowd.filler[event_bytes] = '\0';
    for (size_t i = 0; i < clients; i++)
        crowd.left[i] = each;
    run_crowd(&crowd);
    free(crowd.filler);
    free(crowd.left);
}
