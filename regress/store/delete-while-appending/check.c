/* Deleting a session while clients append to it: each append is acknowledged or refused, and afterwards the session is
 * gone; no late append brings half of it back. */
#include "check.h"
#include "store.h"

enum { ROUNDS = 30, LONG_ROUNDS = 300, WINDOW = 8 };

static void expect_gone(struct store *store, const char *sid)
{
    struct answer append = store_try_append(store, sid, store_event(store, NULL));
    expect(append.outcome != ACKNOWLEDGED, WRONG, "an error: the session was deleted", "an acknowledgement");
    struct answer read = store_try_read(store, sid);
    expect(read.outcome != ACKNOWLEDGED, RACE, "an error: the session was deleted", "events");
}

static void appends_that_overlap_a_delete(void **state)
{
    struct store *store = *state;
    for (int round = 0; round < (long_run() ? LONG_ROUNDS : ROUNDS); round++) {
        const char *sid = store_create(store);
        uint64_t calls[WINDOW];
        for (int i = 0; i < WINDOW / 2; i++)
            calls[i] = store_begin_append(store, sid, store_event(store, NULL));
        struct text params;
        text_init(&params, 256);
        text_addf(&params, "{\"sid\":\"%s\"}", sid);
        uint64_t deletion = driver_send(store_driver(store), "store.delete", &params);
        text_free(&params);
        for (int i = WINDOW / 2; i < WINDOW; i++)
            calls[i] = store_begin_append(store, sid, store_event(store, NULL));
        struct answer deleted = driver_wait(store_driver(store), deletion, 20000);
        expect(deleted.outcome == ACKNOWLEDGED, WRONG, "a session that exists to be deleted", "%s", deleted.message);
        for (int i = 0; i < WINDOW; i++)
            store_end_append(store, calls[i]); /* acknowledged or an error, both are right */
        expect_gone(store, sid);
    }
}

static void a_deleted_session_stays_gone_after_a_restart(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    store_append(store, sid, store_event(store, NULL));
    store_delete(store, sid);
    expect_gone(store, sid);
    store_restart(store);
    expect_gone(store, sid);
}

static void another_session_is_untouched(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store), *other = store_create(store);
    store_append(store, other, store_event(store, NULL));
    store_delete(store, sid);
    store_append(store, other, store_event(store, NULL));
    expect_sound_history(store, other);
}

const struct check check = {
    .title = "A deleted session stays deleted, whatever overlapped",
    .level = SHOULD,
    .origins = {"OAS-1"},
    .needs = NEEDS_DELETE,
    .cases =
        {
            CASE(appends_that_overlap_a_delete),
            CASE(a_deleted_session_stays_gone_after_a_restart),
            CONTROL(another_session_is_untouched),
        },
};
