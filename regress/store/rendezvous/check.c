/* The race of OAS-1, brought about instead of hoped for: the first of two writes to a file is held until a second
 * writer comes, and the second goes first. A store that locks never has two writers waiting, and only loses time. */
#include "check.h"
#include "store.h"
#include "supervisor.h"

enum { CLIENTS = 4, EACH = 4 };

/* Holds what the target's processes do to the session's files, so that it happens the other way round. */
static void cross_writes(struct store *store)
{
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);
    supervisor_add(supervisor, &(struct supervisor_rule){.kinds = SUPERVISOR_WRITE,
                                                         .where = store_glob(store, NULL),
                                                         .action = SUPERVISOR_RENDEZVOUS,
                                                         .hold_ms = scaled_ms(SUPERVISOR_RENDEZVOUS_MS)});
}

static void append_and_judge(struct store **stores, size_t count)
{
    const char *sid = store_create(stores[0]);
    store_append_concurrently(stores, count, sid, CLIENTS, EACH, 12);
    expect_sound_history(stores[0], sid);
}

static void writes_cross(void **state)
{
    struct store *store = *state;
    cross_writes(store);
    append_and_judge(&store, 1);
}

static void writes_of_two_processes_cross(void **state)
{
    struct store *stores[2] = {*state};
    if (store_declares(stores[0], "store.processes=one"))
        not_applicable("the target declares store.processes=one");
    cross_writes(stores[0]);
    stores[1] = store_beside(stores[0]);
    append_and_judge(stores, 2);
}

static void one_client_is_not_held_up(void **state)
{
    struct store *store = *state;
    cross_writes(store);
    const char *sid = store_create(store);
    store_append_concurrently(&store, 1, sid, 1, EACH, 12);
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "Appends whose system calls cross are numbered in the order of the file",
    .level = MUST,
    .origins = {"OAS-1"},
    .needs = NEEDS_SUPERVISOR,
    .cases =
        {
            CASE(writes_cross),
            CASE(writes_of_two_processes_cross),
            CONTROL(one_client_is_not_held_up),
        },
};
