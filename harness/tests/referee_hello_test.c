/* Targets that go wrong before they are even known: nothing can be judged, each case says so, and the reports are
 * whole. */
#include "tests/referee_fixture.h"

/* A driver that answers hello with that, and then reads to the end. */
static void run_hello(const char *result)
{
    static char script[4096];

    snprintf(script, sizeof script, "read l; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":%s}'; cat > /dev/null",
             result);
    fixture_run("run -q --out out " ONE_CASE, (const char *const[]){"sh", "-c", script, NULL});
}

/* ERROR of the target, in the stream as well, with these words. */
static void assert_not_judged(const char *words)
{
    assert_code(3);
    assert_contains(ran.err.bytes, "assay: nothing was judged: ");
    assert_contains(ran.err.bytes, words);
    fixture_read_stream("out/run.jsonl");
    assert_false(ran.results.interrupted);
    assert_int_equal(fixture_case()->verdict, VERDICT_ERROR);
    assert_int_equal(fixture_case()->blame, BLAME_TARGET);
    assert_contains(fixture_case()->message, words);
    assert_int_equal(access("out/cases/driver/target-stderr.txt", F_OK), 0); /* the evidence stays */
}

static void claims_of_the_wrong_shape_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"{}", "with protocol 0; this assay speaks protocol 1"},
        {"7", "with protocol 0; this assay speaks protocol 1"},
        {"{\"protocol\":\"1\"}", "with protocol 0; this assay speaks protocol 1"},
        {"{\"protocol\":2}", "with protocol 2; this assay speaks protocol 1"},
        {"{\"protocol\":1}", "without a member \"surfaces\""},
        {"{\"protocol\":1,\"surfaces\":[\"store\"]}", "without a member \"surfaces\""},
        {"{\"protocol\":1,\"surfaces\":{\"store\":true}}", "does not list the methods of the surface \"store\""},
        {"{\"protocol\":1,\"surfaces\":{\"store\":[\"create\",7]}}", "does not list the methods of the surface"},
        {"{\"protocol\":1,\"surfaces\":{\"store\":[]}}", "claims the surface store without its method create"},
        {"{\"protocol\":1,\"surfaces\":{\"store\":[\"read\",\"create\"]}}", "without its method append"},
        {"{\"protocol\":1,\"surfaces\":{},\"features\":\"all\"}", "\"features\" that are no list of names"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        run_hello(wrong[i][0]);
        assert_not_judged(wrong[i][1]);
    }
}

static void claims_have_a_limit(void **state)
{
    (void)state;
    static const char script[] =
        "read l; printf "
        "'{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocol\":1,\"surfaces\":{},\"x\":\"%0262144d\"}}\\n' 0; "
        "cat > /dev/null";
    fixture_run("run -q --out out " ONE_CASE, (const char *const[]){"sh", "-c", script, NULL});
    assert_not_judged("hello has more than 256 KiB");
}

static void echoes_must_be_right(void **state)
{
    (void)state;
    static const char script[] =
        "read l; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocol\":1,\"surfaces\":{}}}'; "
        "read l; echo '{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"text\":\"oyez\"}}'; cat > /dev/null";
    fixture_run("run -q --out out " ONE_CASE, (const char *const[]){"sh", "-c", script, NULL});
    assert_not_judged("answered echo without the text it was sent");
}

static void drivers_that_do_not_start_are_named(void **state)
{
    (void)state;
    fixture_run("run -q --out out " ONE_CASE, (const char *const[]){"/nonexistent/driver", NULL});
    assert_not_judged("/nonexistent/driver cannot be started: No such file or directory");
    fixture_run("run -q --out out " ONE_CASE, (const char *const[]){"/etc/passwd", NULL});
    assert_not_judged("/etc/passwd cannot be started: Permission denied");
    fixture_run("run -q --out out " ONE_CASE, (const char *const[]){"true", NULL});
    assert_not_judged("the driver exited with status 0 before it answered hello");
}

static void write_manifest(const char *text)
{
    FILE *file = fopen("manifest.json", "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* What it complained of is in the message: its last lines, without the blank ones, and no more than is bearable. */
static void the_last_words_of_a_driver_are_quoted(void **state)
{
    (void)state;
    static const char script[] = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do echo \"line $i.\"; echo; done >&2; exit 7";
    static const char *const commands[] = {"run -q --out out " ONE_CASE, "probe"};
    for (size_t i = 0; i < 2; i++) {
        fixture_run(commands[i], (const char *const[]){"sh", "-c", script, NULL});
        assert_code(3);
        assert_contains(ran.err.bytes, "the driver exited with status 7 before it answered hello");
        assert_contains(ran.err.bytes, "\n    | line 2.\n    | line 3.\n");
        assert_contains(ran.err.bytes, "    | line 13.\n");
        assert_int_equal(strstr(ran.err.bytes, "evidence in ") != NULL, i == 0); /* a probe keeps none */
        assert_null(strstr(ran.err.bytes, "line 1."));
    }
    fixture_run("probe", (const char *const[]){"sh", "-c", "printf '%0161d\\n\\033[2Jx' 0 >&2", NULL});
    assert_code(3);
    assert_contains(ran.err.bytes, "(1 more bytes)\n");
    assert_contains(ran.err.bytes, "    | \\e[2Jx\n");
}

/* A claim that does not hold is found by trying. */
static void what_is_claimed_and_does_not_work_is_not_wired(void **state)
{
    (void)state;
    fixture_run("probe", (const char *const[]){BAD_DRIVER, "none", NULL});
    assert_code(0);
    assert_contains(ran.out.bytes, "create, append and read work");
    fixture_run("probe", (const char *const[]){BAD_DRIVER, "nasty-message", NULL});
    assert_code(3);
    assert_contains(ran.err.bytes, "assay: the surface store does not work: expected success, got store.append");
}

/* Its time is the manifest's. */
static void a_silent_driver_has_its_time(void **state)
{
    (void)state;
    write_manifest("{\"name\":\"x\",\"driver\":[\"" BAD_DRIVER "\",\"silent\"],\"start_timeout_ms\":300}");
    fixture_run("run -q --out out --target manifest.json " ONE_CASE, NULL);
    assert_not_judged("the driver did not answer hello within 300 ms; it wrote nothing");
    assert_contains(fixture_case()->again, "assay probe --target manifest.json");
}

static void a_manifest_with_unknown_keys_is_wrong_usage(void **state)
{
    (void)state;
    directory_remove("fresh");
    write_manifest("{\"name\":\"x\",\"driver\":[\"" BAD_DRIVER "\",\"none\"],\"retries\":3}");
    fixture_run("run --out fresh --target manifest.json " ONE_CASE, NULL);
    assert_code(2);
    assert_contains(ran.err.bytes, "retries");
    assert_int_equal(access("fresh", F_OK), -1); /* nothing was judged, nothing is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_of_the_wrong_shape_are_refused),
        cmocka_unit_test(claims_have_a_limit),
        cmocka_unit_test(echoes_must_be_right),
        cmocka_unit_test(drivers_that_do_not_start_are_named),
        cmocka_unit_test(the_last_words_of_a_driver_are_quoted),
        cmocka_unit_test(what_is_claimed_and_does_not_work_is_not_wired),
        cmocka_unit_test(a_silent_driver_has_its_time),
        cmocka_unit_test(a_manifest_with_unknown_keys_is_wrong_usage),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close) ? 1 : 0;
}
