/* The disk: a target's files as its recorded system calls made them, and how much of each the loss of power would
 * leave.
 *
 * A process that is killed leaves all that it has written, since the kernel holds it; when the power fails, only what
 * was synced is sure to be there. disk_apply() takes the events of a supervisor's record (supervisor/supervisor.h) in
 * their order and knows of every byte whether it has been synced since it was written. A sync that fails leaves the
 * bytes that it was for in doubt, and so they stay: the kernel takes their pages for clean now, so that the next sync
 * succeeds without writing them (Linux, since 2018 known as "fsyncgate"). Only writing them once more makes them sure.
 *
 * What it cannot know: bytes from before the record, which it shows as NUL and takes for synced; that a synced
 * truncation or rename was not synced itself; writes that the supervisor does not see (memory-mapped ones). Compare
 * with the file itself before believing it.
 *
 * Pure: no I/O. One thread uses a disk at a time. Files are named by their paths; renames, also of the directories
 * above them, are followed. */
#ifndef ASSAY_STORE_DISK_MODEL_H
#define ASSAY_STORE_DISK_MODEL_H

#include "supervisor/supervisor.h"

#include <stddef.h>
#include <stdint.h>

enum {
    DISK_FILES_MAX = 1024,          /* what is written to further ones is not followed */
    DISK_FILE_MAX_BYTES = 16 << 20, /* a write that ends behind that is not followed */
};

enum disk_state { DISK_SYNCED, DISK_WRITTEN, DISK_DOUBTFUL };

struct disk_file {
    char *path;
    char *bytes;
    unsigned char *states; /* of each byte, an enum disk_state */
    size_t length;
    size_t capacity;
};

struct disk {
    struct disk_file files[DISK_FILES_MAX];
    size_t count;
};

struct disk *disk_create(void);
void disk_free(struct disk *disk); /* NULL is allowed */

void disk_apply(struct disk *disk, const struct supervisor_event *event);

/* A new disk, with all events of the record that had taken effect at that time (CLOCK_MONOTONIC, ns). */
struct disk *disk_at(struct supervisor *supervisor, int64_t at_ns);

/* The file that has this path now; NULL: the record knows none. Valid until the next disk_apply(). */
const struct disk_file *disk_file(const struct disk *disk, const char *path);

/* How many bytes from the front have all been synced: what follows may be cut off by a loss of power. */
size_t disk_synced_bytes(const struct disk_file *file);

/* What the disk holds of a mark, a text that is written once only. To be sure of a mark in a file, all bytes in front
 * of it must be sure, too, since whoever reads a log comes to it through them. */
enum disk_fate {
    DISK_NOWHERE,   /* it has not even been written: the death of the process loses it */
    DISK_IN_MEMORY, /* it was written, so that it survives the process */
    DISK_ON_DISK,   /* it was synced, so that it survives a loss of power */
};

/* The best that holds in any file. In the file `log` (may be NULL) the mark counts once the newline behind it is there;
 * in others, such as a journal of whatever form, by itself. */
enum disk_fate disk_fate(const struct disk *disk, const char *log, const char *mark);

#endif
