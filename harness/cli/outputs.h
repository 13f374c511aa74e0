/* The reports that a command line asks for, each a file that is open before anything is judged: a path that cannot be
 * written is wrong usage, not the loss of a finished run. */
#ifndef ASSAY_CLI_OUTPUTS_H
#define ASSAY_CLI_OUTPUTS_H

#include "cli/options.h"
#include "model/results.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct output {
    const char *format;
    const char *path;
    FILE *file;
    bool asked; /* by --report; else it is the screen, which may stay empty */
};

struct outputs {
    struct output list[OPTIONS_REPORTS_MAX + 1];
    size_t count;
};

/* False: nothing is open, and it was said which cannot be written, or which two are one file. outputs_close() ends what
 * was opened. */
bool outputs_open(struct outputs *outputs, const struct options *options);
void outputs_close(struct outputs *outputs);

/* Writes them all; the screen only if it is wanted. False: it was said what could not be written. */
bool outputs_write(struct outputs *outputs, const struct results *results, const struct options *options, bool screen);

#endif
