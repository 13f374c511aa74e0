/* The session store of the target, as a room sees it: every call is a call to the driver, and every append and read is
 * entered in a history (history/history.h) that expect_sound_history() judges.
 *
 * Events are JSON text. store_event() makes one with a mark that no other event of the run carries, so that a line can
 * be traced to the call that sent it; it travels in the text of a message, since that is what every store keeps. One
 * thread uses a store. */
#ifndef ASSAY_STORE_STORE_H
#define ASSAY_STORE_STORE_H

#include "check.h"
#include "history/history.h"
#include "target/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_file { STORE_EVENTS, STORE_TRANSCRIPT, STORE_METADATA };

struct store;

/* A further process of the target on the same directory; shares the first one's history. */
struct store *store_beside(struct store *store);

/* The same for a target that may refuse a second process: NULL if its store.start was answered with an error. */
struct store *store_try_beside(struct store *store);

/* Stops the target's process (politely, or by SIGKILL) and starts it again on the same directory. */
void store_restart(struct store *store);
void store_kill(struct store *store);
void store_start_again(struct store *store);

/* Starts the target's processes again, and all later ones, under a supervisor (supervisor/supervisor.h) that watches
 * these kinds of calls. It is the store's: ends with it. A machine that refuses ends the case as ERROR(environment). */
struct supervisor *store_supervise(struct store *store, unsigned kinds);

/* From the next start on, the target's processes are asked to acknowledge only what is on the disk, if the driver lists
 * the feature "durable". */
void store_ask_durable(struct store *store);

/* What a rule's `where` says for every file of the store, or for those whose path names the session. Lives as long as
 * the store. */
const char *store_glob(struct store *store, const char *sid);

/* Must succeed, else the case FAILs. Strings live as long as the store. */
const char *store_create(struct store *store);
uint64_t store_append(struct store *store, const char *sid, const char *event);

/* The same with an event that is no message: a store that declares store.events=typed may refuse it. Returns 0 then. */
uint64_t store_append_typed(struct store *store, const char *sid, const char *event);
const char *store_fork(struct store *store, const char *sid, uint64_t head); /* head 0: all */
uint64_t store_resume(struct store *store, const char *sid);                 /* the next sequence number */
const struct json *store_metadata(struct store *store, const char *sid, const char *patch); /* patch NULL: read */
void store_delete(struct store *store, const char *sid);

/* The events of a session, an array of JSON strings, each the text of one event. Reads in pages. */
struct store_events {
    const struct json **events; /* parsed; NULL where a line is no JSON */
    const char **texts;
    size_t count;
    size_t memory_bytes; /* that the parsed ones take */
};
struct store_events store_read(struct store *store, const char *sid);

/* The same in two steps, so that appends can be begun in between: the first page is under way meanwhile. */
uint64_t store_begin_read(struct store *store, const char *sid);
struct store_events store_end_read(struct store *store, const char *sid, uint64_t call);

void store_events_free(struct store_events *events);

/* May succeed or not: the answer says. sid and event are passed on as they are, whatever they are. */
struct answer store_try_append(struct store *store, const char *sid, const char *event);
struct answer store_try_append_bytes(struct store *store, const char *sid, const void *event, size_t bytes);
struct answer store_try(struct store *store, const char *method, const struct text *params);
struct answer store_try_read(struct store *store, const char *sid);

/* Whether an answer says that there is no such session: an error does, and, if store.unknown=empty is declared, one
 * that shows nothing. And whether it shows nothing, no event and no metadata, whatever is declared. */
bool store_says_absent(const struct store *store, const struct answer *answer);
bool store_shows_nothing(const struct answer *answer);

/* Overlapping appends: begin any number, then end each. */
uint64_t store_begin_append(struct store *store, const char *sid, const char *event);
struct answer store_end_append(struct store *store, uint64_t call);

/* The number that an append was answered; or, where the target answers none (store.seq=none), that of the session's
 * last event. 0: it was not acknowledged. */
uint64_t store_number(struct store *store, const char *sid, const struct answer *answer);

