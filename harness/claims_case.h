/* The case behind claims_ask(): does the driver answer hello as PROTOCOL.md says, and do its calls overlap? */
#ifndef ASSAY_CLAIMS_CASE_H
#define ASSAY_CLAIMS_CASE_H

#include "room.h"

extern const struct room claims_room; /* one case, which leaves the answer to hello in the record */

/* The surface "driver" (surface.h), which only this room is filed under. */
void *claims_start(void);
void claims_stop(void *state);

#endif
