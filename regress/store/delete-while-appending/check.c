/* Deleting a session while clients append to it: each append is acknowledged or refused, and afterwards the session is
 * gone; no late append brings half of it back. */
#include "check.h"
#include "store/store.h"

#include <unistd.h>

enum { ROUNDS = 30, LONG_ROUNDS = 300, WINDOW = 8 };

static void expect_gone(struct store *store, const char *sid, enum how how)
{
    struct answer append = store_try_append(store, sid, store_event(store, NULL));

    expect(append.outcome != ACKNOWLEDGED, how, "an error: the session was deleted", "an acknowledgement");
    struct answer read = store_try_read(store, sid);
    expect(store_says_absent(store, &read), how, "an error: the session was deleted", "%s",
           store_shows_nothing(&read) ? "no events, and no error" : "events");
}

static uint64_t begin_delete(struct store *store, const char *sid)
{
    struct text params;

    text_init(&params, 256);
    text_addf(&params, "{\"sid\":\"%s\"}", sid);
    uint64_t call = driver_send(store_driver(store), "store.delete", &params);
    text_free(&params);
    return call;
}

/* Some appends are begun before the delete and some after it. Each is acknowledged or an error, both are right. */
static void overlap(struct store *store, const char *sid)
{
    uint64_t calls[WINDOW];

    for (int i = 0; i < WINDOW / 2; i++)
        calls[i] = store_begin_append(store, sid, store_event(store, NULL));
    uint64_t deletion = begin_delete(store, sid);
    for (int i = WINDOW / 2; i < WINDOW; i++)
        calls[i] = store_begin_append(store, sid, store_event(store, NULL));
    struct answer deleted = driver_wait(store_driver(store), deletion, 20000);
    if (deleted.outcome == REFUSED)
        not_applicable("a session that is appended to is not deleted: %s", deleted.message);
    expect(deleted.outcome == ACKNOWLEDGED, WRONG, "a session that exists to be deleted", "%s", deleted.message);
    for (int i = 0; i < WINDOW; i++)
        store_end_append(store, calls[i]);
}

/* "delete removes the session and its files": no late append has brought one back. */
static void expect_no_files(struct store *store, const char *sid)
{
    static const enum store_file files[] = {STORE_EVENTS, STORE_TRANSCRIPT, STORE_METADATA};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = store_has_file(store, files[i]) ? store_path(store, sid, files[i]) : NULL;

        expect(!path || access(path, F_OK) != 0, WRONG, "no file of the session that was deleted", "%s is there", path);
    }
}

static void appends_that_overlap_a_delete(void **state)
{
    struct store *store = *state;
    const char *sids[LONG_ROUNDS];
    int rounds = long_run() ? LONG_ROUNDS : ROUNDS;

    sids[0] = store_create(store);
    store_append(store, sids[0], store_event(store, NULL));
    store_delete(store, sids[0]);
    expect_gone(store, sids[0], WRONG); /* what fails one after the other, too, is no race */
    for (int round = 1; round < rounds; round++) {
        sids[round] = store_create(store);
        overlap(store, sids[round]);
        expect_gone(store, sids[round], RACE);
    }
    store_restart(store);
    for (int round = 0; round < rounds; round++) {
        expect_gone(store, sids[round], round == 0 ? WRONG : RACE);
        expect_no_files(store, sids[round]);
    }
}

static void a_deleted_session_stays_gone_after_a_restart(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append(store, sid, store_event(store, NULL));
    store_delete(store, sid);
    expect_gone(store, sid, WRONG);
    store_restart(store);
    expect_gone(store, sid, WRONG);
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
    .needs = {"store.delete"},
    .cases =
        {
            CASE(appends_that_overlap_a_delete),
            CASE(a_deleted_session_stays_gone_after_a_restart),
            CONTROL(another_session_is_untouched),
        },
};
