/* Session store: append-only JSON Lines, one directory per session.
 *
 *   <root>/sessions/<sid>/events.jsonl      one event a line: {"type":…,"ts":…,"seq":…,…}, seq is 1..n in file order
 *   <root>/sessions/<sid>/transcript.jsonl  {"seq":…,"ts":…,"role":…,"text":…} of the user's and assistant's messages
 *   <root>/sessions/<sid>/meta.json         one JSON object
 *
 * Thread-safe; processes that share a root keep apart by flock(2). Each session has a lock of its own: whoever waits
 * for one session never waits for another. The store starts no threads and keeps at most STORE_FDS_MAX descriptors
 * open, however many sessions there are. Directories are 0700, files 0600, symbolic links are not followed.
 *
 * The events are the truth. The transcript is made from them, and is brought level with them when a session is opened
 * after a crash. A last line that was cut short by a crash is removed then; one that is whole but for its newline is
 * kept. Any other damage (a line that is no event, a number out of order) is STORE_DAMAGED for whoever comes across
 * it: the store neither guesses nor uses a number twice. */
#ifndef REF_STORE_STORE_H
#define REF_STORE_STORE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STORE_EVENT_MAX_BYTES = 16 << 20,
    STORE_METADATA_MAX_BYTES = 1 << 20,
    STORE_METADATA_MEMBERS_MAX = 1024,
    STORE_PAGE_MAX_BYTES = 12 << 20, /* of one store_read(), unless its first event alone is longer */
    STORE_LIST_MAX = 100000,
    STORE_FDS_MAX = 50,
    STORE_SID_CHARS = 32,
    STORE_SID_BYTES = STORE_SID_CHARS + 1
};

enum store_result {
    STORE_OK,
    STORE_BAD_ID,     /* not 32 lower-case hexadecimal digits; no path was built from it */
    STORE_NO_SESSION, /* there is none of that id, or it was deleted meanwhile */
    STORE_NOT_JSON,   /* not strict JSON (json/check.h) */
    STORE_BAD_EVENT,  /* JSON, but no object, or without a string "type" */
    STORE_TOO_BIG,
    STORE_DAMAGED, /* the files hold what the store never wrote */
    STORE_IO,      /* the system refused; nothing was changed */
    STORE_UNSURE   /* the system failed half-way: it may have happened or not */
};

struct store_options {
    size_t event_max_bytes; /* 0: STORE_EVENT_MAX_BYTES, which is also the most */
    bool durable;           /* acknowledge only what is on the disk */
};

struct store;

/* The directory must exist; it is empty or was left behind by an earlier or other process. Removes what a crashed
 * process left half made. The caller ends the store with store_close() after all its other calls have returned. */
enum store_result store_open(const char *directory, const struct store_options *options, struct store **opened,
                             struct error *err);
void store_close(struct store *store);

/* Everything below may be called by any thread, and blocks for the disk and for the session's lock. */

/* A new, empty session with metadata {}; sid is its id, 128 random bits. */
enum store_result store_create(struct store *store, char sid[STORE_SID_BYTES], struct error *err);

/* Appends one event: a JSON object in UTF-8 of at most event_max_bytes, with a string "type". Its own "seq" and "ts"
 * are replaced, white space between tokens is dropped, everything else stays as it is, byte for byte.
 * STORE_OK: *seq is its number, and whoever opens the file from now on finds it; if the store is durable, even after
 * the power failed. STORE_UNSURE: it may be found there later, once. Anything else: nothing was appended and no number
 * was used. After a failed sync, appends are refused with STORE_IO until store_resume() has succeeded. */
enum store_result store_append(struct store *store, const char *sid, const char *event_text, size_t event_bytes,
                               uint64_t *seq, struct error *err);

/* A page of events, each as its line in the file, newline included; store_page_free() ends it. */
struct store_page {
    char *lines; /* NULL when count is 0 */
    size_t bytes;
    size_t count;
};

/* The events after number `after`, in order: at most `limit` of them (0: no limit) and about STORE_PAGE_MAX_BYTES, but
 * at least one if there is any. They are a prefix of the session as it was at one moment between call and return.
 * The page is set only if STORE_OK. */
enum store_result store_read(struct store *store, const char *sid, uint64_t after, uint64_t limit,
                             struct store_page *page, struct error *err);
void store_page_free(struct store_page *page);

/* The metadata, a JSON object that the caller frees. If patch is not NULL (a JSON object), its members first replace
 * those of the same name, all at once: nobody, not even after a crash, sees half of it. */
enum store_result store_metadata(struct store *store, const char *sid, const char *patch, size_t patch_bytes,
                                 char **metadata, struct error *err);

/* STORE_OK: the session is gone, and an append that was waiting gets STORE_NO_SESSION. */
enum store_result store_delete(struct store *store, const char *sid, struct error *err);

/* A new session with the events up to number `head` (0: all), without those of type system.init, result and
 * session.*, renumbered from 1, and with metadata {}. It appears complete or not at all. */
enum store_result store_fork(struct store *store, const char *sid, uint64_t head, char child[STORE_SID_BYTES],
                             struct error *err);

/* Looks at the session on the disk anew, repairs what a crash or a failed sync left, and says which number the next
 * append gets if nobody else appends before. */
enum store_result store_resume(struct store *store, const char *sid, uint64_t *next_seq, struct error *err);

/* The ids of all sessions, sorted, at most STORE_LIST_MAX; the caller frees *sids, which is NULL if there are none. */
enum store_result store_list(struct store *store, char (**sids)[STORE_SID_BYTES], size_t *count, struct error *err);

#endif
