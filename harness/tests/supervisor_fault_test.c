/* Failures, short writes and holds: what the target is told, and what is in its file afterwards. */
#include "tests/supervised.h"

static unsigned arrange(struct supervised *supervised, struct supervisor_rule rule)
{
    if (!rule.where)
        rule.where = "*/events.jsonl";
    return supervisor_add(supervised->supervisor, &rule);
}

/* A script for the victim `calls`, with the file opened first. */
static char *opening(const struct supervised *supervised, const char *how)
{
    static char script[256];

    snprintf(script, sizeof script, "%s:%s", how, supervised->events);
    return script;
}

#define CALLS(...) START(supervised, VICTIM("calls"), __VA_ARGS__)

static void nth_write_finds_the_disk_full(void **state)
{
    struct supervised *supervised = *state;
    unsigned id = arrange(
        supervised,
        (struct supervisor_rule){.kinds = SUPERVISOR_WRITE, .action = SUPERVISOR_FAIL, .nth = 2, .error = ENOSPC});

    expect_output(CALLS(opening(supervised, "open"), "write:one\n", "write:two\n", "write:three\n"),
                  "open 0\nwrite 4\nwrite ENOSPC\nwrite 6\n");
    expect_content(supervised->events, "one\nthree\n");
    assert_int_equal(supervisor_seen(supervised->supervisor, id), 3);
    assert_int_equal(supervisor_fired(supervised->supervisor, id), 1);
    expect_untroubled(supervised);
}

static void every_kind_of_file_call_can_fail(void **state)
{
    struct supervised *supervised = *state;
    char rename[300];

    arrange(supervised, (struct supervisor_rule){
                            .kinds = SUPERVISOR_FILES & ~SUPERVISOR_OPEN, .action = SUPERVISOR_FAIL, .error = EIO});
    snprintf(rename, sizeof rename, "rename:%s:/nowhere", supervised->events);
    expect_output(CALLS(opening(supervised, "open"), "write:x", "pwrite:0:x", "writev:a:b", "pwritev:a:b",
                        "pwritev2:a:b", "fsync", "fdatasync", "range", "syncfs", "truncate:0", "lock", rename),
                  "open 0\nwrite EIO\npwrite EIO\nwritev EIO\npwritev EIO\npwritev2 EIO\nfsync EIO\nfdatasync EIO\n"
                  "range EIO\nsyncfs EIO\ntruncate EIO\nlock EIO\nrename EIO\n");
    expect_content(supervised->events, "");
}

static void open_can_fail_by_absolute_and_by_relative_path(void **state)
{
    struct supervised *supervised = *state;
    char directory[128];
    unsigned id = arrange(
        supervised, (struct supervisor_rule){.kinds = SUPERVISOR_OPEN, .action = SUPERVISOR_FAIL, .error = EMFILE});

    snprintf(directory, sizeof directory, "open-directory:%s", supervised->directory);
    expect_output(
        CALLS(opening(supervised, "open"), directory, "open-under:events.jsonl", directory, "open-under:other.jsonl"),
        "open EMFILE\nopen-directory 0\nopen-under EMFILE\nopen-directory 0\nopen-under 0\n");
    assert_int_equal(supervisor_fired(supervised->supervisor, id), 2);
    assert_int_equal(size_of(supervised->events), -1);
}

static void interrupted_call_has_no_effect(void **state)
{
    struct supervised *supervised = *state;

    arrange(supervised,
            (struct supervisor_rule){.kinds = SUPERVISOR_WRITE, .action = SUPERVISOR_FAIL, .nth = 1, .error = EINTR});
    expect_output(CALLS(opening(supervised, "open"), "write:one\n", "write:one\n"), "open 0\nwrite EINTR\nwrite 4\n");
    expect_content(supervised->events, "one\n");
}

