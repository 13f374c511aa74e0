/* A number keeps its value, or the event is refused; it is never rounded in silence. */
#include "check.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

static const char *const numbers[] = {
    "9007199254740993",
    "-9007199254740993",
    "18446744073709551616",
    "0.30000000000000004",
    "1e400",
    "-1e-400",
    "-0",
    "0.1000",
    "1E+2",
    "123456789012345678901234567890.123456789",
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

/* Equal as decimals, or refused: which of the two is the target's choice, number by number. */
static void numbers_keep_their_value_or_are_refused(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    for (int i = 0; i < NUMBERS; i++) {
        char event[256];

        snprintf(event, sizeof event, "{\"type\":\"tool.use\",\"input\":{\"number\":%s}}", numbers[i]);
        store_try_append(store, sid, event);
    }
    store_restart(store);
    expect_sound_history(store, sid);
}

static void small_integers_keep_their_value(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append(store, sid, "{\"type\":\"tool.use\",\"input\":{\"number\":42}}");
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "Numbers keep their value or are refused",
    .level = SHOULD,
    .origins = {"RFC 8259 6"},
    .needs = {"whole_events"},
    .cases =
        {
            CASE(numbers_keep_their_value_or_are_refused),
            CONTROL(small_integers_keep_their_value),
        },
};
