/* Files rebuilt from recorded system calls, with the state of every byte. */
#include "store/disk_model.h"

#include "base/xalloc.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct disk *disk_create(void)
{
    struct disk *disk = xalloc_resize(NULL, 1, sizeof *disk);

    disk->count = 0;
    return disk;
}

static void forget(struct disk *disk, size_t index)
{
    free(disk->files[index].path);
    free(disk->files[index].bytes);
    free(disk->files[index].states);
    disk->files[index] = disk->files[--disk->count];
}

void disk_free(struct disk *disk)
{
    while (disk && disk->count > 0)
        forget(disk, disk->count - 1);
    free(disk);
}

static char *copy_of(const char *path)
{
    char *copy = strdup(path);

    if (!copy)
        abort();
    return copy;
}

/* disk->count if there is none. */
static size_t index_of(const struct disk *disk, const char *path)
{
    size_t i = 0;

    while (i < disk->count && strcmp(disk->files[i].path, path) != 0)
        i++;
    return i;
}

static struct disk_file *find(struct disk *disk, const char *path)
{
    size_t index = index_of(disk, path);

    return index < disk->count ? &disk->files[index] : NULL;
}

static struct disk_file *find_or_add(struct disk *disk, const char *path)
{
    struct disk_file *file = find(disk, path);

    if (file || disk->count == DISK_FILES_MAX)
        return file;
    file = &disk->files[disk->count++];
    *file = (struct disk_file){.path = copy_of(path)};
    return file;
}

/* The new bytes are NUL. */
static void set_length(struct disk_file *file, size_t length, enum disk_state state)
{
    if (length > DISK_FILE_MAX_BYTES)
        length = DISK_FILE_MAX_BYTES;
    if (length > file->capacity) {
        file->capacity = length > 2 * file->capacity ? length : 2 * file->capacity;
        file->bytes = xalloc_resize(file->bytes, file->capacity, 1);
        file->states = xalloc_resize(file->states, file->capacity, 1);
    }
    if (length > file->length) {
        memset(file->bytes + file->length, 0, length - file->length);
        memset(file->states + file->length, (int)state, length - file->length);
    }
    file->length = length;
}

/* A gap before the first write that is seen was filled before the record began; a later one is a hole of zeros. */
static void apply_write(struct disk *disk, const struct supervisor_event *event)
{
    bool known = find(disk, event->where);
    struct disk_file *file = find_or_add(disk, event->where);

    if (!file || !event->made || event->result <= 0 || event->offset < 0)
        return;
    size_t offset = (size_t)event->offset;
    size_t end = offset + (size_t)event->result;
    if (end > DISK_FILE_MAX_BYTES)
        return;
    if (offset > file->length)
        set_length(file, offset, known ? DISK_WRITTEN : DISK_SYNCED);
    if (end > file->length)
        set_length(file, end, DISK_WRITTEN);
    memcpy(file->bytes + offset, event->bytes, end - offset);
    memset(file->states + offset, event->synced ? DISK_SYNCED : DISK_WRITTEN, end - offset);
}

static void sync_file(struct disk_file *file, bool succeeded)
{
    for (size_t i = 0; i < file->length; i++)
        if (file->states[i] == DISK_WRITTEN)
            file->states[i] = succeeded ? DISK_SYNCED : DISK_DOUBTFUL;
}

/* sync_file_range(2) succeeds without a promise; sync(2) and syncfs(2) are for all files. */
static void apply_sync(struct disk *disk, const struct supervisor_event *event)
{
    bool whole = strcmp(event->name, "sync") == 0 || strcmp(event->name, "syncfs") == 0;

    if (!event->made || (event->result >= 0 && !event->synced))
        return;
    for (size_t i = 0; i < disk->count; i++)
        if (whole || strcmp(disk->files[i].path, event->where) == 0)
            sync_file(&disk->files[i], event->synced);
}

