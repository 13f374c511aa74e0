/* Making a session under a name that nobody looks for, then renaming it; removing one the other way round. */
#include "store/build.h"

#include "base/io.h"
#include "store/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* 128 random bits, so that an id is neither guessed nor used a second time. */
static bool make_sid(char sid[STORE_SID_BYTES])
{
    unsigned char random[STORE_SID_CHARS / 2];

    if (getentropy(random, sizeof random))
        return false;
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(sid + 2 * i, 3, "%02x", random[i]);
    return true;
}

/* The modes are set once more by fchmod: an umask may have taken from them. */
static int make_file(const struct build *build, const char *name)
{
    int fd = openat(build->dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd >= 0 && fchmod(fd, 0600)) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool make_directory(struct build *build)
{
    if (mkdirat(build->store->sessions_fd, build->name, 0700))
        return false;
    build->dir_fd = openat(build->store->sessions_fd, build->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return build->dir_fd >= 0 && fchmod(build->dir_fd, 0700) == 0;
}

static bool make_metadata(const struct build *build)
{
    int fd = make_file(build, "meta.json");
    bool made = fd >= 0 && io_write_all(fd, "{}\n", 3) && (!build->store->durable || fsync(fd) == 0);

    io_close(&fd);
    return made;
}

enum store_result store_build_begin(struct build *build, struct store *store, struct error *err)
{
    *build = (struct build){.store = store, .dir_fd = -1, .events_fd = -1, .transcript_fd = -1};
    store_fds_take(store, STORE_VISIT_FDS);
    if (make_sid(build->sid)) {
        snprintf(build->name, sizeof build->name, ".new-%s", build->sid);
        if (make_directory(build) && make_metadata(build)) {
            build->events_fd = make_file(build, "events.jsonl");
            build->transcript_fd = make_file(build, "transcript.jsonl");
        }
    }
    if (build->events_fd >= 0 && build->transcript_fd >= 0)
        return STORE_OK;
    error_set_errno(err, "cannot make a session");
    return store_build_end(build, STORE_IO, NULL);
}

/* The files, the directory that names them, and only then the name of that directory. */
static bool sync_all(const struct build *build)
{
    return fsync(build->events_fd) == 0 && fsync(build->transcript_fd) == 0 && fsync(build->dir_fd) == 0;
}

static enum store_result show(const struct build *build, struct error *err)
{
    struct store *store = build->store;

    if ((store->durable && !sync_all(build)) ||
        renameat(store->sessions_fd, build->name, store->sessions_fd, build->sid)) {
        error_set_errno(err, "cannot complete the session");
        return STORE_IO;
    }
    if (store->durable && fsync(store->sessions_fd)) {
        error_set_errno(err, "cannot sync the directory of sessions");
        return STORE_UNSURE;
    }
    return STORE_OK;
}

enum store_result store_build_end(struct build *build, enum store_result result, struct error *err)
{
    if (result == STORE_OK)
        result = show(build, err);
    io_close(&build->events_fd);
    io_close(&build->transcript_fd);
    io_close(&build->dir_fd);
    if (result != STORE_OK && result != STORE_UNSURE)
        store_remove_directory(build->store, build->name);
    store_fds_give(build->store, STORE_VISIT_FDS);
    return result;
}

void store_remove_directory(struct store *store, const char *name)
{
    int fd = openat(store->sessions_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    if (!directory) {
        io_close(&fd);
        return;
    }
    while ((entry = readdir(directory)))
        unlinkat(fd, entry->d_name, 0); /* "." and ".." are refused by the kernel */
    closedir(directory);
    unlinkat(store->sessions_fd, name, AT_REMOVEDIR);
}

void store_sweep(struct store *store)
{
    int fd = openat(store->sessions_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    if (!directory) {
        io_close(&fd);
        return;
    }
    while ((entry = readdir(directory))) {
        if (strncmp(entry->d_name, ".new-", 5) == 0 || strncmp(entry->d_name, ".deleted-", 9) == 0)
            store_remove_directory(store, entry->d_name);
    }
    closedir(directory);
}
