/* The whole process tree of a target, ended at once. */
#ifndef ASSAY_SUPERVISOR_TREE_H
#define ASSAY_SUPERVISOR_TREE_H

#include <sys/types.h>

enum { SUPERVISOR_TREE_PASSES_MAX = 16 };

/* SIGKILL to the root, its process group if it leads one, the process that made a call (it may have lost its
 * ancestors), and all descendants of these. They are stopped first, until a look at /proc finds no new one, so that
 * nobody gets away by forking. Pass 0 for a process that is gone. Nothing is waited for. */
void supervisor_tree_kill(pid_t root, pid_t caller);

#endif
