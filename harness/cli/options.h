/* The command line of assay, parsed. Strings point into argv. */
#ifndef ASSAY_CLI_OPTIONS_H
#define ASSAY_CLI_OPTIONS_H

#include "base/error.h"
#include "model/results.h"
#include "run/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    OPTIONS_SELECT_MAX = 256,
    OPTIONS_REPORTS_MAX = 16,
    OPTIONS_JOBS_MAX = 256,
    OPTIONS_REPEAT_MAX = 1000000,
    OPTIONS_MIN_MAX = 100000,
    OPTIONS_SHARDS_MAX = RESULTS_SHARDS_MAX,
};

enum command {
    COMMAND_RUN,
    COMMAND_REPORT,
    COMMAND_LIST,
    COMMAND_EXPLAIN,
    COMMAND_PROBE,
    COMMAND_VERSION,
    COMMAND_HELP
};

struct report_option {
    const char *format; /* a name of report_formats (report/report.h) */
    const char *path;   /* "-" is standard output */
};

struct options {
    enum command command;
    const char *select[OPTIONS_SELECT_MAX]; /* of report: directories */
    size_t select_count;
    struct config config; /* how a run is to be done */
    const char *set;      /* "2026.1" (default) or "seeds" */
    const char *baseline;
    bool write_baseline; /* writes what failed into `baseline` */
    size_t min;          /* --min, default 1 */
    bool last_failed;    /* --last-failed: what was red in the run below config.out */
    unsigned shard;      /* --shard I/N: the I-th of N parts of the selection; 1 of 1 by default */
    unsigned shards;
    bool json; /* --json, of list */
    struct report_option reports[OPTIONS_REPORTS_MAX];
    size_t report_count;
};

/* Fills options from argv. True: go on. False: wrong usage, and err says in a line what is wrong and what to do
 * about it. */
bool options_parse(struct options *options, int argc, char **argv, struct error *err);

/* Commands, flags, exit codes and examples, for a terminal of 80 columns. */
void options_print_help(FILE *out);

#endif
