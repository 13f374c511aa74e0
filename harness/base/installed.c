/* Where assay finds the files that belong to it. */
#include "base/installed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool own_directory(char directory[PATH_MAX])
{
    ssize_t bytes = readlink("/proc/self/exe", directory, PATH_MAX - 1);

    if (bytes < 0)
        return false;
    directory[bytes] = '\0';
    *strrchr(directory, '/') = '\0';
    return true;
}

bool installed_find(const char *name, char path[PATH_MAX], struct error *err)
{
    static const char *const places[] = {"", "../libexec/assay/"};
    char directory[PATH_MAX];

    if (!own_directory(directory)) {
        error_set(err, "/proc/self/exe cannot be read: %s", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int bytes = snprintf(path, PATH_MAX, "%s/%s%s", directory, places[i], name);

        if (bytes < PATH_MAX && access(path, R_OK) == 0)
            return true;
    }
    error_set(err, "%s is neither in %s nor in ../libexec/assay beside it; build or install the whole of assay", name,
              directory);
    return false;
}