/* The bytes are in the file, and the open file stands behind them, whatever the call and however it was opened. */
static void short_write_is_real(void **state)
{
    static const struct {
        const char *open, *call, *output, *content;
    } cases[] = {
        {"open", "write:hello", "open 0\nwrite 3\ntell 3\nwrite 1\n", "hel!"},
        {"open-plain", "write:hello", "open-plain 0\nwrite 3\ntell 3\nwrite 1\n", "hel!"},
        {"open-plain", "writev:he:llo", "open-plain 0\nwritev 3\ntell 3\nwrite 1\n", "hel!"},
        {"open-plain", "pwritev2:he:llo", "open-plain 0\npwritev2 3\ntell 3\nwrite 1\n", "hel!"},
        {"open-plain", "pwrite:1:hello", "open-plain 0\npwrite 3\ntell 0\nwrite 1\n", "!hel"},
        {"open-plain", "pwritev:he:llo", "open-plain 0\npwritev 3\ntell 0\nwrite 1\n", "!el"},
        {"open", "pwrite:1:hello", "open 0\npwrite 3\ntell 0\nwrite 1\n", "hel!"}, /* O_APPEND: no matter where */
    };
    struct supervised *supervised = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned id = arrange(
            supervised,
            (struct supervisor_rule){.kinds = SUPERVISOR_WRITE, .action = SUPERVISOR_CUT, .nth = 1, .bytes = 3});

        expect_output(CALLS(opening(supervised, cases[i].open), cases[i].call, "tell", "write:!"), cases[i].output);
        expect_content(supervised->events, cases[i].content);
        assert_int_equal(supervisor_fired(supervised->supervisor, id), 1);
        unlink(supervised->events);
    }
    expect_untroubled(supervised);
}

static void short_write_leaves_a_smaller_one_whole(void **state)
{
    struct supervised *supervised = *state;

    arrange(supervised, (struct supervisor_rule){.kinds = SUPERVISOR_WRITE, .action = SUPERVISOR_CUT, .bytes = 6});
    expect_output(CALLS(opening(supervised, "open"), "write:hello", "write:hello!", "write:hello!!"),
                  "open 0\nwrite 5\nwrite 6\nwrite 6\n");
    expect_content(supervised->events, "hellohello!hello!");
}

/* Calls that only the kernel can answer stay the kernel's. */
static void bad_address_is_the_kernels_to_refuse(void **state)
{
    struct supervised *supervised = *state;

    arrange(supervised, (struct supervisor_rule){.kinds = SUPERVISOR_WRITE, .action = SUPERVISOR_CUT, .bytes = 1});
    expect_output(CALLS(opening(supervised, "open"), "write-nowhere", "pwrite:-5:x"),
                  "open 0\nwrite-nowhere EFAULT\npwrite EINVAL\n");
    expect_untroubled(supervised);
}

static void write_larger_than_the_maximum_is_left_to_the_kernel(void **state)
{
    struct supervised *supervised = *state;
    char most[64], more[64], expected[128];

    snprintf(most, sizeof most, "write-many:%d", SUPERVISOR_CALL_MAX_BYTES);
    snprintf(more, sizeof more, "write-many:%d", SUPERVISOR_CALL_MAX_BYTES + 1);
    snprintf(expected, sizeof expected, "open 0\nwrite-many 7\nwrite-many %d\n", SUPERVISOR_CALL_MAX_BYTES + 1);
    arrange(supervised, (struct supervisor_rule){.kinds = SUPERVISOR_WRITE, .action = SUPERVISOR_CUT, .bytes = 7});
    expect_output(CALLS(opening(supervised, "open"), most, more), expected);
}

static void other_files_are_left_alone(void **state)
{
    struct supervised *supervised = *state;
    char open_other[128];

    arrange(supervised, (struct supervisor_rule){
                            .kinds = SUPERVISOR_WRITE | SUPERVISOR_SYNC, .action = SUPERVISOR_FAIL, .error = EIO});
    snprintf(open_other, sizeof open_other, "open:%s/meta.json", supervised->directory);
    expect_output(CALLS(open_other, "write:x", "fsync"), "open 0\nwrite 1\nfsync 0\n");
}

/* Copies inside the kernel would go past the rules: refused for the files that rules are after, and only for them. */
static void copies_to_watched_files_are_refused(void **state)
{
    struct supervised *supervised = *state;
    char open_other[128], copy[160], send[160];

    arrange(supervised, (struct supervisor_rule){.kinds = SUPERVISOR_WRITE, .action = SUPERVISOR_RECORD});
    snprintf(open_other, sizeof open_other, "open-plain:%s/other", supervised->directory);
    snprintf(copy, sizeof copy, "copy_file_range:%s", supervised->events);
    snprintf(send, sizeof send, "sendfile:%s", supervised->events);
    expect_output(CALLS(opening(supervised, "open-plain"), "write:hello", copy, send, open_other, copy, send),
                  "open-plain 0\nwrite 5\ncopy_file_range ENOSYS\nsendfile EINVAL\n"
                  "open-plain 0\ncopy_file_range 5\nsendfile 5\n");
}

static void asynchronous_files_are_not_there(void **state)
{
    struct supervised *supervised = *state;

    expect_output(CALLS("io_uring_setup", "io_setup"), "io_uring_setup ENOSYS\nio_setup ENOSYS\n");
}

