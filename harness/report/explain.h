/* How a case that did not pass explains itself: the same fields, in the same order, in every report for people. */
#ifndef ASSAY_REPORT_EXPLAIN_H
#define ASSAY_REPORT_EXPLAIN_H

#include "model/results.h"

#include <stddef.h>

enum { EXPLAIN_FIELDS_MAX = 11 };

struct explain_field {
    const char *label; /* "Expected" */
    const char *text;  /* not yet escaped; points into the results or into the explanation */
};

struct explanation {
    struct explain_field fields[EXPLAIN_FIELDS_MAX]; /* the requirement, or that this is a control; the finding, what
                                                        was sent, expected, … */
    size_t count;                                    /* what is not known is left out */
    char headline[64];                               /* "FAIL (wrong)", "FAIL (wrong), a control" */
    char requirement[1024];
    char when[128];
};

/* The explanation points into check and result, and into itself: do not copy it. */
void explain(struct explanation *explanation, const struct check_result *check, const struct case_result *result);

/* The headline alone, of a case or of a check: "PASS", "FAIL (hang)". how may be NULL. */
void explain_verdict(char *out, size_t out_bytes, enum verdict verdict, enum blame blame, const char *how);

enum { EXPLAIN_MISSING_BYTES = 128 };

/* False: the run went to its end. True: out says how far it came. */
bool explain_missing(char out[EXPLAIN_MISSING_BYTES], const struct results *results);

#endif
