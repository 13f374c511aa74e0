/* Runs the selected rooms against a target: one process per case, several at a time. */
#ifndef ASSAY_RUNNER_H
#define ASSAY_RUNNER_H

#include "manifest.h"
#include "options.h"
#include "results.h"
#include "room.h"

/* What a target serves, as its driver's hello says. Strings are owned by the struct. */
struct claims {
    const void *document; /* the answer (struct json) */
    unsigned needs_met;   /* enum need bits */
    bool store;
    bool http;
};

/* Asks the target's driver for its claims, and whether its calls overlap. False: error_text says why not, and blame who;
 * the process tree of the driver is ended either way. */
bool claims_ask(const struct manifest *manifest, const struct options *options, struct claims *claims,
                enum blame *blame, char *error_text, size_t error_bytes);
void claims_free(struct claims *claims);

/* NULL when the target can be judged by the room, else why not (a static or claims-owned string). */
const char *claims_missing(const struct claims *claims, const struct room *room);

/* Judges. Progress goes to standard error, run.jsonl and kept evidence below options->out; results are complete as far
 * as the run went. Returns 0, or the signal that interrupted it. */
int runner_run(const struct manifest *manifest, const struct claims *claims, const struct options *options,
               const struct room *const *selected, size_t count, struct results *results);

#endif
