/* A sync fails. What it was for is not acknowledged; and since the kernel then takes the pages for clean, so that the
 * next sync succeeds without writing them, nothing behind them is, until they have been written once more. */
#include "check.h"
#include "store/store.h"
#include "store/watch.h"

#include <errno.h>
#include <stdio.h>

enum { AFTERWARDS = 3, CLIENTS = 4 };

static const int errors[] = {EIO, ENOSPC};
enum { ERRORS = sizeof errors / sizeof *errors };

static struct supervisor *watch(struct store *store)
{
    store_require_durability(store);
    store_ask_durable(store);
    return store_watch(store);
}

static void expect_on_disk_if_acknowledged(struct store *store, const char *sid, const char *event,
                                           struct answer answer, const char *what)
{
    static const char *const fates[] = {"was not even written", "was not synced, or stands behind bytes in doubt",
                                        "is on the disk"};

    if (answer.outcome != ACKNOWLEDGED)
        return;
    enum disk_fate fate = store_fate(store, sid, event, answer.answered_ns);
    if (fate != DISK_ON_DISK)
        store_require_whole_record(store, sid);
    sent("%s", what);
    expect(fate == DISK_ON_DISK, SILENT, "an error, or an acknowledgement of what was synced by a sync that succeeded",
           "an acknowledgement of an event that %s", fates[fate]);
}

static void append_and_expect(struct store *store, const char *sid, const char *what)
{
    const char *event = store_event(store, what);

    expect_on_disk_if_acknowledged(store, sid, event, store_try_append(store, sid, event), what);
}

/* The next sync fails. */
static unsigned fail_next_sync(struct store *store, struct supervisor *supervisor, int error)
{
    return supervisor_add(supervisor, &(struct supervisor_rule){.kinds = SUPERVISOR_SYNC,
                                                                .where = store_glob(store, NULL),
                                                                .action = SUPERVISOR_FAIL,
                                                                .nth = 1,
                                                                .error = error});
}

static void require_firing(struct supervisor *supervisor, unsigned rule)
{
    if (!supervisor_fired(supervisor, rule))
        not_applicable("an append calls no sync that could fail");
}

static const char *session_with_an_event(struct store *store)
{
    const char *sid = store_create(store);

    store_append(store, sid, store_event(store, "before"));
    return sid;
}

/* An append whose sync fails. */
static void append_into_error(struct store *store, struct supervisor *supervisor, const char *sid, int error)
{
    unsigned rule = fail_next_sync(store, supervisor, error);

    append_and_expect(store, sid, "an append whose sync failed");
    supervisor_remove(supervisor, rule);
    require_firing(supervisor, rule);
}

/* Whatever the next process finds, it goes on, and no acknowledged event is missing. */
static void expect_going_on_after_restart(struct store *store, const char *sid)
{
    store_restart(store);
    store_stimulus(store, "a sync that failed, and a restart");
    expect_recovery(store, sid);
}

static void a_failed_sync_is_no_acknowledgement(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = watch(store);

    for (int i = 0; i < ERRORS; i++) {
        const char *sid = session_with_an_event(store);

        append_into_error(store, supervisor, sid, errors[i]);
        expect_going_on_after_restart(store, sid);
    }
}

static void later_appends_are_refused_or_really_synced(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = watch(store);

    for (int i = 0; i < ERRORS; i++) {
        const char *sid = session_with_an_event(store);

        append_into_error(store, supervisor, sid, errors[i]);
        for (int j = 0; j < AFTERWARDS; j++)
            append_and_expect(store, sid, "an append after a sync that failed");
        expect_going_on_after_restart(store, sid);
    }
}

static void require_resume(struct store *store)
{
    if (!store_serves(store, "resume"))
        not_applicable("the driver does not list the method store.resume");
}

static struct answer try_resume(struct store *store, const char *sid)
{
    struct text params;

    text_init(&params, 256);
    text_addf(&params, "{\"sid\":\"%s\"}", sid);
    struct answer answer = store_try(store, "store.resume", &params);
    text_free(&params);
    return answer;
}

/* store.resume looks at the session anew, so that it may heal what a failed sync has left. */
static void a_resumed_session_is_really_synced(void **state)
{
    struct store *store = *state;

    require_resume(store);
    struct supervisor *supervisor = watch(store);
    const char *sid = session_with_an_event(store);
    append_into_error(store, supervisor, sid, EIO);
    try_resume(store, sid);
    append_and_expect(store, sid, "an append after a sync that failed, and a resume");
    expect_going_on_after_restart(store, sid);
}

/* A store that heals by writing everything in doubt once more goes on with it when a signal comes in between. */
static void an_interrupted_resume_goes_on(void **state)
{
    struct store *store = *state;

    require_resume(store);
    struct supervisor *supervisor = watch(store);
    const char *sid = session_with_an_event(store);
    append_into_error(store, supervisor, sid, EIO);
    unsigned rule = supervisor_add(supervisor, &(struct supervisor_rule){.kinds = SUPERVISOR_WRITE,
                                                                         .where = store_glob(store, sid),
                                                                         .action = SUPERVISOR_FAIL,
                                                                         .nth = 1,
                                                                         .error = EINTR});
    struct answer answer = try_resume(store, sid);
    supervisor_remove(supervisor, rule);
    store_require_fired(supervisor, rule, "writes to the session's files while it is resumed");
    sent("store.resume after a sync that failed, its first write interrupted by a signal");
    expect(answer.outcome == ACKNOWLEDGED, WRONG, "a session that is resumed: nothing has failed this time", "%s",
           answer.message ? answer.message : "no answer");
    append_and_expect(store, sid, "an append after a resume that was interrupted");
    expect_going_on_after_restart(store, sid);
}

/* Several clients wait for the sync that fails. Who is not told must not take the next one for his own. */
static void no_client_mistakes_a_later_sync_for_his(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = watch(store);
    const char *sid = session_with_an_event(store), *events[CLIENTS];
    uint64_t calls[CLIENTS];
    unsigned rule = fail_next_sync(store, supervisor, EIO);

    for (int i = 0; i < CLIENTS; i++)
        calls[i] = store_begin_append(store, sid, events[i] = store_event(store, "at once"));
    for (int i = 0; i < CLIENTS; i++)
        expect_on_disk_if_acknowledged(store, sid, events[i], store_end_append(store, calls[i]),
                                       "several appends at once, a sync of which failed");
    supervisor_remove(supervisor, rule);
    require_firing(supervisor, rule);
    expect_going_on_after_restart(store, sid);
}

static void syncs_that_succeed_are_acknowledged(void **state)
{
    struct store *store = *state;

    watch(store);
    const char *sid = session_with_an_event(store), *event = store_event(store, NULL);
    struct answer answer = store_try_append(store, sid, event);
    expect(answer.outcome == ACKNOWLEDGED, WRONG, "an append that is acknowledged", "%s",
           answer.message ? answer.message : "no answer");
    expect_on_disk_if_acknowledged(store, sid, event, answer, "an append while the disk is in order");
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "After a sync has failed nothing is acknowledged that is not on the disk",
    .level = MUST,
    .origins = {"fsync(2)", "fsyncgate"},
    .needs = {"files", "supervisor"},
    .uses = {"store.resume", "durable", "store.durability=D2"},
    .cases =
        {
            CASE(a_failed_sync_is_no_acknowledgement),
            CASE(later_appends_are_refused_or_really_synced),
            CASE(a_resumed_session_is_really_synced),
            CASE(an_interrupted_resume_goes_on),
            CASE(no_client_mistakes_a_later_sync_for_his),
            CONTROL(syncs_that_succeed_are_acknowledged),
        },
};
