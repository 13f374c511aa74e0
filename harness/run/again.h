/* The command lines by which a reader sees again what a run has shown. */
#ifndef ASSAY_RUN_AGAIN_H
#define ASSAY_RUN_AGAIN_H

#include "run/config.h"

/* `assay run ROOM:CASE …`, with the seed of that run of the case and all options that bear on it, as a shell takes it.
 * To be freed with free(). */
char *again_case(const struct config *config, const char *room, const char *test, unsigned iteration);

/* `assay probe …`, with the same target. To be freed with free(). */
char *again_probe(const struct config *config);

/* The command line as it was given, as a shell takes it; NULL: it is not known. To be freed with free(). */
char *again_command(const struct config *config);

#endif
