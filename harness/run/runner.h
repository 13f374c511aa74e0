/* Runs the selected cases against a target: one process per case, several at a time. */
#ifndef ASSAY_RUN_RUNNER_H
#define ASSAY_RUN_RUNNER_H

#include "base/error.h"
#include "model/baseline.h"
#include "model/results.h"
#include "model/room.h"
#include "run/config.h"
#include "target/manifest.h"

#include <stdbool.h>
#include <stddef.h>

struct run {
    const struct manifest *manifest;
    const struct config *config;
    const struct baseline *baseline; /* or NULL */
    const struct selected_case *cases;
    size_t case_count;
};

/* Takes config->out for itself (run/artifacts.h), asks the target what it claims (run/capabilities.h), and judges.
 * Progress goes to standard error, run.jsonl and kept evidence below out; results, which the caller has initialised,
 * hold what was judged before an interruption, if there was one. Blocks; the caller is the process's only thread, and
 * becomes a child subreaper.
 *
 * False: nothing could be judged, and err says why; then every case is an ERROR that says so. */
bool runner_run(const struct run *run, struct results *results, struct error *err);

#endif
