/* Descriptors and threads do not grow with appends and sessions, and a small limit of descriptors is enough. */
#include "check.h"
#include "base/procfs.h"
#include "store/store.h"

#include <errno.h>
#include <sys/resource.h>

enum { APPENDS = 2000, SESSIONS = 500, SLACK = 8, FEW = 64, WARM_UP = 32 };

static struct procfs_usage usage_of(struct store *store)
{
    return procfs_tree_usage(driver_pid(store_driver(store)));
}

static void expect_no_growth(struct store *store, struct procfs_usage before)
{
    struct procfs_usage after = usage_of(store);

    expect(after.descriptors <= before.descriptors + SLACK, LEAK, "at most 8 descriptors more than before",
           "%zu descriptors, before %zu", after.descriptors, before.descriptors);
    expect(after.threads <= before.threads + SLACK, LEAK, "at most 8 threads more than before",
           "%zu threads, before %zu", after.threads, before.threads);
}

/* Lets the target open and start once what it keeps. */
static struct procfs_usage warm_up(struct store *store)
{
    const char *sid = store_create(store);

    store_append_concurrently(&store, 1, sid, 1, WARM_UP, 16);
    store_read(store, sid);
    return usage_of(store);
}

/* By one client, so that a race is not taken for a leak. */
static void two_thousand_appends(void **state)
{
    struct store *store = *state;
    struct procfs_usage before = warm_up(store);
    const char *sid = store_create(store);

    store_append_concurrently(&store, 1, sid, 1, APPENDS, 16);
    expect_no_growth(store, before);
    expect_sound_history(store, sid);
    store_require_acknowledged(store, sid, APPENDS / 2);
}

/* A store may keep some sessions open, so the second half is held against the first. */
static void five_hundred_sessions(void **state)
{
    struct store *store = *state;
    struct procfs_usage before = {0};

    for (int i = 0; i < SESSIONS; i++) {
        if (i == SESSIONS / 2)
            before = usage_of(store);
        store_append(store, store_create(store), store_event(store, NULL));
    }
    expect_no_growth(store, before);
}

/* Of the driver and of all that it has started, since the store may run in one of these. What they start from now on
 * inherits the limit. */
static void limit_descriptors(pid_t root)
{
    static pid_t pids[PROCFS_TREE_MAX];
    struct rlimit few = {FEW, FEW};

    if (prlimit(root, RLIMIT_NOFILE, &few, NULL))
        error_of_environment("the target's limit of descriptors cannot be set");
    size_t count = procfs_descendants(root, pids, PROCFS_TREE_MAX);
    for (size_t i = 0; i < count; i++)
        if (prlimit(pids[i], RLIMIT_NOFILE, &few, NULL) && errno != ESRCH) /* it may have gone meanwhile */
            error_of_environment("the limit of descriptors cannot be set for the target's process %d", (int)pids[i]);
}

static void sixty_four_descriptors_are_enough(void **state)
{
    struct store *store = *state;

    limit_descriptors(driver_pid(store_driver(store)));
    sent("one append to each of %d sessions, by a process that may have %d descriptors", SESSIONS, FEW);
    for (int i = 0; i < SESSIONS; i++) {
        const char *sid = store_create(store);

        store_append(store, sid, store_event(store, NULL));
        if (i % 50 == 0)
            expect_sound_history(store, sid);
    }
}

static void one_append_costs_nothing_lasting(void **state)
{
    struct store *store = *state;
    struct procfs_usage before = warm_up(store);

    store_append(store, store_create(store), store_event(store, NULL));
    expect_no_growth(store, before);
}

const struct check check = {
    .title = "Descriptors and threads do not grow",
    .level = SHOULD,
    .origins = {"CWE-772"},
    .cases =
        {
            CASE(two_thousand_appends),
            CASE(five_hundred_sessions),
            CASE(sixty_four_descriptors_are_enough),
            CONTROL(one_append_costs_nothing_lasting),
        },
};
