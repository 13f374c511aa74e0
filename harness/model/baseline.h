/* The baseline: a file of failures that are known, so that a pipeline turns red for new ones only.
 *
 *   # ticket 4711
 *   store/torn-tail:append_after_torn_line
 *   store/symlink
 *   store/sequence-order:eight_threads sometimes
 *
 * A line names a case, or a room for all its cases. What it names and fails is XFAIL; what it names and passes is
 * XPASS, which is red as well: a baseline that is not kept up to date hides the next failure. (The controls of a room
 * that is named as a whole may fail, and may pass.) Behind the name of what fails now and then stands "sometimes": a
 * pass of it is a pass, since a race that is lost is not yet mended; it is XPASS only when all of at least
 * BASELINE_SOMETIMES_RUNS runs have passed (--repeat). All else is judged as ever. Immutable once read. */
#ifndef ASSAY_MODEL_BASELINE_H
#define ASSAY_MODEL_BASELINE_H

#include "base/error.h"
#include "model/results.h"
#include "model/room.h"

#include <stdbool.h>
#include <stddef.h>

enum { BASELINE_MAX_BYTES = 1 << 20, BASELINE_SOMETIMES_RUNS = 20 };

struct baseline;

/* A baseline without lines, for baseline_write(). The rooms must outlive it. */
struct baseline *baseline_new(const struct room *all, size_t count);

/* NULL: err says which line is wrong (a room or case that does not exist, say) and what may have been meant. */
struct baseline *baseline_read(const char *path, const struct room *all, size_t count, struct error *err);
void baseline_free(struct baseline *baseline);

/* What becomes of the verdict of a run of a case of the room with that id: FAIL and PASS may become XFAIL and XPASS,
 * others stay. passed is how often the case ran, if this was the last run that was asked for and all have passed;
 * else 1. */
enum verdict baseline_verdict(const struct baseline *baseline, const char *id, const char *test, enum verdict verdict,
                              unsigned passed);

/* Writes the baseline that fits the results of a run that was judged without one: lines whose cases all failed, or were
 * not judged this time, stay as they are, with the comments; lines with a case that passed go; a line for every other
 * case that failed is added, with "sometimes" if it passed as well. The file is replaced at once or not at all. *known
 * is how many cases it names then. */
bool baseline_write(const struct baseline *before, const char *path, const struct results *results, size_t *known,
                    struct error *err);

#endif
