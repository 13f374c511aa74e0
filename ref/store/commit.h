/* Group commit: appends of one session that wait for the disk at the same time share one sync. Part of the store. */
#ifndef REF_STORE_COMMIT_H
#define REF_STORE_COMMIT_H

#include "store/session.h"

/* Blocks until events.jsonl is on the disk up to end_bytes. The caller has given the session's locks back, so that the
 * next append is written meanwhile. One of the waiting threads syncs, for all that was written before it began; the
 * others wait for it. If that fails every one of them gets STORE_UNSURE, and the session takes no more appends:
 * after a failed sync the kernel holds pages for clean that never reached the disk, and a second sync would succeed
 * without writing them. */
enum store_result store_commit_wait(struct visit *visit, uint64_t end_bytes, struct error *err);

/* STORE_IO after a failed sync. */
enum store_result store_commit_check(struct session *session, struct error *err);

/* After a failed sync: writes all bytes in doubt once more, over themselves, and syncs them. The visit is locked and
 * has its log open. */
enum store_result store_commit_heal(struct visit *visit, struct error *err);

#endif
