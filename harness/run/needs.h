/* What a room needs of a target beyond the surface that it is filed under: the names in `needs` of struct check, which
 * check.h lists. */
#ifndef ASSAY_RUN_NEEDS_H
#define ASSAY_RUN_NEEDS_H

#include "base/error.h"
#include "json/json.h"
#include "target/manifest.h"

#include <stdbool.h>

/* Whether there is such a need: a room that names another has a defect. */
bool needs_know(const char *need);

/* Whether the target has it; hello is NULL without a driver. False: err says what is missing. */
bool needs_are_met(const char *need, const struct manifest *manifest, const struct json *hello, struct error *err);

#endif
