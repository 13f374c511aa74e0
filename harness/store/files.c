/* The files of a store, where the manifest says that they lie: found, read, and damaged. */
#include "case/state.h"
#include "check.h"
#include "store/store_private.h"
#include "target/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1 << 30 };

static const char *template_of(enum store_file file)
{
    const struct manifest *manifest = case_context()->manifest;

    switch (file) {
    case STORE_EVENTS:
        return manifest->store_events;
    case STORE_TRANSCRIPT:
        return manifest->store_transcript;
    case STORE_METADATA:
        return manifest->store_metadata;
    }
    return NULL;
}

const char *store_path(struct store *store, const char *sid, enum store_file file)
{
    const char *template = template_of(file), *mark = template ? strstr(template, "{sid}") : NULL;

    if (!mark)
        not_applicable("the manifest does not say where this file of the store lies");
    expect(!strchr(sid, '/') && strcmp(sid, "..") != 0, WRONG, "the id of a session, no path", "%s", sid);
    struct text path;
    text_init(&path, 8192);
    text_addf(&path, "%s/%.*s%s%s", store->shared->directory, (int)(mark - template), template, sid,
              mark + strlen("{sid}"));
    const char *kept = store_keep(store, path.bytes);
    text_free(&path);
    return kept;
}

/* What lies there is the target's doing: a FIFO would make us wait, a device would never end. */
static int open_regular(const char *path, int mode)
{
    struct stat file;
    int fd = open(path, mode | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    expect(fd >= 0, WRONG, "the session's file where the manifest says it is", "%s: %s", path,
           fd < 0 ? strerror(errno) : "there");
    expect(!fstat(fd, &file) && S_ISREG(file.st_mode), WRONG, "the session's file where the manifest says it is",
           "%s: no regular file", path);
    return fd;
}

int store_open_file(struct store *store, const char *sid, enum store_file file)
{
    return open_regular(store_path(store, sid, file), O_RDWR);
}

void store_cut_off(struct store *store, const char *sid, size_t bytes)
{
    struct stat file;
    int fd = store_open_file(store, sid, STORE_EVENTS);
    bool cut = !fstat(fd, &file) && ftruncate(fd, file.st_size - (off_t)bytes) == 0;

    if (close(fd) || !cut)
        error_of_environment("the session's file cannot be cut: %s", strerror(errno));
}

struct text store_file(struct store *store, const char *sid, enum store_file file)
{
    struct text bytes;
    const char *path = store_path(store, sid, file);
    int fd = open_regular(path, O_RDONLY);
    char buffer[1 << 16];

    text_init(&bytes, FILE_BYTES_MAX);
    for (ssize_t count; !bytes.cut && (count = read(fd, buffer, sizeof buffer)) > 0;)
        text_add_bytes(&bytes, buffer, (size_t)count);
    close(fd);
    expect(!bytes.cut, WRONG, "a file as large as what was written to it", "%s: more than %d MiB", path,
           FILE_BYTES_MAX >> 20);
    return bytes;
}

bool store_has_file(const struct store *store, enum store_file file)
{
    (void)store;
    return template_of(file) != NULL;
}
