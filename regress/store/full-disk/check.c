/* A write fails for want of space: nothing is acknowledged that is not there, no half line stays for the next one to be
 * glued to, no number is lost, and when there is space again the session goes on. */
#include "check.h"
#include "store.h"
#include "supervisor.h"

#include <errno.h>

enum { SWEEP_MAX = 12, BLOCKED = 3, PARTIAL_BYTES = 11 };

/* What the target does to the files of one session. */
static struct supervisor_rule writes_of(struct store *store, const char *sid)
{
    return (struct supervisor_rule){.kinds = SUPERVISOR_WRITE, .where = store_glob(store, sid)};
}

static void expect_going_on(struct store *store, const char *sid)
{
    store_append(store, sid, store_event(store, "space again"));
    expect_sound_history(store, sid);
    store_restart(store);
    store_append(store, sid, store_event(store, "after a restart"));
    expect_sound_history(store, sid);
}

/* Each write that an append makes fails once, the first, the second, and so on until an append makes no more. */
static void each_write_in_turn_fails(void **state)
{
    static const int errors[] = {ENOSPC, EDQUOT, EIO};
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);
    bool fired = true;
    for (unsigned nth = 1; fired && nth <= SWEEP_MAX; nth++) {
        const char *sid = store_create(store);
        store_append(store, sid, store_event(store, "before"));
        struct supervisor_rule rule = writes_of(store, sid);
        rule.action = SUPERVISOR_FAIL;
        rule.error = errors[nth % 3];
        rule.nth = nth;
        unsigned id = supervisor_add(supervisor, &rule);
        store_try_append(store, sid, store_event(store, "no space"));
        supervisor_remove(supervisor, id);
        fired = supervisor_fired(supervisor, id) > 0;
        sent("an append whose write number %u failed", nth);
        expect_going_on(store, sid);
    }
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
    supervisor_add(supervisor, &half);
    supervisor_add(supervisor, &full);
    store_try_append(store, sid, store_event(store, "half of it"));
    expect_going_on(store, sid);
}

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
    for (int i = 0; i < BLOCKED; i++) {
        struct answer answer = store_try_append(store, sid, store_event(store, "no space"));
        expect(answer.outcome != ACKNOWLEDGED, WRONG, "an error: nothing could be written", "an acknowledgement");
    }
    supervisor_remove(supervisor, id);
    expect_going_on(store, sid);
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
    .needs = NEEDS_SUPERVISOR,
    .cases =
        {
            CASE(each_write_in_turn_fails),
            CASE(half_a_line_gets_through),
            CASE(the_disk_stays_full_for_a_while),
            CONTROL(a_watched_append_succeeds),
        },
};
