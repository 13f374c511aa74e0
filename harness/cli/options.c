/* From argv to struct options. */
#include "cli/options.h"

#include "base/error.h"
#include "base/suggest.h"
#include "cli/options_flags.h"

#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/random.h>

/* What stands where while argv is read. */
struct parse {
    struct options *options;
    char **argv;
    int argc;
    int next;            /* the next argument to read */
    const char *command; /* as it was written, or NULL */
    uint64_t seen;       /* a bit per flag */
    struct error *err;
};

static const struct {
    const char *name;
    enum command command;
} commands[] = {
    {"run", COMMAND_RUN},     {"report", COMMAND_REPORT},   {"list", COMMAND_LIST}, {"explain", COMMAND_EXPLAIN},
    {"probe", COMMAND_PROBE}, {"version", COMMAND_VERSION}, {"help", COMMAND_HELP},
};

__attribute__((format(printf, 2, 3))) static bool wrong(struct parse *parse, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    error_vset(parse->err, format, arguments);
    va_end(arguments);
    return false;
}

/* Two for each core: most cases wait more than they compute. */
static unsigned default_jobs(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? 2 * CPU_COUNT(&set) : 2;

    return count < OPTIONS_JOBS_MAX ? (unsigned)count : OPTIONS_JOBS_MAX;
}

static void set_defaults(struct options *options)
{
    *options = (struct options){
        .config =
            {
                .level = MUST,
                .jobs = default_jobs(),
                .timeout_scale = 1.0,
                .repeat = 1,
                .out = "assay-out",
                .color = -1,
            },
        .set = "2026.1",
        .min = 1,
        .shard = 1,
        .shards = 1,
    };
    /* A kernel that has no entropy yet gives nothing, and the seed is 0: as good as any, since it is printed. */
    if (getrandom(&options->config.seed, sizeof options->config.seed, GRND_NONBLOCK) != sizeof options->config.seed)
        options->config.seed = 0;
}

static bool take_flag(struct parse *parse, const struct options_flag *flag, const char *value)
{
    parse->seen |= UINT64_C(1) << (flag - options_flags);
    if (flag->set(parse->options, value))
        return true;
    return wrong(parse, "--%s takes %s, not '%s'", flag->name, flag->wants, value);
}

/* The argument after the flag. A "--" there means that the value was forgotten. */
static bool take_flag_and_next(struct parse *parse, const struct options_flag *flag)
{
    if (parse->next == parse->argc || strcmp(parse->argv[parse->next], "--") == 0)
        return wrong(parse, "--%s needs a value: --%s %s", flag->name, flag->name, flag->value);
    return take_flag(parse, flag, parse->argv[parse->next++]);
}

static bool unknown_flag(struct parse *parse, const char *name, size_t bytes)
{
    char word[SUGGEST_WORD_MAX_BYTES];
    const char *found;

    snprintf(word, sizeof word, "%.*s", bytes < sizeof word ? (int)bytes : (int)sizeof word - 1, name);
    struct suggestion nearest = suggest_begin(word);
    for (size_t i = 0; i < options_flag_count; i++) {
        if (options_flags[i].set)
            suggest_try(&nearest, options_flags[i].name, options_flags[i].name);
    }
    found = suggest_found(&nearest);
    if (found)
        return wrong(parse, "there is no flag --%s; did you mean --%s?", word, found);
    return wrong(parse, "there is no flag --%s; 'assay --help' lists them", word);
}

static bool read_long(struct parse *parse, const char *name)
{
    size_t bytes = strcspn(name, "=");

    for (size_t i = 0; i < options_flag_count; i++) {
        const struct options_flag *flag = &options_flags[i];

        if (!flag->set || strlen(flag->name) != bytes || strncmp(flag->name, name, bytes) != 0)
            continue;
        if (!flag->value && name[bytes])
            return wrong(parse, "--%s takes no value; leave out '%s'", flag->name, name + bytes);
        if (!flag->value)
            return take_flag(parse, flag, NULL);
        if (name[bytes])
            return take_flag(parse, flag, name + bytes + 1);
        return take_flag_and_next(parse, flag);
    }
    return unknown_flag(parse, name, bytes);
}

static const struct options_flag *flag_of_letter(char letter)
{
    for (size_t i = 0; i < options_flag_count; i++) {
        if (options_flags[i].letter == letter)
            return &options_flags[i];
    }
    return NULL;
}

