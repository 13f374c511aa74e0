/* Every report against a file that a person has read, and against bytes that nobody has chosen. */
#include "report/report.h"

#include "base/error.h"
#include "base/utf8.h"
#include "json/json.h"
#include "tests/report_model.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { RANDOM_RUNS = 100, RANDOM_STRING_MAX = 80 };

/* The report as a string, to be freed. */
static char *render(void (*write)(const struct results *, FILE *), const struct results *results)
{
    char *bytes = NULL;
    size_t count = 0;
    FILE *out = open_memstream(&bytes, &count);

    assert_non_null(out);
    write(results, out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(strlen(bytes), count);
    return bytes;
}

static char *load(const char *path)
{
    FILE *file = fopen(path, "re");
    char *bytes = calloc(1, 1 << 20);

    assert_non_null(bytes);
    if (file) {
        size_t count = fread(bytes, 1, (1 << 20) - 1, file);

        assert_true(count < (1 << 20) - 1);
        fclose(file);
    }
    return bytes;
}

static void save(const char *path, const char *bytes)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, strlen(bytes), file), strlen(bytes));
    assert_int_equal(fclose(file), 0);
}

/* After a wanted change, ASSAY_WRITE_GOLDEN=1 writes the files anew, to be read before they are committed. */
static void expect_golden(const char *name, const char *model, char *report)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/golden/%s.%s", TESTS_DIR, model, name);
    if (getenv("ASSAY_WRITE_GOLDEN"))
        save(path, report);
    char *golden = load(path);
    assert_string_equal(report, golden);
    free(golden);
    free(report);
}

static void expect_all_golden(const char *model, const struct results *results)
{
    for (const struct report_format *format = report_formats; format->name; format++)
        expect_golden(format->name, model, render(format->write, results));
    expect_golden("list.json", model, render(json_list, results));
}

static void every_verdict_is_reported(void **state)
{
    (void)state;
    struct results results;

    build_every_verdict(&results);
    expect_all_golden("verdicts", &results);
    results_free(&results);
}

static void hostile_bytes_are_harmless(void **state)
{
    (void)state;
    struct results results;

    build_hostile(&results, HOSTILE);
    expect_all_golden("hostile", &results);
    results_free(&results);
}

static void write_in_color(const struct results *results, FILE *out)
{
    terminal_report_styled(results, out, true);
}

static void colors_are_the_only_escapes(void **state)
{
    (void)state;
    struct results results;

    build_hostile(&results, HOSTILE);
    expect_golden("color", "hostile", render(write_in_color, &results));
    results_free(&results);
}

static void a_run_without_checks_is_reported(void **state)
{
    (void)state;
    struct results results;

    results_init(&results, "0.1.0", "2026.1", "acme");
    expect_all_golden("empty", &results);
    results_free(&results);
}

/* Nothing that a terminal acts upon: line feeds are the only control characters, and all of it is UTF-8. */
static void expect_safe(const char *bytes)
{
    size_t left = strlen(bytes);
    uint32_t code_point;

    while (left > 0) {
        size_t taken = utf8_decode(bytes, left, &code_point);

        assert_true(taken > 0);
        assert_true(code_point >= ' ' || code_point == '\n');
        assert_false(code_point >= 0x7F && code_point <= 0x9F);
        assert_false(code_point >= 0x202A && code_point <= 0x202E);
        bytes += taken;
        left -= taken;
    }
}

/* Consumes a line of the report, without its line feed. */
static char *next_line(char **rest)
{
    char *line = strsep(rest, "\n");

    return line && (*rest || *line) ? line : NULL;
}

static void expect_test_line(const char *line, size_t number)
{
    char start[2][32];

    snprintf(start[0], sizeof start[0], "ok %zu - ", number);
    snprintf(start[1], sizeof start[1], "not ok %zu - ", number);
    assert_true(strncmp(line, start[0], strlen(start[0])) == 0 || strncmp(line, start[1], strlen(start[1])) == 0);
    size_t directives = 0;
    for (const char *mark = line; (mark = strchr(mark, '#')); mark++)
        directives += mark[-1] == ' ' && (strncmp(mark, "# SKIP ", 7) == 0 || strncmp(mark,
                                                                                      "# TO"
                                                                                      "DO ",
                                                                                      7) == 0);
    assert_true(directives <= 1);
}

/* A TAP reader in a few lines: the plan holds, comments follow it, tests are numbered, blocks are indented, nothing
 * else is there. */
static void expect_tap(char *report, size_t cases)
{
    char plan[32];
    size_t tests = 0;
    char *rest = report;

    snprintf(plan, sizeof plan, "1..%zu", cases);
    assert_string_equal(next_line(&rest), "TAP version 13");
    assert_string_equal(next_line(&rest), plan);
    for (char *line = next_line(&rest); line; line = next_line(&rest)) {
        if ((!tests && strncmp(line, "# ", 2) == 0) || strncmp(line, "  ", 2) == 0 ||
            strncmp(line, "Bail out! ", 10) == 0)
            continue;
        expect_test_line(line, ++tests);
    }
    assert_int_equal(tests, cases);
}

/* Every row of a table has as many cells as its head: no foreign pipe is taken for a border. */
static void expect_tables(char *report)
{
    size_t head = 0;
    char *rest = report;

    for (char *line = next_line(&rest); line || rest; line = next_line(&rest)) {
        size_t borders = 0;

        if (!line || line[0] != '|') {
            head = 0;
            continue;
        }
        for (size_t i = 0, backslashes = 0; line[i]; i++) {
            borders += line[i] == '|' && backslashes % 2 == 0;
            backslashes = line[i] == '\\' ? backslashes + 1 : 0;
        }
        head = head ? head : borders;
        assert_int_equal(borders, head);
    }
}

