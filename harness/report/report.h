/* The reports: each is one file, and a pure function of the results, without clock, environment or terminal. */
#ifndef ASSAY_REPORT_REPORT_H
#define ASSAY_REPORT_REPORT_H

#include "base/error.h"
#include "model/results.h"

#include <stdbool.h>
#include <stdio.h>

struct report_format {
    const char *name; /* of --report NAME=PATH */
    const char *what; /* for --help, in a few words */
    void (*write)(const struct results *results, FILE *out);
};

/* Ends with an entry whose name is NULL. */
extern const struct report_format report_formats[];

/* Writes and flushes the report; `out` stays the caller's. False: there is no such format, and err says which there
 * are; or the file refused some of it, and err says why. */
bool report_write(const char *name, const struct results *results, FILE *out, struct error *err);

/* What stands behind the names. Hostile bytes come out harmless in each of them; the files say how. */
void jsonl_report(const struct results *results, FILE *out);
void json_report(const struct results *results, FILE *out);
void junit_report(const struct results *results, FILE *out);
void tap_report(const struct results *results, FILE *out);
void markdown_report(const struct results *results, FILE *out);
void terminal_report(const struct results *results, FILE *out);

/* `list --json`: the same object without what only a run can say; checks and cases that were added are listed,
 * whatever verdict they carry. */
void json_list(const struct results *results, FILE *out);

/* The terminal report in colour or not (style.h). */
void terminal_report_styled(const struct results *results, FILE *out, bool color);

#endif
