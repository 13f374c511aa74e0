/* The files that belong to assay itself: the reference and its manifest, and what is loaded into targets. They lie
 * beside the program where it was built, and in ../libexec/assay beside it where it was installed; the program is found
 * by its inode's path and not by argv[0], which may be anything, so a tree that was moved still works. */
#ifndef ASSAY_BASE_INSTALLED_H
#define ASSAY_BASE_INSTALLED_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>

/* Fills path with where the file is, absolute. False: err says where it was looked for. Any thread. */
bool installed_find(const char *name, char path[PATH_MAX], struct error *err);

#endif
