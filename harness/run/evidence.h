/* What is left in a case's directory when it is over. The target could write there, too: nothing that it has put under
 * these names, or anywhere on the way, is followed or waited for. */
#ifndef ASSAY_RUN_EVIDENCE_H
#define ASSAY_RUN_EVIDENCE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct exchange;

#define EVIDENCE_STDERR "target-stderr.txt" /* what the target's processes wrote to their standard error */
#define EVIDENCE_LOG "target-log.txt"    /* the end of the log that the manifest names, of a case that did not pass */
#define EVIDENCE_WORKER "worker.log"     /* the worker's own output */
#define EVIDENCE_EXCHANGE "exchange.log" /* what went to and fro (case/exchange.h), of a case that did not pass */

enum {
    EVIDENCE_LOG_KEPT_BYTES = 1 << 20,
    EVIDENCE_LAST_LINES = 12, /* of standard error, in a message */
    EVIDENCE_LAST_LINE_BYTES = 160,
};

/* Writes a file of that name; what was there is removed. */
void evidence_write(const char *directory, const char *name, const char *bytes, size_t count);

/* Writes the exchange of a case that did not pass, or is kept all the same. */
void evidence_write_exchange(const char *directory, int record_fd, bool keep, const struct exchange *exchange);

/* Copies the end of the log that is noted in the record, and says so in the target's state, or why not. */
void evidence_keep_log(const char *directory, int record_fd);

/* Adds to err the last lines that the target wrote to its standard error, a line each and made visible; nothing when
 * there are none. */
void evidence_add_last_lines(const char *directory, struct error *err);

#endif
