/* Two processes of the target that share a directory share its sessions: neither trusts what it last knew. */
#include "check.h"
#include "store.h"

#include <string.h>

enum { TURNS = 20, CLIENTS = 4, EACH = 40 };

/* A target may allow one process at a time; then the second must say so, and nothing must have been appended. */
static struct store *second_process(struct store *store)
{
    if (store_declares(store, "store.processes=one"))
        not_applicable("the target declares store.processes=one");
    return store_beside(store);
}

static void the_third_append_sees_what_the_other_process_did(void **state)
{
    struct store *one = *state, *two = second_process(one);
    const char *sid = store_create(one);
    expect_integer((int64_t)store_append(one, sid, store_event(one, NULL)), 1, "the first process's number");
    expect_integer((int64_t)store_append(two, sid, store_event(two, NULL)), 2, "the second process's number");
    expect_integer((int64_t)store_append(one, sid, store_event(one, NULL)), 3, "the first process's next number");
    expect_sound_history(one, sid);
}

static void processes_take_turns(void **state)
{
    struct store *stores[2] = {*state, second_process(*state)};
    const char *sid = store_create(stores[0]);
    for (int turn = 0; turn < TURNS; turn++)
        store_append(stores[turn % 2], sid, store_event(stores[0], NULL));
    expect_sound_history(stores[0], sid);
}

static void processes_append_at_once(void **state)
{
    struct store *stores[2] = {*state, second_process(*state)};
    const char *sid = store_create(stores[0]);
    store_append_concurrently(stores, 2, sid, CLIENTS, EACH, 12);
    expect_sound_history(stores[0], sid);
}

static void a_process_reads_what_the_other_appended(void **state)
{
    struct store *one = *state, *two = second_process(one);
    const char *sid = store_create(one);
    store_append(one, sid, store_event(one, NULL));
    expect_integer((int64_t)store_read(two, sid).count, 1, "events read by the second process");
    store_append(one, sid, store_event(one, NULL));
    expect_integer((int64_t)store_read(two, sid).count, 2, "events read by the second process");
}

static void an_idle_process_beside_changes_nothing(void **state)
{
    struct store *store = *state;
    second_process(store);
    const char *sid = store_create(store);
    for (int turn = 0; turn < TURNS; turn++)
        store_append(store, sid, store_event(store, NULL));
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "Processes that share a directory do not repeat each other's numbers",
    .level = MUST,
    .origins = {"OAS-1"},
    .cases =
        {
            CASE(the_third_append_sees_what_the_other_process_did),
            CASE(processes_take_turns),
            CASE(processes_append_at_once),
            CASE(a_process_reads_what_the_other_appended),
            CONTROL(an_idle_process_beside_changes_nothing),
        },
};
