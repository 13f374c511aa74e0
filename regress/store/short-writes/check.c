/* write(2) may take fewer bytes than it was given, and may be interrupted before it took any. Neither is an error: the
 * line is there in the end, whole, and once. */
#include "check.h"
#include "store/store.h"
#include "store/watch.h"
#include "supervisor/supervisor.h"

#include <errno.h>

enum { APPENDS = 4, INTERRUPTS = 3 };

/* Returns whether the rule acted. */
static bool append_under(struct store *store, struct supervisor *supervisor, struct supervisor_rule rule)
{
    const char *sid = store_create(store);

    rule.kinds = SUPERVISOR_WRITE;
    rule.where = store_glob(store, sid);
    unsigned id = supervisor_add(supervisor, &rule);
    for (int i = 0; i < APPENDS; i++)
        store_append(store, sid, store_event(store, "in pieces"));
    supervisor_remove(supervisor, id);
    store_require_seen(supervisor, id, "writes to the session's files");
    expect_sound_history(store, sid);
    return supervisor_fired(supervisor, id) > 0;
}

static void every_write_takes_a_few_bytes_only(void **state)
{
    static const size_t pieces[] = {1, 7, 64};
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);

    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        sent("appends while every write takes at most %zu bytes", pieces[i]);
        append_under(store, supervisor, (struct supervisor_rule){.action = SUPERVISOR_CUT, .bytes = pieces[i]});
    }
}

static void a_write_is_interrupted(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);
    unsigned interrupts = 0;

    for (unsigned nth = 1; nth <= INTERRUPTS; nth++)
        interrupts += append_under(store, supervisor,
                                   (struct supervisor_rule){.action = SUPERVISOR_FAIL, .error = EINTR, .nth = nth});
    remark("%u of %d writes were interrupted", interrupts, INTERRUPTS);
}

static void whole_writes_are_appended(void **state)
{
    struct store *store = *state;

    store_supervise(store, SUPERVISOR_WRITE);
    const char *sid = store_create(store);
    store_append(store, sid, store_event(store, NULL));
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "A short or interrupted write is continued",
    .level = MUST,
    .origins = {"OAS-1", "POSIX.1 write(2)"},
    .needs = {"supervisor"},
    .cases =
        {
            CASE(every_write_takes_a_few_bytes_only),
            CASE(a_write_is_interrupted),
            CONTROL(whole_writes_are_appended),
        },
};
