/* Processes as /proc shows them: the tree below a process, what it costs, and its end.
 * proc(5); a tree is found by parent ids, so nothing escapes by setsid(2) or a double fork as long as the root is a
 * child subreaper (prctl(2), PR_SET_CHILD_SUBREAPER). A process whose first thread has exited while others run looks
 * like a zombie there; here it counts as living. Out of memory ends the calling process. */
#ifndef ASSAY_BASE_PROCFS_H
#define ASSAY_BASE_PROCFS_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROCFS_TREE_MAX = 4096 };

/* Fills pids with the living descendants of root, without root itself; returns how many, at most max. */
size_t procfs_descendants(pid_t root, pid_t *pids, size_t max);

/* Adds them to names: "name (pid), name (pid)", escaped. */
void procfs_name_descendants(pid_t root, struct text *names);

/* Ends and reaps every descendant of the calling process, which must be a subreaper, by SIGKILL, however they fork.
 * Those that were found alive at first are added to ended: "name (pid), name (pid)", escaped; it may be NULL.
 * False: some could not be ended within timeout_ms. Blocks; SIGCHLD must be blocked by the caller, which is the
 * process's only thread. */
bool procfs_end_descendants(struct text *ended, int64_t timeout_ms);

/* What root and its descendants use now. */
struct procfs_usage {
    int64_t resident_bytes;
    size_t descriptors;
    size_t threads;
    size_t processes;
    int64_t cpu_ms;    /* of processor time so far, in steps of a tick (10 ms) */
    int64_t waited_ns; /* that the threads of now have waited so far for a processor that others had; all their waits
                        * together; 0 where the system does not say */
};
struct procfs_usage procfs_tree_usage(pid_t root);

enum { PROCFS_KILL_PASSES_MAX = 16 };

/* SIGKILL to the root, its process group if it leads one, the process that made a call (it may have lost its
 * ancestors), and all descendants of these. They are stopped first, until a look at /proc finds no new one, so that
 * nobody gets away by forking. Pass 0 for a process that is gone. Nothing is waited for. */
void procfs_kill_tree(pid_t root, pid_t caller);

#endif
