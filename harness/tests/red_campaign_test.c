/* Campaigns with a program in the place of assay: a script that, instead of judging a target, copies the event stream
 * that lies beside the target's manifest, or beside itself for the reference. */
#include "red/campaign.h"

#include "base/directory.h"
#include "red/trials.h"
#include "report/report.h"

#include <fcntl.h>
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_CASES = 20 };

static const char script[] = "#!/bin/sh\n"
                             "asked=$*\n"
                             "while [ $# -gt 0 ]; do\n"
                             "    case $1 in\n"
                             "    --out) out=$2 ;;\n"
                             "    --target) target=$2 ;;\n"
                             "    esac\n"
                             "    shift\n"
                             "done\n"
                             "here=$(dirname \"${target:-$0}\")\n"
                             "mkdir \"$out\"\n"
                             "echo \"$asked\" >>\"$here/asked\"\n"
                             "if [ -p \"$here/started\" ]; then\n"
                             "    echo started >\"$here/started\"\n"
                             "    exec tail -f /dev/null\n"
                             "fi\n"
                             "if [ -f \"$here/second.jsonl\" ] && ! mkdir \"$here/was-here\" 2>/dev/null; then\n"
                             "    cp \"$here/second.jsonl\" \"$out/run.jsonl\"\n"
                             "    exit 0\n"
                             "fi\n"
                             "echo 'first words'\n"
                             "echo 'last words' >&2\n"
                             "cp \"$here/run.jsonl\" \"$out/run.jsonl\" 2>/dev/null || exit 7\n";

static char root[64];         /* the script, its stream, and a directory per mutant */
static char work[80];         /* what a campaign may use, and has to leave empty */
static char out_path[80];     /* --out */
static char program_path[80]; /* the script */
static struct mutants mutants;
static char targets[4][128];

static char *put_together(char *path, const char *directory, const char *name)
{
    strcpy(path, directory);
    strcat(path, "/");
    return strcat(path, name);
}

