/* A fork takes the events up to its head, all at once: renumbered from 1, without those that belong to the parent's own
 * course, and without disturbing the parent. */
#include "check.h"
#include "store.h"

#include <stdio.h>
#include <string.h>

enum { BEFORE = 12, HEAD = 10, WINDOW = 8, ROUNDS = 10 };

/* Of ten events these stay: number 1, 3, 4, 6, 8, 9 and 10. */
static const char *const types[BEFORE] = {
    "user.message", "system.init",  "assistant.message", "tool.use",  "session.checkpoint", "tool.result",
    "result",       "user.message", "assistant.message", "x.unknown", "user.message",       "user.message",
};
static const int staying[] = {1, 3, 4, 6, 8, 9, 10};
enum { STAYING = sizeof staying / sizeof *staying };

static void append_typed(struct store *store, const char *sid, int number, const char *type)
{
    char event[256];
    snprintf(event, sizeof event, "{\"type\":\"%s\",\"op\":\"f%d\",\"text\":\"text %d\",\"n\":{\"deep\":[%d]}}", type,
             number, number, number);
    store_append(store, sid, event);
}

static const char *parent_with_events(struct store *store)
{
    const char *sid = store_create(store);
    for (int i = 0; i < BEFORE; i++)
        append_typed(store, sid, i + 1, types[i]);
    return sid;
}

static void expect_cut(struct store *store, const char *child)
{
    struct store_events events = store_read(store, child);
    expect_integer((int64_t)events.count, STAYING, "events of the fork:");
    for (int i = 0; i < STAYING; i++) {
        char op[16];
        int64_t seq = 0;
        snprintf(op, sizeof op, "f%d", staying[i]);
        expect_text(json_get_string(events.events[i], "op"), op, "the forked event");
        expect_text(json_get_string(events.events[i], "type"), types[staying[i] - 1], "its type");
        json_get_integer(events.events[i], "seq", &seq);
        expect_integer(seq, i + 1, "its number");
    }
    store_events_free(&events);
}

static void a_fork_cuts_filters_and_renumbers(void **state)
{
    struct store *store = *state;
    const char *parent = parent_with_events(store), *child = store_fork(store, parent, HEAD);
    expect(strcmp(parent, child) != 0, WRONG, "a new session", "the parent's id");
    expect_cut(store, child);
    expect_integer((int64_t)store_append(store, child, store_event(store, NULL)), STAYING + 1,
                   "the fork's next number");
    expect_sound_history(store, parent);
    store_restart(store);
    expect_integer((int64_t)store_read(store, child).count, STAYING + 1, "events of the fork after a restart:");
}

/* The whole log, forked while clients append: whatever the fork shows is a gapless front of the parent. */
static void a_fork_during_appends_is_a_clean_cut(void **state)
{
    struct store *store = *state;
    const char *parent = store_create(store);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t calls[WINDOW];
        for (int i = 0; i < WINDOW; i++)
            calls[i] = store_begin_append(store, parent, store_event(store, NULL));
        struct store_events fork = store_read(store, store_fork(store, parent, 0));
        for (int i = 0; i < WINDOW; i++)
            store_end_append(store, calls[i]);
        struct store_events whole = store_read(store, parent);
        expect(fork.count >= (size_t)round * WINDOW && fork.count <= whole.count, RACE,
               "all that was acknowledged before the fork, and nothing beyond the parent", "%zu events", fork.count);
        for (size_t i = 0; i < fork.count; i++)
            expect_text(json_get_string(fork.events[i], "op"), json_get_string(whole.events[i], "op"),
                        "the same event as in the parent,");
        store_events_free(&fork);
        store_events_free(&whole);
    }
    expect_sound_history(store, parent);
}

/* The child is its own: what is appended to one is not seen in the other. */
static void parent_and_fork_go_separate_ways(void **state)
{
    struct store *store = *state;
    const char *parent = parent_with_events(store), *child = store_fork(store, parent, HEAD);
    store_append(store, parent, store_event(store, "parent"));
    expect_cut(store, child);
    expect_sound_history(store, parent);
}

static void the_parent_is_untouched(void **state)
{
    struct store *store = *state;
    const char *parent = parent_with_events(store);
    store_fork(store, parent, 0);
    expect_integer((int64_t)store_append(store, parent, store_event(store, NULL)), BEFORE + 1,
                   "the parent's next number");
    expect_sound_history(store, parent);
}

const struct check check = {
    .title = "A fork is a clean, renumbered cut, and leaves its parent alone",
    .level = SHOULD,
    .origins = {"OAS-1"},
    .needs = NEEDS_FORK,
    .cases =
        {
            CASE(a_fork_cuts_filters_and_renumbers),
            CASE(a_fork_during_appends_is_a_clean_cut),
            CASE(parent_and_fork_go_separate_ways),
            CONTROL(the_parent_is_untouched),
        },
};
