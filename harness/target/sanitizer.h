/* Reports of a sanitised target: its runtime writes them to files in the case's directory, one per process. */
#ifndef ASSAY_TARGET_SANITIZER_H
#define ASSAY_TARGET_SANITIZER_H

#include "case/state.h"

#define SANITIZER_LOG "sanitizer-report"

enum { SANITIZER_EXIT = 99 }; /* the exit code its runtime is told to use: unlike any of ours */

/* For a manifest with "sanitizer": a report ends the case as FAIL, as RACE, LEAK or CRASH. The target must have stopped
 * before. Does nothing for other targets. */
void sanitizer_expect_no_report(const struct case_context *context);

#endif
