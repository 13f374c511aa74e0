/* The power fails while appends wait for the disk. From the recorded writes and syncs follows what may be left of each
 * log: any length from the last one that was synced to the last one that was written, and zeros in place of bytes that
 * never came. The states are put into place, near the ends of lines above all, and each has to be recovered from. */
#include "check.h"
#include "store/store.h"
#include "store/watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    STATES = 16, /* each in a session of its own, so that one crash serves for all */
    STATES_MAX = 48,
    LINES_MAX = 3,
    WAIT_MS = 500,
    GRACE_MS = 50,
    HOLD_MS = 60000, /* longer than the target lives */
    ECHO_MS = 2000,
    WHAT_BYTES = 200,
    CRASHES_MAX = 4,
};

struct crash {
    const char *sids[STATES_MAX];
    uint64_t calls[STATES_MAX][LINES_MAX];
};

static size_t states(void)
{
    return long_run() ? STATES_MAX : STATES;
}

/* ---- up to the crash ---- */

/* An empty session costs no sync when it is made by a process that was not asked for any. */
static void set_scene(struct store *store, struct crash *crash)
{
    for (size_t i = 0; i < states(); i++)
        crash->sids[i] = store_create(store);
    store_ask_durable(store);
    store_restart(store);
    for (size_t i = 0; i < states(); i++)
        crash->calls[i][0] = store_begin_append(store, crash->sids[i], store_event(store, "before"));
    for (size_t i = 0; i < states(); i++) {
        struct answer answer = store_end_append(store, crash->calls[i][0]);

        expect(answer.outcome == ACKNOWLEDGED, WRONG, "an append that is acknowledged", "%s",
               answer.message ? answer.message : "no answer");
    }
}

/* A rule that sees the writes to all sessions' events: their paths differ in the id alone. */
static unsigned watch_events(struct store *store, struct supervisor *supervisor, const char *sid)
{
    char where[512];
    const char *path = store_path(store, sid, STORE_EVENTS);

    for (const char *at; (at = strstr(path, sid));)
        path = at + strlen(sid);
    snprintf(where, sizeof where, "*%s", path);
    return supervisor_add(
        supervisor, &(struct supervisor_rule){.kinds = SUPERVISOR_WRITE, .where = where, .action = SUPERVISOR_RECORD});
}

/* Whoever waits for the disk is in a held sync now, one to a session at least. Who does not has answered, or is about
 * to: an answer that should not come can only be given some time, and the one to an echo, which is read after all that
 * came before it, takes just that long. A target of one thread is itself in the sync that is held, and answers nobody:
 * so it may, and is not waited for any longer. */
static void hear_who_does_not_wait(struct store *store, struct supervisor *supervisor, unsigned held)
{
    struct text params;
    struct driver *driver = store_driver(store);

    supervisor_wait_seen(supervisor, held, states(), scaled_ms(WAIT_MS));
    text_init(&params, 64);
    text_addf(&params, "{\"text\":\"over\",\"delay_ms\":%d}", (int)scaled_ms(GRACE_MS));
    driver_hears(driver, driver_send(driver, "echo", &params), scaled_ms(ECHO_MS));
    text_free(&params);
}

static unsigned hold_syncs(struct store *store, struct supervisor *supervisor)
{
    return supervisor_add(supervisor, &(struct supervisor_rule){.kinds = SUPERVISOR_SYNC,
                                                                .where = store_glob(store, NULL),
                                                                .action = SUPERVISOR_DELAY,
                                                                .hold_ms = scaled_ms(HOLD_MS)});
}

/* Appends until all is written and waits to be synced, which never happens. A target that promises nothing about power
 * is left to sync as it likes, and killed. */
static void fail_the_power(struct store *store, struct supervisor *supervisor, struct crash *crash, int lines)
{
    bool promised = store_declares(store, "store.durability=D2");
    unsigned held = promised ? hold_syncs(store, supervisor) : 0;
    unsigned written = watch_events(store, supervisor, crash->sids[0]);

    for (size_t i = 0; i < states(); i++)
        for (int line = 0; line < lines; line++)
            crash->calls[i][line] = store_begin_append(store, crash->sids[i], store_event(store, "under way"));
    supervisor_wait_seen(supervisor, written, states() * (uint64_t)lines, scaled_ms(WAIT_MS));
    if (promised)
        hear_who_does_not_wait(store, supervisor, held);
    store_kill(store);
    for (size_t i = 0; i < states(); i++)
        for (int line = 0; line < lines; line++)
            store_end_append(store, crash->calls[i][line]);
    if (promised)
        supervisor_remove(supervisor, held);
}

/* ---- what is left ---- */

/* The lengths to be tried, each once: one byte before, at and behind the end of each line, then evenly spread. */
struct lengths {
    size_t list[STATES_MAX];
    size_t count;
};

static void add_length(struct lengths *lengths, size_t low, size_t high, size_t length)
{
    bool there = length < low || length > high || lengths->count == states();

    for (size_t i = 0; i < lengths->count; i++)
        there |= lengths->list[i] == length;
    if (!there)
        lengths->list[lengths->count++] = length;
}

static void add_around(struct lengths *lengths, size_t low, size_t high, size_t end)
{
    add_length(lengths, low, high, end - 1);
    add_length(lengths, low, high, end);
    add_length(lengths, low, high, end + 1);
}

