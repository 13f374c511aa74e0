/* Runs of rooms that need the supervisor, where the machine does not let it see what it has to see. */
#include "tests/referee_fixture.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#define ONE_SUPERVISED_CASE "store/rendezvous:one_client_is_not_held_up"
#define CALLS BIN_DIR "/victims/calls"

static void assert_not_the_targets_fault(const char *words)
{
    assert_code(3);
    fixture_read_stream("out/run.jsonl");
    assert_int_equal(fixture_case()->verdict, VERDICT_ERROR);
    assert_int_equal(fixture_case()->blame, BLAME_ENVIRONMENT);
    assert_contains(fixture_case()->message, words);
}

/* Installs a listener that is asked nothing and stays open across exec, as a sandbox's would. */
static bool listen_to_own_calls(void)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = 1, .filter = &allow};
    long listener;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return false;
    listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    return listener >= 0 && fcntl((int)listener, F_SETFD, 0) == 0;
}

static void a_listener_that_is_there_already_is_no_failure(void **state)
{
    (void)state;
    char *argv[] = {(char *)"assay", (char *)"run",      (char *)"--out", (char *)"out", (char *)ONE_SUPERVISED_CASE,
                    (char *)"--",    (char *)BAD_DRIVER, (char *)"none",  NULL};
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0 && listen_to_own_calls())
        fixture_become_assay(argv);
    if (pid == 0)
        _exit(98);
    fixture_finish(pid);
    assert_not_the_targets_fault("another seccomp listener is there already");
}

/* The kernel has the 32-bit entry, by which calls get past the supervisor. */
static bool knows_32_bit(void)
{
    char line[32] = "";
    FILE *output = popen(CALLS " 32-bit", "re");
    bool read = output && fgets(line, sizeof line, output);

    return output && pclose(output) == 0 && read && !strcmp(line, "32-bit 1\n");
}

/* The target makes a call that nobody can see, and then fails. */
static void a_failure_that_may_be_the_supervisors_is_none(void **state)
{
    (void)state;
    if (!knows_32_bit())
        skip();
    fixture_run("run --out out " ONE_SUPERVISED_CASE,
                (const char *const[]){"sh", "-c", CALLS " 32-bit >&2; exec " BAD_DRIVER " crash", NULL});
    assert_not_the_targets_fault("architecture");
}

static void the_same_failure_without_trouble_is_the_targets(void **state)
{
    (void)state;
    fixture_run("run --out out " ONE_SUPERVISED_CASE, (const char *const[]){BAD_DRIVER, "crash", NULL});
    assert_code(1);
    fixture_read_stream("out/run.jsonl");
    assert_int_equal(fixture_case()->verdict, VERDICT_FAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_that_is_there_already_is_no_failure),
        cmocka_unit_test(a_failure_that_may_be_the_supervisors_is_none),
        cmocka_unit_test(the_same_failure_without_trouble_is_the_targets),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close) ? 1 : 0;
}
