/* Every way in which a case can end leaves every report whole, and none of them obeys what a target says. */
#include "tests/referee_fixture.h"

/* Only who says nothing is waited for, so only then is less patience worth anything. */
#define REPORTS                                                                                       \
    "run -q --color always --timeout-scale %s --out out --report json=r.json --report jsonl=r.jsonl " \
    "--report junit=r.xml --report tap=r.tap --report md=r.md --report terminal=r.txt %s"

static const struct ending {
    const char *select;
    const char *driver[4];
    int code;
    enum verdict verdict;
    enum blame blame;
    const char *how;
    const char *message;
    const char *state; /* a part of it; NULL: there is none */
} endings[] = {
    {ONE_CASE, {BAD_DRIVER, "none"}, 0, VERDICT_PASS, BLAME_NONE, NULL, NULL, NULL},
    {ONE_CASE, {BAD_DRIVER, "hidden-daemon"}, 0, VERDICT_PASS, BLAME_NONE, NULL, NULL, "kworker/0:1 ("},
    {ONE_CASE, {BAD_DRIVER, "nasty-message"}, 3, VERDICT_ERROR, BLAME_TARGET, NULL, "\033[2J", NULL},
    {ONE_CASE,
     {BAD_DRIVER, "half-line"},
     1,
     VERDICT_FAIL,
     BLAME_NONE,
     "hang",
     "was not answered within 10000 ms",
     "did not stop when asked"},
    {ONE_CASE, {BAD_DRIVER, "crash"}, 1, VERDICT_FAIL, BLAME_NONE, "crash", "was ended by signal 11", "signal 11"},
    {ONE_CASE, {BAD_DRIVER, "crash", "stop"}, 3, VERDICT_ERROR, BLAME_TARGET, NULL, "when it was asked to stop", NULL},
    {ONE_CASE, {BAD_DRIVER, "not-json"}, 3, VERDICT_ERROR, BLAME_TARGET, NULL, "a line that is not JSON", NULL},
    {ONE_CASE, {BAD_DRIVER, "wrong-version"}, 3, VERDICT_ERROR, BLAME_TARGET, NULL, "protocol 2", NULL},
    {"store/fork:a_fork_cuts_filters_and_renumbers",
     {BAD_DRIVER, "none"},
     4,
     VERDICT_NA,
     BLAME_NONE,
     NULL,
     "store.fork",
     NULL},
};

static void assert_starts(const struct text *text, const char *start)
{
    if (strncmp(text->bytes, start, strlen(start)) != 0)
        fail_msg("\"%.80s\" does not start with \"%s\"", text->bytes, start);
}

static void assert_ends(const struct text *text, const char *end)
{
    size_t length = strlen(end);

    if (text->length < length || strcmp(text->bytes + text->length - length, end) != 0)
        fail_msg("\"%s\" does not end with \"%s\"", text->bytes, end);
}

static bool is_color(const char *at)
{
    return at[0] == 0x1b && at[1] == '[' && at[2 + strspn(at + 2, "0123456789;")] == 'm';
}

/* No control characters but the line feed, and the report's own colours if it has them. */
static void assert_plain(const struct text *text, bool colored)
{
    for (size_t i = 0; i < text->length; i++) {
        unsigned char byte = (unsigned char)text->bytes[i];
        bool plain = (byte >= ' ' && byte != 0x7f) || byte == '\n' || (colored && is_color(text->bytes + i));

        if (!plain)
            fail_msg("byte %#x at %zu of: %s", byte, i, text->bytes);
    }
    assert_null(strstr(text->bytes, "\033[2J"));
}

/* What is read by people is free of C1 controls, too, and of what turns text around; JSON is read by programs. */
static void assert_readable(const struct text *text)
{
    assert_null(strstr(text->bytes, "\xc2\x9b"));
    assert_null(strstr(text->bytes, "\xe2\x80\xae"));
}

static void check_json(const struct text *text)
{
    const struct json *report = json_read(text->bytes, text->length, NULL);
    const struct json *checks = json_get(report, "checks");

    assert_non_null(checks);
    assert_int_equal(checks->count, 1);
    const struct json *cases = json_get(checks->child, "cases");
    assert_int_equal(cases->count, 1);
    assert_string_equal(json_get_string(cases->child, "verdict"), verdict_name(fixture_case()->verdict));
    json_free(report);
}

