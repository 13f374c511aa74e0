/* The judge of a history: were concurrent appends to a session store stored as they must be?
 *
 * A case enters every append and read it made, with the times between which it was under way; history_judge() then
 * compares them with what the session's file holds in the end. An append's answer is its sequence number, so the order
 * is forced and nothing has to be searched: n operations cost O(n log n). For each session must hold:
 *
 *   a. an acknowledged append stands in the file exactly once, with its own payload, under the number it was answered;
 *   b. the order of the file is the order of the numbers, and these are 1..n (or have gaps, if a target declares so);
 *   c. what was acknowledged before an append was invoked has a lower number (equal times do not order anything);
 *   d. an append with unknown outcome stands there at most once, a refused one does not stand there;
 *   e. a read is a prefix of the file, holds all that was acknowledged before it was invoked, and a read that was
 *      invoked after another one had ended shows no less;
 *   f. there is no line that nobody sent.
 *
 * A line is a strict JSON object (json_read_event() in json/json.h) with an integer "seq" from 1, ended by one newline.
 * Its payload is what was sent but for "seq" and "ts" at top level, and is compared as a value; members that were never
 * sent are the store's own affair. Of a store that knows its types only "type" is compared, and "text" of
 * messages.
 *
 * An event's mark, the first word of its "text", is the name by which its line is found; store_event() gives every
 * event one of its own. Events without are legal: they are found by the number they were answered, or else by value, at
 * the price of comparing one with another, so keep those with an unknown outcome to some hundreds. Appending one event
 * several times (a client that tries again) is legal too: there may be as many lines as appends that were not refused.
 * An event that is no strict JSON object has no payload that could be compared: its line is only asked to be sound.
 *
 * Pure: no I/O, no clock. Times are nanoseconds of one monotonic clock, stamped so that the operation lies between
 * them: invoked before the request was written, ended after the answer was read. One thread uses a history at a time.
 */
#ifndef ASSAY_HISTORY_HISTORY_H
#define ASSAY_HISTORY_HISTORY_H

#include "base/text.h"
#include "model/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HISTORY_MARK_MAX_BYTES = 63 };

/* In the order in which they are reported: of all rules that are broken, the first says most about the cause. */
enum history_verdict {
    HISTORY_SOUND,
    HISTORY_NOT_JSON,          /* a line is no JSON object, or is not ended by a newline */
    HISTORY_NO_SEQ,            /* a line has no "seq" that is an integer from 1 */
    HISTORY_REFUSED_BUT_THERE, /* a line carries an append that was refused */
    HISTORY_TWICE,             /* one append stands on two lines */
    HISTORY_WRONG_PAYLOAD,     /* a line carries something else than what was sent */
    HISTORY_FOREIGN,           /* a line carries what nobody sent to this session */
    HISTORY_DUPLICATE_SEQ,     /* two appends share one number */
    HISTORY_OUT_OF_ORDER,      /* the order of the file is not the order of the numbers */
    HISTORY_LOST,              /* an acknowledged append is not there */
    HISTORY_WRONG_SEQ,         /* an append stands there under another number than the one it was answered */
    HISTORY_GAP,               /* a number from 1 to the last one is missing */
    HISTORY_REAL_TIME,         /* an append got a lower number than one acknowledged before it was invoked */
    HISTORY_READ_NOT_PREFIX,   /* a read shows something else than the front of the file */
    HISTORY_READ_MISSES,       /* a read does not show what was acknowledged before it was invoked */
    HISTORY_READ_WENT_BACK,    /* a read shows less than an earlier one */
    HISTORY_VERDICTS
};

/* The three things that may never happen, whatever a store promises: an acknowledged append is lost, a number is given
 * twice, two lines are glued into one. */
bool history_never(enum history_verdict verdict);

/* One append, as its client saw it. All is copied. */
struct history_append {
    const char *sid;
    unsigned client; /* for the reader of a counter-example: "client 3" */
    int64_t invoked_ns;
    int64_t ended_ns;     /* of ACKNOWLEDGED and REFUSED; else ignored */
    enum outcome outcome; /* REFUSED only if the append certainly did not happen and will not */
    uint64_t seq;         /* of ACKNOWLEDGED; 0: no number was answered, and the line's own is right; else ignored */
    const char *event;
    size_t event_bytes;
};

/* One read of all events of a session, in the order they were given. A read in several pages is one read, from the
 * first page's request to the last one's answer. Enter reads in the order in which they ended. */
struct history_read {
    const char *sid;
    unsigned client;
    int64_t invoked_ns;
    int64_t ended_ns;
    const char *const *events; /* the text of each, NUL-terminated */
    size_t count;
};

struct history_rules {
    bool gaps;         /* numbers may be left out */
    bool given;        /* numbers are the callers': one that was not acknowledged may be missing, and appends that
                        * overlapped may stand in any order, in which case reads show them in that of the numbers */
    bool typed;        /* the store keeps what it knows: "type", and "text" of messages, is compared */
    size_t torn_lines; /* so many lines may be no JSON, or lack their newline: a process was killed while writing, or
                        * the case itself spoilt them, and the target may leave them where they are */
};

struct history;

struct history *history_create(void);
void history_free(struct history *history); /* NULL is allowed */

/* The events that a forked session begins with were appended to it by the fork: enter each with the fork's times. */
void history_add_append(struct history *history, const struct history_append *append);
void history_add_read(struct history *history, const struct history_read *read);

/* The case itself damaged or cut off the line of that number: the append may now be there or not, its number may be
 * missing or be given again, and what was read before is no longer held against the file. */
void history_damage(struct history *history, const char *sid, uint64_t seq);

/* The n-th event, from 0, of those that were acknowledged to the session, in the order of their ends; it lives as long
 * as the history. NULL: there are fewer. */
const char *history_acknowledged(const struct history *history, const char *sid, size_t n);

/* Judges the session against the final bytes of its file, or against the longest read when file is NULL: then make a
 * read when all is over. Every append that was begun must have been entered, one still under way as UNKNOWN. Leaves in
 * `why` (empty if sound) the smallest counter-example: what contradicts what, with lines, numbers, clients, and times
 * in milliseconds since the session's first operation. May be called again after more operations. */
enum history_verdict history_judge(const struct history *history, const char *sid, const char *file, size_t file_bytes,
                                   const struct history_rules *rules, struct text *why);

/* What a history rests on: a store that answers an error to all that is difficult has a sound one, and shows nothing.
 */
struct history_figures {
    size_t appends;      /* that were entered for the session */
    size_t acknowledged; /* of these */
    size_t overlapped;   /* of these, by their times: another acknowledged one was under way meanwhile */
};
struct history_figures history_figures(const struct history *history, const char *sid);

#endif
