#include "tempdir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

enum { TREE_FDS_MAX = 16 };

void tempdir_make(char place[PLACE_BYTES])
{
    const char *parent = getenv("TMPDIR");

    snprintf(place, PLACE_BYTES, "%s/assay-stress-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(place)) {
        perror(place);
        exit(1);
    }
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

void tempdir_remove(const char *place)
{
    nftw(place, remove_one, TREE_FDS_MAX, FTW_DEPTH | FTW_PHYS);
}
