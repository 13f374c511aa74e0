/* Which parts of one selection (run --shard I/N) a report is made of: each should be there, once. */
#ifndef ASSAY_CLI_SHARDS_H
#define ASSAY_CLI_SHARDS_H

#include "base/error.h"
#include "model/results.h"

#include <stdbool.h>

struct shards {
    unsigned count;                        /* N; 0: none was entered */
    const char *names[RESULTS_SHARDS_MAX]; /* where the I-th comes from, at I - 1; NULL: it is missing */
};

/* Enters a run that was read from there; the name must outlive the struct, which begins as zeros. Runs that are no
 * shards (1 of 1) may come several times, as for --last-failed. False: err says what of it cannot be in the report: a
 * shard that was entered before, or one of another number of shards. */
bool shards_enter(struct shards *shards, const struct results *results, const char *name, struct error *err);

/* Whether all were entered. False: err names those that are missing. */
bool shards_are_complete(const struct shards *shards, struct error *err);

#endif
