/* The record: that it says what happened, in order, and that it is bounded and says when it was cut. */
#include "tests/supervised.h"

#include "supervisor/record.h"

static void record_all(struct supervised *supervised, unsigned kinds, const char *where)
{
    struct supervisor_rule rule = {.kinds = kinds, .where = where, .action = SUPERVISOR_RECORD};

    supervisor_add(supervised->supervisor, &rule);
}

static void expect_event(const struct supervisor_event *event, const char *name, int64_t result, int64_t offset,
                         int64_t length, bool synced)
{
    assert_non_null(event);
    assert_string_equal(event->name, name);
    assert_true(event->made);
    assert_int_equal(event->result, result);
    assert_int_equal(event->offset, offset);
    assert_int_equal(event->length, length);
    assert_int_equal(event->synced, synced);
}

static void writes_and_syncs_are_recorded_in_order(void **state)
{
    struct supervised *supervised = *state;
    char open[200];
    int64_t before_ns = clock_ns();

    record_all(supervised, SUPERVISOR_WRITE | SUPERVISOR_SYNC | SUPERVISOR_TRUNCATE, "*/events.jsonl");
    snprintf(open, sizeof open, "open:%s", supervised->events);
    struct victim victim = START(supervised, VICTIM("calls"), open, "write:one\n", "fsync", "writev:tw:o\n", "range",
                                 "pwrite:0:three\n", "fdatasync", "truncate:4", "syncfs");
    pid_t pid = victim.pid;
    expect_output(victim, "open 0\nwrite 4\nfsync 0\nwritev 4\nrange 0\npwrite 6\nfdatasync 0\ntruncate 0\nsyncfs 0\n");

    const struct supervisor_event *event = supervisor_event(supervised->supervisor, 0);
    expect_event(event, "write", 4, 0, 4, false);
    assert_memory_equal(event->bytes, "one\n", 4);
    assert_string_equal(event->where, supervised->events);
    assert_int_equal(event->pid, pid);
    assert_int_equal(event->tid, pid);
    assert_true(before_ns < event->came_ns && event->came_ns <= event->done_ns && event->done_ns < clock_ns());
    expect_event(supervisor_event(supervised->supervisor, 1), "fsync", 0, -1, 4, true);
    expect_event(supervisor_event(supervised->supervisor, 2), "writev", 4, 4, 8, false);
    assert_memory_equal(supervisor_event(supervised->supervisor, 2)->bytes, "two\n", 4);
    expect_event(supervisor_event(supervised->supervisor, 3), "sync_file_range", 0, -1, 8, false);
    expect_event(supervisor_event(supervised->supervisor, 4), "pwrite64", 6, 8, 14, false);
    expect_event(supervisor_event(supervised->supervisor, 5), "fdatasync", 0, -1, 14, true);
    expect_event(supervisor_event(supervised->supervisor, 6), "ftruncate", 0, 4, 4, false);
    expect_event(supervisor_event(supervised->supervisor, 7), "syncfs", 0, -1, 4, true);
    assert_null(supervisor_event(supervised->supervisor, 8));
    assert_false(supervisor_record_cut(supervised->supervisor));
    expect_untroubled(supervised);
}

static void synchronous_writes_are_marked(void **state)
{
    struct supervised *supervised = *state;
    char open[200], open_dsync[200];

    record_all(supervised, SUPERVISOR_WRITE, "*/events.jsonl");
    snprintf(open, sizeof open, "open:%s", supervised->events);
    snprintf(open_dsync, sizeof open_dsync, "open-dsync:%s", supervised->events);
    expect_output(START(supervised, VICTIM("calls"), open_dsync, "write:a", open, "pwritev2:b:c", "write:d"),
                  "open-dsync 0\nwrite 1\nopen 0\npwritev2 2\nwrite 1\n");
    expect_event(supervisor_event(supervised->supervisor, 0), "write", 1, 0, 1, true);
    expect_event(supervisor_event(supervised->supervisor, 1), "pwritev2", 2, 1, 3, true);
    expect_event(supervisor_event(supervised->supervisor, 2), "write", 1, 3, 4, false);
}

static void names_are_recorded_of_what_the_kernel_does(void **state)
{
    struct supervised *supervised = *state;
    char open[200], rename[400], other[160];

    record_all(supervised, SUPERVISOR_OPEN | SUPERVISOR_RENAME | SUPERVISOR_LOCK, "*/assay-supervisor-*");
    snprintf(other, sizeof other, "%s/other", supervised->directory);
    snprintf(open, sizeof open, "open:%s", supervised->events);
    snprintf(rename, sizeof rename, "rename:%s:%s", supervised->events, other);
    expect_output(START(supervised, VICTIM("calls"), open, "lock", rename), "open 0\nlock 0\nrename 0\n");

    const struct supervisor_event *event = supervisor_event(supervised->supervisor, 0);
    assert_int_equal(event->kind, SUPERVISOR_OPEN);
    assert_false(event->made);
    assert_int_equal(event->flags & (O_CREAT | O_APPEND), O_CREAT | O_APPEND);
    assert_string_equal(event->where, supervised->events);
    assert_null(event->to);
    event = supervisor_event(supervised->supervisor, 1);
    assert_string_equal(event->name, "flock");
    event = supervisor_event(supervised->supervisor, 2);
    assert_int_equal(event->kind, SUPERVISOR_RENAME);
    assert_string_equal(event->where, supervised->events);
    assert_string_equal(event->to, other);
}

