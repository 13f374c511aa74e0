/* Directories of a run: named, made private, removed whole. */
#ifndef ASSAY_BASE_DIRECTORY_H
#define ASSAY_BASE_DIRECTORY_H

#include <limits.h>
#include <stdbool.h>

/* Writes the path that is meant, as by printf; a relative one is taken from the current directory. False with errno:
 * it is longer than a path may be, or there is no current directory. */
bool directory_name(char path[PATH_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes the directory and those above it, mode 0700 where it did not exist. False with errno. */
bool directory_make(const char *path);

/* Whether 64 KiB can be written there now: makes a file without a name, and nothing stays. False with errno, ENOSPC,
 * EDQUOT, EROFS, EMFILE and ENFILE among others. */
bool directory_has_room(const char *path);

/* Removes the directory and all in it, or the file, without following symbolic links. One that is not there is no
 * failure. It may hold directories that are closed, or nested deeper than any path is long. No process may be writing
 * in it any more. False with errno of what could not be removed. */
bool directory_remove(const char *path);

#endif
