/* The race of OAS-1, brought about instead of hoped for: the first of two writes to a file is held until a second
 * writer comes, and the second goes first. A store that locks never has two writers waiting, and only loses time. */
#include "check.h"
#include "store/store.h"
#include "store/watch.h"
#include "supervisor/supervisor.h"

enum { CLIENTS = 8, EACH = 50, FEW = 4 };

/* Holds what the target's processes do to the files, so that it happens the other way round. */
static unsigned cross(struct supervisor *supervisor, unsigned kinds, const char *where)
{
    return supervisor_add(supervisor, &(struct supervisor_rule){.kinds = kinds,
                                                                .where = where,
                                                                .action = SUPERVISOR_RENDEZVOUS,
                                                                .hold_ms = scaled_ms(SUPERVISOR_RENDEZVOUS_MS)});
}

/* Where no call was there to be crossed nothing was brought about: then luck is not judged either. */
static void append_and_judge(struct store **stores, size_t count, const char *sid, size_t clients, size_t each,
                             struct supervisor *supervisor, unsigned rule, const char *calls)
{
    store_append_concurrently(stores, count, sid, clients, each, 12);
    store_require_seen(supervisor, rule, calls);
    expect_sound_history(stores[0], sid);
    if (clients > 1)
        store_require_overlap(stores[0], sid, clients * each / 2);
    else
        store_require_acknowledged(stores[0], sid, each);
}

static void cross_writes(struct store *store, size_t clients, size_t each)
{
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);
    const char *sid = store_create(store);
    unsigned rule = cross(supervisor, SUPERVISOR_WRITE, store_glob(store, NULL));

    append_and_judge(&store, 1, sid, clients, each, supervisor, rule, "writes to the store's files");
}

static void writes_cross(void **state)
{
    cross_writes(*state, CLIENTS, EACH);
}

/* Only those of the file itself: to hold those of the directories above it as well would keep others from coming. */
static void opens_cross(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_OPEN);
    const char *sid = store_create(store);
    bool known = store_has_file(store, STORE_EVENTS);
    unsigned rule =
        cross(supervisor, SUPERVISOR_OPEN, known ? store_path(store, sid, STORE_EVENTS) : store_glob(store, NULL));

    append_and_judge(&store, 1, sid, FEW, FEW, supervisor, rule, "opens of the events");
}

static void syncs_cross(void **state)
{
    struct store *store = *state;

    store_ask_durable(store);
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_SYNC);
    const char *sid = store_create(store);
    unsigned rule = cross(supervisor, SUPERVISOR_SYNC, store_glob(store, NULL));
    append_and_judge(&store, 1, sid, FEW, FEW, supervisor, rule, "syncs of the store's files");
}

static void writes_of_two_processes_cross(void **state)
{
    struct store *stores[2] = {*state};

    if (store_declares(stores[0], "store.processes=one"))
        not_applicable("the target declares store.processes=one");
    struct supervisor *supervisor = store_supervise(stores[0], SUPERVISOR_WRITE);
    unsigned rule = cross(supervisor, SUPERVISOR_WRITE, store_glob(stores[0], NULL));
    stores[1] = store_beside(stores[0]);
    append_and_judge(stores, 2, store_create(stores[0]), FEW, FEW, supervisor, rule, "writes to the store's files");
}

static void one_client_is_not_held_up(void **state)
{
    cross_writes(*state, 1, FEW);
}

const struct check check = {
    .title = "Appends whose system calls cross are numbered in the order of the file",
    .level = MUST,
    .origins = {"OAS-1"},
    .needs = {"supervisor"},
    .stricter = "two processes still share numbers: its lock is one process's own",
    .cases =
        {
            CASE(writes_cross, .promised = true),
            CASE(opens_cross),
            CASE(syncs_cross),
            CASE(writes_of_two_processes_cross),
            CONTROL(one_client_is_not_held_up),
        },
};
