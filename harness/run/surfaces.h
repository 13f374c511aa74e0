/* The surfaces: what a room's case is given as its state, by the first part of the room's id. */
#ifndef ASSAY_RUN_SURFACES_H
#define ASSAY_RUN_SURFACES_H

#include "case/state.h"

/* Starts the target for the surface of the context's room; whatever goes wrong ends the case. */
void *surface_start(const struct case_context *context);

/* Stops it and says what was unusual about that in the target's state. */
void surface_stop(void *state);

#endif
