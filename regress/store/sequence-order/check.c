/* Concurrent appends to one session get the numbers 1..N, and stand in the file in that order. */
#include "check.h"
#include "store/store.h"

enum { CLIENTS = 8, EACH = 50, ROUNDS = 3, LONG_ROUNDS = 30 };

static void eight_clients_append_to_one_session(void **state)
{
    struct store *store = *state;

    for (int round = 0; round < (long_run() ? LONG_ROUNDS : ROUNDS); round++) {
        const char *sid = store_create(store);

        store_append_concurrently(&store, 1, sid, CLIENTS, EACH, 12);
        expect_sound_history(store, sid);
        store_require_overlap(store, sid, CLIENTS * EACH / 2);
    }
}

static void one_client_appends_one_after_the_other(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    for (uint64_t i = 0, last = 0; i < EACH; i++) {
        uint64_t seq = store_append(store, sid, store_event(store, NULL));

        expect_next_number(store, seq, last, "sequence number");
        last = seq;
    }
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "Concurrent appends are numbered 1..N, in the order of the file",
    .level = MUST,
    .origins = {"OAS-1", "linearizability"},
    .cases =
        {
            CASE(eight_clients_append_to_one_session, .promised = true),
            CONTROL(one_client_appends_one_after_the_other),
        },
};