static void expect_json(const char *report)
{
    struct json_error error;
    const struct json *root = json_read(report, strlen(report), &error);

    if (!root) {
        fail_msg("byte %zu: %s", error.offset, error.text);
        return;
    }
    assert_int_equal(root->type, JSON_OBJECT);
    json_free(root);
}

static void expect_json_lines(char *report)
{
    char *rest = report;

    for (char *line = next_line(&rest); line; line = next_line(&rest))
        expect_json(line);
}

/* A reader that is not ours; tests that need it are skipped where there is none. */
static void skip_without_python(void)
{
    if (system("python3 -c pass 2>/dev/null") != 0)
        skip();
}

static void another_reader_takes_the_json(void **state)
{
    (void)state;
    skip_without_python();
    assert_int_equal(
        system(
            "python3 -c 'import json, sys; [json.load(open(f, encoding=\"utf-8\")) for f in sys.argv[1:]]' " TESTS_DIR
            "/golden/*.json"),
        0);
}

static void fill_random(char *string, size_t bytes)
{
    /* Half of it from what formats give a meaning to, since plain chance would rarely hit it. */
    static const char spices[] = "\n\r\t\033\\`|#<>&]\"'{}: ok-\x9b\xc2\xe2\x80\xae";

    for (size_t i = 0; i < bytes; i++)
        string[i] = rand() % 2 ? spices[(size_t)rand() % (sizeof spices - 1)] : (char)(1 + rand() % 255);
    string[bytes] = '\0';
}

static void random_bytes_break_no_format(void **state)
{
    (void)state;
    char string[RANDOM_STRING_MAX + 1];

    for (unsigned seed = 0; seed < RANDOM_RUNS; seed++) {
        struct results results;

        srand(seed);
        fill_random(string, (size_t)rand() % RANDOM_STRING_MAX);
        build_hostile(&results, string);
        char *reports[] = {render(terminal_report, &results), render(tap_report, &results),
                           render(markdown_report, &results), render(junit_report, &results),
                           render(json_report, &results),     render(jsonl_report, &results)};
        for (size_t i = 0; i < 4; i++)
            expect_safe(reports[i]);
        expect_tap(reports[1], VERDICT_COUNT);
        expect_tables(reports[2]);
        expect_json(reports[4]);
        expect_json_lines(reports[5]);
        for (size_t i = 0; i < 6; i++)
            free(reports[i]);
        results_free(&results);
    }
}

/* One process reads them all, since starting it is what costs. */
static void another_reader_takes_random_xml(void **state)
{
    (void)state;
    char directory[] = "/tmp/assay-xml-XXXXXX";
    char path[64];
    char string[RANDOM_STRING_MAX + 1];
    char command[256];

    skip_without_python();
    assert_non_null(mkdtemp(directory));
    for (unsigned seed = 0; seed < RANDOM_RUNS; seed++) {
        struct results results;

        srand(seed);
        fill_random(string, (size_t)rand() % RANDOM_STRING_MAX);
        build_hostile(&results, seed == 0 ? HOSTILE : string);
        char *report = render(junit_report, &results);
        snprintf(path, sizeof path, "%s/%u.xml", directory, seed);
        save(path, report);
        free(report);
        results_free(&results);
    }
    snprintf(command, sizeof command,
             "python3 -c 'import glob, xml.dom.minidom as m; "
             "print(len([m.parse(f) for f in glob.glob(\"%s/*.xml\")]))' | grep -qx %d",
             directory, RANDOM_RUNS);
    int status = system(command);
    for (unsigned seed = 0; seed < RANDOM_RUNS; seed++) {
        snprintf(path, sizeof path, "%s/%u.xml", directory, seed);
        unlink(path);
    }
    rmdir(directory);
    assert_int_equal(status, 0);
}

static void an_unknown_format_names_the_known_ones(void **state)
{
    (void)state;
    struct error err;
    struct results results;

    results_init(&results, "0.1.0", "2026.1", "acme");
    assert_false(report_write("html", &results, stdout, &err));
    assert_string_equal(err.text, "no report format \"html\"; there are json jsonl junit md tap terminal");
    assert_false(report_write("html", &results, stdout, NULL));
    results_free(&results);
}

static void a_full_disk_is_noticed(void **state)
{
    (void)state;
    struct error err = {""};
    struct results results;
    FILE *full = fopen("/dev/full", "we");

    assert_non_null(full);
    build_every_verdict(&results);
    for (const struct report_format *format = report_formats; format->name; format++) {
        assert_false(report_write(format->name, &results, full, &err));
        assert_non_null(strstr(err.text, strerror(ENOSPC)));
        clearerr(full);
    }
    fclose(full);
    results_free(&results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verdict_is_reported),       cmocka_unit_test(hostile_bytes_are_harmless),
        cmocka_unit_test(colors_are_the_only_escapes),     cmocka_unit_test(a_run_without_checks_is_reported),
        cmocka_unit_test(random_bytes_break_no_format),    cmocka_unit_test(another_reader_takes_the_json),
        cmocka_unit_test(another_reader_takes_random_xml), cmocka_unit_test(an_unknown_format_names_the_known_ones),
        cmocka_unit_test(a_full_disk_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
