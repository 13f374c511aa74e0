/* The members that run.jsonl and the JSON report have in common, so that a reader learns them once. Bytes that are no
 * UTF-8 become U+FFFD; an absent string is null. */
#ifndef ASSAY_REPORT_MEMBERS_H
#define ASSAY_REPORT_MEMBERS_H

#include "model/results.h"
#include "json/json.h"

void members_of_check(struct json_writer *writer, const struct check_result *check); /* what is known before it runs */
void members_of_case(struct json_writer *writer, const struct case_result *result);  /* what a run has found */
void members_of_counts(struct json_writer *writer, const struct results *results);   /* "counts", by verdict */

#endif
