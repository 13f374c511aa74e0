/* The exchange of a case: every byte that went to the target and came from it, with times, for a person who asks what
 * happened. Rooms do not write it; whoever owns a connection or a driver's pipes does.
 *
 * It lies in memory that the worker shares with its monitor, and becomes a file when the case is over and its evidence
 * is kept (run/evidence.h): so it is there whatever became of the worker. Of an exchange that is longer than
 * EXCHANGE_KEPT_BYTES the last part is kept, at least half as much. Outside a case nothing is written. Only the case's
 * own thread writes. */
#ifndef ASSAY_CASE_EXCHANGE_H
#define ASSAY_CASE_EXCHANGE_H

#include "base/text.h"

enum {
    EXCHANGE_SHOWN_BYTES = 2 << 10, /* of what went or came at a time; the rest is counted */
    EXCHANGE_KEPT_BYTES = 1 << 20,  /* of text, in all */
};

struct exchange;

/* Shared with all processes that are forked from now on. NULL with errno: no memory. */
struct exchange *exchange_create(void);

/* What assay wrote, and what it read. `whom` is the other side, such as "connection 3". */
void exchange_to(const char *whom, const void *bytes, size_t count);
void exchange_from(const char *whom, const void *bytes, size_t count);

/* Something else that happened on the way to it: "opened", "reset by the server". */
void exchange_note(const char *whom, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* All of it, to be freed with text_free(). Empty if nothing went to and fro. For the monitor, when the worker has gone
 * or writes no more. */
struct text exchange_text(const struct exchange *exchange);

#endif
