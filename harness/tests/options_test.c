/* The command line: what is understood, what is refused, and that every refusal says what to do next. */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_MAX = 512 };

struct parsed {
    struct options options;
    bool right;
    struct error err;
    char *argv[WORDS_MAX + 1];
    char line[8192];
};

/* Splits the line at blanks; the command line of a test is easier to read that way. */
static struct parsed *parse(const char *line)
{
    static struct parsed parsed;
    int argc = 0;

    memset(&parsed, 0, sizeof parsed);
    snprintf(parsed.line, sizeof parsed.line, "assay %s", line);
    for (char *word = strtok(parsed.line, " "); word && argc < WORDS_MAX; word = strtok(NULL, " "))
        parsed.argv[argc++] = word;
    parsed.right = options_parse(&parsed.options, argc, parsed.argv, &parsed.err);
    return &parsed;
}

static void assert_right(const char *line)
{
    const struct parsed *parsed = parse(line);

    if (!parsed->right)
        fail_msg("assay %s: %s", line, parsed->err.text);
}

static void assert_wrong(const char *line, const char *part_of_message)
{
    const struct parsed *parsed = parse(line);

    if (parsed->right)
        fail_msg("assay %s is taken", line);
    if (!strstr(parsed->err.text, part_of_message))
        fail_msg("assay %s: %s; does not say: %s", line, parsed->err.text, part_of_message);
    assert_null(strchr(parsed->err.text, '\n'));
}

static void defaults_are_those_of_the_header(void **state)
{
    const struct options *options = &parse("run")->options;

    (void)state;
    assert_int_equal(options->command, COMMAND_RUN);
    assert_int_equal(options->select_count, 0);
    assert_null(options->config.target);
    assert_null(options->config.driver);
    assert_string_equal(options->set, "2026.1");
    assert_int_equal(options->config.level, MUST);
    assert_null(options->config.require);
    assert_null(options->baseline);
    assert_false(options->write_baseline);
    assert_int_equal(options->min, 1);
    assert_in_range(options->config.jobs, 1, OPTIONS_JOBS_MAX);
    assert_true(options->config.timeout_scale == 1.0);
    assert_int_equal(options->config.repeat, 1);
    assert_false(options->config.fail_fast || options->config.long_run || options->config.keep || options->json);
    assert_null(options->config.wrap);
    assert_string_equal(options->config.out, "assay-out");
    assert_int_equal(options->report_count, 0);
    assert_int_equal(options->config.color, -1);
    assert_int_equal(options->config.verbosity, 0);
}

static void seeds_are_drawn_anew(void **state)
{
    uint64_t first = parse("run")->options.config.seed;

    (void)state;
    assert_true(parse("run")->options.config.seed != first || parse("run")->options.config.seed != first);
}

static void every_flag_reaches_its_member(void **state)
{
    const struct options *options =
        &parse("run store !store/fork --target t.json --set seeds --level should --require "
               "store,http --baseline b --write-baseline --min 3 --jobs 2 --timeout-scale "
               "2.5 --repeat 7 --seed 0xff --fail-fast --long --wrap valgrind --keep --out o "
               "--report junit=j.xml --report tap=- --color always --verbose")
             ->options;

    (void)state;
    assert_int_equal(options->select_count, 2);
    assert_string_equal(options->select[0], "store");
    assert_string_equal(options->select[1], "!store/fork");
    assert_string_equal(options->config.target, "t.json");
    assert_string_equal(options->set, "seeds");
    assert_int_equal(options->config.level, SHOULD);
    assert_string_equal(options->config.require, "store,http");
    assert_string_equal(options->baseline, "b");
    assert_true(options->write_baseline);
    assert_int_equal(options->min, 3);
    assert_int_equal(options->config.jobs, 2);
    assert_true(options->config.timeout_scale == 2.5);
    assert_int_equal(options->config.repeat, 7);
    assert_int_equal(options->config.seed, 255);
    assert_true(options->config.fail_fast && options->config.long_run && options->config.keep);
    assert_string_equal(options->config.wrap, "valgrind");
    assert_string_equal(options->config.out, "o");
    assert_int_equal(options->report_count, 2);
    assert_string_equal(options->reports[0].format, "junit");
    assert_string_equal(options->reports[0].path, "j.xml");
    assert_string_equal(options->reports[1].format, "tap");
    assert_string_equal(options->reports[1].path, "-");
    assert_int_equal(options->config.color, 1);
    assert_int_equal(options->config.verbosity, 1);
}

