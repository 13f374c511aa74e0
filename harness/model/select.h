/* Which cases are to run: what SELECT on the command line, in a list and in a baseline means.
 *
 *   store/sequence-order                 a room
 *   store/sequence-order:eight_threads   one case of it
 *   store                                all rooms of a surface
 *   http/?*length*, ?*:valid_*           patterns of fnmatch(3), in which * matches / too
 *   tag:security                         all rooms with that tag
 *   level:must                           all cases of that level
 *   @FILE                                a list of such, one a line, with # comments
 *   !SELECT                              without these, wherever it stands
 *
 * A SELECT that matches nothing is an error: it is a slip of the pen, and a run without it would look like a pass. */
#ifndef ASSAY_MODEL_SELECT_H
#define ASSAY_MODEL_SELECT_H

#include "base/error.h"
#include "model/room.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SELECT_FILE_MAX_BYTES = 1 << 18, SELECT_PATTERN_MAX_BYTES = 256 };

struct selection {
    struct selected_case *cases;
    size_t count;
};

/* The cases that the patterns name (none: all), less those that are excluded or are not in the set ("2026.1" has all;
 * "seeds" has the cases that the three reports promise, and the controls beside them). The caller frees.
 * It may be empty. False: nothing to free, err says which pattern is wrong and what it may have meant. */
bool select_cases(const struct room *all, size_t count, const char *const *patterns, size_t pattern_count,
                  const char *set, struct selection *selection, struct error *err);
void selection_free(struct selection *selection);

/* A mask for each of so many rooms, all clear; freed with free(). */
uint64_t *select_masks(size_t count);

/* Sets, in masks[i], a bit for each case of all[i] that the pattern (any of the above but a list and an exclusion)
 * names. False: there is none, err says what may have been meant. */
bool select_match(const struct room *all, size_t count, const char *pattern, uint64_t *masks, struct error *err);

size_t select_case_count(const struct check *check);

#endif
