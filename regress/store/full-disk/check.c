/* A write fails for want of space: nothing is acknowledged that is not there, no half line stays for the next one to be
 * glued to, no number is lost, and when there is space again the session goes on. */
#include "check.h"
#include "store/store.h"
#include "store/watch.h"
#include "supervisor/supervisor.h"

#include <errno.h>
#include <string.h>

enum { SWEEP_MAX = 12, BLOCKED = 3, PARTIAL_BYTES = 11 };

/* What the target does to the files of one session. */
static struct supervisor_rule writes_of(struct store *store, const char *sid)
{
    return (struct supervisor_rule){.kinds = SUPERVISOR_WRITE, .where = store_glob(store, sid)};
}

/* A disk that is full has space again some time, and then the session goes on. After EIO a target may refuse until it
 * is started anew, since it cannot know what else the disk has lost. */
static void expect_going_on(struct store *store, const char *sid, int error)
{
    if (error == EIO)
        store_try_append(store, sid, store_event(store, "perhaps refused"));
    else
        expect_recovery(store, sid);
    store_restart(store);
    expect_recovery(store, sid);
}

/* One append whose nth write fails. False: it made fewer writes. */
static bool fail_one_write(struct store *store, struct supervisor *supervisor, int error, unsigned nth)
{
    const char *sid = store_create(store);

    store_append(store, sid, store_event(store, "before"));
    struct supervisor_rule rule = writes_of(store, sid);
    rule.action = SUPERVISOR_FAIL;
    rule.error = error;
    rule.nth = nth;
    unsigned id = supervisor_add(supervisor, &rule);
    store_try_append(store, sid, store_event(store, "no space"));
    supervisor_remove(supervisor, id);
    store_require_seen(supervisor, id, "writes to the session's files");
    store_stimulus(store, "an append whose write number %u failed: %s", nth, strerror(error));
    expect_going_on(store, sid, error);
    return supervisor_fired(supervisor, id) > 0;
}

/* Each write that an append makes fails once with each error, the first, the second, and so on until it makes no more.
 */
static void each_write_in_turn_fails(void **state)
{
    static const int errors[] = {ENOSPC, EDQUOT, EIO};
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);
    bool cut = false;

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        unsigned nth = 1;

        while (nth <= SWEEP_MAX && fail_one_write(store, supervisor, errors[i], nth))
            nth++;
        cut |= nth > SWEEP_MAX;
    }
    if (cut)
        remark("an append makes more than %d writes; the later ones did not fail", SWEEP_MAX);
}

/* Some bytes get through before the disk is full, so half a line is there and has to go. */
static void half_a_line_gets_through(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);
    const char *sid = store_create(store);

    store_append(store, sid, store_event(store, "before"));
    struct supervisor_rule half = writes_of(store, sid), full = half;
    half.action = SUPERVISOR_CUT;
    half.bytes = PARTIAL_BYTES;
    half.nth = 1;
    full.action = SUPERVISOR_FAIL;
    full.error = ENOSPC;
    full.nth = 2;
    unsigned cut = supervisor_add(supervisor, &half), failed = supervisor_add(supervisor, &full);
    store_try_append(store, sid, store_event(store, "half of it"));
    supervisor_remove(supervisor, failed);
    store_require_fired(supervisor, cut, "writes to the session's files");
    store_stimulus(store, "an append of which %d bytes were written before the disk was full", PARTIAL_BYTES);
    expect_going_on(store, sid, ENOSPC);
}

/* Nothing gets through. Whoever acknowledges all the same has the event in some other place, or has lost it: that is
 * seen from the events. */
static void the_disk_stays_full_for_a_while(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);
    const char *sid = store_create(store);

    store_append(store, sid, store_event(store, "before"));
    struct supervisor_rule full = writes_of(store, sid);
    full.action = SUPERVISOR_FAIL;
    full.error = ENOSPC;
    unsigned id = supervisor_add(supervisor, &full);
    for (int i = 0; i < BLOCKED; i++)
        store_try_append(store, sid, store_event(store, "no space"));
    supervisor_remove(supervisor, id);
    store_require_fired(supervisor, id, "writes to the session's files");
    store_stimulus(store, "%d appends while the disk was full", BLOCKED);
    expect_going_on(store, sid, ENOSPC);
}

static void a_watched_append_succeeds(void **state)
{
    struct store *store = *state;

    store_supervise(store, SUPERVISOR_WRITE);
    const char *sid = store_create(store);
    store_append(store, sid, store_event(store, NULL));
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "A full disk costs the append that met it, and nothing else",
    .level = MUST,
    .origins = {"OAS-1", "POSIX.1 write(2)"},
    .needs = {"supervisor"},
    .cases =
        {
            CASE(each_write_in_turn_fails),
            CASE(half_a_line_gets_through),
            CASE(the_disk_stays_full_for_a_while),
            CONTROL(a_watched_append_succeeds),
        },
};
