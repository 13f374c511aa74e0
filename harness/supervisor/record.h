/* The record: events in the order in which they were entered, within bounds. The caller keeps threads apart; events
 * that have been entered do not move or change any more. */
#ifndef ASSAY_SUPERVISOR_RECORD_H
#define ASSAY_SUPERVISOR_RECORD_H

#include "supervisor/call.h"
#include "supervisor/emulate.h"

struct supervisor_record {
    struct supervisor_event **events;
    size_t count, capacity;
    size_t max_events, max_bytes;
    size_t bytes; /* kept so far: names and written bytes */
    bool cut;
};

void supervisor_record_init(struct supervisor_record *record, size_t max_events, size_t max_bytes);
void supervisor_record_free(struct supervisor_record *record);

/* Enters the call, which ended at done_ns; deed is NULL when it was left to the kernel. What it wrote is copied.
 * False: it did not fit, and the record is cut. */
bool supervisor_record_add(struct supervisor_record *record, const struct supervisor_call *call,
                           const struct emulated *deed, int64_t done_ns);

#endif