/* A signal that arrives while a call is held waits: the call is neither repeated nor counted twice. */
static void signals_do_not_disturb_a_held_call(void **state)
{
    struct supervised *supervised = *state;
    unsigned id = arrange(
        supervised, (struct supervisor_rule){.kinds = SUPERVISOR_WRITE, .action = SUPERVISOR_DELAY, .hold_ms = 50});

    expect_output(CALLS(opening(supervised, "open"), "tick", "write:one\n", "ticks"),
                  "open 0\ntick 0\nwrite 4\nticks 1\n");
    expect_content(supervised->events, "one\n");
    assert_int_equal(supervisor_seen(supervised->supervisor, id), 1);
}

static void delay_takes_its_time_and_no_more_once_removed(void **state)
{
    struct supervised *supervised = *state;
    unsigned id = arrange(
        supervised,
        (struct supervisor_rule){.kinds = SUPERVISOR_WRITE, .action = SUPERVISOR_DELAY, .hold_ms = 10 * DEADLINE_MS});
    struct victim victim = CALLS(opening(supervised, "open"), "write:one\n", "write:two\n");

    assert_true(supervisor_wait_fired(supervised->supervisor, id, 1, DEADLINE_MS));
    assert_int_equal(size_of(supervised->events), 0);
    supervisor_remove(supervised->supervisor, id);
    expect_output(victim, "open 0\nwrite 4\nwrite 4\n");
    assert_int_equal(supervisor_seen(supervised->supervisor, id), 1);
    assert_false(supervisor_wait_fired(supervised->supervisor, id, 2, 1));
}

/* The sync is done while its caller still waits for the return: the record has it, and the next call has not come. */
static void sync_is_made_and_its_return_held(void **state)
{
    struct supervised *supervised = *state;
    unsigned record =
        arrange(supervised, (struct supervisor_rule){.kinds = SUPERVISOR_FILES, .action = SUPERVISOR_RECORD});
    unsigned id = arrange(supervised, (struct supervisor_rule){.kinds = SUPERVISOR_SYNC,
                                                               .action = SUPERVISOR_HOLD_AFTER_SEND,
                                                               .hold_ms = 10 * DEADLINE_MS});
    struct victim victim = CALLS(opening(supervised, "open"), "fdatasync", "write:one\n");

    assert_true(supervisor_wait_fired(supervised->supervisor, id, 1, DEADLINE_MS));
    const struct supervisor_event *event;
    for (int64_t i = 0; !(event = supervisor_event(supervised->supervisor, 1)) && i < DEADLINE_MS; i++)
        supervisor_wait_seen(supervised->supervisor, record, UINT64_MAX, 1);
    assert_non_null(event);
    assert_true(event->synced);
    assert_int_equal(supervisor_seen(supervised->supervisor, record), 2);
    supervisor_remove(supervised->supervisor, id);
    expect_output(victim, "open 0\nfdatasync 0\nwrite 4\n");
    expect_untroubled(supervised);
}

/* The n-th call is counted over the processes that one supervisor watches. */
static void calls_are_counted_over_several_targets(void **state)
{
    struct supervised *supervised = *state;

    arrange(supervised,
            (struct supervisor_rule){.kinds = SUPERVISOR_WRITE, .action = SUPERVISOR_FAIL, .nth = 3, .error = ENOSPC});
    expect_output(CALLS(opening(supervised, "open"), "write:1\n", "write:2\n"), "open 0\nwrite 2\nwrite 2\n");
    expect_output(CALLS(opening(supervised, "open"), "write:3\n", "write:4\n"), "open 0\nwrite ENOSPC\nwrite 2\n");
    expect_content(supervised->events, "1\n2\n4\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPERVISED(nth_write_finds_the_disk_full),
        SUPERVISED(every_kind_of_file_call_can_fail),
        SUPERVISED(open_can_fail_by_absolute_and_by_relative_path),
        SUPERVISED(interrupted_call_has_no_effect),
        SUPERVISED(short_write_is_real),
        SUPERVISED(short_write_leaves_a_smaller_one_whole),
        SUPERVISED(bad_address_is_the_kernels_to_refuse),
        SUPERVISED(write_larger_than_the_maximum_is_left_to_the_kernel),
        SUPERVISED(other_files_are_left_alone),
        SUPERVISED(copies_to_watched_files_are_refused),
        SUPERVISED(asynchronous_files_are_not_there),
        SUPERVISED(signals_do_not_disturb_a_held_call),
        SUPERVISED(delay_takes_its_time_and_no_more_once_removed),
        SUPERVISED(sync_is_made_and_its_return_held),
        SUPERVISED(calls_are_counted_over_several_targets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
