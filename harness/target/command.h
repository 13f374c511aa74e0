/* The environment variables of a target: what its manifest says, with ${DIR} filled in, and for a sanitised build the
 * options that make its runtime write reports where target/sanitizer.h looks for them. */
#ifndef ASSAY_TARGET_COMMAND_H
#define ASSAY_TARGET_COMMAND_H

#include "base/text.h"
#include "case/state.h"
#include "target/manifest.h"

enum { ENVIRONMENT_MAX = MANIFEST_LIST_MAX + 4 };

/* Fills variables with "NAME=value"; the caller frees each text. Returns how many. */
size_t environment_build(const struct case_context *context, struct text variables[ENVIRONMENT_MAX]);

/* A TCP port that nobody uses now, for ${PORT}; somebody else may still take it before the target does. 0: the machine
 * has none to give. */
unsigned environment_free_port(void);

#endif
