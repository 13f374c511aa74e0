#include "directory.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { OPEN_DIRECTORIES = 16 };

bool directory_make(const char *path)
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (size_t end = 1; end <= length; end++) {
        if (path[end] != '/' && path[end] != '\0')
            continue;
        memcpy(part, path, end);
        part[end] = '\0';
        if (mkdir(part, 0700) && errno != EEXIST)
            return false;
    }
    struct stat made;
    if (stat(path, &made))
        return false;
    errno = S_ISDIR(made.st_mode) ? 0 : ENOTDIR;
    return errno == 0;
}

static int remove_entry(const char *path, const struct stat *entry, int kind, struct FTW *where)
{
    (void)entry;
    (void)kind;
    (void)where;
    return remove(path);
}

/* A directory that forbids to be listed (a target may leave one) is opened up first. */
static int unlock_directory(const char *path, const struct stat *entry, int kind, struct FTW *where)
{
    (void)where;
    if (kind == FTW_DNR || (kind == FTW_D && (entry->st_mode & 0700) != 0700))
        chmod(path, 0700);
    return 0;
}

bool directory_remove(const char *path)
{
    nftw(path, unlock_directory, OPEN_DIRECTORIES, FTW_PHYS);
    return nftw(path, remove_entry, OPEN_DIRECTORIES, FTW_PHYS | FTW_DEPTH) == 0 || errno == ENOENT;
}
