/* Whoever is asked to stop goes, whatever is still under way, and leaves nobody behind. */
#include "check.h"
#include "store/store.h"

enum { ECHO_MS = 60000, APPENDS = 8, EVENTS = 4 };

static const char *session_with_events(struct store *store)
{
    const char *sid = store_create(store);

    for (int i = 0; i < EVENTS; i++)
        store_append(store, sid, store_event(store, NULL));
    return sid;
}

static void it_goes_when_it_is_asked(void **state)
{
    struct store *store = *state;
    const char *sid = session_with_events(store);

    driver_expect_stop(store_driver(store));
    store_start_again(store);
    expect_sound_history(store, sid);
}

/* What was not answered may have happened or not. */
static void it_goes_with_calls_under_way(void **state)
{
    struct store *store = *state;
    const char *sid = session_with_events(store);
    uint64_t calls[APPENDS];
    struct text params;

    text_init(&params, 64);
    text_addf(&params, "{\"text\":\"late\",\"delay_ms\":%d}", ECHO_MS);
    driver_send(store_driver(store), "echo", &params);
    text_free(&params);
    for (int i = 0; i < APPENDS; i++)
        calls[i] = store_begin_append(store, sid, store_event(store, "under way"));
    driver_expect_stop(store_driver(store));
    for (int i = 0; i < APPENDS; i++)
        store_end_append(store, calls[i]);
    store_start_again(store);
    expect_sound_history(store, sid);
}

static void it_serves_again_after_a_stop(void **state)
{
    struct store *store = *state;
    const char *sid = session_with_events(store);

    store_restart(store);
    store_append(store, sid, store_event(store, NULL));
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "A driver that is asked to stop goes",
    .level = MUST,
    .origins = {"PROTOCOL stop"},
    .cases =
        {
            CASE(it_goes_when_it_is_asked),
            CASE(it_goes_with_calls_under_way),
            CONTROL(it_serves_again_after_a_stop),
        },
};