/* "-vk", "-j4", "-j 4": letters until one takes a value, which is the rest of the word or the next one. */
static bool read_short(struct parse *parse, const char *letters)
{
    for (; *letters; letters++) {
        const struct options_flag *flag = flag_of_letter(*letters);

        if (!flag)
            return wrong(parse, "there is no flag -%c; 'assay --help' lists them", *letters);
        if (flag->value)
            return letters[1] ? take_flag(parse, flag, letters + 1) : take_flag_and_next(parse, flag);
        if (!take_flag(parse, flag, NULL))
            return false;
    }
    return true;
}

static bool read_command(struct parse *parse, const char *word)
{
    struct suggestion nearest = suggest_begin(word);

    parse->command = word;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(word, commands[i].name) == 0) {
            parse->options->command = commands[i].command;
            return true;
        }
        suggest_try(&nearest, commands[i].name, commands[i].name);
    }
    if (suggest_found(&nearest))
        return wrong(parse, "there is no command '%s'; did you mean '%s'?", word, suggest_found(&nearest));
    return wrong(parse, "there is no command '%s'; to judge it say 'assay run %s', for more 'assay --help'", word,
                 word);
}

static bool read_word(struct parse *parse, const char *word)
{
    struct options *options = parse->options;

    if (!parse->command)
        return read_command(parse, word);
    if (options->select_count == OPTIONS_SELECT_MAX)
        return wrong(parse, "more than %d names; write them into a file, one a line, and say @FILE",
                     OPTIONS_SELECT_MAX);
    options->select[options->select_count++] = word;
    return true;
}

/* What only shows when everything was read: a flag of another command, two targets, words too many or too few. */
static bool fits_together(struct parse *parse)
{
    const struct options *options = parse->options;

    for (size_t i = 0; i < options_flag_count; i++) {
        if ((parse->seen >> i & 1) && !(options_flags[i].commands >> options->command & 1))
            return wrong(parse, "--%s does not go with '%s'; 'assay --help' says what does", options_flags[i].name,
                         parse->command);
    }
    if (options->config.driver && options->command != COMMAND_RUN && options->command != COMMAND_PROBE)
        return wrong(parse, "'%s' starts no driver; leave out '--' and what follows", parse->command);
    if (options->config.target && options->config.driver)
        return wrong(parse, "--target and -- name two targets; leave out one of them");
    if (options->command == COMMAND_EXPLAIN && options->select_count != 1)
        return wrong(parse, "explain takes one ID, as in 'assay explain store/sequence-order'; 'assay list' has all");
    if (options->command == COMMAND_REPORT && !options->select_count)
        return wrong(parse, "report takes the directories of runs (--out), as in 'assay report assay-out'");
    if (options->last_failed && options->select_count)
        return wrong(parse, "--last-failed chooses the cases itself; leave out '%s'", options->select[0]);
    if (options->select_count && (options->command == COMMAND_PROBE || options->command == COMMAND_VERSION))
        return wrong(parse, "'%s' takes no names; leave out '%s'", parse->command, options->select[0]);
    return true;
}

static bool read_all(struct parse *parse)
{
    struct options *options = parse->options;

    while (parse->next < parse->argc) {
        const char *word = parse->argv[parse->next++];
        bool right;

        if (strcmp(word, "--") == 0) {
            options->config.driver = &parse->argv[parse->next];
            if (!*options->config.driver)
                return wrong(parse, "after -- comes the driver's command, as in 'assay run -- python3 driver.py'");
            return true;
        }
        if (strncmp(word, "--", 2) == 0)
            right = read_long(parse, word + 2);
        else if (word[0] == '-' && word[1])
            right = read_short(parse, word + 1);
        else
            right = read_word(parse, word);
        if (!right)
            return false;
    }
    return true;
}

static bool asks_for(const struct parse *parse, char letter)
{
    return parse->seen >> (flag_of_letter(letter) - options_flags) & 1;
}

bool options_parse(struct options *options, int argc, char **argv, struct error *err)
{
    struct parse parse = {
        .options = options,
        .argv = argv,
        .argc = argc,
        .next = 1,
        .err = err,
    };

    set_defaults(options);
    options->config.argv = argv;
    if (!read_all(&parse))
        return false;
    if (asks_for(&parse, 'h'))
        options->command = COMMAND_HELP;
    else if (asks_for(&parse, 'V'))
        options->command = COMMAND_VERSION;
    else if (!parse.command)
        return wrong(&parse, "nothing to do; 'assay run' judges the reference, 'assay --help' says the rest");
    else
        return fits_together(&parse);
    return true;
}
