/* Starting and stopping the target, as the surface of the running case's room has it (case/surface.h). */
#ifndef ASSAY_RUN_SURFACES_H
#define ASSAY_RUN_SURFACES_H

/* Returns the state that the case is given; whatever goes wrong ends the case. */
void *surfaces_start(void);

/* Says what was unusual about the end in the target's state. */
void surfaces_stop(void *state);

#endif
