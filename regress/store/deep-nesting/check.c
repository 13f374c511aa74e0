/* Deep nesting is stored or refused; it crashes nobody, and the session stays usable. */
#include "check.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Around a 0, so many arrays, or objects, one in the other. */
static char *nested_event(size_t levels, bool objects)
{
    const char *open = objects ? "{\"a\":" : "[", *close = objects ? "}" : "]";
    char *event = malloc(levels * (strlen(open) + 1) + 128);

    if (!event)
        error_of_harness("no memory");
    char *at =
        event + sprintf(event, "{\"type\":\"user.message\",\"text\":\"%s%zu\",\"input\":", objects ? "o" : "a", levels);
    for (size_t i = 0; i < levels; i++)
        at = stpcpy(at, open);
    at = stpcpy(at, "0");
    for (size_t i = 0; i < levels; i++)
        at = stpcpy(at, close);
    strcpy(at, "}");
    return event;
}

static void expect_usable(struct store *store, const char *sid, size_t levels)
{
    for (int objects = 0; objects < 2; objects++) {
        char *event = nested_event(levels, objects);

        store_try_append(store, sid, event); /* any answer is right */
        free(event);
        store_append(store, sid, store_event(store, "still usable"));
    }
    expect_sound_history(store, sid);
}

static void a_hundred_levels_are_stored_or_refused(void **state)
{
    struct store *store = *state;

    expect_usable(store, store_create(store), 100);
}

static void a_thousand_levels_are_stored_or_refused(void **state)
{
    struct store *store = *state;

    expect_usable(store, store_create(store), 1000);
}

static void a_hundred_thousand_levels_are_stored_or_refused(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    expect_usable(store, sid, 100000);
    store_restart(store);
    expect_usable(store, sid, 99999);
}

static void levels_that_are_never_closed_are_refused(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    char *event = nested_event(100000, false);

    event[100000] = '\0';
    struct answer answer = store_try_append(store, sid, event);
    free(event);
    expect(answer.outcome != ACKNOWLEDGED, WRONG, "an error", "an acknowledgement");
    store_append(store, sid, store_event(store, "still usable"));
    expect_sound_history(store, sid);
}

static void thirty_levels_are_stored(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    char *event = nested_event(30, false);

    store_append(store, sid, event);
    free(event);
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "Deep nesting is stored or refused, and crashes nobody",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 8259 9", "CWE-674"},
    .cases =
        {
            CASE(a_hundred_levels_are_stored_or_refused),
            CASE(a_thousand_levels_are_stored_or_refused),
            CASE(a_hundred_thousand_levels_are_stored_or_refused),
            CASE(levels_that_are_never_closed_are_refused),
            CONTROL(thirty_levels_are_stored),
        },
};
