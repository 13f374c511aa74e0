/* Events of a megabyte, appended by several processes at once, are not torn into one another. */
#include "check.h"
#include "store/store.h"
#include "supervisor/supervisor.h"

enum { PROCESSES = 4, CLIENTS = 4, EVENT_BYTES = 1 << 20, EACH = 6, LONG_EACH = 60, FEW = 2 };

static void append_megabytes(struct store **stores, size_t count, const char *sid)
{
    size_t each = long_run() ? LONG_EACH : EACH;

    store_append_concurrently(stores, count, sid, CLIENTS, each, EVENT_BYTES);
    expect_sound_history(stores[0], sid);
    store_require_overlap(stores[0], sid, CLIENTS * each / 2);
}

static void four_processes_append_a_megabyte_each(void **state)
{
    struct store *stores[PROCESSES] = {*state};

    if (store_declares(stores[0], "store.processes=one"))
        not_applicable("the target declares store.processes=one");
    for (int i = 1; i < PROCESSES; i++)
        stores[i] = store_beside(stores[0]);
    const char *sid = store_create(stores[0]);
    append_megabytes(stores, PROCESSES, sid);
}

/* Each write waits a little for a second writer, who then goes first: on a busy machine the threads of one process may
 * else run one after the other. */
static void four_clients_of_one_process_append_a_megabyte_each(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);
    const char *sid = store_create(store);

    supervisor_add(supervisor, &(struct supervisor_rule){.kinds = SUPERVISOR_WRITE,
                                                         .where = store_glob(store, NULL),
                                                         .action = SUPERVISOR_RENDEZVOUS,
                                                         .hold_ms = scaled_ms(SUPERVISOR_RENDEZVOUS_MS)});
    append_megabytes(&store, 1, sid);
}

static void one_client_appends_a_megabyte(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append_concurrently(&store, 1, sid, 1, FEW, EVENT_BYTES);
    expect_sound_history(store, sid);
    store_require_acknowledged(store, sid, FEW);
}

const struct check check = {
    .title = "Large events from several writers are not torn",
    .level = MUST,
    .origins = {"OAS-1", "POSIX.1 write(2)"},
    .needs = {"supervisor"},
    .cases =
        {
            CASE(four_clients_of_one_process_append_a_megabyte_each),
            CASE(four_processes_append_a_megabyte_each),
            CONTROL(one_client_appends_a_megabyte),
        },
};
