/* The worker: the process in which one case runs. It starts the target, runs the case as a CMocka group of one, stops
 * the target, and leaves exactly one verdict record. */
#ifndef ASSAY_RUN_WORKER_H
#define ASSAY_RUN_WORKER_H

#include "cli/options.h"
#include "model/room.h"
#include "run/capabilities.h"
#include "target/manifest.h"

struct case_context {
    const struct room *room;
    const struct check_case *test;
    const struct manifest *manifest;
    const struct capabilities *claims;
    const struct options *options;
    const char *directory; /* the case's own, absolute */
    uint64_t seed;
    int record_fd; /* see case/record.h */
    int error_fd;  /* standard error of the target's processes: a pipe that the monitor drains */
    int64_t start_ns;
};

/* Runs the case of the context. Returns the process's exit code: 0, or 1 when the case failed. */
int worker_run(const struct case_context *context);

/* Whether the target is to go on running when the case is over (--keep). */
bool worker_leaves_target(void);

/* The running case, for the harness's own files; NULL outside a worker. */
const struct case_context *worker_context(void);

/* Whether the case has its verdict already, so that what fails while the target is being stopped adds nothing. */
bool worker_has_verdict(void);

/* From now on the case is judged only while trouble(of) is NULL. What it says otherwise takes the place of a failure
 * and of what does not apply: the case ends as an error of the environment. NULL: there is nothing to ask any more. */
void worker_doubt(const char *(*trouble)(void *of), void *of);

/* Adds to what is known of the target's state when the case is over ("the driver exited with status 3"). */
void worker_note_state(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
