/* What becomes of an acknowledged append when the process dies, and when the power fails? That is seen from what was
 * written and synced by the time of the acknowledgement: its class. Writes and syncs are held for a while, so that an
 * acknowledgement which does not wait for them comes first, every time. */
#include "check.h"
#include "store/store.h"
#include "store/watch.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { APPENDS = 4, CLIENTS = 8, ROUNDS = 3, HOLD_MS = 20 };

static const char *const classes[] = {
    [DISK_NOWHERE] = "D0: acknowledged before it is written",
    [DISK_IN_MEMORY] = "D1: written before it is acknowledged, which survives the process",
    [DISK_ON_DISK] = "D2: synced before it is acknowledged, which survives a loss of power",
};

static unsigned hold(struct store *store, struct supervisor *supervisor, unsigned kinds, enum supervisor_action action)
{
    return supervisor_add(supervisor, &(struct supervisor_rule){.kinds = kinds,
                                                                .where = store_glob(store, NULL),
                                                                .action = action,
                                                                .hold_ms = scaled_ms(HOLD_MS)});
}

static struct supervisor *watch(struct store *store)
{
    store_ask_durable(store);
    return store_watch(store);
}

/* ---- the class ---- */

/* Without a declaration it is D1. */
static enum disk_fate declared_class(struct store *store)
{
    if (store_declares(store, "store.durability=D2"))
        return DISK_ON_DISK;
    return store_declares(store, "store.durability=D0") ? DISK_NOWHERE : DISK_IN_MEMORY;
}

static void the_class_is_the_declared_one(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = watch(store);
    const char *sid = store_create(store);

    hold(store, supervisor, SUPERVISOR_WRITE | SUPERVISOR_SYNC, SUPERVISOR_DELAY);
    enum disk_fate worst = DISK_ON_DISK, declared = declared_class(store);
    for (int i = 0; i < APPENDS; i++) {
        const char *event = store_event(store, NULL);
        struct answer answer = store_try_append(store, sid, event);

        expect(answer.outcome == ACKNOWLEDGED, WRONG, "an append that is acknowledged", "%s",
               answer.message ? answer.message : "no answer");
        enum disk_fate fate = store_fate(store, sid, event, answer.answered_ns);
        worst = fate < worst ? fate : worst;
    }
    store_require_whole_record(store, sid);
    sent("%d appends, one after the other, each write and sync held for %d ms", APPENDS, HOLD_MS);
    expect(worst >= declared, SILENT, classes[declared], "%s", classes[worst]);
    remark("durability class %s", classes[worst]);
    expect_sound_history(store, sid);
}

/* ---- many clients at once ---- */

static void append_at_once(struct store *store, const char *sid)
{
    const char *events[CLIENTS];
    uint64_t calls[CLIENTS];

    for (int i = 0; i < CLIENTS; i++)
        calls[i] = store_begin_append(store, sid, events[i] = store_event(store, NULL));
    for (int i = 0; i < CLIENTS; i++) {
        struct answer answer = store_end_append(store, calls[i]);

        if (answer.outcome == REFUSED)
            continue;
        expect(answer.outcome == ACKNOWLEDGED, WRONG, "an append that is acknowledged or refused", "%s",
               answer.message ? answer.message : "no answer");
        enum disk_fate fate = store_fate(store, sid, events[i], answer.answered_ns);
        if (fate != DISK_ON_DISK)
            store_require_whole_record(store, sid);
        sent("%d appends at once, each sync held for %d ms", CLIENTS, HOLD_MS);
        expect(fate == DISK_ON_DISK, SILENT, classes[DISK_ON_DISK], "%s (client %d of %d)", classes[fate], i + 1,
               CLIENTS);
    }
}

/* A sync is for what was written before it began, not for what was written by the time it is over. Syncs are held
 * before they are made, then also after: who is written meanwhile has to wait for another one. */
static void each_of_many_clients_waits_for_a_sync(void **state)
{
    struct store *store = *state;

    store_require_durability(store);
    struct supervisor *supervisor = watch(store);
    const char *sid = store_create(store);
    for (int round = 0; round < ROUNDS; round++) {
        unsigned rule =
            hold(store, supervisor, SUPERVISOR_SYNC, round == 0 ? SUPERVISOR_DELAY : SUPERVISOR_HOLD_AFTER_SEND);

        append_at_once(store, sid);
        supervisor_remove(supervisor, rule);
    }
    store_require_whole_record(store, sid);
    expect_sound_history(store, sid);
    store_require_overlap(store, sid, ROUNDS * CLIENTS / 2);
}

/* ---- directories ---- */

/* "/a//b/./c" is "/a/b/c", which is how open files go by. */
static const char *tidied(const char *path, char out[PATH_MAX])
{
    size_t length = 0;

    for (; *path && length < PATH_MAX - 1; path++) {
        bool nothing = path[0] == '/' && (path[1] == '/' || (path[1] == '.' && path[2] == '/'));

        if (!nothing)
            out[length++] = *path;
        else if (path[1] == '.')
            path++;
    }
    out[length] = '\0';
    return out;
}

