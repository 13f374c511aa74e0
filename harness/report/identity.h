/* What a run was: when, where, of what, by which command line. The same block in every report for people. */
#ifndef ASSAY_REPORT_IDENTITY_H
#define ASSAY_REPORT_IDENTITY_H

#include "base/text.h"
#include "model/results.h"

#include <stddef.h>

enum { IDENTITY_LINES_MAX = 10, IDENTITY_DECLARES_MAX_BYTES = 8 << 10 };

struct identity_line {
    const char *name;  /* "started"; one word, in small letters */
    const char *value; /* not yet escaped; points into the results or into the block */
};

struct identity_block {
    struct identity_line lines[IDENTITY_LINES_MAX]; /* what is not known is left out */
    size_t count;
    struct text declares; /* all of them in one line */
};

/* To be freed with identity_free(); the results must outlive it. It points into itself: do not copy it. */
void identity_make(struct identity_block *block, const struct results *results);
void identity_free(struct identity_block *block);

#endif