static void check_junit(const struct text *text)
{
    assert_starts(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites ");
    assert_ends(text, "</testsuites>\n");
    assert_contains(text->bytes, "tests=\"1\"");
    assert_contains(text->bytes, "<testcase ");
    assert_null(strstr(text->bytes, "<script"));
    assert_null(strstr(text->bytes, "]]>"));
}

static void check_tap(const struct text *text)
{
    bool ok = ran.code == 0 || ran.code == 4;

    assert_starts(text, "TAP version 13\n1..1\n");
    assert_contains(text->bytes, ok ? "\nok 1 - store/" : "\nnot ok 1 - store/");
}

static void check_markdown(const struct text *text)
{
    assert_contains(text->bytes, ran.results.checks[0].id);
    assert_ends(text, "\n");
}

static void check_terminal(const struct text *text)
{
    assert_contains(text->bytes, "1 check in ");
    assert_ends(text, "\n");
}

static void check_reports(void)
{
    static const struct {
        const char *path;
        void (*check)(const struct text *text);
    } reports[] = {
        {"r.json", check_json},   {"r.xml", check_junit},    {"r.tap", check_tap},
        {"r.md", check_markdown}, {"r.txt", check_terminal}, {"r.jsonl", NULL},
    };

    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++) {
        struct text text = fixture_read(reports[i].path);

        assert_plain(&text, strcmp(reports[i].path, "r.txt") == 0);
        if (!strstr(reports[i].path, ".json"))
            assert_readable(&text);
        if (reports[i].check)
            reports[i].check(&text);
        text_free(&text);
    }
    results_free(&ran.results);
    fixture_read_stream("r.jsonl");
}

static void check_ending(const struct ending *ending)
{
    static char line[1024];

    snprintf(line, sizeof line, REPORTS, ending->how && strcmp(ending->how, "hang") == 0 ? "0.5" : "1", ending->select);
    fixture_run(line, ending->driver);
    assert_code(ending->code);
    assert_plain(&ran.err, true);
    assert_readable(&ran.err);
    fixture_read_stream("out/run.jsonl");
    const struct case_result *result = fixture_case();
    assert_int_equal(result->verdict, ending->verdict);
    assert_int_equal(result->blame, ending->blame);
    assert_true(!result->how == !ending->how);
    if (ending->how)
        assert_string_equal(result->how, ending->how);
    if (ending->message)
        assert_contains(result->message, ending->message);
    if (ending->state)
        assert_contains(result->state, ending->state);
    check_reports();
}

static void every_ending_leaves_whole_reports(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        check_ending(&endings[i]);
}

/* The evidence of what is red stays, and of nothing else; the line that runs it again can be pasted. */
static void evidence_stays_where_something_is_red(void **state)
{
    (void)state;
    fixture_run("run -q --out out --seed 7 " ONE_CASE, (const char *const[]){BAD_DRIVER, "none", NULL});
    fixture_read_stream("out/run.jsonl");
    assert_null(fixture_case()->evidence);
    assert_int_equal(access("out/cases/store/sequence-order/one_client_appends_one_after_the_other.0", F_OK), -1);
    fixture_run("run -q --out out --seed 7 --wrap env " ONE_CASE,
                (const char *const[]){"sh", "-c", "exec \"$0\" not-json # it's", BAD_DRIVER, NULL});
    assert_code(3);
    fixture_read_stream("out/run.jsonl");
    assert_int_equal(access("out/cases/store/sequence-order/one_client_appends_one_after_the_other.0/worker.log", F_OK),
                     0);
    assert_true(fixture_case()->evidence[0] == '/');
    assert_int_equal(access(fixture_case()->evidence, F_OK), 0);
    assert_string_equal(fixture_case()->again, "assay run " ONE_CASE " --seed 7 --wrap env -- sh -c "
                                               "'exec \"$0\" not-json # it'\\''s' " BAD_DRIVER);
}

/* Neither the lock nor the directory of a run is held by what it leaves running. */
static void another_run_may_follow_one_that_keeps(void **state)
{
    (void)state;
    static const char *const driver[] = {BAD_DRIVER, "none", NULL};
    pid_t holders[2];

    for (int i = 0; i < 2; i++) {
        int status;

        assert_true(waitpid(fixture_start("run --keep --out kept " ONE_CASE, driver), &status, 0) > 0);
        struct text out = fixture_read("stdout");
        assert_int_equal(status, 0);
        assert_contains(out.bytes, "  Evidence     ");
        const char *end = strstr(out.bytes, "; 'kill ");
        assert_non_null(end);
        holders[i] = atoi(end + strlen("; 'kill "));
        text_free(&out);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(kill(holders[i], SIGTERM), 0);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    assert_int_equal(errno, ECHILD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_ending_leaves_whole_reports),
        cmocka_unit_test(evidence_stays_where_something_is_red),
        cmocka_unit_test(another_run_may_follow_one_that_keeps),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close) ? 1 : 0;
}
