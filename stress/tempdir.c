/* A private directory, made and removed with all that is in it. */
#include "tempdir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

enum { TREE_FDS_MAX = 16 };

void tempdir_make(char directory[TEMPDIR_BYTES])
{
    const char *parent = getenv("TMPDIR");

    snprintf(directory, TEMPDIR_BYTES, "%s/assay-stress-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(directory)) {
        perror(directory);
        exit(1);
    }
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

void tempdir_remove(const char *directory)
{
    nftw(directory, remove_one, TREE_FDS_MAX, FTW_DEPTH | FTW_PHYS);
}
