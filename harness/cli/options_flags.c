/* The flags: a row each, and a function that takes its value. */
#include "cli/options_flags.h"

#include "case/surface.h"
#include "report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Digits only: strtoull() alone would let signs, blanks and trailing rubbish through. */
static bool read_number(const char *value, uint64_t low, uint64_t high, uint64_t *number)
{
    int base = strncmp(value, "0x", 2) == 0 ? 16 : 10;
    const char *digits = base == 16 ? value + 2 : value;
    char *end;

    if (!*digits || strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits))
        return false;
    errno = 0;
    *number = strtoull(digits, &end, base);
    return errno == 0 && *number >= low && *number <= high;
}

static bool set_target(struct options *options, const char *value)
{
    options->config.target = value;
    return true;
}

static bool set_set(struct options *options, const char *value)
{
    options->set = value;
    return strcmp(value, "2026.1") == 0 || strcmp(value, "seeds") == 0;
}

static bool set_level(struct options *options, const char *value)
{
    options->config.level = strcmp(value, "should") == 0 ? SHOULD : MUST;
    return options->config.level == SHOULD || strcmp(value, "must") == 0;
}

static bool set_require(struct options *options, const char *value)
{
    options->config.require = value;
    for (;; value++) {
        if (!surface_find(value, ','))
            return false;
        value += strcspn(value, ",");
        if (!*value)
            return true;
    }
}

static bool set_baseline(struct options *options, const char *value)
{
    options->baseline = value;
    return true;
}

static bool set_write_baseline(struct options *options, const char *value)
{
    (void)value;
    return options->write_baseline = true;
}

static bool set_min(struct options *options, const char *value)
{
    uint64_t number;
    bool right = read_number(value, 0, OPTIONS_MIN_MAX, &number);

    options->min = right ? number : 1;
    return right;
}

static bool set_jobs(struct options *options, const char *value)
{
    uint64_t number;
    bool right = read_number(value, 1, OPTIONS_JOBS_MAX, &number);

    options->config.jobs = right ? (unsigned)number : 1;
    return right;
}

static bool set_timeout_scale(struct options *options, const char *value)
{
    char *end;

    if (!*value || strspn(value, "0123456789.") != strlen(value))
        return false;
    options->config.timeout_scale = strtod(value, &end);
    return !*end && options->config.timeout_scale >= 0.1 && options->config.timeout_scale <= 1000;
}

static bool set_repeat(struct options *options, const char *value)
{
    uint64_t number;
    bool right = read_number(value, 1, OPTIONS_REPEAT_MAX, &number);

    options->config.repeat = right ? (unsigned)number : 1;
    return right;
}

static bool set_seed(struct options *options, const char *value)
{
    return read_number(value, 0, UINT64_MAX, &options->config.seed);
}

/* I/N */
static bool set_shard(struct options *options, const char *value)
{
    char first[16];
    uint64_t shard, shards;
    size_t bytes = strcspn(value, "/");

    if (bytes >= sizeof first || !value[bytes])
        return false;
    snprintf(first, sizeof first, "%.*s", (int)bytes, value);
    if (!read_number(value + bytes + 1, 1, OPTIONS_SHARDS_MAX, &shards) || !read_number(first, 1, shards, &shard))
        return false;
    options->shard = (unsigned)shard;
    options->shards = (unsigned)shards;
    return true;
}

static bool set_last_failed(struct options *options, const char *value)
{
    (void)value;
    return options->last_failed = true;
}

static bool set_fail_fast(struct options *options, const char *value)
{
    (void)value;
    return options->config.fail_fast = true;
}

static bool set_long(struct options *options, const char *value)
{
    (void)value;
    return options->config.long_run = true;
}

static bool set_wrap(struct options *options, const char *value)
{
    options->config.wrap = value;
    return value[strspn(value, " ")] != 0;
}

static bool set_keep(struct options *options, const char *value)
{
    (void)value;
    return options->config.keep = true;
}

static bool set_out(struct options *options, const char *value)
{
    options->config.out = value;
    return *value != 0;
}

static bool set_report(struct options *options, const char *value)
{
    size_t bytes = strcspn(value, "=");

    for (const struct report_format *format = report_formats; format->name; format++) {
        if (strlen(format->name) != bytes || strncmp(value, format->name, bytes) != 0)
            continue;
        if (!value[bytes] || !value[bytes + 1] || options->report_count == OPTIONS_REPORTS_MAX)
            return false;
        options->reports[options->report_count++] =
            (struct report_option){.format = format->name, .path = value + bytes + 1};
        return true;
    }
    return false;
}

static bool set_json(struct options *options, const char *value)
{
    (void)value;
    return options->json = true;
}

