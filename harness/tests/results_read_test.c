/* The event stream, there and back; and what is refused on the way back. */
#include "model/results.h"

#include "base/error.h"
#include "check.h"
#include "report/jsonl.h"
#include "report/report.h"
#include "tests/report_model.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/assay-stream-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);

    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_stream(const char *stream)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(stream, 1, strlen(stream), file), strlen(stream));
    assert_int_equal(fclose(file), 0);
}

static char *render(void (*write)(const struct results *, FILE *), const struct results *results)
{
    char *bytes = NULL;
    size_t count = 0;
    FILE *out = open_memstream(&bytes, &count);

    assert_non_null(out);
    write(results, out);
    assert_int_equal(fclose(out), 0);
    return bytes;
}

/* Every report of what was read back is that of what was written. */
static void nothing_is_lost(void **state)
{
    (void)state;
    struct results written, read;
    struct error err = {""};

    build_every_verdict(&written);
    char *stream = render(jsonl_report, &written);
    write_stream(stream);
    if (!results_read(&read, path, &err))
        fail_msg("%s", err.text);
    for (const struct report_format *format = report_formats; format->name; format++) {
        char *before = render(format->write, &written);
        char *after = render(format->write, &read);

        assert_string_equal(after, before);
        free(before);
        free(after);
    }
    free(stream);
    results_free(&written);
    results_free(&read);
}

/* Bytes that are no UTF-8 become U+FFFD the first time, and then stay. */
static void hostile_strings_survive(void **state)
{
    (void)state;
    struct results written, read;
    struct error err = {""};

    build_hostile(&written, HOSTILE);
    char *before = render(jsonl_report, &written);
    write_stream(before);
    if (!results_read(&read, path, &err))
        fail_msg("%s", err.text);
    char *after = render(jsonl_report, &read);
    assert_string_equal(after, before);
    assert_true(read.interrupted);
    assert_int_equal(read.signal, 15);
    free(before);
    free(after);
    results_free(&written);
    results_free(&read);
}

/* A run that was killed anywhere: each prefix of its stream is read as far as its lines are whole, or, before the
 * first line is, refused. */
static void a_killed_run_is_read_as_far_as_it_went(void **state)
{
    (void)state;
    struct results written, read;
    struct error err;

    build_every_verdict(&written);
    char *stream = render(jsonl_report, &written);
    size_t first_line = strcspn(stream, "\n") + 1;
    size_t length = strlen(stream);
    for (size_t kept = 0; kept < length; kept += 7) {
        char *prefix = strndup(stream, kept);

        write_stream(prefix);
        free(prefix);
        bool taken = results_read(&read, path, &err);
        assert_int_equal(taken, kept >= first_line);
        assert_true(!taken || read.interrupted);
        results_free(&read);
    }
    free(stream);
    results_free(&written);
}

#define BEGIN                                                                                                    \
    "{\"event\":\"begin\",\"tool\":\"assay\",\"version\":\"1\",\"set\":\"s\",\"target\":\"t\",\"started\":null," \
    "\"host\":null,"                                                                                             \
    "\"command\":null,\"level\":null,\"seed\":null,\"baseline\":null,\"declares\":[],"                           \
    "\"checks\":1,\"cases\":1,\"shard\":1,\"shards\":1}\n"
#define TARGET "{\"event\":\"target\",\"driver_name\":\"d\",\"driver_version\":null}\n"
#define CHECK "{\"event\":\"check\",\"id\":\"store/a\",\"title\":\"t\",\"level\":\"must\",\"origins\":[],\"tags\":[]}\n"
#define CASE_OF(id, number, verdict, blame, how, failed)                                                \
    "{\"event\":\"case\",\"check\":\"" id "\",\"number\":" number                                       \
    ",\"name\":\"n\",\"control\":false,\"level\":\"must\",\"verdict\":\"" verdict "\",\"blame\":" blame \
    ",\"how\":" how ",\"ms\":1,\"runs\":1,\"failed\":" failed                                           \
    ",\"message\":null,\"sent\":null,\"expected\":null,\"actual\":null,"                                \
    "\"at_ms\":0,\"state\":null,\"evidence\":null,\"again\":null}\n"
#define PASSING CASE_OF("store/a", "0", "PASS", "null", "null", "0")
#define COUNTS(pass) "\"counts\":{\"PASS\":" pass ",\"FAIL\":0,\"XFAIL\":0,\"XPASS\":0,\"WARN\":0,\"NA\":0,\"ERROR\":0}"
#define END(pass) "{\"event\":\"end\"," COUNTS(pass) ",\"wall_ms\":1,\"interrupted\":false,\"signal\":0}\n"

