/* The mutants that the build made: the reference, each time with one bug of one room put back in.
 * mutants.json is an array of {"check","patch","case","how","evidence","target"}, all strings, no others. */
#ifndef ASSAY_RED_MUTANTS_H
#define ASSAY_RED_MUTANTS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct json;

enum { MUTANTS_MAX = 4096, MUTANTS_FILE_MAX_BYTES = 8 << 20 };

struct mutant {
    const char *check;    /* the room whose bug it is: "store/torn-tail" */
    const char *patch;    /* the bug, a file of the room without its .patch */
    const char *test;     /* the case that has to find it */
    const char *how;      /* wrong, silent, hang, crash, race, leak */
    const char *evidence; /* what the finding has to contain; an empty one is never found */
    const char *target;   /* absolute path of its manifest */
};

struct mutants {
    struct mutant all[MUTANTS_MAX];
    size_t count;
    const struct json *document; /* whose strings they are */
};

/* False: nothing to free, err says what is wrong and where. */
bool mutants_read(struct mutants *mutants, const char *path, struct error *err);
void mutants_free(struct mutants *mutants);

/* Leaves those that a pattern names: a surface, or an fnmatch(3) pattern for "check" or "check/patch". No pattern
 * leaves all. False: a pattern names none; err says which, and what may have been meant. */
bool mutants_select(struct mutants *mutants, const char *const *patterns, size_t count, struct error *err);

#endif
