/* What the running case has gathered so far; shared by run/worker.c and case/expect.c only. */
#ifndef ASSAY_CASE_STATE_H
#define ASSAY_CASE_STATE_H

#include "base/text.h"
#include "run/worker.h"

#include <stdbool.h>
#include <stddef.h>

struct worker_state {
    const struct case_context *context;
    struct text sent;
    size_t notes; /* of the target's state, that were written down */
    struct text remark;
    size_t expectations;
    bool judged;
    const char *(*trouble)(void *of); /* see worker_doubt(), or NULL */
    void *trouble_of;
};

struct worker_state *worker_state(void);

#endif
