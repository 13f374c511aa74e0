/* The environment variables of a target: what its manifest says, with ${DIR} filled in, and for a sanitised build the
 * options that make its runtime write reports where sanitizer.h looks for them. */
#ifndef ASSAY_ENVIRONMENT_H
#define ASSAY_ENVIRONMENT_H

#include "manifest.h"
#include "text.h"
#include "worker.h"

enum { ENVIRONMENT_MAX = MANIFEST_LIST_MAX + 4 };

/* Fills variables with "NAME=value"; the caller frees each text. Returns how many. */
size_t environment_build(const struct case_context *context, struct text variables[ENVIRONMENT_MAX]);

#endif