/* What other rules do to a call is recorded too. */
static void failures_and_short_writes_are_recorded(void **state)
{
    struct supervised *supervised = *state;
    struct supervisor_rule fail = {
        .kinds = SUPERVISOR_WRITE, .where = "*/events.jsonl", .action = SUPERVISOR_FAIL, .nth = 1, .error = ENOSPC};
    struct supervisor_rule cut = {
        .kinds = SUPERVISOR_WRITE, .where = "*/events.jsonl", .action = SUPERVISOR_CUT, .nth = 2, .bytes = 2};
    char open[200];

    record_all(supervised, SUPERVISOR_WRITE, "*/events.jsonl");
    supervisor_add(supervised->supervisor, &fail);
    supervisor_add(supervised->supervisor, &cut);
    snprintf(open, sizeof open, "open:%s", supervised->events);
    expect_output(START(supervised, VICTIM("calls"), open, "write:one", "write:two"),
                  "open 0\nwrite ENOSPC\nwrite 2\n");
    expect_event(supervisor_event(supervised->supervisor, 0), "write", -ENOSPC, -1, -1, false);
    assert_null(supervisor_event(supervised->supervisor, 0)->bytes);
    expect_event(supervisor_event(supervised->supervisor, 1), "write", 2, 0, 2, false);
}

/* From the record alone: which lengths may a power cut leave after each event? */
static void lengths_that_a_crash_may_leave_follow_from_the_record(void **state)
{
    static const int64_t lengths[][2] = {{0, 4}, {4, 4}, {4, 8}, {4, 12}, {12, 12}}; /* synced, current */
    struct supervised *supervised = *state;
    const struct supervisor_event *event;
    int64_t synced = 0, current = 0;
    char open[200];
    size_t i;

    record_all(supervised, SUPERVISOR_WRITE | SUPERVISOR_SYNC, "*/events.jsonl");
    snprintf(open, sizeof open, "open:%s", supervised->events);
    expect_output(
        START(supervised, VICTIM("calls"), open, "write:one\n", "fsync", "write:two\n", "write:six\n", "fsync"),
        "open 0\nwrite 4\nfsync 0\nwrite 4\nwrite 4\nfsync 0\n");
    for (i = 0; (event = supervisor_event(supervised->supervisor, i)) != NULL; i++) {
        current = event->length;
        synced = event->synced ? event->length : synced;
        assert_int_equal(synced, lengths[i][0]);
        assert_int_equal(current, lengths[i][1]);
    }
    assert_int_equal(i, sizeof lengths / sizeof lengths[0]);
}

static void writes_of_many_threads_are_recorded_without_a_hole(void **state)
{
    struct supervised *supervised = *state;
    const struct supervisor_event *event;
    int64_t length = 0;
    size_t i;

    record_all(supervised, SUPERVISOR_WRITE, "*/events.jsonl");
    struct victim victim = START(supervised, VICTIM("append"), supervised->directory, "counter", "8", "50");
    assert_int_equal(end_of(&victim), 0);
    for (i = 0; (event = supervisor_event(supervised->supervisor, i)) != NULL; i++) {
        assert_int_equal(event->offset, length);
        length += event->result;
        assert_int_equal(event->length, length);
    }
    assert_int_equal(i, 400);
    assert_int_equal(size_of(supervised->events), length);
}

static bool add_write(struct supervisor_record *record, char *bytes)
{
    static const struct supervisor_shape shape = {.name = "write"};
    struct supervisor_call call = {.kind = SUPERVISOR_WRITE, .where = "f", .shape = &shape};
    struct emulated deed = {.result = (int64_t)strlen(bytes), .bytes = bytes};

    return supervisor_record_add(record, &call, &deed, 1);
}

static void record_is_bounded_by_events(void **state)
{
    struct supervisor_record record;

    (void)state;
    supervisor_record_init(&record, 1000, 1 << 20);
    for (int i = 0; i < 1000; i++)
        assert_true(add_write(&record, (char[]){"x"}));
    assert_false(record.cut);
    assert_false(add_write(&record, (char[]){"x"}));
    assert_true(record.cut);
    assert_int_equal(record.count, 1000);
    supervisor_record_free(&record);
}

static void record_is_bounded_by_bytes(void **state)
{
    struct supervisor_record record;

    (void)state;
    supervisor_record_init(&record, 10, 12);
    assert_true(add_write(&record, (char[]){"12345"})); /* and two bytes of the name */
    assert_false(add_write(&record, (char[]){"123456"}));
    assert_true(record.cut);
    assert_true(add_write(&record, (char[]){"123"}));
    assert_int_equal(record.bytes, 12);
    assert_memory_equal(record.events[1]->bytes, "123", 3);
    supervisor_record_free(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPERVISED(writes_and_syncs_are_recorded_in_order),
        SUPERVISED(synchronous_writes_are_marked),
        SUPERVISED(names_are_recorded_of_what_the_kernel_does),
        SUPERVISED(failures_and_short_writes_are_recorded),
        SUPERVISED(lengths_that_a_crash_may_leave_follow_from_the_record),
        SUPERVISED(writes_of_many_threads_are_recorded_without_a_hole),
        cmocka_unit_test(record_is_bounded_by_events),
        cmocka_unit_test(record_is_bounded_by_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