static void short_and_joined_forms_are_the_same(void **state)
{
    (void)state;
    assert_int_equal(parse("run -j3")->options.config.jobs, 3);
    assert_int_equal(parse("run -j 3")->options.config.jobs, 3);
    assert_int_equal(parse("run --jobs=3")->options.config.jobs, 3);
    assert_int_equal(parse("-j 3 run")->options.config.jobs, 3);
    assert_int_equal(parse("run -xkvn9")->options.config.repeat, 9);
    assert_true(parse("run -xkvn9")->options.config.keep);
    assert_int_equal(parse("run -vq")->options.config.verbosity, -1);
    assert_string_equal(parse("run -r md=a=b")->options.reports[0].path, "a=b");
    assert_int_equal(parse("run --color=never")->options.config.color, 0);
}

static void commands_are_known(void **state)
{
    (void)state;
    assert_int_equal(parse("list")->options.command, COMMAND_LIST);
    assert_int_equal(parse("explain store/x")->options.command, COMMAND_EXPLAIN);
    assert_int_equal(parse("probe -t x")->options.command, COMMAND_PROBE);
    assert_int_equal(parse("version")->options.command, COMMAND_VERSION);
    assert_int_equal(parse("--version")->options.command, COMMAND_VERSION);
    assert_int_equal(parse("help")->options.command, COMMAND_HELP);
    assert_int_equal(parse("run store -h")->options.command, COMMAND_HELP);
    assert_int_equal(parse("--help")->options.command, COMMAND_HELP);
    assert_right("--help");
}

static void what_follows_two_dashes_is_the_driver(void **state)
{
    const struct options *options = &parse("run store -- python3 -u --help driver.py")->options;

    (void)state;
    assert_right("run store -- python3 -u --help driver.py");
    assert_int_equal(options->command, COMMAND_RUN);
    assert_int_equal(options->select_count, 1);
    assert_string_equal(options->config.driver[0], "python3");
    assert_string_equal(options->config.driver[2], "--help");
    assert_string_equal(options->config.driver[3], "driver.py");
    assert_null(options->config.driver[4]);
}

static void numbers_are_checked_at_their_limits(void **state)
{
    (void)state;
    assert_right("run --jobs 1");
    assert_right("run --jobs 256");
    assert_wrong("run --jobs 0", "1 to 256");
    assert_wrong("run --jobs 257", "1 to 256");
    assert_wrong("run --jobs -1", "1 to 256");
    assert_wrong("run --jobs 2x", "not '2x'");
    assert_right("run --repeat 1000000");
    assert_wrong("run --repeat 1000001", "1 to 1000000");
    assert_right("run --min 0");
    assert_right("run --min 100000");
    assert_wrong("run --min 100001", "0 to 100000");
    assert_right("run --timeout-scale 0.1");
    assert_right("run --timeout-scale 1000");
    assert_wrong("run --timeout-scale 0.09", "0.1 to 1000");
    assert_wrong("run --timeout-scale 1000.1", "0.1 to 1000");
    assert_wrong("run --timeout-scale nan", "0.1 to 1000");
    assert_wrong("run --timeout-scale 1.2.3", "0.1 to 1000");
    assert_true(parse("run --seed 18446744073709551615")->options.config.seed == UINT64_MAX);
    assert_wrong("run --seed 18446744073709551616", "64 bits");
    assert_wrong("run --seed 0x", "64 bits");
    assert_wrong("run --seed ff", "64 bits");
}

static void a_shard_is_one_of_its_parts(void **state)
{
    (void)state;
    assert_int_equal(parse("run")->options.shards, 1);
    assert_int_equal(parse("run --shard 2/4")->options.shard, 2);
    assert_int_equal(parse("run --shard 2/4")->options.shards, 4);
    assert_right("run --shard 1/1");
    assert_right("run --shard 999/999");
    assert_right("run --shard 1000/1000");
    assert_wrong("run --shard 1/1001", "as in 2/4");
    assert_wrong("run --shard 5/4", "as in 2/4");
    assert_wrong("run --shard 0/4", "as in 2/4");
    assert_wrong("run --shard 2", "as in 2/4");
    assert_wrong("run --shard 2/", "as in 2/4");
    assert_wrong("run --shard /4", "as in 2/4");
    assert_wrong("run --shard 1111111111111111111111111/4", "as in 2/4");
}

