/* Directories of a run: made private, removed whole. */
#ifndef ASSAY_DIRECTORY_H
#define ASSAY_DIRECTORY_H

#include <stdbool.h>

/* Makes the directory and those above it, mode 0700 where it did not exist. False with errno. */
bool directory_make(const char *path);

/* Removes the directory and all in it, without following symbolic links. One that is not there is no failure.
 * No process may be writing in it any more. False with errno of the first failure. */
bool directory_remove(const char *path);

#endif