static bool is_or_is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    return !strncmp(path, directory, length) && (path[length] == '/' || path[length] == '\0');
}

static void cut_last_component(char *path)
{
    char *slash = strrchr(path, '/');

    *(slash ? slash : path) = '\0';
}

static bool syncs(const struct supervisor_event *event, const char *where, const char *entry)
{
    char directory[PATH_MAX];

    snprintf(directory, sizeof directory, "%s", entry);
    cut_last_component(directory);
    bool all = !strcmp(event->name, "sync") || !strcmp(event->name, "syncfs");
    return event->kind == SUPERVISOR_SYNC && event->synced && (all || !strcmp(where, directory));
}

/* Was the directory synced after the entry of that path had been made in it? Looks back from the end, as the path and
 * those above it may have been renamed. mkdir(2) is not recorded: whatever the record does not show is taken for done
 * in the right order. */
static bool is_entry_synced(struct supervisor *supervisor, size_t events, const char *path)
{
    char entry[PATH_MAX], where[PATH_MAX], to[PATH_MAX], renamed[2 * PATH_MAX];
    bool synced = false, made_later = false;

    snprintf(entry, sizeof entry, "%s", path);
    for (size_t i = events; i-- > 0;) {
        const struct supervisor_event *event = supervisor_event(supervisor, i);

        tidied(event->where, where);
        bool renames = event->kind == SUPERVISOR_RENAME && is_or_is_below(entry, tidied(event->to, to));
        if (renames && !strcmp(entry, to))
            return synced;
        if (renames) {
            snprintf(renamed, sizeof renamed, "%s%s", where, entry + strlen(to));
            snprintf(entry, sizeof entry, "%.*s", PATH_MAX - 1, renamed);
        } else if (syncs(event, where, entry)) {
            synced = true;
        } else if (is_or_is_below(where, entry)) {
            if (synced)
                return true;
            made_later |= event->kind == SUPERVISOR_OPEN && (event->flags & O_CREAT) && !strcmp(where, entry);
        }
    }
    return synced && !made_later;
}

/* Has anything been done to this path or below it, as far as it goes by its final name? */
static bool is_mentioned(struct supervisor *supervisor, size_t events, const char *path)
{
    char name[PATH_MAX];

    for (size_t i = 0; i < events; i++) {
        const struct supervisor_event *event = supervisor_event(supervisor, i);

        if (is_or_is_below(tidied(event->where, name), path) ||
            (event->to && is_or_is_below(tidied(event->to, name), path)))
            return true;
    }
    return false;
}

static size_t events_by_now(struct supervisor *supervisor)
{
    int64_t now = now_ns();
    size_t count = 0;

    for (const struct supervisor_event *event; (event = supervisor_event(supervisor, count)) && event->done_ns <= now;)
        count++;
    return count;
}

/* The file and all directories above it that were made for the session, which is to say that carry its id. */
static void expect_synced_entries(struct store *store, struct supervisor *supervisor, const char *sid, const char *when)
{
    char path[PATH_MAX];
    size_t events = events_by_now(supervisor);

    snprintf(path, sizeof path, "%s", store_path(store, sid, STORE_EVENTS));
    for (; strstr(path, sid); cut_last_component(path)) {
        if (!is_mentioned(supervisor, events, path))
            continue; /* not made so far */
        sent("%s, each sync held for %d ms", when, HOLD_MS);
        expect(is_entry_synced(supervisor, events, path), SILENT,
               "the directory synced, after the entry was made in it and before the acknowledgement",
               "no such sync of the directory that holds %s", path);
    }
}

static void the_way_to_the_session_is_on_the_disk(void **state)
{
    struct store *store = *state;

    store_require_durability(store);
    struct supervisor *supervisor = watch(store);
    hold(store, supervisor, SUPERVISOR_SYNC, SUPERVISOR_DELAY);
    const char *sid = store_create(store);
    expect_synced_entries(store, supervisor, sid, "store.create");
    store_append(store, sid, store_event(store, NULL));
    expect_synced_entries(store, supervisor, sid, "the first append");
    store_require_whole_record(store, sid);
    expect_sound_history(store, sid);
}

static void held_calls_change_nothing(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = watch(store);

    hold(store, supervisor, SUPERVISOR_WRITE | SUPERVISOR_SYNC, SUPERVISOR_DELAY);
    const char *sid = store_create(store);
    store_append(store, sid, store_event(store, NULL));
    struct store_events events = store_read(store, sid);
    expect_integer((int64_t)events.count, 1, "events read:");
    store_events_free(&events);
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "What is acknowledged is as durable as the target declares",
    .level = MUST,
    .origins = {"fsync(2)", "ALICE"},
    .needs = {"files", "supervisor"},
    .uses = {"durable", "store.durability=D2"},
    .cases =
        {
            CASE(the_class_is_the_declared_one),
            CASE(each_of_many_clients_waits_for_a_sync),
            CASE(the_way_to_the_session_is_on_the_disk),
            CONTROL(held_calls_change_nothing),
        },
};
