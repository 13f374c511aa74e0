/* What the record of a store under watch says of its events. */
#include "store/watch.h"

#include "check.h"
#include "store/store_private.h"

#include <stdio.h>
#include <string.h>

struct supervisor *store_watch(struct store *store)
{
    unsigned kinds = SUPERVISOR_FILES & ~(unsigned)SUPERVISOR_LOCK;
    struct supervisor *supervisor = store_supervise(store, kinds);

    supervisor_add(supervisor, &(struct supervisor_rule){.kinds = kinds, .where = "*", .action = SUPERVISOR_RECORD});
    return supervisor;
}

static void require_sound_record(struct supervisor *supervisor)
{
    const char *trouble = supervisor_trouble(supervisor);

    if (trouble)
        error_of_environment("%s", trouble);
    if (supervisor_record_cut(supervisor))
        error_of_harness("the record of the target's calls is full");
}

enum disk_fate store_fate(struct store *store, const char *sid, const char *event, int64_t at_ns)
{
    struct supervisor *supervisor = store->shared->supervisor;

    require_sound_record(supervisor);
    struct disk *disk = disk_at(supervisor, at_ns);
    const struct json *parsed = json_read(event, strlen(event), NULL);
    const char *text = json_get_string(parsed, "text");
    char mark[HISTORY_MARK_MAX_BYTES + 1];
    const char *log = store_has_file(store, STORE_EVENTS) ? store_path(store, sid, STORE_EVENTS) : NULL;
    snprintf(mark, sizeof mark, "%.*s", (int)strcspn(text, " "), text);
    enum disk_fate fate = disk_fate(disk, log, mark);
    json_free(parsed);
    disk_free(disk);
    return fate;
}

void store_require_whole_record(struct store *store, const char *sid)
{
    struct supervisor *supervisor = store->shared->supervisor;

    driver_stop(store->driver);
    require_sound_record(supervisor);
    struct disk *disk = disk_at(supervisor, INT64_MAX);
    const struct disk_file *recorded = disk_file(disk, store_path(store, sid, STORE_EVENTS));
    struct text file = store_file(store, sid, STORE_EVENTS);
    bool whole = recorded && recorded->length == file.length &&
                 (file.length == 0 || memcmp(recorded->bytes, file.bytes, file.length) == 0);
    text_free(&file);
    disk_free(disk);
    if (!whole)
        not_applicable("the events were not, or not only, written by calls that can be seen (memory-mapped?)");
}

void store_require_seen(struct supervisor *supervisor, unsigned rule, const char *calls)
{
    if (!supervisor_seen(supervisor, rule))
        not_applicable("no %s can be seen (memory-mapped, or under other names?)", calls);
}

void store_require_fired(struct supervisor *supervisor, unsigned rule, const char *calls)
{
    store_require_seen(supervisor, rule, calls);
    if (!supervisor_fired(supervisor, rule))
        not_applicable("too few %s for the one that was to be met", calls);
}

void store_require_durability(struct store *store)
{
    if (!store_declares(store, "store.durability=D2"))
        not_applicable("the target does not declare store.durability=D2: what it acknowledges need not be synced");
}
