/* The worker: the process in which one case runs. It starts the target, runs the case as a CMocka group of one, stops
 * the target, and leaves exactly one verdict record. */
#ifndef ASSAY_RUN_WORKER_H
#define ASSAY_RUN_WORKER_H

#include "case/state.h"

#include <stdbool.h>

/* Runs the case of the context. Returns the process's exit code: 0, or 1 when the case failed. */
int worker_run(const struct case_context *context);

/* Whether the target is to go on running when the case is over (--keep). */
bool worker_leaves_target(void);

#endif