static void words_are_checked(void **state)
{
    (void)state;
    assert_wrong("run --set seed", "2026.1 or seeds");
    assert_wrong("run --level info", "must or should");
    assert_wrong("run --color maybe", "auto, always or never");
    assert_wrong("run --report html=x", "json, jsonl, junit, md, tap or terminal");
    assert_wrong("run --report junit", "FORMAT=PATH");
    assert_wrong("run --report junit=", "FORMAT=PATH");
    assert_wrong("run --require store,htpt", "surfaces");
    assert_wrong("run --require ,", "surfaces");
    assert_right("run --require http");
}

static void mistakes_get_a_suggestion(void **state)
{
    (void)state;
    assert_wrong("rnu", "did you mean 'run'?");
    assert_wrong("store", "assay run store");
    assert_wrong("run --targte x", "did you mean --target?");
    assert_wrong("run --timeoutscale=2", "did you mean --timeout-scale?");
    assert_wrong("run --frobnicate", "assay --help");
    assert_wrong("run -Z", "no flag -Z");
    assert_wrong("run --target", "--target FILE");
    assert_wrong("run --target -- x", "--target FILE");
    assert_wrong("run -j", "--jobs N");
    assert_wrong("run --keep=yes", "takes no value");
    assert_wrong("run --", "after --");
    assert_wrong("", "assay run");
}

static void what_does_not_fit_together_is_refused(void **state)
{
    (void)state;
    assert_wrong("list --repeat 3", "--repeat does not go with 'list'");
    assert_wrong("run --json", "--json does not go with 'run'");
    assert_wrong("run -t x -- y", "two targets");
    assert_wrong("run --last-failed store", "leave out 'store'");
    assert_wrong("report", "assay report assay-out");
    assert_wrong("report x --shard 1/2", "--shard does not go with 'report'");
    assert_wrong("list -- y", "starts no driver");
    assert_wrong("explain", "one ID");
    assert_wrong("explain a b", "one ID");
    assert_wrong("version store", "leave out 'store'");
    assert_wrong("probe store", "leave out 'store'");
}

/* `count` times word, after "run" */
static const char *many(const char *word, size_t count)
{
    static char line[8000];
    size_t used = (size_t)snprintf(line, sizeof line, "run");

    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(line + used, sizeof line - used, " %s", word);
    return line;
}

static void lists_are_full_at_their_maximum(void **state)
{
    (void)state;
    assert_right(many("s", OPTIONS_SELECT_MAX - 1));
    assert_right(many("s", OPTIONS_SELECT_MAX));
    assert_wrong(many("s", OPTIONS_SELECT_MAX + 1), "@FILE");
    assert_right(many("-rtap=x", OPTIONS_REPORTS_MAX - 1));
    assert_right(many("-rtap=x", OPTIONS_REPORTS_MAX));
    assert_wrong(many("-rtap=x", OPTIONS_REPORTS_MAX + 1), "at most 16 times");
}

/* The help is read on a terminal: every line fits, and every flag that it names is one. */
static void help_fits_and_tells_the_truth(void **state)
{
    char *help = NULL;
    char *rest = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&help, &bytes);
    size_t lines = 0;

    (void)state;
    options_print_help(out);
    assert_int_equal(fclose(out), 0);
    for (char *line = strtok_r(help, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char name[32];
        char wanted[64];

        lines++;
        assert_in_range(strlen(line), 1, 80);
        if (strncmp(line, "  ", 2) == 0 && sscanf(line + 6, "--%31[a-z-]", name) == 1) {
            snprintf(wanted, sizeof wanted, "run --%s=", name);
            if (!parse(wanted)->right)
                assert_null(strstr(parse(wanted)->err.text, "there is no flag"));
        }
    }
    assert_in_range(lines, 40, 55);
    free(help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_header),
        cmocka_unit_test(seeds_are_drawn_anew),
        cmocka_unit_test(every_flag_reaches_its_member),
        cmocka_unit_test(short_and_joined_forms_are_the_same),
        cmocka_unit_test(commands_are_known),
        cmocka_unit_test(what_follows_two_dashes_is_the_driver),
        cmocka_unit_test(numbers_are_checked_at_their_limits),
        cmocka_unit_test(a_shard_is_one_of_its_parts),
        cmocka_unit_test(words_are_checked),
        cmocka_unit_test(mistakes_get_a_suggestion),
        cmocka_unit_test(what_does_not_fit_together_is_refused),
        cmocka_unit_test(lists_are_full_at_their_maximum),
        cmocka_unit_test(help_fits_and_tells_the_truth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
