/* Runs of assay, several at a time, each with a private directory that is gone afterwards. */
#ifndef ASSAY_RED_TRIALS_H
#define ASSAY_RED_TRIALS_H

#include "model/results.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TRIALS_JOBS_MAX = 256,
    TRIALS_SELECT_MAX = 64,          /* more cases than a room has */
    TRIALS_LOG_MAX_BYTES = 16 << 20, /* of a run's own output, read when it leaves no results */
};

struct trial {
    const char *check;         /* the room to judge by; NULL: all of them */
    const char *const *select; /* "room:case", what to run of it, NULL at the end; NULL: the whole room */
    const char *target;        /* the manifest of what is judged; NULL: the reference */
    const char *label;         /* of the status line */
    int64_t timeout_ms;        /* a run that takes longer is asked to end, and killed ten seconds later */
    bool judged;               /* results are there, to be freed by whoever is told of them */
    struct results results;
    struct error why; /* why there are none */
    int64_t ms;
};

struct trials {
    const char *assay;
    const char *directory; /* absolute, private; each run works in a directory of its own below it */
    unsigned jobs;
    struct trial *all;
    size_t count;
    void (*done)(void *context, struct trial *trial); /* is told of each trial once it is over, in any order */
    void *context;
};

/* Blocks until all are over; progress goes to standard error if that is a terminal. Returns 0, or the signal (SIGINT,
 * SIGTERM, SIGHUP) that ended it: then what ran was ended too, and trials that were not told of did not run. */
int trials_run(const struct trials *trials);

#endif