static bool set_color(struct options *options, const char *value)
{
    static const char *const words[] = {"auto", "never", "always"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(value, words[i]) == 0) {
            options->config.color = i - 1;
            return true;
        }
    }
    return false;
}

static bool set_verbose(struct options *options, const char *value)
{
    (void)value;
    options->config.verbosity = 1;
    return true;
}

static bool set_quiet(struct options *options, const char *value)
{
    (void)value;
    options->config.verbosity = -1;
    return true;
}

static bool set_help(struct options *options, const char *value)
{
    (void)value;
    options->command = COMMAND_HELP;
    return true;
}

static bool set_version(struct options *options, const char *value)
{
    (void)value;
    options->command = COMMAND_VERSION;
    return true;
}

#define LISTED(name, required, optional) " " #name
#define RUN (1U << COMMAND_RUN)
#define REPORT (1U << COMMAND_REPORT)
#define LIST (1U << COMMAND_LIST)
#define PROBE (1U << COMMAND_PROBE)
#define ANY (~0U)
#define HEADING(text)                      \
    {                                      \
        NULL, 0, NULL, text, 0, NULL, NULL \
    }
/* clang-format off */

const struct options_flag options_flags[] = {
    HEADING("Target (without these two: the reference implementation)"),
    {"target", 't', "FILE", "the manifest of what is to be judged", RUN | PROBE, "a file", set_target},
    {"", 0, "ARGV", "or its driver: the command is the rest of the line", RUN | PROBE, NULL, NULL},

    HEADING("What is judged"),
    {"set", 0, "2026.1|seeds", "seeds: only what the three reports promise", RUN | LIST, "2026.1 or seeds", set_set},
    {"level", 0, "must|should", "should: a SHOULD that fails is a failure too", RUN, "must or should", set_level},
    {"require", 0, "SURFACES", "store,http,ws: what must be served, or it fails", RUN,
     "surfaces out of" SURFACES(LISTED) ", with commas between", set_require},
    {"baseline", 0, "FILE", "known failures, a line each: ID[:CASE] [sometimes]", RUN, "a file", set_baseline},
    {"write-baseline", 0, NULL, "write what fails now into the baseline", RUN, NULL, set_write_baseline},
    {"last-failed", 0, NULL, "what was red in the run that --out holds", RUN, NULL, set_last_failed},
    {"shard", 0, "I/N", "every N-th room; 'assay report' joins the parts", RUN,
     "I/N, as in 2/4, with N up to 1000", set_shard},
    {"min", 0, "N", "rooms that must pass (1)", RUN | REPORT, "a number from 0 to 100000", set_min},

    HEADING("How it is run"),
    {"jobs", 'j', "N", "cases at a time (two for each core)", RUN, "a number from 1 to 256", set_jobs},
    {"timeout-scale", 0, "X", "multiplies every deadline (1)", RUN | PROBE, "a number from 0.1 to 1000",
     set_timeout_scale},
    {"repeat", 'n', "N", "runs of each case (1); one failure is a failure", RUN, "a number from 1 to 1000000",
     set_repeat},
    {"seed", 0, "N", "of what cases draw by lot; a failure prints it", RUN,
     "a number, decimal or 0x…, of at most 64 bits", set_seed},
    {"fail-fast", 'x', NULL, "stop after the first failure", RUN, NULL, set_fail_fast},
    {"long", 0, NULL, "full-size stimuli", RUN, NULL, set_long},
    {"wrap", 0, "COMMAND", "goes before the target's, as in 'gdbserver :1234'", RUN | PROBE, "a command", set_wrap},
    {"keep", 'k', NULL, "leave directories, and targets for 'gdb -p PID'", RUN, NULL, set_keep},

    HEADING("What comes out"),
    {"out", 'o', "DIR", "run.jsonl and the evidence (assay-out)", RUN, "a directory", set_out},
    {"report", 'r', "FORMAT=PATH", "terminal, md, junit, tap, json, jsonl; - is stdout", RUN | REPORT,
     "FORMAT=PATH, FORMAT being json, jsonl, junit, md, tap or terminal, at most 16 times", set_report},
    {"json", 0, NULL, "list for machines", LIST, NULL, set_json},
    {"color", 0, "WHEN", "auto, always or never", RUN | REPORT, "auto, always or never", set_color},
    {"verbose", 'v', NULL, "say more", RUN, NULL, set_verbose},
    {"quiet", 'q', NULL, "say less", RUN, NULL, set_quiet},
    {"version", 'V', NULL, "the version, as the command of that name", ANY, NULL, set_version},
    {"help", 'h', NULL, "this page", ANY, NULL, set_help},
};
/* clang-format on */
const size_t options_flag_count = sizeof options_flags / sizeof *options_flags;

_Static_assert(sizeof options_flags / sizeof *options_flags <= OPTIONS_FLAGS_MAX,
               "options_parse() keeps a bit per flag");
