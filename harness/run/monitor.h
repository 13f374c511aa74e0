/* The monitor: one process between the runner and a case. It keeps the deadline, drains the standard error of the
 * target's processes so that none of them ever blocks on it, and when the case is over ends everything below itself:
 * it is a child subreaper, so neither setsid(2) nor a double fork leads out. It is small on purpose: whatever happens
 * in the worker or in the target, this is what has to go on working.
 *
 * What a hostile target can still do: signal the processes of its own user, assay's among them. That ends or stops the
 * run, and is told apart from a verdict; it makes no case pass. */
#ifndef ASSAY_RUN_MONITOR_H
#define ASSAY_RUN_MONITOR_H

#include "case/state.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    CASE_DEADLINE_MS = 300000,   /* for the whole case; scaled, and ten times as much with --long */
    STDERR_KEPT_BYTES = 1 << 20, /* of the target's standard error; the rest is read and dropped */
    LOG_KEPT_BYTES = 1 << 20,    /* of the worker's own output */
    END_OF_TREE_MS = 10000,
    MONITOR_GRACE_MS = 60000, /* a monitor that is not done so long after the deadline is no more to be waited for */
};

/* Forks the monitor of one case, which forks the worker. context->directory must exist and be empty; error_fd and
 * start_ns are set by the monitor. Returns the monitor's pid, or -1 with errno. SIGTERM makes it end the case at once,
 * and so does the caller's death.
 *
 * When it is gone the record holds a verdict, unless the case was ended from outside, and the directory the evidence
 * (run/evidence.h). Nothing of the case runs any more, unless --keep was given: then the worker stays and holds what
 * the target has in its hands, its pipes above all; the target ends with it. The caller becomes a child subreaper, for
 * monitors may be killed. */
pid_t monitor_start(const struct case_context *context);

/* How long a case may take. */
int64_t monitor_deadline_ms(double timeout_scale, bool long_run);

#endif
