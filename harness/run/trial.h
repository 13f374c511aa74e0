/* Does a surface that a target claims work at all? One short case for each, run like any other: a store takes an event
 * and gives it back, a server answers one valid request to each of its endpoints. What fails here would fail in every
 * room; what the manifest says and is not so, is an ERROR of the target, whose message says what to mend. */
#ifndef ASSAY_RUN_TRIAL_H
#define ASSAY_RUN_TRIAL_H

#include "model/room.h"

/* The room whose only case tries the surface ("store", "http"); NULL: there is none. When it passes, its message says
 * what worked, and where. */
const struct room *trial_of(const char *surface);

#endif
