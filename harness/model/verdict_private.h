/* What results.c asks about verdicts. */
#ifndef ASSAY_MODEL_VERDICT_PRIVATE_H
#define ASSAY_MODEL_VERDICT_PRIVATE_H

#include "model/results.h"

/* Of two runs of one case: a pass that the baseline did not expect is none when another run failed as expected. */
bool verdict_is_worse_run(const struct case_result *a, const struct case_result *b);

/* Makes verdict, blame, how, message and ms of a check, which has a case, from its cases (results_add_case()). */
void verdict_fold(struct check_result *check);

#endif
