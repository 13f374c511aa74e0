/* A run as a whole: interrupted, killed, met by another one, given odd places and odd variables. */
#include "tests/referee_fixture.h"

#include "base/error.h"
#include "base/procfs.h"

#include <poll.h>
#include <sys/resource.h>

enum { PATIENCE_MS = 60000 };

/* A driver that says so in a FIFO when it starts, and then has one fault. */
#define TELLING(mode) ((const char *const[]){"sh", "-c", "echo started > told; exec \"$0\" " mode, BAD_DRIVER, NULL})

static int told_fd = -1;

static int open_told(void **state)
{
    (void)state;
    if (mkfifo("told", 0600))
        return -1;
    told_fd = open("told", O_RDWR | O_CLOEXEC);
    return told_fd < 0;
}

static int close_told(void **state)
{
    (void)state;
    close(told_fd);
    return unlink("told");
}

/* Waits until so many drivers have started. */
static void await_drivers(int count)
{
    char line[8];

    for (int i = 0; i < count; i++) {
        struct pollfd told = {.fd = told_fd, .events = POLLIN};

        assert_int_equal(poll(&told, 1, PATIENCE_MS), 1);
        assert_int_equal(read(told_fd, line, sizeof line), sizeof line);
    }
}

/* ---- interrupted ---- */

static void assert_interrupted(int signal)
{
    assert_code(128 + signal);
    fixture_read_stream("out/run.jsonl");
    assert_true(ran.results.interrupted);
    assert_int_equal(ran.results.signal, signal);
}

static void an_interrupted_run_leaves_whole_reports(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        pid_t pid = fixture_start("run --out out --jobs 1 --report json=r.json store/sequence-order",
                                  TELLING("hang-on-second"));

        await_drivers(2);
        kill(pid, signals[i]);
        fixture_finish(pid);
        assert_interrupted(signals[i]);
        assert_int_equal(ran.results.check_count, 1);
        assert_int_equal(ran.results.checks[0].case_count, 0); /* what has no verdict is not there */
        assert_contains(ran.out.bytes, "Interrupted: 0 of 2 cases ran");
        struct text report = fixture_read("r.json");
        const struct json *json = json_read(report.bytes, report.length, NULL);
        assert_int_equal(json_get(json, "interrupted")->type, JSON_TRUE);
        json_free(json);
        text_free(&report);
    }
}

/* The driver says nothing to hello. */
static void a_run_is_interrupted_before_it_begins(void **state)
{
    (void)state;
    pid_t pid = fixture_start("run --out out store/sequence-order", TELLING("silent"));
    await_drivers(1);
    kill(pid, SIGINT);
    fixture_finish(pid);
    assert_interrupted(SIGINT);
}

static void what_was_judged_before_is_kept(void **state)
{
    (void)state;
    pid_t pid = fixture_start("run --out out --jobs 1 " ONE_CASE " store/sessions-apart:sixty_four_sessions_at_once",
                              TELLING("hang-on-second store.create"));
    await_drivers(4); /* to say hello, to be tried, for each case */
    kill(pid, SIGTERM);
    fixture_finish(pid);
    assert_interrupted(SIGTERM);
    assert_int_equal(ran.results.counts[VERDICT_PASS], 1);
}

/* ---- killed ---- */

