/* The lines of a file between two offsets, one after the other. Part of the store.
 *
 * Whole lines of events.jsonl never change once they are written, so walking along them needs no lock: only the end
 * must be known while one is held. A walk belongs to one thread, and reads from a descriptor that stays the caller's;
 * it neither uses nor moves the descriptor's position. */
#ifndef REF_STORE_LINES_H
#define REF_STORE_LINES_H

#include "base/buffer.h"
#include "json/span.h"
#include "store/store.h"

struct lines {
    int fd;
    uint64_t offset;     /* of the next byte to be read */
    uint64_t end_offset; /* behind a newline */
    struct buffer buffer;
    size_t used_bytes; /* of the buffer: lines handed out already */
};

/* Reads nothing yet. store_lines_free() ends the walk. */
struct lines store_lines(int fd, uint64_t offset, uint64_t end_offset);
void store_lines_free(struct lines *lines);

/* The next line with its newline; it is valid until the next call. At the end: STORE_OK and line->at is NULL.
 * STORE_DAMAGED: a line of more than STORE_LINE_MAX_BYTES (store/event.h). STORE_IO: the system failed, or the file is
 * shorter than it was. Blocks for the disk. */
enum store_result store_lines_next(struct lines *lines, struct json_span *line, struct error *err);

#endif
