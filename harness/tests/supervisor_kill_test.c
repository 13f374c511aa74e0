/* Kills before, within and after the n-th call, proven by what is on the disk. */
#include "tests/supervised.h"

static unsigned arrange_kill(struct supervised *supervised, enum supervisor_kind kind, const char *where,
                             enum supervisor_action action, uint64_t nth)
{
    struct supervisor_rule rule = {.kinds = kind, .where = where, .action = action, .nth = nth};

    return supervisor_add(supervised->supervisor, &rule);
}

/* Runs the script, whose process must be killed, by us. */
static void expect_killed(struct supervised *supervised, unsigned id, struct victim victim, const char *said)
{
    char output[OUTPUT_MAX_BYTES];

    read_output(&victim, output, NULL);
    assert_int_equal(supervisor_fired(supervised->supervisor, id), 1); /* known as soon as the pipe closes */
    int status = end_of(&victim);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_string_equal(output, said);
    expect_untroubled(supervised);
}

static void kill_at_a_write_leaves_none_half_or_all_of_it(void **state)
{
    static const struct {
        enum supervisor_action action;
        const char *content;
    } cases[] = {
        {SUPERVISOR_KILL_BEFORE, "one\n"},
        {SUPERVISOR_KILL_WITHIN, "one\ntwo"},
        {SUPERVISOR_KILL_AFTER, "one\ntwo!!\n"},
    };
    struct supervised *supervised = *state;
    char open[200];

    snprintf(open, sizeof open, "open:%s", supervised->events);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned id = arrange_kill(supervised, SUPERVISOR_WRITE, "*/events.jsonl", cases[i].action, 2);

        expect_killed(supervised, id,
                      START(supervised, VICTIM("calls"), open, "write:one\n", "write:two!!\n", "write:three\n"),
                      "open 0\nwrite 4\n");
        expect_content(supervised->events, cases[i].content);
        unlink(supervised->events);
    }
}

static void kill_at_a_truncation(void **state)
{
    struct supervised *supervised = *state;
    char open[200], truncate[200];

    snprintf(open, sizeof open, "open:%s", supervised->events);
    snprintf(truncate, sizeof truncate, "truncate-path:%s:1", supervised->events);
    unsigned before = arrange_kill(supervised, SUPERVISOR_TRUNCATE, "*", SUPERVISOR_KILL_BEFORE, 1);
    expect_killed(supervised, before, START(supervised, VICTIM("calls"), open, "write:four", "truncate:2"),
                  "open 0\nwrite 4\n");
    expect_content(supervised->events, "four");
    unsigned after = arrange_kill(supervised, SUPERVISOR_TRUNCATE, "*", SUPERVISOR_KILL_AFTER, 1);
    expect_killed(supervised, after, START(supervised, VICTIM("calls"), open, "truncate:2"), "open 0\n");
    expect_content(supervised->events, "fo");
    after = arrange_kill(supervised, SUPERVISOR_TRUNCATE, "*", SUPERVISOR_KILL_AFTER, 1);
    expect_killed(supervised, after, START(supervised, VICTIM("calls"), truncate), "");
    expect_content(supervised->events, "f");
}

static void kill_at_a_rename(void **state)
{
    struct supervised *supervised = *state;
    char other[160], open[200], rename[400];

    snprintf(other, sizeof other, "%s/meta.json", supervised->directory);
    snprintf(open, sizeof open, "open:%s", supervised->events);
    snprintf(rename, sizeof rename, "rename:%s:%s", supervised->events, other);
    unsigned before = arrange_kill(supervised, SUPERVISOR_RENAME, "*/meta.json", SUPERVISOR_KILL_BEFORE, 1);
    expect_killed(supervised, before, START(supervised, VICTIM("calls"), open, rename), "open 0\n");
    assert_int_equal(size_of(supervised->events), 0);
    assert_int_equal(size_of(other), -1);
    unsigned after = arrange_kill(supervised, SUPERVISOR_RENAME, "*/meta.json", SUPERVISOR_KILL_AFTER, 1);
    expect_killed(supervised, after, START(supervised, VICTIM("calls"), rename), "");
    assert_int_equal(size_of(supervised->events), -1);
    assert_int_equal(size_of(other), 0);
}

