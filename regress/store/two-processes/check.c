/* Two processes of the target that share a directory share its sessions: neither trusts what it last knew. */
#include "check.h"
#include "store/store.h"

#include <string.h>

enum { TURNS = 20, CLIENTS = 8, EACH = 50 };

static bool is_for_one(struct store *store)
{
    return store_declares(store, "store.processes=one");
}

/* For what is judged of those only that allow several processes. */
static struct store *second_process(struct store *store)
{
    if (is_for_one(store))
        not_applicable("the target declares store.processes=one");
    return store_beside(store);
}

/* A target that allows one process at a time may refuse the second one, or its appends, and lose no word about why. */
static void append_in_turns(struct store *one, int turns)
{
    const char *sid = store_create(one);
    struct store *two = is_for_one(one) ? store_try_beside(one) : store_beside(one);

    for (int turn = 0; turn < turns; turn++) {
        bool refusable = turn % 2 && is_for_one(one);

        if (!refusable)
            store_append(turn % 2 ? two : one, sid, store_event(one, NULL));
        else if (two)
            store_try_append(two, sid, store_event(one, NULL));
    }
    expect_sound_history(one, sid);
}

/* One append by this process, one by that, and one by this again: what was seen to give 1, 2, 2. */
static void the_third_append_sees_what_the_other_process_did(void **state)
{
    append_in_turns(*state, 3);
}

static void processes_take_turns(void **state)
{
    append_in_turns(*state, TURNS);
}

static void processes_append_at_once(void **state)
{
    struct store *stores[2] = {*state, second_process(*state)};
    const char *sid = store_create(stores[0]);

    store_append_concurrently(stores, 2, sid, CLIENTS, EACH, 12);
    expect_sound_history(stores[0], sid);
    store_require_overlap(stores[0], sid, CLIENTS * EACH / 2);
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

    if (is_for_one(store))
        store_try_beside(store);
    else
        store_beside(store);
    const char *sid = store_create(store);
    for (int turn = 0; turn < TURNS; turn++)
        store_append(store, sid, store_event(store, NULL));
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "Processes that share a directory do not repeat each other's numbers",
    .level = MUST,
    .origins = {"OAS-1"},
    .stricter = "two processes still share numbers: its lock is one process's own",
    .cases =
        {
            CASE(the_third_append_sees_what_the_other_process_did),
            CASE(processes_take_turns),
            CASE(processes_append_at_once),
            CASE(a_process_reads_what_the_other_appended),
            CONTROL(an_idle_process_beside_changes_nothing),
        },
};
