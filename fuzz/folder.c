/* Files for fuzz targets, in a folder that goes when the process does. */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TREE_FDS_MAX = 16 };

static char path[256];
static int folder_fd;

static _Noreturn void stop(const char *what)
{
    fprintf(stderr, "fuzz: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int remove_one(const char *name, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(name);
}

static void remove_all(void)
{
    nftw(path, remove_one, TREE_FDS_MAX, FTW_DEPTH | FTW_PHYS);
}

const char *folder_path(void)
{
    const char *parent = getenv("TMPDIR");

    if (*path)
        return path;
    snprintf(path, sizeof path, "%s/assay-fuzz-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(path) || (folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        stop(path);
    atexit(remove_all);
    return path;
}

void folder_make(const char *name)
{
    folder_path();
    if (mkdirat(folder_fd, name, 0700) != 0 && errno != EEXIST)
        stop(name);
}

static int open_file(const char *name, int flags)
{
    folder_path();
    int fd = openat(folder_fd, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        stop(name);
    return fd;
}

void folder_write(const char *name, const char *bytes, size_t count)
{
    int fd = open_file(name, O_WRONLY | O_CREAT | O_TRUNC);

    if (count > 0 && write(fd, bytes, count) != (ssize_t)count)
        stop(name);
    close(fd);
}

char *folder_read(const char *name, size_t *count)
{
    struct stat status;
    int fd = open_file(name, O_RDONLY);

    if (fstat(fd, &status) != 0)
        stop(name);
    char *bytes = malloc((size_t)status.st_size + 1);
    if (!bytes || read(fd, bytes, (size_t)status.st_size) != status.st_size)
        stop(name);
    close(fd);
    bytes[status.st_size] = '\0';
    *count = (size_t)status.st_size;
    return bytes;
}
