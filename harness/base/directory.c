/* Directories of a run: their names, whole or not at all, and the removal of whatever a target has left in them. */
#include "base/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_TRIES_MAX = 1000, ROOM_BYTES = 64 << 10 };

bool directory_name(char path[PATH_MAX], const char *format, ...)
{
    char given[PATH_MAX], here[PATH_MAX] = "";
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(given, sizeof given, format, arguments);
    va_end(arguments);
    bool relative = given[0] != '/';
    if (relative && !getcwd(here, sizeof here))
        return false;
    bool fits = length >= 0 && length < PATH_MAX;
    size_t here_bytes = strlen(here), given_bytes = strlen(given);
    if (!fits || here_bytes + relative + given_bytes >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(path, here, here_bytes);
    path[here_bytes] = '/';
    memcpy(path + here_bytes + relative, given, given_bytes + 1);
    return true;
}

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

/* ---- removal ---- */

/* The tree is taken apart flat: whatever directories a directory holds are moved up to the top before it is removed
 * itself. So neither paths nor descriptors nor the stack grow with its depth, which is the target's choice. */

/* Opens a directory to be listed; a target may have closed it to its owner, too. */
static DIR *open_listed(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 && errno == EACCES && !fchmodat(parent, name, 0700, AT_SYMLINK_NOFOLLOW))
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    fchmod(fd, 0700);
    return fdopendir(fd);
}

/* Under a name that is free there; `number` is where to go on looking. */
static bool move_up(int from, const char *name, int top, unsigned long *number)
{
    char free_name[32];

    fchmodat(from, name, 0700, AT_SYMLINK_NOFOLLOW); /* it must be writable to get another parent */
    for (int tries = 0; tries < NAME_TRIES_MAX; tries++) {
        snprintf(free_name, sizeof free_name, "moved-%lu", ++*number);
        if (!renameat2(from, name, top, free_name, RENAME_NOREPLACE))
            return true;
        if (errno != EEXIST)
            return false;
    }
    return false;
}

static bool is_itself(const struct dirent *item)
{
    return !strcmp(item->d_name, ".") || !strcmp(item->d_name, "..");
}

static bool take_out(int from, const char *name, int top, unsigned long *number)
{
    return !unlinkat(from, name, 0) || !unlinkat(from, name, AT_REMOVEDIR) || move_up(from, name, top, number);
}

/* Empties a directory in the top one, and removes it unless a look at it did not show all it holds. */
static bool remove_level(int top, const char *name, unsigned long *number)
{
    DIR *directory = open_listed(top, name);

    if (!directory)
        return false;
    bool done = true, found = false;
    for (struct dirent *item; done && (item = readdir(directory));)
        if (!is_itself(item)) {
            found = true;
            done = take_out(dirfd(directory), item->d_name, top, number);
        }
    int error = errno;
    closedir(directory);
    errno = error;
    return done && (!unlinkat(top, name, AT_REMOVEDIR) || (found && errno == ENOTEMPTY));
}

/* Until a look at the directory finds nothing: what changes in between may hide some of it from one. */
static bool empty(DIR *top)
{
    unsigned long number = 0;

    for (bool found = true; found; rewinddir(top)) {
        found = false;
        for (struct dirent *item; (item = readdir(top));) {
            if (is_itself(item))
                continue;
            found = true;
            if (unlinkat(dirfd(top), item->d_name, 0) && !remove_level(dirfd(top), item->d_name, &number))
                return false;
        }
    }
    return true;
}

bool directory_remove(const char *path)
{
    DIR *top = open_listed(AT_FDCWD, path);

    if (!top)
        return errno == ENOENT || (errno == ENOTDIR && !unlink(path));
    bool emptied = empty(top);
    int error = errno;
    closedir(top);
    errno = error;
    return emptied && !rmdir(path);
}

bool directory_has_room(const char *path)
{
    static const char zeros[ROOM_BYTES];
    int fd = open(path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0)
        return false;
    ssize_t written = write(fd, zeros, sizeof zeros);
    int error = written == (ssize_t)sizeof zeros ? 0 : written < 0 ? errno : ENOSPC;
    close(fd);
    errno = error;
    return error == 0;
}
