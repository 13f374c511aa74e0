/* A session's two files: opened and made sure of, added to, and cut back when that fails half-way. */
#include "store/files.h"

#include "base/io.h"
#include "store/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file(struct visit *visit, const char *name, int create, struct error *err)
{
    int fd = openat(visit->dir_fd, name, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | create, 0600);

    if (fd < 0)
        error_set_errno(err, "cannot open %s", name);
    return fd;
}

/* Does the tail that this process remembers still describe the files? */
static bool is_as_remembered(const struct tail *tail, const struct stat *events, const struct stat *transcript)
{
    return tail->known && events->st_ino == tail->events_inode && transcript->st_ino == tail->transcript_inode &&
           (uint64_t)events->st_size == tail->events_bytes && (uint64_t)transcript->st_size == tail->transcript_bytes;
}

enum store_result store_log_open(struct visit *visit, struct error *err)
{
    struct tail *tail = &visit->session->tail;
    struct stat events;
    struct stat transcript;

    visit->events_fd = open_file(visit, "events.jsonl", 0, err);
    if (visit->events_fd >= 0)
        visit->transcript_fd = open_file(visit, "transcript.jsonl", O_CREAT, err);
    if (visit->events_fd < 0 || visit->transcript_fd < 0)
        return errno == ENOENT || errno == ELOOP || errno == EISDIR ? STORE_DAMAGED : STORE_IO;
    if (fstat(visit->events_fd, &events) || fstat(visit->transcript_fd, &transcript)) {
        error_set_errno(err, "cannot look at the session's files");
        return STORE_IO;
    }
    if (is_as_remembered(tail, &events, &transcript))
        return STORE_OK;
    return store_recover(visit, &events, &transcript, err);
}

/* Takes back what may have been written behind the tail, so that no half line stays. If even that fails, nobody knows
 * what the files hold: the next visit has to look, and repair, before anything is added. */
static enum store_result cut_back(struct visit *visit, struct error *err)
{
    struct tail *tail = &visit->session->tail;

    error_set_errno(err, "cannot write the event");
    if (ftruncate(visit->events_fd, (off_t)tail->events_bytes) == 0 &&
        ftruncate(visit->transcript_fd, (off_t)tail->transcript_bytes) == 0)
        return STORE_IO;
    tail->known = false;
    return STORE_UNSURE;
}

enum store_result store_log_add(struct visit *visit, const struct buffer *event_line,
                                const struct buffer *transcript_line, struct error *err)
{
    struct tail *tail = &visit->session->tail;

    if (!io_write_all(visit->events_fd, event_line->data, event_line->bytes))
        return cut_back(visit, err);
    if (!io_write_all(visit->transcript_fd, transcript_line->data, transcript_line->bytes))
        return cut_back(visit, err);
    tail->events_bytes += event_line->bytes;
    tail->transcript_bytes += transcript_line->bytes;
    tail->last_seq++;
    return STORE_OK;
}
