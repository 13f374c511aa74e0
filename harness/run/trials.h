/* What is tried once before a surface is judged: does the plainest use of it work at all, and is what the manifest says
 * of it so? If not, every room would fail for that one reason, and for none of its own. */
#ifndef ASSAY_RUN_TRIALS_H
#define ASSAY_RUN_TRIALS_H

#include "model/room.h"

/* A room of one case, a control, for each surface that is tried ("http/trial"); behind the last one id is NULL. The
 * case is an ERROR whose message says what to mend. */
extern const struct room trials[];

#endif
