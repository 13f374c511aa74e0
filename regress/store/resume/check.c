/* After a restart a session goes on where it was: the next number is the last one plus one, however long the last line
 * is, and whether anybody asked first. */
#include "check.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS = 20 };

static void goes_on_after_a_restart(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    uint64_t last = 0;

    for (int i = 0; i < EVENTS; i++)
        last = store_append(store, sid, store_event(store, NULL));
    store_restart(store);
    if (store_serves(store, "resume"))
        expect_next_number(store, store_resume(store, sid), last, "the next number, as store.resume says,");
    uint64_t next = store_append(store, sid, store_event(store, NULL));
    expect_next_number(store, next, last, "the next number");
    store_restart(store);
    last = store_append(store, sid, store_event(store, NULL));
    expect_next_number(store, last, next, "the next number, without resume,");
    expect_sound_history(store, sid);
}

/* Whoever looks for the last number from the end of the file must find it behind a block and more. */
static void goes_on_after_a_long_last_line(void **state)
{
    static const size_t sizes[] = {4000, 65000, 65536, 70000, 200000, 1 << 20};
    struct store *store = *state;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const char *sid = store_create(store);
        char *text = malloc(sizes[i] + 1);

        if (!text)
            error_of_harness("no memory");
        memset(text, 'l', sizes[i]);
        text[sizes[i]] = '\0';
        store_append(store, sid, store_event(store, NULL));
        uint64_t last = store_append(store, sid, store_event(store, text));
        store_restart(store);
        expect_next_number(store, store_append(store, sid, store_event(store, NULL)), last, "the next number");
        expect_sound_history(store, sid);
        free(text);
    }
}

static void an_empty_session_starts_at_one(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_restart(store);
    expect_next_number(store, store_append(store, sid, store_event(store, NULL)), 0, "the first number");
    expect_sound_history(store, sid);
}

static void resume_without_a_restart(void **state)
{
    struct store *store = *state;

    if (!store_serves(store, "resume"))
        not_applicable("the driver does not list the method store.resume");
    const char *sid = store_create(store);
    uint64_t last = store_append(store, sid, store_event(store, NULL));
    expect_next_number(store, store_resume(store, sid), last, "the next number, as store.resume says,");
}

const struct check check = {
    .title = "A session goes on at its last number plus one",
    .level = MUST,
    .origins = {"OAS-1"},
    .uses = {"store.resume"},
    .cases =
        {
            CASE(goes_on_after_a_restart),
            CASE(goes_on_after_a_long_last_line),
            CASE(an_empty_session_starts_at_one),
            CONTROL(resume_without_a_restart),
        },
};
