/* The program assay as its users meet it: what each command prints, and the exit code that a pipeline reads. */
#include "json/json.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/directory.h"

enum { WORDS_MAX = 32, OUTPUT_MAX = 1 << 20 };

static char directory[] = "/tmp/assay-commands-XXXXXX";

struct outcome {
    int code;
    char out[OUTPUT_MAX];
    char err[OUTPUT_MAX];
};
static struct outcome outcome; /* of the last call */

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    return chdir("/") == 0 && directory_remove(directory) ? 0 : -1;
}

static void read_file(const char *path, char *bytes)
{
    FILE *in = fopen(path, "r");

    assert_non_null(in);
    bytes[fread(bytes, 1, OUTPUT_MAX - 1, in)] = 0;
    fclose(in);
}

static void write_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void become_assay(char **argv)
{
    int out = open("out", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int err = open("err", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (out >= 0 && err >= 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2)
        execv(BIN_DIR "/assay", argv);
    _exit(99);
}

/* Runs assay with the words of the line, and waits for it. */
static void assay(const char *line)
{
    static char words[1024];
    char program[] = "assay";
    char *argv[WORDS_MAX + 2] = {program};
    char *rest = NULL;
    size_t count = 1;
    int status;
    pid_t child;

    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok_r(words, " ", &rest); word && count <= WORDS_MAX; word = strtok_r(NULL, " ", &rest))
        argv[count++] = word;
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        become_assay(argv);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    outcome.code = WEXITSTATUS(status);
    read_file("out", outcome.out);
    read_file("err", outcome.err);
}

/* The line ends with that exit code and says that, on standard output (0) or standard error. */
static void assert_says(const char *line, int code, const char *part)
{
    const char *said;

    assay(line);
    said = code == 0 ? outcome.out : outcome.err;
    if (outcome.code != code || !strstr(said, part))
        fail_msg("assay %s: exit %d, not %d, with \"%s\"\n%s%s", line, outcome.code, code, part, outcome.out,
                 outcome.err);
}

static void help_and_version_are_printed(void **state)
{
    (void)state;
    assert_says("--help", 0, "assay run");
    assert_says("run --help", 0, "Exit codes");
    assert_says("version", 0, "assay " ASSAY_VERSION);
}

static void wrong_usage_is_one_line_and_exit_code_2(void **state)
{
    (void)state;
    assert_says("", 2, "assay: nothing to do");
    assert_says("run --targte x", 2, "did you mean --target?");
    assert_says("run stroe", 2, "did you mean 'store'?");
    assert_says("run --target /nonexistent", 2, "cannot open /nonexistent");
    assert_says("run --baseline /nonexistent", 2, "cannot open /nonexistent");
    assert_says("run --write-baseline", 2, "--baseline FILE");
    assert_says("run --report junit=/nonexistent/x", 2, "cannot write the report /nonexistent/x");
    assert_string_equal(outcome.out, "");
    assert_ptr_equal(strchr(outcome.err, '\n') + 1, outcome.err + strlen(outcome.err));
}

static void messages_cannot_write_escape_sequences(void **state)
{
    (void)state;
    assert_says("run \x1b[31m", 2, "\\e[31m");
    assert_null(strchr(outcome.err, 0x1b));
}

static void rooms_are_listed(void **state)
{
    const struct json *list;

    (void)state;
    assert_says("list store/torn-tail store/resume", 0, "\n2 rooms, ");
    assert_non_null(strstr(outcome.out, "store/torn-tail  must"));
    assert_says("list nosuch", 2,
                "no room matches 'nosuch'; try a surface ('http', 'store', 'ws'), or a name from 'assay list'");

    assert_says("list --json store/torn-tail:cut_*", 0, "\"checks\"");
    list = json_read(outcome.out, strlen(outcome.out), NULL);
    assert_non_null(list);
    assert_int_equal(json_get(list, "checks")->count, 1);
    assert_string_equal(json_get_string(json_get(list, "checks")->child, "id"), "store/torn-tail");
    assert_int_equal(json_get(json_get(list, "checks")->child, "cases")->count, 1);
    json_free(list);
}

static void a_room_is_explained(void **state)
{
    (void)state;
    assert_says("explain store/torn-tail", 0, "What goes wrong\n---------------\n");
    assert_non_null(strstr(outcome.out, "run it   assay run store/torn-tail\n"));
    assert_non_null(strstr(outcome.out, "(control)"));
    assert_says("explain store/torn-tial", 2, "did you mean 'store/torn-tail'?");
}

static void the_reference_is_probed(void **state)
{
    (void)state;
    assert_says("probe", 0, "assay-ref");
    assert_non_null(strstr(outcome.out, "rooms can judge this target."));
    assert_non_null(strstr(outcome.out, "store     create, append, read"));
    assert_non_null(strstr(outcome.out, "works     create, append and read work"));
    assert_non_null(strstr(outcome.out, "works     http://127.0.0.1:"));
    assert_null(strstr(outcome.out, "${PORT}"));
}

static void a_missing_piece_is_named_with_what_it_costs(void **state)
{
    (void)state;
    write_file("bare.json", "{\"name\": \"bare\", \"driver\": [\"" BIN_DIR "/assay-ref\", \"drive\"]}");
    assert_says("probe -t bare.json", 0, "where the events lie (store.events):\n");
    assert_non_null(strstr(outcome.out, "  store/torn-tail\n"));
    assert_says("run -t bare.json store/torn-tail", 4,
                "exit code 4: 0 of 1 rooms passed, and --min wants 1; did not apply (NA): 1; ");
    assert_non_null(strstr(outcome.out, "1 NA"));
}

/* Whatever a driver may offer, with all rooms that need it, or some of whose cases do. */
static void what_a_driver_does_not_offer_is_listed(void **state)
{
    static const char sparing[] =
        "read hello; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocol\":1,\"surfaces\":"
        "{\"store\":[\"create\",\"append\",\"read\",\"fork\"]}}}'; exec '" BIN_DIR "/assay-ref' drive";

    (void)state;
    write_file("sparing.sh", sparing);
    assert_says("probe -- sh sparing.sh", 0,
                "the driver does not list the feature raw_events:\n"
                "  store/invalid-unicode, in part\n");
    static const char *const lists[] = {
        "the driver does not list the method store.delete:\n  store/delete-while-appending\n  store/session-ids, in "
        "part\n  store/unknown-session, in part\n",
        "the driver does not list the method store.metadata:\n  store/metadata\n",
        "the driver does not list the method store.resume:\n  store/resume, in part\n",
        "the driver does not list the feature durable:\n  store/crash-states, in part\n",
        "(store.transcript):\n  store/permissions, in part\n  store/retry-after-kill\n",
        "(store.metadata):\n  store/permissions, in part\n",
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (!strstr(outcome.out, lists[i]))
            fail_msg("no \"%s\" in:\n%s", lists[i], outcome.out);
    assert_null(strstr(outcome.out, "the method store.fork"));
}

static void a_probe_that_fails_leaves_nothing(void **state)
{
    char temporary[sizeof directory + 8];

    (void)state;
    snprintf(temporary, sizeof temporary, "%s/tmp", directory);
    assert_int_equal(mkdir(temporary, 0700), 0);
    assert_int_equal(setenv("TMPDIR", temporary, 1), 0);
    assert_says("probe -- /bin/false", 3, "the driver is not wired");
    assert_null(strstr(outcome.err, "assay-probe"));
    unsetenv("TMPDIR");
    assert_int_equal(rmdir(temporary), 0); /* it is empty */
}

static void a_missing_surface_is_one_line(void **state)
{
    (void)state;
    write_file("web.json",
               "{\"name\": \"web\", \"http\": {\"command\": [\"true\"], \"url\": \"http://127.0.0.1:${PORT}\"}}");
    assert_says("probe -t web.json", 3, "the surface http does not work: the server's command ended");
    assert_null(strstr(outcome.out, "  store/"));
    assert_non_null(strstr(outcome.out, "not claim the surface store, which costs all of its rooms: "));
}

static void a_driver_that_is_none_is_an_error_of_the_target(void **state)
{
    static char report[OUTPUT_MAX];

    (void)state;
    assert_says("probe -- /bin/false", 3, "the driver is not wired");
    assert_says("run store/resume -r junit=report.xml -- /nonexistent", 3, "nothing was judged");
    assert_string_equal(outcome.out, "");
    read_file("report.xml", report);
    assert_non_null(strstr(report, "/nonexistent cannot be started"));
    assert_non_null(strstr(report, "errors=\""));
}

static void what_passes_is_exit_code_0(void **state)
{
    static char report[OUTPUT_MAX];

    (void)state;
    assert_says("run store/resume -r json=report.json", 0, "1 PASS");
    read_file("report.json", report);
    assert_non_null(strstr(report, "\"PASS\":1"));
    assert_says("run -q store/resume", 0, "");
    assert_string_equal(outcome.out, "");
    assert_says("run store/resume -r tap=-", 0, "TAP version 13\n");
}

static void too_little_is_exit_code_4(void **state)
{
    (void)state;
    assert_says("run store !store", 4, "nothing is left to run");
    assert_says("run store/resume --min 2", 4,
                "exit code 4: 1 of 1 rooms passed, and --min wants 2; did not apply (NA): 0\n");
}

static size_t lines_of(const char *text, const char *beginning)
{
    size_t count = 0;

    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        count += strncmp(line, beginning, strlen(beginning)) == 0;
    return count;
}

/* A mistake in the manifest is no failure of the store, and is said once. */
static void a_wrong_path_of_the_events_is_said_once(void **state)
{
    (void)state;
    write_file("astray.json", "{\"name\": \"astray\", \"driver\": [\"" BIN_DIR "/assay-ref\", \"drive\"],\n"
                              " \"store\": {\"events\": \"elsewhere/{sid}/events.jsonl\"}}\n");
    assert_says("run -t astray.json store/resume store/torn-tail", 3, "");
    assert_non_null(strstr(outcome.out, "the manifest's store.events leads to "));
    assert_non_null(strstr(outcome.out, "2 checks in "));
    assert_non_null(strstr(outcome.out, "1 ERROR, 1 NA"));
}

/* The reference, said to refuse strangers always, which it does when it is asked to. */
static void failures_go_into_the_baseline_and_come_out_again(void **state)
{
    static const char liar[] = "{\"name\": \"liar\", \"driver\": [\"" BIN_DIR "/assay-ref\", \"drive\"],\n"
                               " \"declares\": [\"%s\"], \"baseline\": \"known\"}\n";
    static char known[OUTPUT_MAX];
    char manifest[1024];

    (void)state;
    snprintf(manifest, sizeof manifest, liar, "http.local_only=yes");
    write_file("liar.json", manifest);
    assert_says("run -t liar.json http/local-policy store/resume", 2, "cannot open");
    assert_says("run -t liar.json http/local-policy store/resume --write-baseline", 1, "cases that are known to fail");
    read_file("known", known);
    assert_true(lines_of(known, "http/local-policy:") > 0);
    assert_int_equal(lines_of(known, "store/resume"), 0);

    assert_says("run -t liar.json http/local-policy store/resume", 0, "1 XFAIL");

    snprintf(manifest, sizeof manifest, liar, "http.errors=assay");
    write_file("liar.json", manifest);
    assert_says("run -t liar.json http/local-policy store/resume", 1, "exit code 1: a requirement is violated, or");
    assert_non_null(strstr(outcome.out, "1 XPASS"));
    assert_says("run -t liar.json http/local-policy store/resume --write-baseline", 0, "2 PASS");
    read_file("known", known);
    assert_string_equal(known, "");
}

/* Half of the rooms each, and all of them in the report that joins the halves. */
static void shards_are_parts_and_can_be_joined(void **state)
{
    static char whole[OUTPUT_MAX], joined[OUTPUT_MAX];

    (void)state;
    assert_says("run store/fork store/resume -o all -r tap=all.tap", 0, "2 PASS");
    assert_says("run store/fork store/resume --shard 1/2 -o one", 0, "PASS");
    assert_says("run store/fork store/resume --shard 2/2 -o two", 0, "PASS");
    assert_says("report one two/run.jsonl -r tap=joined.tap", 0, "2 checks");
    assert_non_null(strstr(outcome.out, "--shard 1/2 -o one; assay run store/fork store/resume --shard 2/2"));
    read_file("all.tap", whole);
    read_file("joined.tap", joined);
    assert_true(lines_of(whole, "ok ") > 4);
    assert_string_equal(strstr(whole, "\nok 1 "), strstr(joined, "\nok 1 "));
    assert_says("report one two --min 3", 4, "rooms passed, and --min wants 3");
    assert_says("run store/resume:nosuch --shard 2/2", 2, "has no case");
    assert_says("run store/resume --shard 999/1000", 4, "nothing is left to run");
    assert_says("report nowhere", 2, "nowhere");
}

/* What it found is in no report, so all that is there may pass. */
static void a_shard_that_is_missing_is_missed(void **state)
{
    (void)state;
    assert_says("run store/fork store/resume store/torn-tail --shard 1/3 -o first", 0, "PASS");
    assert_says("run store/fork store/resume store/torn-tail --shard 3/3 -o third", 0, "PASS");
    assert_says("report first third", 3, "1 of 3 shards is missing: 2/3; ");
    assert_non_null(strstr(outcome.out, "2 checks"));
    assert_says("report third", 3, "2 of 3 shards are missing: 1/3 2/3; ");
    assert_says("report first third first", 2, "first: shard 1 of 3 is there already, in first; ");
    assert_says("run store/resume --shard 1/1 -o whole", 0, "PASS");
    assert_says("report first whole", 2, "whole: this is shard 1 of 1, and the first run was one of 3");
    assert_says("report whole whole", 0, "1 PASS");
}

static void what_failed_last_can_be_run_again(void **state)
{
    (void)state;
    write_file("liar2.json", "{\"name\": \"liar\", \"driver\": [\"" BIN_DIR "/assay-ref\", \"drive\"],\n"
                             " \"declares\": [\"http.local_only=yes\"]}\n");
    assert_says("run --last-failed -o fresh", 2, "needs an earlier run below --out");
    assert_says("run -t liar2.json http/local-policy store/resume -o last", 1, "");
    assert_non_null(strstr(outcome.out, "\nFAIL   http/local-policy:"));
    assert_non_null(strstr(outcome.out, "assay explain http/local-policy\n"));
    assert_says("run -t liar2.json --last-failed -o last", 1, "");
    assert_non_null(strstr(outcome.out, ": 1 check in "));
    assert_says("run --last-failed -o last", 0, "1 PASS");
    assert_says("run --last-failed -o last", 4, "nothing was red in the last run");
}

static void two_reports_do_not_share_a_file(void **state)
{
    (void)state;
    assert_says("run store/resume -r tap=same -r json=./same", 2, "tap and json are to be one file, ./same");
    assert_says("run store/resume -r tap=- -r json=-", 2, "tap and json are to be one file, -");
    assert_says("run store/resume -r tap=/dev/null -r json=/dev/null", 0, "1 PASS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_and_version_are_printed),
        cmocka_unit_test(wrong_usage_is_one_line_and_exit_code_2),
        cmocka_unit_test(messages_cannot_write_escape_sequences),
        cmocka_unit_test(rooms_are_listed),
        cmocka_unit_test(a_room_is_explained),
        cmocka_unit_test(the_reference_is_probed),
        cmocka_unit_test(a_missing_piece_is_named_with_what_it_costs),
        cmocka_unit_test(what_a_driver_does_not_offer_is_listed),
        cmocka_unit_test(a_probe_that_fails_leaves_nothing),
        cmocka_unit_test(a_missing_surface_is_one_line),
        cmocka_unit_test(a_driver_that_is_none_is_an_error_of_the_target),
        cmocka_unit_test(what_passes_is_exit_code_0),
        cmocka_unit_test(too_little_is_exit_code_4),
        cmocka_unit_test(shards_are_parts_and_can_be_joined),
        cmocka_unit_test(a_shard_that_is_missing_is_missed),
        cmocka_unit_test(what_failed_last_can_be_run_again),
        cmocka_unit_test(two_reports_do_not_share_a_file),
        cmocka_unit_test(a_wrong_path_of_the_events_is_said_once),
        cmocka_unit_test(failures_go_into_the_baseline_and_come_out_again),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory) != 0;
}