/* A fresh event {"type":"user.message","text":"op-000001 …"}, of which the first word is the mark; text may be NULL.
 * And one whose text is this and nothing else, for cases that look at it. They live as long as the store. */
const char *store_event(struct store *store, const char *text);
const char *store_message(struct store *store, const char *text);

/* `clients` clients append `each` events of about event_bytes to one session, each client one at a time, all at once;
 * spread evenly over the given processes of the target. */
void store_append_concurrently(struct store **stores, size_t store_count, const char *sid, size_t clients, size_t each,
                               size_t event_bytes);

/* The files, for rooms that need "files". The path is absolute and lives as long as the store. A file that is not where
 * the manifest says ends the case as FAIL. */
const char *store_path(struct store *store, const char *sid, enum store_file file);
struct text store_file(struct store *store, const char *sid, enum store_file file); /* the caller frees the text */

/* For damage, while the target does not run: the file, open for reading and writing, which the caller closes; and its
 * events without their last bytes. */
int store_open_file(struct store *store, const char *sid, enum store_file file);
void store_cut_off(struct store *store, const char *sid, size_t bytes);

/* What the target declares, e.g. store_declares(store, "store.torn_tail=refuse"). */
bool store_declares(const struct store *store, const char *declaration);
bool store_removes_torn_tail(const struct store *store); /* store.torn_tail=truncate, which is the default */
bool store_has_feature(const struct store *store, const char *feature);

/* Whether the driver's hello lists the method, e.g. "fork", and whether the manifest says where the file lies: for
 * cases that can do with less than their room. */
bool store_serves(const struct store *store, const char *method);
bool store_has_file(const struct store *store, enum store_file file);

struct driver *store_driver(struct store *store);

/* The case itself has damaged or cut off the line of that number, so the judge no longer expects it; with
 * line_may_stay the target may leave what remains of it in the file as a line that is no JSON. */
void store_damage(struct store *store, const char *sid, uint64_t seq, bool line_may_stay);

/* What has been done to the target, for expect_sound_history() to give as what was sent: "killed in the middle of write
 * 3". What it finds from then on is WRONG and no RACE, even if appends overlapped. */
void store_stimulus(struct store *store, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Judges everything that was done to the session against its file, or against store.read where files are not known.
 * FAILs with the smallest counter-example: as RACE if appends overlapped and the same ones, made one after the other in
 * another session, are right. */
void expect_sound_history(struct store *store, const char *sid);

/* End the case as NA, with the figures, unless so many appends to the session were acknowledged, or so many were that
 * overlapped another one that was: a store that answers an error whenever it gets difficult is right, and has shown
 * nothing. Whoever takes all of a crowd's appends overlaps in most of them; ask for half, since nobody has to be fair.
 * To be called after expect_sound_history(), so that what is wrong is said first. */
void store_require_acknowledged(struct store *store, const char *sid, size_t appends);
void store_require_overlap(struct store *store, const char *sid, size_t appends);

/* The target was killed, or its files were left as a loss of power leaves them, and it has been started again: the
 * session takes a new event (or refuses it, if the tail is torn and that is declared), holds all that was acknowledged,
 * and its transcript agrees with it. */
void expect_recovery(struct store *store, const char *sid);

/* What came is the number after `last`: the next one, or any above if gaps are declared. `what` begins the evidence. */
void expect_next_number(struct store *store, uint64_t actual, uint64_t last, const char *what);

/* The case itself has damaged the end of the session's events, and the target has been started again: an append gets a
 * number from `first` to `last` (or any that the judge allows, if gaps are declared), or an error, if
 * store.torn_tail=refuse is declared. Either way the history is sound. Returns the number, or 0. */
uint64_t expect_append_after_damage(struct store *store, const char *sid, uint64_t first, uint64_t last);

/* The transcript holds one line for each message of the user and the assistant among the events, under its number and
 * in its order, and nothing else. A number that differs is a RACE as in expect_sound_history(). */
void expect_transcript(struct store *store, const char *sid);

#endif
