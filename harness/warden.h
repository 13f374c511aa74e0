/* The warden: one process between the runner and a case. It keeps the deadline, drains the standard error of the
 * target's processes so that none of them ever blocks on it, and when the case is over ends everything below itself:
 * it is a child subreaper, so neither setsid(2) nor a double fork leads out. It is small on purpose: whatever happens
 * in the worker or in the target, this is what has to go on working. */
#ifndef ASSAY_WARDEN_H
#define ASSAY_WARDEN_H

#include "worker.h"

#include <sys/types.h>

enum {
    CASE_DEADLINE_MS = 120000,   /* for the whole case, scaled */
    STDERR_KEPT_BYTES = 1 << 20, /* of the target's standard error; the rest is read and dropped */
    END_OF_TREE_MS = 10000,
};

#define WARDEN_RECORD "record.jsonl"
#define WARDEN_STDERR "target-stderr.txt"
#define WARDEN_LOG "worker.log"

/* Forks the warden of one case, which forks the worker. context->directory must exist and be empty; its descriptors
 * are set by the warden. Returns the warden's pid (SIGTERM makes it end the case at once), or -1 with errno. */
pid_t warden_start(const struct case_context *context);

#endif
