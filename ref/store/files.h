/* The two files of a session: bringing them in order, adding to them, walking along them. Part of the store. */
#ifndef REF_STORE_FILES_H
#define REF_STORE_FILES_H

#include "store/event.h"
#include "store/session.h"

/* Writes all of it, whatever write(2) takes at a time. False: errno says why; some of it may be written. */
bool store_write_all(int fd, const char *data, size_t bytes);

/* Opens both files of the locked session and makes sure that session->tail is true: looks at sizes and inodes, and if
 * they are not what this process remembers, repairs the last line, finds the last number, and brings the transcript
 * level with the events. */
enum store_result store_log_open(struct visit *visit, struct error *err);

/* Adds a line to events.jsonl, and one to transcript.jsonl unless it is empty, as number last_seq + 1. When it fails
 * half-way both files are cut back. */
enum store_result store_log_add(struct visit *visit, const struct buffer *event_line,
                                const struct buffer *transcript_line, struct error *err);

/* The lines of a file between two offsets, one after the other. */
struct lines {
    int fd;
    uint64_t offset;     /* of the next byte to be read */
    uint64_t end_offset; /* behind a newline */
    struct buffer buffer;
    size_t used_bytes; /* of the buffer: lines handed out already */
};

struct lines store_lines(int fd, uint64_t offset, uint64_t end_offset);
void store_lines_free(struct lines *lines);

/* The next line with its newline; it is valid until the next call. At the end: STORE_OK and line->at is NULL. */
enum store_result store_lines_next(struct lines *lines, struct json_span *line, struct error *err);

#endif
