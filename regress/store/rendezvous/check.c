/* The race of OAS-1, brought about instead of hoped for: the first of two writes to a file is held until a second
 * writer comes, and the second goes first. A store that locks never has two writers waiting, and only loses time. */
#include "check.h"
#include "store.h"
#include "store_watch.h"
#include "supervisor.h"

enum { CLIENTS = 8, EACH = 50, FEW = 4 };

/* Holds what the target's processes do to the session's files, so that it happens the other way round. */
static unsigned cross(struct store *store, struct supervisor *supervisor, unsigned kinds)
{
    return supervisor_add(supervisor, &(struct supervisor_rule){.kinds = kinds,
                                                                .where = store_glob(store, NULL),
                                                                .action = SUPERVISOR_RENDEZVOUS,
                                                                .hold_ms = scaled_ms(SUPERVISOR_RENDEZVOUS_MS)});
}

static void append_and_judge(struct store **stores, size_t count, size_t clients, size_t each)
{
    const char *sid = store_create(stores[0]);
    store_append_concurrently(stores, count, sid, clients, each, 12);
    expect_sound_history(stores[0], sid);
}

static void cross_calls(struct store *store, unsigned kinds, const char *calls, size_t clients, size_t each)
{
    struct supervisor *supervisor = store_supervise(store, kinds);
    unsigned rule = cross(store, supervisor, kinds);
    append_and_judge(&store, 1, clients, each);
    store_require_seen(supervisor, rule, calls);
}

static void writes_cross(void **state)
{
    cross_calls(*state, SUPERVISOR_WRITE, "writes to the store's files", CLIENTS, EACH);
}

static void opens_cross(void **state)
{
    cross_calls(*state, SUPERVISOR_OPEN, "opens of the store's files", FEW, FEW);
}

/* Whoever waits for the disk waits outside of the lock, or others wait for him; in either case in order. */
static void syncs_cross(void **state)
{
    struct store *store = *state;
    store_ask_durable(store);
    cross_calls(store, SUPERVISOR_SYNC, "syncs of the store's files", FEW, FEW);
}

static void writes_of_two_processes_cross(void **state)
{
    struct store *stores[2] = {*state};
    if (store_declares(stores[0], "store.processes=one"))
        not_applicable("the target declares store.processes=one");
    struct supervisor *supervisor = store_supervise(stores[0], SUPERVISOR_WRITE);
    unsigned rule = cross(stores[0], supervisor, SUPERVISOR_WRITE);
    stores[1] = store_beside(stores[0]);
    append_and_judge(stores, 2, FEW, FEW);
    store_require_seen(supervisor, rule, "writes to the store's files");
}

static void one_client_is_not_held_up(void **state)
{
    cross_calls(*state, SUPERVISOR_WRITE, "writes to the store's files", 1, FEW);
}

const struct check check = {
    .title = "Appends whose system calls cross are numbered in the order of the file",
    .level = MUST,
    .origins = {"OAS-1"},
    .needs = NEEDS_SUPERVISOR,
    .cases =
        {
            CASE(writes_cross),
            CASE(opens_cross),
            CASE(syncs_cross),
            CASE(writes_of_two_processes_cross),
            CONTROL(one_client_is_not_held_up),
        },
};
