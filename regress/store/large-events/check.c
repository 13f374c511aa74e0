/* Events of a megabyte, appended by several processes at once, are not torn into one another. */
#include "check.h"
#include "store/store.h"

enum { PROCESSES = 4, EVENT_BYTES = 1 << 20, EACH = 6, LONG_EACH = 60 };

static void four_processes_append_a_megabyte_each(void **state)
{
    struct store *stores[PROCESSES] = {*state};

    if (store_declares(stores[0], "store.processes=one"))
        not_applicable("the target declares store.processes=one");
    for (int i = 1; i < PROCESSES; i++)
        stores[i] = store_beside(stores[0]);
    const char *sid = store_create(stores[0]);
    store_append_concurrently(stores, PROCESSES, sid, PROCESSES, long_run() ? LONG_EACH : EACH, EVENT_BYTES);
    expect_sound_history(stores[0], sid);
}

static void four_clients_of_one_process_append_a_megabyte_each(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append_concurrently(&store, 1, sid, 4, long_run() ? LONG_EACH : EACH, EVENT_BYTES);
    expect_sound_history(store, sid);
}

static void one_client_appends_a_megabyte(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append_concurrently(&store, 1, sid, 1, 2, EVENT_BYTES);
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "Large events from several writers are not torn",
    .level = MUST,
    .origins = {"OAS-1", "POSIX.1 write(2)"},
    .cases =
        {
            CASE(four_processes_append_a_megabyte_each),
            CASE(four_clients_of_one_process_append_a_megabyte_each),
            CONTROL(one_client_appends_a_megabyte),
        },
};
