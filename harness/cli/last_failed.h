/* What was red in the run whose stream lies in a directory. */
#ifndef ASSAY_CLI_LAST_FAILED_H
#define ASSAY_CLI_LAST_FAILED_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct last_failed {
    char **ids; /* "store/torn-tail:half_a_line" */
    size_t count;
};

/* False: err says why the stream cannot be read. last_failed_free() is allowed either way. */
bool last_failed_read(struct last_failed *last, const char *out, struct error *err);
void last_failed_free(struct last_failed *last);

#endif
