/* A mutant as a target: it is described to assay just as the reference is, but for the program. */
#ifndef ASSAY_RED_TARGET_H
#define ASSAY_RED_TARGET_H

#include "manifest.h"
#include "red/mutants.h"
#include "text.h"

#include <stdbool.h>

/* The path of its manifest: target.json beside its program, so that a survivor can be looked at later. The caller
 * frees the text. */
struct text target_path(const struct mutant *mutant);

/* Writes the manifest: the store's files and what is declared are those of the reference. False: error_text says why.
 */
bool target_write(const struct mutant *mutant, const struct manifest *reference, char *error_text, size_t error_bytes);

#endif