static const struct {
    const char *stream;
    const char *error; /* how it begins; NULL: accepted */
} streams[] = {
    {BEGIN CHECK PASSING END("1"), NULL},
    {BEGIN END("0"), NULL},
    {"", "line 0: the stream does not start with begin"},
    {CHECK, "line 1: the stream does not start with begin"},
    {"{}\n", "line 1: no event"},
    {"\n", "line 1: byte 0: "},
    {"[]\n", "line 1: no event"},
    {"{\"event\":1}\n", "line 1: no event"},
    {BEGIN BEGIN, "line 2: a second begin"},
    {BEGIN "{\"event\":\"begun\"}\n", "line 2: unknown event \"begun\""},
    {BEGIN "{\"event\":\"check\",\"id\":\"a\"}\n", "line 2: member \"title\" is not where it should be"},
    {BEGIN CHECK CHECK, "line 3: a second check \"store/a\""},
    {BEGIN PASSING, "line 2: a case of \"store/a\", which has not come"},
    {BEGIN CHECK CASE_OF("store/b", "0", "PASS", "null", "null", "0"), "line 3: a case of \"store/b\", which has not"},
    {BEGIN CHECK CASE_OF("store/a", "-1", "PASS", "null", "null", "0"), "line 3: \"number\" is no number from 0 to 47"},
    {BEGIN CHECK CASE_OF("store/a", "47", "PASS", "null", "null", "0"), NULL},
    {BEGIN CHECK CASE_OF("store/a", "48", "PASS", "null", "null", "0"), "line 3: \"number\" is no number from 0 to 47"},
    {BEGIN CHECK CASE_OF("store/a", "0", "pass", "null", "null", "0"), "line 3: unknown verdict \"pass\""},
    {BEGIN CHECK CASE_OF("store/a", "0", "ERROR", "null", "null", "1"), "line 3: \"blame\" does not go"},
    {BEGIN CHECK CASE_OF("store/a", "0", "PASS", "\"target\"", "null", "0"), "line 3: \"blame\" does not go"},
    {BEGIN CHECK CASE_OF("store/a", "0", "ERROR", "\"me\"", "null", "1"), "line 3: unknown blame \"me\""},
    {BEGIN CHECK CASE_OF("store/a", "0", "ERROR", "\"nobody\"", "null", "1"), "line 3: unknown blame \"nobody\""},
    {BEGIN CHECK CASE_OF("store/a", "0", "FAIL", "null", "7", "1"), "line 3: \"how\" is no string"},
    {BEGIN CHECK CASE_OF("store/a", "0", "FAIL", "null", "\"\\u0000\"", "1"), "line 3: \"how\" is no string"},
    {BEGIN CHECK CASE_OF("store/a", "0", "FAIL", "null", "null", "2"), "line 3: \"failed\" is no number from 0 to 1"},
    {BEGIN CHECK PASSING END("0"), "line 4: counts 0 PASS where the cases give 1"},
    {BEGIN END("0") "{\"event\":\"more\"}\n", "line 3: something after the end"},
    {BEGIN END("0") "half", "line 2: something after the end"},
    {BEGIN "{\"event\":\"end\",\"counts\":7,\"wall_ms\":1,\"interrupted\":false,\"signal\":0}\n",
     "line 2: member \"PASS\" is not where"},
    {BEGIN "{\"event\":\"end\"," COUNTS("0") ",\"wall_ms\":1,\"interrupted\":0,\"signal\":0}\n",
     "line 2: \"interrupted\" is neither true nor false"},
    {BEGIN "{\"event\":\"end\"," COUNTS("0") ",\"wall_ms\":1,\"interrupted\":true,\"signal\":2,\"x\":1}\n",
     "line 2: unknown member \"x\""},
};

static void only_the_stream_of_a_run_is_read(void **state)
{
    (void)state;
    struct error err;

    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        struct results results;

        write_stream(streams[i].stream);
        err.text[0] = '\0';
        bool taken = results_read(&results, path, &err);
        if (taken != !streams[i].error)
            fail_msg("%s: %s", streams[i].stream, err.text);
        if (!taken && strncmp(err.text, streams[i].error, strlen(streams[i].error)) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", streams[i].stream, err.text, streams[i].error);
        results_free(&results);
    }
}

static void the_stream_has_a_maximum(void **state)
{
    (void)state;
    struct results results;
    struct error err;

    /* What follows the last line feed is the half line of a run that was killed, so a hole in the file will do. */
    for (off_t bytes = RESULTS_STREAM_MAX_BYTES - 1; bytes <= RESULTS_STREAM_MAX_BYTES + 1; bytes++) {
        write_stream(BEGIN);
        assert_int_equal(truncate(path, bytes), 0);
        bool taken = results_read(&results, path, &err);
        assert_int_equal(taken, bytes <= RESULTS_STREAM_MAX_BYTES);
        if (!taken)
            assert_non_null(strstr(err.text, "is too long"));
        results_free(&results);
    }
}

static void a_check_has_a_maximum_of_cases(void **state)
{
    (void)state;
    struct results results, read;
    struct error err;
    char name[32];

    for (size_t cases = CHECK_CASES_MAX - 1; cases <= CHECK_CASES_MAX + 1; cases++) {
        results_init(&results, "1", "s", "t");
        results_add_check(&results, "store/a", "t", "must", NULL, NULL);
        for (size_t i = 0; i < cases; i++) {
            snprintf(name, sizeof name, "case_%zu", i);
            results_add_case(&results, 0, &(struct case_result){.name = name});
        }
        char *stream = render(jsonl_report, &results);
        write_stream(stream);
        free(stream);
        assert_int_equal(results_read(&read, path, &err), cases <= CHECK_CASES_MAX);
        results_free(&results);
        results_free(&read);
    }
}

static void a_file_that_is_missing_is_named(void **state)
{
    (void)state;
    struct results results;
    struct error err;

    assert_false(results_read(&results, "/nowhere/run.jsonl", &err));
    assert_string_equal(err.text, "cannot open /nowhere/run.jsonl: No such file or directory");
    assert_false(results_read(&results, "/", &err));
    assert_string_equal(err.text, "cannot read /: Is a directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(hostile_strings_survive),
        cmocka_unit_test(a_killed_run_is_read_as_far_as_it_went),
        cmocka_unit_test(only_the_stream_of_a_run_is_read),
        cmocka_unit_test(the_stream_has_a_maximum),
        cmocka_unit_test(a_check_has_a_maximum_of_cases),
        cmocka_unit_test(a_file_that_is_missing_is_named),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file) != 0;
}
