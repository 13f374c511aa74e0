/* What a process that is asked to stop may leave behind: the processes that it has started. */
#ifndef ASSAY_TARGET_REMAINS_H
#define ASSAY_TARGET_REMAINS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { REMAINS_MAX = 64 };

struct remains {
    pid_t pids[REMAINS_MAX];
    int fds[REMAINS_MAX]; /* pidfds: a number that is given to another process says nothing of it */
    size_t count;
};

/* Takes down who is below root now, up to REMAINS_MAX. Ended by remains_expect_none(). */
void remains_note(struct remains *remains, pid_t root);

/* Waits until all of them have ended; FAILs the case as LEAK if one still runs after timeout_ms. */
void remains_expect_none(struct remains *remains, int64_t timeout_ms);

#endif
