/* A private folder for targets that need files: made in $TMPDIR, or in /tmp, when it is first used, and removed when
 * the process ends, unless that is by abort(). Names are relative to it. Failures of the system end the process. */
#ifndef FUZZ_FOLDER_H
#define FUZZ_FOLDER_H

#include <stddef.h>

const char *folder_path(void);

/* Nothing happens if it is there already. */
void folder_make(const char *name);

/* The file holds these bytes, and no others, afterwards. */
void folder_write(const char *name, const char *bytes, size_t count);

/* The whole file, which the caller frees. */
char *folder_read(const char *name, size_t *count);

#endif
