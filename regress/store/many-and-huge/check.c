/* A long log costs no more per append than a short one, and after a restart no more than its length explains; a huge
 * event is stored or refused. */
#include "check.h"
#include "base/procfs.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

enum {
    EVENTS = 3000,
    LONG_EVENTS = 100000,
    SHARE = 300,
    FEW = 100,
    TIMES = 3,
    SLACK_MS = 100,         /* ten ticks of the processor's accounts */
    RESTART_SLACK_MS = 500, /* what starting a run-time costs is not the same each time */
    TENTH = 10,
    HUGE_BYTES = 16 << 20,
};

/* One client, for it is the length that is judged here, and no race. Processor time and not the clock on the wall: what
 * else the machine does is nothing to the store. */
static int64_t cost_of_appends_ms(struct store *store, const char *sid, int count)
{
    int64_t before = procfs_tree_usage(driver_pid(store_driver(store))).cpu_ms;

    store_append_concurrently(&store, 1, sid, 1, (size_t)count, 16);
    return procfs_tree_usage(driver_pid(store_driver(store))).cpu_ms - before;
}

/* Whether appends have become dear: two shares in a row were, since one may have had bad luck. */
static bool is_dear(int64_t cost_ms, int64_t first_ms, int *in_a_row)
{
    *in_a_row = cost_ms > TIMES * first_ms + SLACK_MS ? *in_a_row + 1 : 0;
    return *in_a_row == 2;
}

/* The log grows share by share, and no further than it takes to see that it is read for every append. */
static void the_last_appends_cost_what_the_first_did(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    int events = long_run() ? LONG_EVENTS : EVENTS, done = SHARE, dear = 0;
    int64_t first_ms = cost_of_appends_ms(store, sid, SHARE), last_ms = 0;

    for (; done < events && !is_dear(last_ms, first_ms, &dear); done += SHARE)
        last_ms = cost_of_appends_ms(store, sid, SHARE);
    sent("%d appends; of these the first and the last %d are compared", done, SHARE);
    expect(last_ms <= TIMES * first_ms + SLACK_MS, WRONG,
           "processor time for the last ones within 3 times that for the first", "%lld ms after %lld ms",
           (long long)last_ms, (long long)first_ms);
    expect_sound_history(store, sid);
    store_require_acknowledged(store, sid, (size_t)events / 2);
}

/* All that the new process has used, up to the answer to its first append. */
static int64_t cost_of_restart_ms(struct store *store, const char *sid)
{
    store_restart(store);
    store_append(store, sid, store_event(store, "after a restart"));
    return procfs_tree_usage(driver_pid(store_driver(store))).cpu_ms;
}

/* Ten times the log may cost ten times as much, and here three times that. */
static void a_restart_costs_what_the_length_explains(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    int events = long_run() ? LONG_EVENTS : EVENTS;
    int64_t empty_ms = cost_of_restart_ms(store, sid);

    cost_of_appends_ms(store, sid, events / TENTH);
    int64_t short_ms = cost_of_restart_ms(store, sid) - empty_ms;
    cost_of_appends_ms(store, sid, events - events / TENTH);
    int64_t long_ms = cost_of_restart_ms(store, sid) - empty_ms;
    int64_t explained_ms = TIMES * TENTH * (short_ms > 0 ? short_ms : 0) + RESTART_SLACK_MS;
    sent("restarts with %d and with %d events", events / TENTH, events);
    expect(long_ms <= explained_ms, WRONG, "processor time that grows no faster than the log",
           "a restart takes %lld ms more than with an empty log; a tenth of the log takes %lld ms more",
           (long long)long_ms, (long long)short_ms);
    expect_sound_history(store, sid);
    store_require_acknowledged(store, sid, (size_t)events / 2);
}

static void try_huge(struct store *store, const char *sid, size_t bytes)
{
    static const char head[] = "{\"type\":\"user.message\",\"text\":\"huge ";
    char *event = malloc(bytes + 1);

    if (!event)
        error_of_harness("no memory");
    memset(event, 'h', bytes);
    memcpy(event, head, sizeof head - 1);
    memcpy(event + bytes - 2, "\"}", 3);
    store_try_append(store, sid, event); /* any answer is right */
    free(event);
}

static void sixteen_megabytes_are_stored_or_refused(void **state)
{
    struct store *store = *state;
    static const int around[] = {0, 1};

    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        const char *sid = store_create(store);

        try_huge(store, sid, (size_t)(HUGE_BYTES + around[i]));
        store_append(store, sid, store_event(store, "still usable"));
        expect_sound_history(store, sid);
    }
}

static void a_hundred_events_are_stored(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append_concurrently(&store, 1, sid, 1, FEW, 16);
    expect_sound_history(store, sid);
    store_require_acknowledged(store, sid, FEW / 2);
}

const struct check check = {
    .title = "A long log does not slow appends down, and a huge event harms nobody",
    .level = SHOULD,
    .origins = {"OAS-1"},
    .cases =
        {
            MEASURE(the_last_appends_cost_what_the_first_did),
            MEASURE(a_restart_costs_what_the_length_explains),
            CASE(sixteen_megabytes_are_stored_or_refused, .level = MUST),
            CONTROL(a_hundred_events_are_stored),
        },
};
