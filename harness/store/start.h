/* Starting and stopping a store for a case; for run/surfaces.c. */
#ifndef ASSAY_STORE_START_H
#define ASSAY_STORE_START_H

void *store_start(void);
void store_stop(void *state);

#endif
