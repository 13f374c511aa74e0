/* The event stream of a run, run.jsonl: one JSON object per line, written and flushed as things happen, so that a run
 * that is killed leaves whole lines, but for the last perhaps. results_read() turns it back into results.
 *
 *   {"event":"begin","tool":"assay","version":…,"set":…,"target":…,"started":…,…,"checks":40,…}
 *   {"event":"check","id":"store/sequence-order","title":…,"level":"must","origins":[…],"tags":[…]}
 *   {"event":"target","driver_name":…,"driver_version":…}   once its driver has said hello; there may be none
 *   {"event":"case","check":"store/sequence-order","number":0,"name":…,"verdict":"PASS",…}   (model/fields.h)
 *   {"event":"end","counts":{"PASS":39,…},"wall_ms":12345,"interrupted":false,"signal":0}
 *
 * A check comes before its cases; cases come in the order in which they ended, one event per run of a case. The schema
 * is kit/schema/reports/jsonl.json.
 * Each function writes and flushes one line and returns false when the file refused it. `out` is the caller's. */
#ifndef ASSAY_REPORT_JSONL_H
#define ASSAY_REPORT_JSONL_H

#include "model/results.h"

#include <stdbool.h>
#include <stdio.h>

bool jsonl_begin(FILE *out, const struct results *results);  /* of which: version, set, identity, planned_… */
bool jsonl_target(FILE *out, const struct results *results); /* of which: the driver's name and version */
bool jsonl_check(FILE *out, const struct check_result *check);
bool jsonl_case(FILE *out, const char *check_id, const struct case_result *result);
bool jsonl_end(FILE *out, const struct results *results);

#endif
