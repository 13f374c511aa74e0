/* assay-red: proves that every room can go red. Called by ci/red and ci/matrix. */
#include "base/directory.h"
#include "base/error.h"
#include "red/campaign.h"
#include "red/trials.h"
#include "report/style.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: assay-red --assay PROGRAM --mutants FILE --out FILE [--matrix] [--jobs N] [--repeat N] [SELECT...]\n"
    "       assay-red --mutants FILE --list [SELECT...]\n"
    "\n"
    "Judges every mutant of the reference by the room whose bug it carries, and exits with 0 only if there are\n"
    "mutants and every one was found out, for the reason and with the evidence that its patch names.\n"
    "\n"
    "  --assay PROGRAM  the program that judges\n"
    "  --mutants FILE   mutants.json, which the build writes\n"
    "  --out FILE       what was found, as JSON\n"
    "  --matrix         all mutants against all rooms instead; also writes the table beside FILE, ending in .md\n"
    "  --list           judges nothing, and prints ROOM/PATCH of the mutants that SELECT names, one a line\n"
    "  --jobs N         runs at a time (default: processors)\n"
    "  --repeat N       runs per mutant, each of which has to find it out (default: 1)\n"
    "  SELECT           a surface, a room, ROOM/PATCH, or a pattern of these (default: all mutants)\n";

struct red_options {
    struct campaign_options campaign;
    const char *mutants;
    bool matrix;
    bool list;
};

static unsigned processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static bool read_number(const char *text, unsigned max, unsigned *out)
{
    char *end;

    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    *out = (unsigned)number;
    return *text >= '0' && *text <= '9' && !*end && !errno && number >= 1 && number <= max;
}

static bool read_options(struct red_options *options, int argc, char **argv)
{
    static const struct option flags[] = {
        {"assay", required_argument, NULL, 'a'},  {"mutants", required_argument, NULL, 'm'},
        {"out", required_argument, NULL, 'o'},    {"matrix", no_argument, NULL, 'x'},
        {"list", no_argument, NULL, 'l'},         {"jobs", required_argument, NULL, 'j'},
        {"repeat", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0},
    };
    bool right = true;

    for (int flag; right && (flag = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
        if (flag == 'a')
            options->campaign.assay = optarg;
        else if (flag == 'm')
            options->mutants = optarg;
        else if (flag == 'o')
            options->campaign.out = optarg;
        else if (flag == 'x')
            options->matrix = true;
        else if (flag == 'l')
            options->list = true;
        else if (flag == 'j')
            right = read_number(optarg, TRIALS_JOBS_MAX, &options->campaign.jobs);
        else if (flag == 'r')
            right = read_number(optarg, CAMPAIGN_REPEAT_MAX, &options->campaign.repeat);
        else
            right = false;
    }
    return right && options->mutants && (options->list || (options->campaign.assay && options->campaign.out));
}

/* In $TMPDIR, or /tmp; absolute, mode 0700. */
static bool make_directory(char directory[PATH_MAX])
{
    const char *parent = getenv("TMPDIR");
    int length = snprintf(directory, PATH_MAX, "%s/assay-red-XXXXXX", parent && *parent == '/' ? parent : "/tmp");

    return length < PATH_MAX && mkdtemp(directory);
}

static int complain(const char *why)
{
    fprintf(stderr, "assay-red: %s\n", why);
    return 2;
}

static int list(const struct mutants *mutants)
{
    for (size_t i = 0; i < mutants->count; i++)
        printf("%s/%s\n", mutants->all[i].check, mutants->all[i].patch);
    return fflush(stdout) == 0 ? 0 : complain("the list cannot be written");
}

static int run(const struct red_options *options, const struct mutants *mutants)
{
    struct campaign_options campaign = options->campaign;
    char directory[PATH_MAX];

    if (options->list)
        return list(mutants);
    if (!make_directory(directory))
        return complain("no temporary directory can be made");
    campaign.directory = directory;
    int code = options->matrix ? matrix_run(&campaign, mutants, stdout) : campaign_run(&campaign, mutants, stdout);
    directory_remove(directory);
    return code;
}

int main(int argc, char **argv)
{
    struct red_options options = {
        .campaign = {.jobs = processors(), .repeat = 1, .color = style_enabled(-1, STDOUT_FILENO)}};
    struct mutants mutants;
    struct error err;

    if (!read_options(&options, argc, argv)) {
        fputs(usage, stderr);
        return 2;
    }
    if (!mutants_read(&mutants, options.mutants, &err))
        return complain(err.text);
    int code = mutants_select(&mutants, (const char *const *)argv + optind, (size_t)(argc - optind), &err)
                   ? run(&options, &mutants)
                   : complain(err.text);
    mutants_free(&mutants);
    return code;
}
