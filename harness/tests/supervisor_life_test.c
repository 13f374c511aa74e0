/* Targets that come and go, and machines that refuse: no zombie, no hang, no descriptor left open. */
#include "tests/supervised.h"

#include "base/error.h"

#include <dirent.h>
#include <grp.h>

/* Holds the first write to the file for longer than any test lasts. */
static unsigned hold_first_write(struct supervised *supervised)
{
    struct supervisor_rule rule = {.kinds = SUPERVISOR_WRITE,
                                   .where = "*/events.jsonl",
                                   .action = SUPERVISOR_DELAY,
                                   .nth = 1,
                                   .hold_ms = 10 * DEADLINE_MS};

    return supervisor_add(supervised->supervisor, &rule);
}

static void expect_no_child_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* Starts the victim, waits until its write is held, and tells it how to leave. */
static struct victim leave(struct supervised *supervised, unsigned held, const char *how)
{
    struct victim victim = START(supervised, VICTIM("leave"), supervised->events);

    assert_true(supervisor_wait_fired(supervised->supervisor, held, 1, DEADLINE_MS));
    assert_int_equal(write(victim.input, how, 1), 1);
    return victim;
}

static void target_may_exit_die_or_exec_while_a_call_is_held(void **state)
{
    static const struct {
        const char *how;
        int status;
    } cases[] = {{"x", 0}, {"s", SIGSEGV}, {"e", 0}};
    struct supervised *supervised = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct victim victim = leave(supervised, hold_first_write(supervised), cases[i].how);

        assert_int_equal(end_of(&victim) & 0x7f, cases[i].status);
        expect_content(supervised->events, ""); /* the write that was held never happened */
        expect_no_child_left();
    }
    expect_untroubled(supervised);
}

static void target_may_be_killed_from_outside_while_a_call_is_held(void **state)
{
    struct supervised *supervised = *state;
    unsigned held = hold_first_write(supervised);
    struct victim victim = START(supervised, VICTIM("leave"), supervised->events);

    assert_true(supervisor_wait_fired(supervised->supervisor, held, 1, DEADLINE_MS));
    assert_int_equal(kill(victim.pid, SIGKILL), 0);
    assert_int_equal(end_of(&victim) & 0x7f, SIGKILL);
    expect_content(supervised->events, "");
    expect_no_child_left();
    expect_untroubled(supervised);
}

static void target_may_fork_while_a_call_is_held(void **state)
{
    struct supervised *supervised = *state;
    struct victim victim = leave(supervised, hold_first_write(supervised), "f");

    assert_int_equal(end_of(&victim), 0);
    expect_content(supervised->events, "child\n");
    expect_no_child_left();
    expect_untroubled(supervised);
}

static void call_of_a_thread_outlives_the_main_thread(void **state)
{
    struct supervised *supervised = *state;
    unsigned held = hold_first_write(supervised);
    struct victim victim = leave(supervised, held, "t");

    supervisor_remove(supervised->supervisor, held);
    assert_int_equal(end_of(&victim), 0);
    expect_content(supervised->events, "held\n");
    expect_untroubled(supervised);
}

static void script_goes_on_after_exec_under_the_same_rules(void **state)
{
    struct supervised *supervised = *state;
    struct supervisor_rule rule = {
        .kinds = SUPERVISOR_WRITE, .where = "*/events.jsonl", .action = SUPERVISOR_FAIL, .nth = 2, .error = EIO};
    char open[200];

    snprintf(open, sizeof open, "open:%s", supervised->events);
    supervisor_add(supervised->supervisor, &rule);
    expect_output(START(supervised, VICTIM("calls"), open, "write:a", "exec", "write:b", "write:c"),
                  "open 0\nwrite 1\nwrite EIO\nwrite 1\n");
    expect_content(supervised->events, "ac");
}

static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");

    assert_non_null(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static void listeners_of_ended_targets_are_given_back(void **state)
{
    struct supervised *supervised = *state;

    for (int i = 0; i < SUPERVISOR_PROCESSES_MAX + 2; i++)
        expect_output(START(supervised, VICTIM("calls"), "tell"), "tell EBADF\n");
}

static void starting_and_stopping_leaves_no_descriptor(void **state)
{
    struct error err;
    struct supervisor *supervisor;

    (void)state;
    size_t before = count_descriptors();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(supervisor_start(&supervisor, SUPERVISOR_FILES, &err), SUPERVISOR_OK);
        struct victim victim = start_victim(supervisor, (const char *const[]){VICTIM("calls"), "tell", NULL});
        expect_output(victim, "tell EBADF\n");
        supervisor_stop(supervisor);
    }
    assert_int_equal(count_descriptors(), before);
    supervisor_stop(NULL);
}

static enum supervisor_result attach_one_more(struct supervised *supervised, struct error *err)
{
    struct supervisor_entry entry;
    int status;

    assert_int_equal(supervisor_prepare(supervised->supervisor, &entry, err), SUPERVISOR_OK);
    pid_t pid = fork();
    if (pid == 0)
        _exit(supervisor_enter(&entry) == 0 ? 0 : 1);
    enum supervisor_result result = supervisor_attach(supervised->supervisor, &entry, pid, err);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), result == SUPERVISOR_OK ? 0 : 1);
    return result;
}

