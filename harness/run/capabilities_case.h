/* The case behind capabilities_ask(): does the driver answer hello as PROTOCOL.md says, and do its calls overlap? */
#ifndef ASSAY_RUN_CAPABILITIES_CASE_H
#define ASSAY_RUN_CAPABILITIES_CASE_H

#include "model/room.h"

extern const struct room capabilities_room; /* one case, which leaves the answer to hello in the record */

/* The surface "driver" (run/surfaces.h), which only this room is filed under. */
void *capabilities_start(void);
void capabilities_stop(void *state);

#endif
