/* The first appends to a fresh session race for whatever the store sets up lazily: its lock, its last number. */
#include "check.h"
#include "store/store.h"
#include "store/watch.h"
#include "supervisor/supervisor.h"

enum { CLIENTS = 16, SESSIONS = 4, LONG_SESSIONS = 100, RESTARTS = 3 };

/* Whoever opens a file is held for a moment, so that all the others come while the session is being set up; and writes
 * that two of them make at once change places. The rules are made anew each time, since a rendezvous rests once it has
 * waited in vain too often. */
static void append_while_it_is_set_up(struct store *store, struct supervisor *supervisor, const char *sid)
{
    unsigned opens = supervisor_add(supervisor, &(struct supervisor_rule){.kinds = SUPERVISOR_OPEN,
                                                                          .where = store_glob(store, NULL),
                                                                          .action = SUPERVISOR_DELAY,
                                                                          .hold_ms = scaled_ms(1)});
    unsigned writes =
        supervisor_add(supervisor, &(struct supervisor_rule){.kinds = SUPERVISOR_WRITE,
                                                             .where = store_glob(store, NULL),
                                                             .action = SUPERVISOR_RENDEZVOUS,
                                                             .hold_ms = scaled_ms(SUPERVISOR_RENDEZVOUS_MS)});

    store_append_concurrently(&store, 1, sid, CLIENTS, 1, 16);
    supervisor_remove(supervisor, opens);
    supervisor_remove(supervisor, writes);
    store_require_seen(supervisor, writes, "writes to the store's files");
    expect_sound_history(store, sid);
    store_require_overlap(store, sid, CLIENTS / 2);
}

static void clients_released_together_on_fresh_sessions(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_OPEN | SUPERVISOR_WRITE);

    for (int i = 0; i < (long_run() ? LONG_SESSIONS : SESSIONS); i++) {
        const char *sid = store_create(store);

        append_while_it_is_set_up(store, supervisor, sid);
    }
}

static void clients_released_together_after_a_restart(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_OPEN | SUPERVISOR_WRITE);
    const char *sid = store_create(store);

    store_append(store, sid, store_event(store, "before"));
    for (int i = 0; i < RESTARTS; i++) {
        store_restart(store);
        append_while_it_is_set_up(store, supervisor, sid);
    }
}

static void one_first_append_is_number_one(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    expect_integer((int64_t)store_append(store, sid, store_event(store, NULL)), 1, "the first sequence number");
}

const struct check check = {
    .title = "The first appends to a session do not race for its set-up",
    .level = MUST,
    .origins = {"OAS-1"},
    .needs = {"supervisor"},
    .cases =
        {
            CASE(clients_released_together_on_fresh_sessions),
            CASE(clients_released_together_after_a_restart),
            CONTROL(one_first_append_is_number_one),
        },
};
