/* A store under watch: what has become of each event on the disk (disk.h), for rooms about power and durability. */
#ifndef ASSAY_STORE_WATCH_H
#define ASSAY_STORE_WATCH_H

#include "disk.h"
#include "store.h"
#include "supervisor.h"

/* Starts the target again under a supervisor that records what it does to files. */
struct supervisor *store_watch(struct store *store);

/* What would have been left of the event at that time (CLOCK_MONOTONIC, ns), such as that of its acknowledgement. */
enum disk_fate store_fate(struct store *store, const char *sid, const char *event, int64_t at_ns);

/* Stops the target and compares the session's events with the record. When they hold something that no recorded call
 * has written (memory-mapped files), the record proves nothing, and the case ends as NA. */
void store_require_whole_record(struct store *store, const char *sid);

/* Ends the case as NA unless the target declares that what it acknowledges was synced before. */
void store_require_durability(struct store *store);

#endif
