/* A campaign: every mutant against the room whose bug it carries. */
#ifndef ASSAY_RED_CAMPAIGN_H
#define ASSAY_RED_CAMPAIGN_H

#include "red/mutants.h"

#include <stdbool.h>
#include <stdio.h>

enum { CAMPAIGN_REPEAT_MAX = 1000 };

struct campaign_options {
    const char *assay;     /* the program */
    const char *directory; /* absolute, private, for runs to work in */
    const char *out;       /* the file to write */
    unsigned jobs;         /* runs at a time, 1 .. TRIALS_JOBS_MAX */
    unsigned repeat;       /* runs per mutant, 1 .. CAMPAIGN_REPEAT_MAX: each has to kill it */
    bool color;
};

/* Runs each room once on the reference, then each mutant; a line per mutant goes to `lines` as soon as it is settled,
 * and below a survivor's why it survived and how to see it. Writes options->out:
 * {"mutants":N,"killed":N,"survivors":[{"check","patch","why"}]}.
 * Returns 0 when there are mutants and all were killed, 1 when not, 2 when a file cannot be written, 128 and the
 * signal when one ended it. */
int campaign_run(const struct campaign_options *options, const struct mutants *mutants, FILE *lines);

/* Every mutant against every room, for people to look at: which cases see which bugs. Writes options->out, which is
 * JSON, {"rooms":[…],"mutants":[{"check","patch","why","seen":{room:[case,…]}}]}, and the same as a table into the file
 * whose name ends in .md instead. Without regard to repeat. Returns 0, or 1 when a run left no results (why), 2, or 128
 * and the signal. */
int matrix_run(const struct campaign_options *options, const struct mutants *mutants, FILE *lines);

#endif
