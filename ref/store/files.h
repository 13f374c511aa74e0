/* The two files of a session: opening them in good order, adding to them. Part of the store. */
#ifndef REF_STORE_FILES_H
#define REF_STORE_FILES_H

#include "store/event.h"
#include "store/session.h"

/* Opens both files of the locked session and makes sure that session->tail is true: looks at sizes and inodes, and if
 * they are not what this process remembers, repairs the last line, finds the last number, and brings the transcript
 * level with the events. */
enum store_result store_log_open(struct visit *visit, struct error *err);

/* Adds a line to events.jsonl, and one to transcript.jsonl unless it is empty, as number last_seq + 1. When it fails
 * half-way both files are cut back. */
enum store_result store_log_add(struct visit *visit, const struct buffer *event_line,
                                const struct buffer *transcript_line, struct error *err);

#endif
