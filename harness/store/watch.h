/* A store under watch: what has become of each event on the disk (store/disk_model.h), for rooms about power and
 * durability. */
#ifndef ASSAY_STORE_WATCH_H
#define ASSAY_STORE_WATCH_H

#include "store/disk_model.h"
#include "store/store.h"
#include "supervisor/supervisor.h"

/* Starts the target again under a supervisor that records what it does to files. */
struct supervisor *store_watch(struct store *store);

/* What would have been left of the event at that time (CLOCK_MONOTONIC, ns), such as that of its acknowledgement. */
enum disk_fate store_fate(struct store *store, const char *sid, const char *event, int64_t at_ns);

/* Stops the target and compares the session's events with the record. When they hold something that no recorded call
 * has written (memory-mapped files), the record proves nothing, and the case ends as NA. */
void store_require_whole_record(struct store *store, const char *sid);

/* End the case as NA when the rule has met no call, or has not acted: then nothing was done to the target, and nothing
 * is shown. Whoever locks never meets a second writer, so of a rendezvous only the first can be asked. `calls` is what
 * was looked for: "writes to its files". */
void store_require_seen(struct supervisor *supervisor, unsigned rule, const char *calls);
void store_require_fired(struct supervisor *supervisor, unsigned rule, const char *calls);

/* Ends the case as NA unless the target declares that what it acknowledges was synced before. */
void store_require_durability(struct store *store);

#endif
