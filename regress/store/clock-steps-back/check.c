/* The wall clock is set back by a day between two appends. Numbers come from the log, not from the clock. */
#include "check.h"
#include "base/installed.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEFORE = 3, AFTER = 3 };

/* The target's processes inherit our environment. */
static void set_clock_back(struct store *store)
{
    char path[PATH_MAX];
    struct error err;

    if (!installed_find("assay-clock.so", path, &err))
        error_of_environment("%s", err.text);
    setenv("LD_PRELOAD", path, 1);
    setenv("ASSAY_CLOCK_SHIFT_S", "-86400", 1);
    store_restart(store);
}

/* As the target writes it: seconds, or a text that sorts by time. */
static bool is_earlier(const struct json *event, const struct json *than)
{
    const char *a = json_get_string(event, "ts"), *b = json_get_string(than, "ts");

    if (a && b)
        return strcmp(a, b) < 0;
    const struct json *x = json_get(event, "ts"), *y = json_get(than, "ts");
    return x && y && strtod(x->raw, NULL) < strtod(y->raw, NULL);
}

static void numbers_go_on_when_the_clock_goes_back(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    uint64_t last = 0;

    for (int i = 0; i < BEFORE; i++)
        last = store_append(store, sid, store_event(store, "today"));
    set_clock_back(store);
    for (int i = 0; i < AFTER; i++) {
        uint64_t seq = store_append(store, sid, store_event(store, "yesterday"));

        expect_next_number(store, seq, last, "the next number");
        last = seq;
    }
    struct store_events events = store_read(store, sid);
    expect_integer((int64_t)events.count, BEFORE + AFTER, "events read");
    if (!is_earlier(events.events[BEFORE], events.events[BEFORE - 1]))
        not_applicable("the target's clock cannot be set back from outside (a static program, or no timestamps)");
    store_restart(store);
    store_append(store, sid, store_event(store, "after a restart"));
    expect_sound_history(store, sid);
}

static void numbers_go_on_with_a_right_clock(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    for (int i = 0; i < BEFORE; i++)
        store_append(store, sid, store_event(store, "today"));
    store_restart(store);
    store_append(store, sid, store_event(store, "today"));
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "A clock that is set back changes no number",
    .level = INFO,
    .origins = {"OAS-1"},
    .cases =
        {
            CASE(numbers_go_on_when_the_clock_goes_back, .level = MUST),
            CONTROL(numbers_go_on_with_a_right_clock),
        },
};