/* What opening leaves behind: the file, with the mode that the target's own umask gives it. */
static void kill_at_an_open(void **state)
{
    struct supervised *supervised = *state;
    char open[200];
    struct stat status;

    snprintf(open, sizeof open, "open:%s", supervised->events);
    unsigned before = arrange_kill(supervised, SUPERVISOR_OPEN, "*/events.jsonl", SUPERVISOR_KILL_BEFORE, 1);
    expect_killed(supervised, before, START(supervised, VICTIM("calls"), open), "");
    assert_int_equal(size_of(supervised->events), -1);
    unsigned after = arrange_kill(supervised, SUPERVISOR_OPEN, "*/events.jsonl", SUPERVISOR_KILL_AFTER, 1);
    expect_killed(supervised, after, START(supervised, VICTIM("calls"), "umask:0137", open), "umask 0\n");
    assert_int_equal(stat(supervised->events, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
}

static void kill_at_a_sync(void **state)
{
    struct supervised *supervised = *state;
    char open[200];

    snprintf(open, sizeof open, "open:%s", supervised->events);
    for (int i = 0; i < 2; i++) {
        unsigned id = arrange_kill(supervised, SUPERVISOR_SYNC, "*/events.jsonl",
                                   i ? SUPERVISOR_KILL_AFTER : SUPERVISOR_KILL_BEFORE, 2);

        expect_killed(supervised, id,
                      START(supervised, VICTIM("calls"), open, "write:x", "fsync", "write:y", "fdatasync", "write:z"),
                      "open 0\nwrite 1\nfsync 0\nwrite 1\n");
    }
    expect_content(supervised->events, "xyxy");
}

/* Every process of the tree dies, wherever in it the call was made. */
static void kill_ends_the_whole_tree(void **state)
{
    struct supervised *supervised = *state;
    unsigned id = arrange_kill(supervised, SUPERVISOR_WRITE, "*/events.jsonl", SUPERVISOR_KILL_BEFORE, 3);
    struct victim victim = START(supervised, VICTIM("append"), supervised->directory, "processes", "8", "1000");

    /* All eight hold the other end of the pipe, so that it closes when the last of them is gone. */
    expect_killed(supervised, id, victim, "");
    assert_true(supervisor_seen(supervised->supervisor, id) >= 3);
}

/* The sweep that a store's crash test makes: n = 1, 2, … until nothing fires any more. */
static void sweep_ends_when_nothing_fires(void **state)
{
    struct supervised *supervised = *state;
    char open[200], output[OUTPUT_MAX_BYTES];
    int kills = 0, status;
    uint64_t fired = 1;

    snprintf(open, sizeof open, "open:%s", supervised->events);
    for (uint64_t n = 1; fired && n < 100; n++) {
        unsigned id = arrange_kill(supervised, SUPERVISOR_WRITE, "*/events.jsonl", SUPERVISOR_KILL_AFTER, n);
        struct victim victim = START(supervised, VICTIM("calls"), open, "write:a", "write:b", "write:c");

        read_output(&victim, output, NULL);
        status = end_of(&victim);
        fired = supervisor_fired(supervised->supervisor, id);
        assert_int_equal(size_of(supervised->events), n <= 3 ? (off_t)n : 3);
        assert_int_equal(WIFSIGNALED(status), fired == 1);
        kills += (int)fired;
        supervisor_remove(supervised->supervisor, id);
        unlink(supervised->events);
    }
    assert_int_equal(kills, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPERVISED(kill_at_a_write_leaves_none_half_or_all_of_it),
        SUPERVISED(kill_at_a_truncation),
        SUPERVISED(kill_at_a_rename),
        SUPERVISED(kill_at_an_open),
        SUPERVISED(kill_at_a_sync),
        SUPERVISED(kill_ends_the_whole_tree),
        SUPERVISED(sweep_ends_when_nothing_fires),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