static void nobody_outlives_a_run_that_is_killed(void **state)
{
    (void)state;
    pid_t pid = fixture_start("run --out out --jobs 2 --repeat 2 store/sequence-order", TELLING("hang-on-second"));
    await_drivers(3);
    kill(pid, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        continue; /* those who come to us die by themselves; alarm() is for those who do not */
    assert_int_equal(errno, ECHILD);
    struct text stream = fixture_read("out/run.jsonl");
    assert_contains(stream.bytes, "\"event\":\"begin\""); /* whole lines, up to where it was killed */
    text_free(&stream);
    fixture_run("run -q --out out " ONE_CASE, (const char *const[]){BAD_DRIVER, "none", NULL});
    assert_code(0); /* and the place is free again */
}

/* ---- where it writes ---- */

static void two_runs_do_not_share_a_place(void **state)
{
    (void)state;
    pid_t first = fixture_start("run --out out --jobs 1 store/sequence-order", TELLING("hang-on-second"));
    await_drivers(2);
    assert_int_equal(rename("stdout", "first"), 0);
    struct stat before, after;
    assert_int_equal(stat("out/cases/store", &before), 0);
    pid_t second = fixture_start("run --out out " ONE_CASE, (const char *const[]){BAD_DRIVER, "none", NULL});
    int status;
    assert_int_equal(waitpid(second, &status, 0), second);
    assert_int_equal(WEXITSTATUS(status), 3);
    struct text words = fixture_read("stderr");
    assert_contains(words.bytes, "another run is using it");
    text_free(&words);
    assert_int_equal(stat("out/cases/store", &after), 0);
    assert_true(before.st_ino == after.st_ino);
    kill(first, SIGINT);
    fixture_finish(first);
    assert_interrupted(SIGINT);
}

static void what_others_have_written_is_not_removed(void **state)
{
    (void)state;
    assert_true(directory_make("mine/cases/precious"));
    fixture_run("run --out mine " ONE_CASE, (const char *const[]){BAD_DRIVER, "none", NULL});
    assert_code(3);
    assert_contains(ran.err.bytes, "mine/cases was made by no run of assay");
    assert_int_equal(access("mine/cases/precious", F_OK), 0);
    assert_true(directory_remove("mine"));
}

static void evidence_of_an_earlier_run_is_removed(void **state)
{
    (void)state;
    fixture_run("run -q --out out " ONE_CASE, (const char *const[]){BAD_DRIVER, "not-json", NULL});
    assert_code(3);
    assert_int_equal(access("out/cases/store/sequence-order", F_OK), 0);
    fixture_run("run -q --out out " ONE_CASE, (const char *const[]){BAD_DRIVER, "none", NULL});
    assert_code(0);
    assert_int_equal(access("out/cases/store/sequence-order/one_client_appends_one_after_the_other.0", F_OK), -1);
}

static void a_place_that_cannot_be_written_is_inconclusive(void **state)
{
    (void)state;
    static const char *const places[] = {"/proc/nowhere", "told", "told/below", "/dev/null"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char line[256];

        snprintf(line, sizeof line, "run --report json=r.json --out %s " ONE_CASE, places[i]);
        fixture_run(line, (const char *const[]){BAD_DRIVER, "none", NULL});
        assert_code(3);
        assert_contains(ran.err.bytes, "assay: nothing was judged: ");
        assert_contains(ran.err.bytes, places[i]);
        struct text report = fixture_read("r.json");
        const struct json *json = json_read(report.bytes, report.length, NULL);
        assert_non_null(json_get(json, "checks"));
        json_free(json);
        text_free(&report);
    }
}

/* ---- what it is started with ---- */

static void variables_of_cmocka_do_not_reach_a_case(void **state)
{
    (void)state;
    setenv("CMOCKA_TEST_ABORT", "1", 1);
    setenv("CMOCKA_MESSAGE_OUTPUT", "XML", 1);
    setenv("CMOCKA_XML_FILE", "cmocka.xml", 1);
    fixture_run("run -q --out out " ONE_CASE, (const char *const[]){BAD_DRIVER, "crash", NULL});
    unsetenv("CMOCKA_TEST_ABORT");
    unsetenv("CMOCKA_MESSAGE_OUTPUT");
    unsetenv("CMOCKA_XML_FILE");
    assert_code(1);
    assert_int_equal(access("cmocka.xml", F_OK), -1);
}

/* Standard input and error closed: the first files that assay opens get their numbers. */
static void closed_standard_descriptors_are_no_trouble(void **state)
{
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", "exec \"$0\" run -q --out out " ONE_CASE " -- \"$1\" none <&- >stdout 2>&-",
              BIN_DIR "/assay", BAD_DRIVER, (char *)NULL);
        _exit(99);
    }
    fixture_finish(pid);
    assert_code(0);
    fixture_read_stream("out/run.jsonl");
    assert_int_equal(fixture_case()->verdict, VERDICT_PASS);
}

static void assert_counts(const char *line, int code, enum verdict verdict)
{
    fixture_run(line, (const char *const[]){BAD_DRIVER, "none", NULL});
    assert_code(code);
    fixture_read_stream("out/run.jsonl");
    assert_true(ran.results.check_count > 0);
    assert_int_equal(ran.results.counts[verdict], ran.results.check_count);
}