static void apply_truncate(struct disk *disk, const struct supervisor_event *event)
{
    struct disk_file *file = find(disk, event->where);

    if (file && event->made && event->result == 0 && event->offset >= 0)
        set_length(file, (size_t)event->offset, DISK_WRITTEN);
}

/* What an opening leaves to be seen: an empty file. */
static void apply_open(struct disk *disk, const struct supervisor_event *event)
{
    bool fresh = (event->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
    struct disk_file *file = event->flags & O_CREAT ? find_or_add(disk, event->where) : find(disk, event->where);

    if (file && (fresh || (event->flags & O_TRUNC)))
        set_length(file, 0, DISK_WRITTEN);
}

/* True if the path lies below the directory, or is it. */
static bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static void apply_rename(struct disk *disk, const struct supervisor_event *event)
{
    if (event->made && event->result < 0)
        return;
    for (size_t i = disk->count; i-- > 0;)
        if (is_below(disk->files[i].path, event->to))
            forget(disk, i);
    for (size_t i = 0; i < disk->count; i++) {
        struct disk_file *file = &disk->files[i];

        if (!is_below(file->path, event->where))
            continue;
        size_t kept = strlen(file->path) - strlen(event->where);
        char *path = xalloc_resize(NULL, strlen(event->to) + kept + 1, 1);
        memcpy(path, event->to, strlen(event->to));
        memcpy(path + strlen(event->to), file->path + strlen(event->where), kept + 1);
        free(file->path);
        file->path = path;
    }
}

void disk_apply(struct disk *disk, const struct supervisor_event *event)
{
    switch (event->kind) {
    case SUPERVISOR_WRITE:
        apply_write(disk, event);
        break;
    case SUPERVISOR_SYNC:
        apply_sync(disk, event);
        break;
    case SUPERVISOR_TRUNCATE:
        apply_truncate(disk, event);
        break;
    case SUPERVISOR_OPEN:
        apply_open(disk, event);
        break;
    case SUPERVISOR_RENAME:
        apply_rename(disk, event);
        break;
    default:
        break;
    }
}

struct disk *disk_at(struct supervisor *supervisor, int64_t at_ns)
{
    struct disk *disk = disk_create();
    const struct supervisor_event *event;

    for (size_t i = 0; (event = supervisor_event(supervisor, i)) && event->done_ns <= at_ns; i++)
        disk_apply(disk, event);
    return disk;
}

const struct disk_file *disk_file(const struct disk *disk, const char *path)
{
    size_t index = index_of(disk, path);

    return index < disk->count ? &disk->files[index] : NULL;
}

size_t disk_synced_bytes(const struct disk_file *file)
{
    size_t synced = 0;

    while (synced < file->length && file->states[synced] == DISK_SYNCED)
        synced++;
    return synced;
}

static enum disk_fate fate_in(const struct disk_file *file, bool needs_newline, const char *mark)
{
    const char *found = file->length > 0 ? memmem(file->bytes, file->length, mark, strlen(mark)) : NULL;

    if (!found)
        return DISK_NOWHERE;
    size_t end = (size_t)(found - file->bytes) + strlen(mark);
    const char *newline = needs_newline ? memchr(file->bytes + end, '\n', file->length - end) : NULL;
    if (needs_newline && !newline)
        return DISK_NOWHERE;
    if (newline)
        end = (size_t)(newline - file->bytes) + 1;
    return disk_synced_bytes(file) >= end ? DISK_ON_DISK : DISK_IN_MEMORY;
}

enum disk_fate disk_fate(const struct disk *disk, const char *log, const char *mark)
{
    enum disk_fate best = DISK_NOWHERE;

    for (size_t i = 0; i < disk->count; i++) {
        bool is_log = log && strcmp(disk->files[i].path, log) == 0;
        enum disk_fate fate = fate_in(&disk->files[i], is_log, mark);

        if (fate > best)
            best = fate;
    }
    return best;
}
