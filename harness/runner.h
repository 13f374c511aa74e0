/* Runs the selected cases against a target: one process per case, several at a time. */
#ifndef ASSAY_RUNNER_H
#define ASSAY_RUNNER_H

#include "baseline.h"
#include "claims.h"
#include "manifest.h"
#include "options.h"
#include "results.h"
#include "room.h"

#define RUN_STREAM "run.jsonl"

struct run {
    const struct manifest *manifest;
    const struct claims *claims;
    const struct options *options;
    const struct baseline *baseline; /* or NULL */
    const struct selected_case *cases;
    size_t case_count;
};

/* Judges. Progress goes to standard error, run.jsonl and kept evidence below options->out; results, which the caller
 * has initialised, are complete as far as the run went. Returns 0, the signal that interrupted it, or -1 with errno
 * when nothing could be written to out. */
int runner_run(const struct run *run, struct results *results);

#endif
