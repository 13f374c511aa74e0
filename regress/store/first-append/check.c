/* The first appends to a fresh session race for whatever the store sets up lazily: its lock, its last number. */
#include "check.h"
#include "store.h"

enum { CLIENTS = 16, SESSIONS = 40, LONG_SESSIONS = 400 };

static void clients_released_together_on_fresh_sessions(void **state)
{
    struct store *store = *state;
    for (int i = 0; i < (long_run() ? LONG_SESSIONS : SESSIONS); i++) {
        const char *sid = store_create(store);
        store_append_concurrently(&store, 1, sid, CLIENTS, 1, 16);
        expect_sound_history(store, sid);
    }
}

static void clients_released_together_after_a_restart(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    for (int i = 0; i < SESSIONS / 4; i++) {
        store_append_concurrently(&store, 1, sid, CLIENTS, 1, 16);
        store_restart(store);
    }
    expect_sound_history(store, sid);
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
    .cases =
        {
            CASE(clients_released_together_on_fresh_sessions),
            CASE(clients_released_together_after_a_restart),
            CONTROL(one_first_append_is_number_one),
        },
};
