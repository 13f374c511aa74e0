/* Sessions do not mix: each counts for itself, and no event lands in another one's file. */
#include "check.h"
#include "store.h"

enum { SESSIONS = 64, CLIENTS = 4, EACH = 2 };

static void sixty_four_sessions_at_once(void **state)
{
    struct store *store = *state;
    const char *sids[SESSIONS];
    uint64_t calls[SESSIONS][CLIENTS];
    for (int i = 0; i < SESSIONS; i++)
        sids[i] = store_create(store);
    for (int round = 0; round < EACH; round++) {
        for (int i = 0; i < SESSIONS; i++)
            for (int client = 0; client < CLIENTS; client++)
                calls[i][client] = store_begin_append(store, sids[i], store_event(store, NULL));
        for (int i = 0; i < SESSIONS; i++)
            for (int client = 0; client < CLIENTS; client++)
                store_end_append(store, calls[i][client]);
    }
    for (int i = 0; i < SESSIONS; i++) {
        expect_sound_history(store, sids[i]);
        expect_integer((int64_t)store_read(store, sids[i]).count, (int64_t)CLIENTS * EACH, "events in each session");
    }
}

static void one_session_by_itself(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    store_append_concurrently(&store, 1, sid, CLIENTS, EACH, 16);
    expect_sound_history(store, sid);
}

static void two_sessions_in_turns(void **state)
{
    struct store *store = *state;
    const char *one = store_create(store), *two = store_create(store);
    for (int64_t number = 1; number <= 3; number++) {
        expect_integer((int64_t)store_append(store, one, store_event(store, NULL)), number, "the first one's number");
        expect_integer((int64_t)store_append(store, two, store_event(store, NULL)), number, "the second one's number");
    }
    expect_sound_history(store, one);
    expect_sound_history(store, two);
}

const struct check check = {
    .title = "Sessions count for themselves and do not mix",
    .level = SHOULD,
    .origins = {"OAS-1"},
    .cases =
        {
            CASE(sixty_four_sessions_at_once),
            CASE(two_sessions_in_turns),
            CONTROL(one_session_by_itself),
        },
};