static void targets_at_the_same_time_are_bounded(void **state)
{
    struct supervised *supervised = *state;
    struct victim victims[SUPERVISOR_PROCESSES_MAX];
    struct error err;

    for (int i = 0; i < SUPERVISOR_PROCESSES_MAX; i++)
        victims[i] = START(supervised, VICTIM("leave"), supervised->events);
    assert_int_equal(attach_one_more(supervised, &err), SUPERVISOR_FAILED);
    assert_non_null(strstr(err.text, "64"));
    for (int i = 0; i < SUPERVISOR_PROCESSES_MAX; i++) {
        assert_int_equal(write(victims[i].input, "x", 1), 1);
        end_of(&victims[i]);
    }
}

static void child_that_dies_first_is_reported(void **state)
{
    struct supervised *supervised = *state;
    struct supervisor_entry entry;
    struct error err;
    size_t before = count_descriptors();

    assert_int_equal(supervisor_prepare(supervised->supervisor, &entry, &err), SUPERVISOR_OK);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    assert_int_equal(supervisor_attach(supervised->supervisor, &entry, pid, &err), SUPERVISOR_DIED);
    waitpid(pid, NULL, 0);
    assert_int_equal(supervisor_prepare(supervised->supervisor, &entry, &err), SUPERVISOR_OK);
    error_set(&err, "no process");
    assert_int_equal(supervisor_attach(supervised->supervisor, &entry, -1, &err), SUPERVISOR_DIED);
    assert_string_equal(err.text, "no process"); /* the caller's own reason */
    assert_int_equal(count_descriptors(), before);
}

/* What the header promises of a stop that comes too early: nobody hangs. */
static void stopping_lets_go_of_a_held_call(void **state)
{
    struct supervised *supervised = *state;
    unsigned held = hold_first_write(supervised);
    char open[200];

    snprintf(open, sizeof open, "open:%s", supervised->events);
    struct victim victim = START(supervised, VICTIM("calls"), open, "write:x");
    assert_true(supervisor_wait_fired(supervised->supervisor, held, 1, DEADLINE_MS));
    supervisor_stop(supervised->supervisor);
    supervised->supervisor = NULL;
    expect_output(victim, "open 0\nwrite ENOSYS\n");
}

static void supervisor_under_a_supervisor_is_busy(void **state)
{
    struct supervised *supervised = *state;
    char output[OUTPUT_MAX_BYTES];
    struct victim victim = START(supervised, VICTIM("nested"), "/dev/null");

    read_output(&victim, output, NULL);
    assert_int_equal(WEXITSTATUS(end_of(&victim)), 1);
    assert_ptr_equal(strstr(output, "busy: another seccomp listener is there already"), output);
    expect_untroubled(supervised);
}

/* Gives up root for good, as a login of that user would have it: its own processes may look into each other. */
static void become_nobody(void)
{
    enum { NOBODY = 65534 };

    if (getuid() == 0 && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        _exit(90);
}

static void ordinary_user_needs_no_privilege(void **state)
{
    struct supervised *supervised = *state;
    char file[128], output[OUTPUT_MAX_BYTES];
    int pipes[2], program = open(VICTIM("nested"), O_RDONLY | O_CLOEXEC);

    snprintf(file, sizeof file, "%s/nested.txt", supervised->directory);
    assert_int_equal(chmod(supervised->directory, 0777), 0);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        become_nobody();
        fexecve(program, (char *const[]){(char *)"nested", file, NULL},
                environ); /* its directories may be closed to nobody */
        _exit(91);
    }
    close(pipes[1]);
    close(program);
    struct victim victim = {pid, open("/dev/null", O_RDONLY | O_CLOEXEC), pipes[0]};
    read_output(&victim, output, NULL);
    assert_int_equal(end_of(&victim), 0);
    assert_string_equal(output, "supervised: write 3 of 5\n");
    expect_content(file, "hel");
}

static void code_of_another_architecture_is_reported(void **state)
{
    struct supervised *supervised = *state;
    char output[OUTPUT_MAX_BYTES];
    struct victim victim = START(supervised, VICTIM("calls"), "32-bit");

    read_output(&victim, output, NULL);
    if (end_of(&victim) != 0 || strcmp(output, "32-bit 1\n") != 0)
        skip(); /* no x86-64, or a kernel without the 32-bit entry */
    const char *trouble = supervisor_trouble(supervised->supervisor);
    assert_non_null(trouble);
    assert_non_null(strstr(trouble, "architecture"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPERVISED(target_may_exit_die_or_exec_while_a_call_is_held),
        SUPERVISED(target_may_be_killed_from_outside_while_a_call_is_held),
        SUPERVISED(target_may_fork_while_a_call_is_held),
        SUPERVISED(call_of_a_thread_outlives_the_main_thread),
        SUPERVISED(script_goes_on_after_exec_under_the_same_rules),
        SUPERVISED(listeners_of_ended_targets_are_given_back),
        SUPERVISED(starting_and_stopping_leaves_no_descriptor),
        SUPERVISED(targets_at_the_same_time_are_bounded),
        SUPERVISED(child_that_dies_first_is_reported),
        SUPERVISED(stopping_lets_go_of_a_held_call),
        SUPERVISED(supervisor_under_a_supervisor_is_busy),
        SUPERVISED(ordinary_user_needs_no_privilege),
        SUPERVISED(code_of_another_architecture_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
