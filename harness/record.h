/* The verdict record: how a case's process tells the runner what it found. One JSON object per line in a file that
 * only the worker and its warden have open, so that it is whole whatever happens to either of them. */
#ifndef ASSAY_RECORD_H
#define ASSAY_RECORD_H

#include "results.h"

#include <stdbool.h>

enum { RECORD_BYTES_MAX = 1 << 20, RECORD_FIELD_BYTES_MAX = 8 << 10 };

/* Appends the fields of result that a worker knows (not name, runs, evidence and again), in one write. */
void record_write(int fd, const struct case_result *result);

/* Appends what the warden saw: the processes that it had to end, or that the deadline passed. */
void record_write_ended(int fd, const char *processes);

/* Reads the record of a case that is over. The first verdict counts. No verdict at all is VERDICT_ERROR of the harness.
 * The result is to be released with case_result_free(). */
void record_read(const char *path, struct case_result *result);

#endif
