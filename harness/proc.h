/* Processes as /proc shows them: the tree below a process, what it costs, and its end.
 * proc(5); a tree is found by parent ids, so nothing escapes by setsid(2) or a double fork as long as the root is a
 * child subreaper (prctl(2), PR_SET_CHILD_SUBREAPER). */
#ifndef ASSAY_PROC_H
#define ASSAY_PROC_H

#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROC_TREE_MAX = 4096 };

/* Fills pids with the living descendants of root, without root itself; zombies do not count. Returns how many. */
size_t proc_descendants(pid_t root, pid_t *pids, size_t max);

/* Ends and reaps every descendant of the calling process by SIGKILL, however often they fork. The names of those that
 * were found alive are added to `ended` (escaped, "name (pid)", comma-separated; may be NULL).
 * False: some could not be ended within timeout_ms. Blocks; SIGCHLD must be blocked by the caller. */
bool proc_end_descendants(struct text *ended, int64_t timeout_ms);

/* What root and its descendants use now. */
struct proc_usage {
    int64_t resident_bytes;
    size_t descriptors;
    size_t threads;
    size_t processes;
    int64_t cpu_ms; /* of processor time so far, in steps of a tick (10 ms) */
};
struct proc_usage proc_tree_usage(pid_t root);

#endif
