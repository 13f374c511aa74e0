/* What a run leaves below its --out: the stream run.jsonl, and a directory for each case that is worth a look. */
#ifndef ASSAY_RUN_ARTIFACTS_H
#define ASSAY_RUN_ARTIFACTS_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define ARTIFACTS_STREAM "run.jsonl"

struct artifacts {
    char out[PATH_MAX]; /* absolute */
    FILE *stream;       /* flushed line by line: all that is left of a run that is killed */
};

/* Makes the directory, takes it for this run alone until artifacts_close(), empties the stream, and removes the
 * evidence of an earlier run. False: err says why not: it cannot be written, another run is using it, or it
 * holds a directory "cases" that no run has made. */
bool artifacts_open(struct artifacts *evidence, const char *out, struct error *err);
void artifacts_close(struct artifacts *evidence);

/* A fresh directory for a run of a case. False with errno. */
bool artifacts_make_directory(const struct artifacts *evidence, const char *room, const char *test, unsigned iteration,
                              char path[PATH_MAX]);

#endif
