/* A read that overlaps appends shows the front of the log, whole events only, and all that was acknowledged before. */
#include "check.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

enum { APPENDS = 160, WINDOW = 16, EVENT_BYTES = 16000 };

static const char *large_event(struct store *store)
{
    char text[EVENT_BYTES + 1];
    memset(text, 'r', EVENT_BYTES);
    text[EVENT_BYTES] = '\0';
    return store_event(store, text);
}

static void reads_between_overlapping_appends(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    uint64_t calls[WINDOW];
    for (int done = 0; done < APPENDS; done += WINDOW) {
        for (int i = 0; i < WINDOW; i++)
            calls[i] = store_begin_append(store, sid, large_event(store));
        struct store_events events = store_read(store, sid);
        for (size_t i = 0; i < events.count; i++)
            expect(events.events[i], WRONG, "whole events, strict JSON", "%.200s", events.texts[i]);
        store_events_free(&events);
        for (int i = 0; i < WINDOW; i++)
            store_end_append(store, calls[i]);
    }
    expect_sound_history(store, sid);
}

static void a_quiet_read_shows_everything(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    for (int i = 0; i < WINDOW; i++)
        store_append(store, sid, large_event(store));
    expect_integer((int64_t)store_read(store, sid).count, WINDOW, "events read");
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "A read during appends shows a prefix, with all that was acknowledged",
    .level = MUST,
    .origins = {"OAS-1", "linearizability"},
    .cases =
        {
            CASE(reads_between_overlapping_appends),
            CONTROL(a_quiet_read_shows_everything),
        },
};
