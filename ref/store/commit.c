/* Who waits for the disk, who syncs for the others, and what a failed sync means from then on. */
#include "store/commit.h"

#include "base/io.h"

#include <fcntl.h>
#include <unistd.h>

enum { BLOCK_BYTES = 64 * 1024 };

/* Syncs without holding the lock, for everybody whose line is written by now. */
static void sync_for_all(struct commit *commit, int fd)
{
    uint64_t covered_bytes = commit->written_bytes;
    int failed;

    commit->syncing = true;
    pthread_mutex_unlock(&commit->lock);
    failed = fdatasync(fd);
    pthread_mutex_lock(&commit->lock);
    commit->syncing = false;
    if (failed)
        commit->failed = true;
    else
        commit->synced_bytes = covered_bytes;
    pthread_cond_broadcast(&commit->changed);
}

enum store_result store_commit_wait(struct visit *visit, uint64_t end_bytes, struct error *err)
{
    struct commit *commit = &visit->session->commit;
    enum store_result result = STORE_OK;

    pthread_mutex_lock(&commit->lock);
    if (commit->written_bytes < end_bytes)
        commit->written_bytes = end_bytes;
    while (commit->synced_bytes < end_bytes && !commit->failed) {
        if (commit->syncing)
            pthread_cond_wait(&commit->changed, &commit->lock);
        else
            sync_for_all(commit, visit->events_fd);
    }
    if (commit->synced_bytes < end_bytes) {
        error_set(err, "the event could not be synced to the disk");
        result = STORE_UNSURE;
    }
    pthread_mutex_unlock(&commit->lock);
    return result;
}

enum store_result store_commit_check(struct session *session, struct error *err)
{
    bool failed;

    pthread_mutex_lock(&session->commit.lock);
    failed = session->commit.failed;
    pthread_mutex_unlock(&session->commit.lock);
    if (!failed)
        return STORE_OK;
    error_set(err, "a sync of this session failed; it has to be resumed first");
    return STORE_IO;
}

/* Makes [offset, end) dirty again, so that the next sync really writes it. */
static bool rewrite(int from_fd, int to_fd, uint64_t offset, uint64_t end)
{
    char block[BLOCK_BYTES];

    while (offset < end) {
        size_t bytes = end - offset < sizeof block ? (size_t)(end - offset) : sizeof block;

        if (!io_read_all_at(from_fd, block, bytes, offset) || !io_write_all_at(to_fd, block, bytes, offset))
            return false;
        offset += bytes;
    }
    return true;
}

enum store_result store_commit_heal(struct visit *visit, struct error *err)
{
    struct commit *commit = &visit->session->commit;
    uint64_t end_bytes = visit->session->tail.events_bytes;
    enum store_result result = STORE_OK;
    int fd;

    pthread_mutex_lock(&commit->lock);
    if (!commit->failed)
        goto out;
    /* A descriptor of its own: with O_APPEND, pwrite(2) would write at the end. */
    fd = openat(visit->dir_fd, "events.jsonl", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || !rewrite(visit->events_fd, fd, commit->synced_bytes, end_bytes) || fdatasync(fd)) {
        error_set_errno(err, "the session still cannot be synced");
        result = STORE_IO;
    } else {
        commit->failed = false;
        commit->written_bytes = commit->synced_bytes = end_bytes;
    }
    io_close(&fd);
out:
    pthread_mutex_unlock(&commit->lock);
    return result;
}
