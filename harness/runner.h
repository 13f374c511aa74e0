/* Runs the selected cases against a target: one process per case, several at a time. */
#ifndef ASSAY_RUNNER_H
#define ASSAY_RUNNER_H

#include "baseline.h"
#include "manifest.h"
#include "options.h"
#include "results.h"
#include "room.h"

#include <stdbool.h>
#include <stddef.h>

struct run {
    const struct manifest *manifest;
    const struct options *options;
    const struct baseline *baseline; /* or NULL */
    const struct selected_case *cases;
    size_t case_count;
};

/* Takes options->out for itself (evidence.h), asks the target what it claims (claims.h), and judges. Progress goes to
 * standard error, run.jsonl and kept evidence below out; results, which the caller has initialised, hold what was
 * judged before an interruption, if there was one. Blocks; the caller is the process's only thread, and becomes a
 * child subreaper.
 *
 * False: nothing could be judged, and error_text says why; then every case is an ERROR that says so. */
bool runner_run(const struct run *run, struct results *results, char *error_text, size_t error_bytes);

#endif
