/* How a run is to be done: which target is meant, what is red, how many cases run at a time and how each is run, where
 * what comes of it goes. The command line fills it (cli/options.h); strings point into argv. */
#ifndef ASSAY_RUN_CONFIG_H
#define ASSAY_RUN_CONFIG_H

#include "check.h"

#include <stdbool.h>
#include <stdint.h>

struct config {
    char **argv;          /* the whole command line, NULL-terminated; or NULL */
    const char *target;   /* --target FILE, or NULL: the reference */
    char **driver;        /* -- ARGV, NULL-terminated, or NULL */
    enum level level;     /* --level: SHOULD makes failing SHOULD rooms FAIL; default MUST */
    const char *require;  /* --require store,http, or NULL */
    unsigned jobs;        /* --jobs, default: two for each core */
    double timeout_scale; /* --timeout-scale, default 1.0, 0.1 .. 1000 */
    unsigned repeat;      /* --repeat, default 1 */
    uint64_t seed;        /* --seed, default: drawn at random and printed with a failure */
    bool fail_fast;
    bool long_run;    /* --long */
    const char *wrap; /* --wrap 'gdbserver :1234', split at blanks, put before the target's commands; or NULL */
    bool keep;        /* --keep: leave every case's directory and the target */
    const char *out;  /* --out DIR, default assay-out */
    bool fleeting;    /* it is removed in the end, so no message names what is in it */
    int color;        /* -1 auto, 0 never, 1 always */
    int verbosity;    /* -1 -q, 0, 1 -v */
};

#endif