/* The driver claims store, less than whole, and not http. */
static void only_surfaces_are_required(void **state)
{
    (void)state;
    assert_counts("run -q --out out --require store store/fork", 4, VERDICT_NA);
    assert_counts("run -q --out out --require store http", 4, VERDICT_NA);
    assert_counts("run -q --out out --level should --require store,http http", 1, VERDICT_FAIL);
    assert_string_equal(ran.results.checks[0].message, "the target does not claim the surface http");
}

/* store/text-forms is a SHOULD: what it asks for may be left undone, but not by dying. */
static void a_crash_fails_at_any_level(void **state)
{
    (void)state;
    fixture_run("run -q --out out store/text-forms:texts_come_back_code_point_by_code_point",
                (const char *const[]){BAD_DRIVER, "crash", NULL});
    assert_code(1);
    fixture_read_stream("out/run.jsonl");
    assert_int_equal(fixture_case()->verdict, VERDICT_FAIL);
    assert_string_equal(fixture_case()->how, "crash");
    assert_string_equal(fixture_case()->level, "should");
}

/* One message for a room whose control fails, and none where a failure would not have been red. */
static void a_room_is_not_judged_when_its_control_fails(void **state)
{
    (void)state;
    static const char *const driver[] = {BAD_DRIVER, "nasty-message", NULL};

    fixture_run("run -q --out out store/sequence-order", driver);
    assert_code(3);
    fixture_read_stream("out/run.jsonl");
    assert_int_equal(ran.results.checks[0].verdict, VERDICT_ERROR);
    assert_int_equal(ran.results.checks[0].blame, BLAME_TARGET);
    assert_int_equal(ran.results.checks[0].cases[0].verdict, VERDICT_NA);
    assert_string_equal(ran.results.checks[0].cases[0].message,
                        "the control one_client_appends_one_after_the_other failed, so the room is not judged");
    fixture_run("run -q --out out store/text-forms", driver);
    assert_code(4);
    fixture_read_stream("out/run.jsonl");
    assert_int_equal(ran.results.checks[0].verdict, VERDICT_NA);
}

static void a_case_is_repeated_in_parallel(void **state)
{
    (void)state;
    fixture_run("run -q --out out --jobs 8 --repeat 20 " ONE_CASE, (const char *const[]){BAD_DRIVER, "none", NULL});
    assert_code(0);
    fixture_read_stream("out/run.jsonl");
    assert_int_equal(fixture_case()->runs, 20);
    assert_int_equal(fixture_case()->failed, 0);
}

/* The target stays, held by its worker, when assay is gone. */
static void a_target_is_kept(void **state)
{
    (void)state;
    pid_t found[4],
        pid = fixture_start("run -q --keep --out out " ONE_CASE, (const char *const[]){BAD_DRIVER, "none", NULL});
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(procfs_descendants(getpid(), found, 4), 2);
    results_free(&ran.results);
    struct error err;
    assert_true(results_read(&ran.results, "out/run.jsonl", &err));
    assert_contains(fixture_case()->state, "left running: bad_driver (");
    pid_t holder = atoi(strstr(fixture_case()->state, "'kill ") + strlen("'kill "));
    kill(holder, SIGTERM);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    assert_int_equal(errno, ECHILD);
    assert_int_equal(access(fixture_case()->evidence, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_interrupted_run_leaves_whole_reports, open_told, close_told),
        cmocka_unit_test_setup_teardown(a_run_is_interrupted_before_it_begins, open_told, close_told),
        cmocka_unit_test_setup_teardown(what_was_judged_before_is_kept, open_told, close_told),
        cmocka_unit_test_setup_teardown(nobody_outlives_a_run_that_is_killed, open_told, close_told),
        cmocka_unit_test_setup_teardown(two_runs_do_not_share_a_place, open_told, close_told),
        cmocka_unit_test(what_others_have_written_is_not_removed),
        cmocka_unit_test(evidence_of_an_earlier_run_is_removed),
        cmocka_unit_test_setup_teardown(a_place_that_cannot_be_written_is_inconclusive, open_told, close_told),
        cmocka_unit_test(variables_of_cmocka_do_not_reach_a_case),
        cmocka_unit_test(closed_standard_descriptors_are_no_trouble),
        cmocka_unit_test(only_surfaces_are_required),
        cmocka_unit_test(a_crash_fails_at_any_level),
        cmocka_unit_test(a_room_is_not_judged_when_its_control_fails),
        cmocka_unit_test(a_case_is_repeated_in_parallel),
        cmocka_unit_test(a_target_is_kept),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close) ? 1 : 0;
}
