/* Whether a target is within reach of a case: it claims the surface, has what the room needs, and can be measured where
 * the case measures. */
#ifndef ASSAY_RUN_REACH_H
#define ASSAY_RUN_REACH_H

#include "base/error.h"
#include "model/results.h"
#include "model/room.h"
#include "run/capabilities.h"
#include "run/config.h"

#include <stdbool.h>

/* False: why says what is missing, and *verdict what that makes: FAIL of a surface that is required and not claimed, NA
 * of everything else. */
bool reach_is_given(const struct capabilities *capabilities, const struct config *config, const struct room *room,
                    const struct check_case *test, enum verdict *verdict, struct error *why);

#endif
