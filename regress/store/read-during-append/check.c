/* A read that overlaps appends shows the front of the log, whole events only, and all that was acknowledged before. */
#include "check.h"
#include "store/store.h"
#include "store/watch.h"
#include "supervisor/supervisor.h"

#include <stdlib.h>
#include <string.h>

enum { APPENDS = 160, WINDOW = 16, EVENT_BYTES = 16000, HALF_MS = 2000 };

static const char *large_event(struct store *store)
{
    char text[EVENT_BYTES + 1];

    memset(text, 'r', EVENT_BYTES);
    text[EVENT_BYTES] = '\0';
    return store_event(store, text);
}

static void begin_appends(struct store *store, const char *sid, uint64_t *calls, int from, int to)
{
    for (int i = from; i < to; i++)
        calls[i] = store_begin_append(store, sid, large_event(store));
}

static void reads_between_overlapping_appends(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    uint64_t calls[WINDOW];

    for (int done = 0; done < APPENDS; done += WINDOW) {
        begin_appends(store, sid, calls, 0, WINDOW / 2);
        uint64_t reading = store_begin_read(store, sid);
        begin_appends(store, sid, calls, WINDOW / 2, WINDOW);
        struct store_events events = store_end_read(store, sid, reading);
        for (size_t i = 0; i < events.count; i++)
            expect(events.events[i], WRONG, "whole events, strict JSON", "%.200s", events.texts[i]);
        store_events_free(&events);
        for (int i = 0; i < WINDOW; i++)
            store_end_append(store, calls[i]);
    }
    expect_sound_history(store, sid);
    store_require_overlap(store, sid, APPENDS / 2);
}

/* Of the second append ten bytes are written, and the rest is held back until the read is under way: it may wait for
 * the append or show what was there before, but not stumble over half a line. */
static void a_read_while_half_a_line_is_written(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);
    const char *sid = store_create(store);

    store_append(store, sid, store_event(store, "whole"));
    struct supervisor_rule half = {
        .kinds = SUPERVISOR_WRITE, .where = store_glob(store, sid), .action = SUPERVISOR_CUT, .nth = 1, .bytes = 10};
    struct supervisor_rule rest = {.kinds = SUPERVISOR_WRITE,
                                   .where = store_glob(store, sid),
                                   .action = SUPERVISOR_DELAY,
                                   .nth = 2,
                                   .hold_ms = scaled_ms(50)};
    unsigned cut = supervisor_add(supervisor, &half);
    unsigned held = supervisor_add(supervisor, &rest);
    uint64_t appending = store_begin_append(store, sid, store_event(store, "in the making"));
    bool halved = supervisor_wait_seen(supervisor, held, 2, scaled_ms(HALF_MS));
    sent("a read while the first ten bytes of an event are in the file, and the rest is not");
    struct store_events events = store_read(store, sid);
    expect(!halved || events.count >= 1, WRONG, "the event that was acknowledged before", "%zu events", events.count);
    store_end_append(store, appending);
    store_read(store, sid);
    store_require_fired(supervisor, cut, "writes to the session's files");
    expect_sound_history(store, sid);
    store_require_acknowledged(store, sid, 2);
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
    .needs = {"supervisor"},
    .cases =
        {
            CASE(reads_between_overlapping_appends),
            CASE(a_read_while_half_a_line_is_written),
            CONTROL(a_quiet_read_shows_everything),
        },
};