static int set_up(void **state)
{
    (void)state;

    strcpy(root, "/tmp/assay-campaign-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    put_together(work, root, "work");
    put_together(out_path, root, "red.json");
    put_together(program_path, root, "assay");
    int fd = open(program_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    if (fd < 0 || write(fd, script, strlen(script)) < 0 || close(fd) < 0)
        return -1;
    mutants.count = 0;
    return mkdir(work, 0700);
}

static int tear_down(void **state)
{
    (void)state;
    return directory_remove(root) ? 0 : -1;
}

/* The stream of a run of store/torn whose case `finds` has this verdict, with the evidence "line 2". */
static void write_stream(const char *directory, const char *name, enum verdict verdict)
{
    char path[160];
    struct results results;
    struct case_result finds = {
        .name = (char *)"finds", .verdict = verdict, .how = (char *)"wrong", .message = (char *)"line 2"};

    results_init(&results, "1", "s", "t");
    results_add_check(&results, "store/torn", "T", "must", NULL, NULL);
    results_add_case(&results, 0, &finds);
    results_add_case(&results, 0, &(struct case_result){.name = (char *)"control", .number = 1, .control = true});
    results_add_check(&results, "store/other", "O", "must", NULL, NULL);
    results_add_case(&results, 1, &(struct case_result){.name = (char *)"one"});
    FILE *file = fopen(put_together(path, directory, name), "we");
    assert_non_null(file);
    jsonl_report(&results, file);
    assert_int_equal(fclose(file), 0);
    results_free(&results);
}

/* A mutant of store/torn with a directory of its own; the directory is returned. */
static const char *add_mutant(const char *patch)
{
    static char directory[96];
    char *target = targets[mutants.count];

    put_together(directory, root, patch);
    assert_int_equal(mkdir(directory, 0700), 0);
    mutants.all[mutants.count++] = (struct mutant){.check = "store/torn",
                                                   .patch = patch,
                                                   .test = "finds",
                                                   .how = "wrong",
                                                   .evidence = "line 2",
                                                   .target = put_together(target, directory, "target.json")};
    return directory;
}

static char *load(const char *path)
{
    char *bytes = calloc(1, 1 << 16);
    FILE *file = fopen(path, "re");

    assert_non_null(bytes);
    assert_non_null(file);
    assert_true(fread(bytes, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    return bytes;
}

/* Runs the campaign, or the matrix, which must leave nothing in its directory; what it printed is to be freed. */
static char *run(int (*what)(const struct campaign_options *, const struct mutants *, FILE *), unsigned repeat,
                 int expected_code)
{
    struct campaign_options options = {
        .assay = program_path, .directory = work, .out = out_path, .jobs = 2, .repeat = repeat};
    char *lines = NULL;
    size_t bytes = 0;
    FILE *memory = open_memstream(&lines, &bytes);

    assert_non_null(memory);
    int code = what(&options, &mutants, memory);
    fclose(memory);
    if (code != expected_code)
        fail_msg("%d: %s", code, lines);
    assert_int_equal(rmdir(work), 0);
    assert_int_equal(mkdir(work, 0700), 0);
    return lines;
}

static void expect_file(const char *path, const char *expected)
{
    char *bytes = load(path);

    assert_string_equal(bytes, expected);
    free(bytes);
}

static void expect_contains(char *lines, const char *expected)
{
    if (!strstr(lines, expected))
        fail_msg("no \"%s\" in: %s", expected, lines);
}

static void all_killed_is_success(void **state)
{
    (void)state;
    write_stream(root, "run.jsonl", VERDICT_PASS);
    write_stream(add_mutant("one"), "run.jsonl", VERDICT_FAIL);
    write_stream(add_mutant("two"), "run.jsonl", VERDICT_FAIL);
    char *lines = run(campaign_run, 3, 0);
    expect_contains(lines, "killed    store/torn/one  3 of 3  ");
    expect_contains(lines, "killed    store/torn/two  3 of 3  ");
    expect_contains(lines, "2 of 2 mutants killed\n");
    expect_file(out_path, "{\"mutants\":2,\"killed\":2,\"survivors\":[]}\n");
    free(lines);
}

/* What else the room holds is of no interest on a mutant, and may take its time there. */
static void a_mutant_is_tried_by_its_case_and_the_controls(void **state)
{
    char path[160];

    (void)state;
    write_stream(root, "run.jsonl", VERDICT_PASS);
    const char *directory = add_mutant("one");
    write_stream(directory, "run.jsonl", VERDICT_FAIL);
    free(run(campaign_run, 1, 0));
    char *asked = load(put_together(path, directory, "asked"));
    expect_contains(asked, "/one/target.json store/torn:finds store/torn:control\n");
    free(asked);
}

static void a_survivor_says_why(void **state)
{
    (void)state;
    write_stream(root, "run.jsonl", VERDICT_PASS);
    write_stream(add_mutant("one"), "run.jsonl", VERDICT_FAIL);
    write_stream(add_mutant("two"), "run.jsonl", VERDICT_PASS);
    char *lines = run(campaign_run, 1, 1);
    expect_contains(lines, "SURVIVED  store/torn/two  0 of 1  ");
    expect_contains(lines, "\n          finds says PASS, not FAIL (wrong): line 2\n          see it: ");
    expect_contains(lines, "/two/target.json store/torn:finds\n");
    expect_contains(lines, "1 of 2 mutants killed\n");
    expect_file(out_path, "{\"mutants\":2,\"killed\":1,\"survivors\":[{\"check\":\"store/torn\",\"patch\":\"two\","
                          "\"why\":\"finds says PASS, not FAIL (wrong): line 2\"}]}\n");
    free(lines);
}

static void one_run_that_misses_it_is_enough(void **state)
{
    (void)state;
    write_stream(root, "run.jsonl", VERDICT_PASS);
    const char *directory = add_mutant("one");
    write_stream(directory, "run.jsonl", VERDICT_PASS);
    write_stream(directory, "second.jsonl", VERDICT_FAIL);
    char *lines = run(campaign_run, 5, 1);
    expect_contains(lines, "SURVIVED  store/torn/one  4 of 5  ");
    free(lines);
}

static void a_room_that_is_not_green_proves_nothing(void **state)
{
    (void)state;
    write_stream(root, "run.jsonl", VERDICT_FAIL);
    write_stream(add_mutant("one"), "run.jsonl", VERDICT_FAIL);
    char *lines = run(campaign_run, 1, 1);
    expect_contains(lines, "SURVIVED  store/torn/one  0 of 0  ");
    expect_contains(lines, "the room is not green: it says FAIL on the reference: line 2\n");
    free(lines);
}

static void a_run_without_results_is_no_kill(void **state)
{
    (void)state;
    write_stream(root, "run.jsonl", VERDICT_PASS);
    add_mutant("one");
    char *lines = run(campaign_run, 1, 1);
    expect_contains(lines, "assay exited with status 7 and left no results (cannot open ");
    expect_contains(lines, "last words\n");
    free(lines);
}

static void a_program_that_cannot_be_started_is_no_kill(void **state)
{
    (void)state;
    add_mutant("one");
    assert_int_equal(unlink(program_path), 0);
    char *lines = run(campaign_run, 1, 1);
    expect_contains(lines, "/assay cannot be started: No such file or directory\n");
    free(lines);
}

static void no_mutants_is_no_success(void **state)
{
    (void)state;
    char *lines = run(campaign_run, 1, 1);
    assert_string_equal(lines, "0 of 0 mutants killed\n");
    expect_file(out_path, "{\"mutants\":0,\"killed\":0,\"survivors\":[]}\n");
    free(lines);
}

static void a_file_that_cannot_be_written_is_named(void **state)
{
    (void)state;
    write_stream(root, "run.jsonl", VERDICT_PASS);
    write_stream(add_mutant("one"), "run.jsonl", VERDICT_FAIL);
    assert_int_equal(mkdir(out_path, 0700), 0);
    char *lines = run(campaign_run, 1, 2);
    expect_contains(lines, "/red.json: Is a directory\n");
    free(lines);
}

static void the_matrix_shows_who_sees_what(void **state)
{
    (void)state;
    char page[80];

    write_stream(add_mutant("one"), "run.jsonl", VERDICT_FAIL);
    write_stream(add_mutant("two"), "run.jsonl", VERDICT_PASS);
    free(run(matrix_run, 1, 0));
    char *json = load(out_path);
    assert_string_equal(json, "{\"rooms\":[\"store/torn\",\"store/other\"],\"mutants\":["
                              "{\"check\":\"store/torn\",\"patch\":\"one\",\"why\":null,"
                              "\"seen\":{\"store/torn\":[\"finds\"]}},"
                              "{\"check\":\"store/torn\",\"patch\":\"two\",\"why\":null,\"seen\":{}}]}\n");
    free(json);
    json = load(put_together(page, root, "red.md"));
    expect_contains(json, "1. `store/torn`\n2. `store/other`\n");
    expect_contains(json, "\n| `store/torn/one` | **1** | |\n| `store/torn/two` | **0** | |\n");
    expect_contains(json, "### `store/torn/one`\n\n- `store/torn`: `finds`\n");
    free(json);
}

/* A stream in whose lines there is as much as a run of all rooms has to say. */
static void write_long_stream(const char *directory)
{
    static char words[RESULTS_STRING_MAX_BYTES];
    char path[160];
    struct results results;

    memset(words, 'w', sizeof words - 1);
    results_init(&results, "1", "s", "t");
    results_add_check(&results, "store/torn", "T", "must", NULL, NULL);
    for (size_t i = 0; i < LONG_CASES; i++) {
        char name[16];

        snprintf(name, sizeof name, "case_%zu", i);
        results_add_case(&results, 0, &(struct case_result){.name = name, .number = i, .message = words});
    }
    FILE *file = fopen(put_together(path, directory, "run.jsonl"), "we");
    assert_non_null(file);
    jsonl_report(&results, file);
    assert_int_equal(fclose(file), 0);
    results_free(&results);
}

/* What is in use whenever the matrix says something: the least and the most of it. */
struct memory_seen {
    size_t least, most;
};

static ssize_t look_at_memory(void *cookie, const char *bytes, size_t count)
{
    struct memory_seen *seen = cookie;
    struct mallinfo2 memory = mallinfo2();
    size_t used = memory.uordblks + memory.hblkhd;

    (void)bytes;
    seen->least = used < seen->least ? used : seen->least;
    seen->most = used > seen->most ? used : seen->most;
    return (ssize_t)count;
}

/* There are thousands of mutants, and megabytes are said of each. */
static void the_matrix_keeps_no_results(void **state)
{
    (void)state;
    static const char *const names[] = {"one", "two", "three", "four"};
    struct memory_seen seen = {SIZE_MAX, 0};
    struct campaign_options options = {
        .assay = program_path, .directory = work, .out = out_path, .jobs = 1, .repeat = 1};
    FILE *lines = fopencookie(&seen, "w", (cookie_io_functions_t){.write = look_at_memory});

    assert_non_null(lines);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        write_long_stream(add_mutant(names[i]));
    assert_int_equal(matrix_run(&options, &mutants, lines), 0);
    fclose(lines);
    assert_in_range(seen.most - seen.least, 0, RESULTS_STRING_MAX_BYTES);
}

static void a_run_that_is_lost_is_a_question_mark(void **state)
{
    (void)state;
    char page[80];

    write_stream(add_mutant("one"), "run.jsonl", VERDICT_FAIL);
    add_mutant("two");
    char *lines = run(matrix_run, 1, 1);
    expect_contains(lines, "LOST  store/torn/two");
    free(lines);
    char *text = load(put_together(page, root, "red.md"));
    expect_contains(text, "\n| `store/torn/two` | ? | ? |\n");
    expect_contains(text, "    assay exited with status 7 and left no results");
    free(text);
}

/* A campaign whose only run goes on for ever is sent the signal once that run has begun. */
static void an_interruption_ends_what_runs(void **state)
{
    (void)state;
    char fifo[80];
    char started[16] = "";
    int status;

    add_mutant("one");
    assert_int_equal(mkfifo(put_together(fifo, root, "started"), 0600), 0);
    pid_t campaign = fork();
    if (campaign == 0) {
        free(run(campaign_run, 1, 128 + SIGTERM));
        _exit(0);
    }
    int fd = open(fifo, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && read(fd, started, sizeof started - 1) > 0);
    close(fd);
    assert_string_equal(started, "started\n");
    assert_int_equal(kill(campaign, SIGTERM), 0);
    assert_int_equal(waitpid(campaign, &status, 0), campaign);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    expect_file(out_path, "{\"mutants\":1,\"killed\":0,\"survivors\":[{\"check\":\"store/torn\",\"patch\":\"one\","
                          "\"why\":\"interrupted before it was settled\"}]}\n");
}

static void keep_trial(void *context, struct trial *trial)
{
    *(struct trial *)context = *trial;
}

static void a_run_that_takes_too_long_is_ended(void **state)
{
    (void)state;
    char fifo[80];
    struct trial kept = {0};
    struct trial trial = {.check = "store/torn", .label = "hangs", .timeout_ms = 50};
    struct trials trials = {.assay = program_path,
                            .directory = work,
                            .jobs = 1,
                            .all = &trial,
                            .count = 1,
                            .done = keep_trial,
                            .context = &kept};

    /* Nobody reads what it writes when it starts, so it waits there. */
    assert_int_equal(mkfifo(put_together(fifo, root, "started"), 0600), 0);
    assert_int_equal(trials_run(&trials), 0);
    assert_false(kept.judged);
    expect_contains(kept.why.text, "assay was ended by signal 15");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_killed_is_success),
        TEST(a_mutant_is_tried_by_its_case_and_the_controls),
        TEST(a_survivor_says_why),
        TEST(one_run_that_misses_it_is_enough),
        TEST(a_room_that_is_not_green_proves_nothing),
        TEST(a_run_without_results_is_no_kill),
        TEST(a_program_that_cannot_be_started_is_no_kill),
        TEST(no_mutants_is_no_success),
        TEST(a_file_that_cannot_be_written_is_named),
        TEST(the_matrix_shows_who_sees_what),
        TEST(the_matrix_keeps_no_results),
        TEST(a_run_that_is_lost_is_a_question_mark),
        TEST(an_interruption_ends_what_runs),
        TEST(a_run_that_takes_too_long_is_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
