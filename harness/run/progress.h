/* Progress while a run goes on, written to standard error or wherever `fd` leads.
 *
 * On a terminal one status line is redrawn in place, at most ten times a second: cases done, failures, what runs, the
 * time. Failures are left standing above it. Elsewhere each check gets a line when its last case is done; those that do
 * not apply come first, as they need not run, and share one line at the end. -v adds a line per case, and those, -q
 * leaves only what went wrong, and no status line.
 *
 * Nothing here reads a clock: the caller says what time it is, in monotonic milliseconds. One thread uses a progress.
 * Writes block as the terminal does; what cannot be written is lost, since a run does not fail by its progress. */
#ifndef ASSAY_RUN_PROGRESS_H
#define ASSAY_RUN_PROGRESS_H

#include "model/results.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROGRESS_REDRAW_MS = 100,  /* the least time between two drawings of the status line */
    PROGRESS_RUNNING_MAX = 64, /* names of running cases that are kept; more are only counted */
    PROGRESS_COLUMNS_MAX = 500,
};

struct progress;

/* fd stays the caller's. color and verbosity are those of struct config; cases is how many will end, each as often
 * as it is repeated. The result is ended by progress_close(). */
struct progress *progress_open(int fd, int color, int verbosity, size_t cases, int64_t now_ms);

void progress_case_begins(struct progress *progress, const char *check_id, const char *name, int64_t now_ms);

/* result->verdict is final: --repeat and the baseline were counted in. */
void progress_case_ends(struct progress *progress, const char *check_id, const struct case_result *result,
                        int64_t now_ms);

/* After the check's last case. */
void progress_check_ends(struct progress *progress, const struct check_result *check, int64_t now_ms);

/* Draws the status line if it is due: for a caller that waits, so that the time goes on. */
void progress_tick(struct progress *progress, int64_t now_ms);

/* Wipes the status line off. Also before anybody else writes to the terminal: what happens next draws it again. */
void progress_wipe(struct progress *progress);

/* Wipes and frees; NULL is allowed. */
void progress_close(struct progress *progress);

#endif
