/* What it takes for a check to be proven: green on the reference, and red on the mutant for the right reason. */
#ifndef ASSAY_RED_KILLS_H
#define ASSAY_RED_KILLS_H

#include "base/error.h"
#include "model/results.h"
#include "red/mutants.h"

/* The room was judged on the reference, and passed. False: why says what it said instead. */
bool kills_green(const struct results *results, const char *check, struct error *err);

/* The results are those of the mutant's own room on the mutant. True only if
 *   - the case that the patch names says FAIL, with the how and the evidence that the patch names: a mutant that merely
 *     crashes, hangs or confuses the harness has not been recognised;
 *   - all control cases passed, so that it was the bug that was seen and not a target that does nothing right;
 *   - no case of the room is an ERROR of the harness.
 * False: why says what was said instead. */
bool kills_mutant(const struct results *results, const struct mutant *mutant, struct error *err);

#endif