/* The number-th of the lengths from low to high; when there are fewer of them, from the front again. */
static size_t length_to_try(const struct text *file, size_t low, size_t high, size_t number)
{
    struct lengths lengths = {.count = 0};

    add_length(&lengths, low, high, low);
    add_length(&lengths, low, high, low + 1);
    for (size_t i = low; i < high; i++)
        if (file->bytes[i] == '\n')
            add_around(&lengths, low, high, i + 1);
    for (size_t i = 1; i < states(); i++)
        add_length(&lengths, low, high, low + (high - low) * i / states());
    return lengths.list[number % lengths.count];
}

static void leave(const char *path, size_t length, size_t zeros)
{
    static const char nothing[1 << 16];
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    bool left = fd >= 0 && zeros <= sizeof nothing && ftruncate(fd, (off_t)length) == 0 &&
                write(fd, nothing, zeros) == (ssize_t)zeros;

    if (fd < 0 || close(fd) || !left)
        error_of_environment("%s cannot be cut", path);
}

/* What a crash may leave of one session: any length from `low` on. */
struct remains {
    const char *path;
    struct text file;
    size_t low;
};

static struct remains remains_of(struct store *store, struct supervisor *supervisor, const char *sid)
{
    store_require_whole_record(store, sid);
    struct remains remains = {.path = store_path(store, sid, STORE_EVENTS),
                              .file = store_file(store, sid, STORE_EVENTS)};
    struct disk *disk = disk_at(supervisor, INT64_MAX);
    bool promised = store_declares(store, "store.durability=D2");
    remains.low = promised ? disk_synced_bytes(disk_file(disk, remains.path)) : remains.file.length;
    disk_free(disk);
    return remains;
}

/* Makes one of the legal states of one session, and says which one it is. Of a target that promises nothing about power
 * that is the only state which the death of its process can leave: all that was written. The states are counted by
 * `tried`, the sessions so far that had something to lose, and not by session: a target of one thread has begun one
 * append only when the power fails, nobody knows which, and is to be met by the same state each time. */
static void leave_a_state(struct store *store, const struct remains *remains, size_t *tried, bool zeros,
                          char what[WHAT_BYTES])
{
    bool promised = store_declares(store, "store.durability=D2");
    size_t written = remains->file.length, length = written;

    if (remains->low < written)
        length = length_to_try(&remains->file, remains->low, written, (*tried)++);
    leave(remains->path, length, zeros ? written - length : 0);
    snprintf(what, WHAT_BYTES, "%s; of %zu bytes, %zu of them synced, %zu are left%s",
             promised ? "a loss of power" : "a kill", written, remains->low, length, zeros ? ", then zeros" : "");
}

/* One crash. The states that are tried are counted on. */
static void crash_once(struct store *store, struct supervisor *supervisor, int lines, bool zeros, size_t *tried)
{
    struct crash crash;
    char what[STATES_MAX][WHAT_BYTES];

    set_scene(store, &crash);
    fail_the_power(store, supervisor, &crash, lines);
    for (size_t i = 0; i < states(); i++) {
        struct remains remains = remains_of(store, supervisor, crash.sids[i]);

        leave_a_state(store, &remains, tried, zeros, what[i]);
        text_free(&remains.file);
    }
    store_start_again(store);
    for (size_t i = 0; i < states(); i++) {
        store_stimulus(store, "%s", what[i]);
        expect_recovery(store, crash.sids[i]);
    }
}

/* Where all sessions had something to lose one crash has tried all states; where one had, further ones try some. */
static void crash_and_recover(struct store *store, int lines, bool zeros)
{
    struct supervisor *supervisor = store_watch(store);
    size_t tried = 0, before;
    int crashes = 0;

    do {
        before = tried;
        crash_once(store, supervisor, lines, zeros, &tried);
        crashes++;
    } while (tried > before && tried < states() && crashes < CRASHES_MAX);
    if (store_declares(store, "store.durability=D2"))
        remark("a loss of power: %zu sessions recovered, %zu of them with something to lose",
               states() * (size_t)crashes, tried);
    else
        remark("a kill: %zu sessions recovered; without store.durability=D2 no loss of power is judged", states());
}

static void the_last_line_is_cut_short(void **state)
{
    crash_and_recover(*state, 1, false);
}

static void zeros_stand_in_place_of_the_last_line(void **state)
{
    crash_and_recover(*state, 1, true);
}

static void several_lines_are_cut_short(void **state)
{
    crash_and_recover(*state, LINES_MAX, false);
}

static void a_crash_between_appends_leaves_all(void **state)
{
    struct store *store = *state;
    struct crash crash;

    store_watch(store);
    set_scene(store, &crash);
    store_kill(store);
    store_start_again(store);
    for (size_t i = 0; i < states(); i++)
        expect_recovery(store, crash.sids[i]);
}

const struct check check = {
    .title = "States that a crash can leave of the log are recovered from",
    .level = MUST,
    .origins = {"ALICE", "OAS-1"},
    .needs = {"files", "supervisor"},
    .uses = {"durable", "store.durability=D2"},
    .cases =
        {
            CASE(the_last_line_is_cut_short),
            CASE(zeros_stand_in_place_of_the_last_line),
            CASE(several_lines_are_cut_short),
            CONTROL(a_crash_between_appends_leaves_all),
        },
};
