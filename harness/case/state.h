/* The running case: what it was started with, and what it has gathered since. For the harness's own files, which read
 * it from wherever they are in the case's process; rooms know check.h alone.
 *
 * A process runs one case (run/worker.h). Only the case's own thread calls what is declared here. */
#ifndef ASSAY_CASE_STATE_H
#define ASSAY_CASE_STATE_H

#include "base/text.h"
#include "model/room.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;
struct manifest;

/* Known before the case begins; all of it lives as long as the case. */
struct case_context {
    const struct room *room;
    const struct check_case *test;
    const struct manifest *manifest; /* of the target */
    const char *directory;           /* the case's own, absolute */
    double timeout_scale;            /* of every deadline */
    bool long_run;                   /* full-size stimuli */
    bool keep;                       /* the target is to go on running when the case is over */
    const char *wrap;                /* words to be put before the target's commands, separated by blanks; or NULL */
    uint64_t seed;
    int record_fd;             /* see case/record.h */
    int error_fd;              /* standard error of the target's processes: a pipe that the monitor drains */
    struct exchange *exchange; /* see case/exchange.h, or NULL */
    int64_t start_ns;
};

struct case_state {
    const struct case_context *context;
    struct text sent;
    bool sent_by_room; /* see case/request.h */
    struct text remark;
    size_t notes; /* of the target's state, that were written down */
    size_t expectations;
    enum level level; /* see expect_at() */
    bool judged;
    const char *(*trouble)(void *of); /* see case_doubt(), or NULL */
    void *trouble_of;
};

/* From now on this process runs that case. */
void case_begin(const struct case_context *context);

/* NULL outside a case. */
const struct case_context *case_context(void);

/* What check.h writes and the worker reads. */
struct case_state *case_state(void);

/* The level at which it fails now: "must" and so on. */
const char *case_level(void);

/* Whether the case has its verdict already, so that what fails while the target is being stopped adds nothing. */
bool case_has_verdict(void);

/* From now on the case is judged only while trouble(of) is NULL. What it says otherwise takes the place of a failure
 * and of what does not apply: the case ends as an error of the environment. NULL: there is nothing to ask any more. */
void case_doubt(const char *(*trouble)(void *of), void *of);

/* Adds to what is known of the target's state when the case is over ("the driver exited with status 3"). */
void case_note_state(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
