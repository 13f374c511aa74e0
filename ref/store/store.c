/* The operations of the store: open, create, append, delete, resume, list. Reading, metadata and forks have files of
 * their own. */
#include "store/store.h"

#include "base/io.h"
#include "store/build.h"
#include "store/commit.h"
#include "store/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens the root and its directory of sessions, which is made if need be. */
static bool open_directories(struct store *store, const char *directory)
{
    store->root_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->root_fd < 0)
        return false;
    if (mkdirat(store->root_fd, "sessions", 0700) && errno != EEXIST)
        return false;
    store->sessions_fd = openat(store->root_fd, "sessions", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return store->sessions_fd >= 0 && fchmod(store->sessions_fd, 0700) == 0 &&
           (!store->durable || fsync(store->root_fd) == 0);
}

/* Every process that uses the root holds a shared lock on it. Who gets it alone may clean up first. */
static bool share_root(struct store *store)
{
    if (flock(store->root_fd, LOCK_EX | LOCK_NB) == 0)
        store_sweep(store);
    return flock(store->root_fd, LOCK_SH) == 0;
}

enum store_result store_open(const char *directory, const struct store_options *options, struct store **opened,
                             struct error *err)
{
    struct store *store = calloc(1, sizeof *store);

    *opened = NULL;
    if (!store) {
        error_set(err, "out of memory");
        return STORE_IO;
    }
    *store = (struct store){.root_fd = -1, .sessions_fd = -1, .durable = options->durable};
    store->fds_free = STORE_FDS_MAX - STORE_OWN_FDS;
    store->event_max_bytes = options->event_max_bytes;
    if (store->event_max_bytes == 0 || store->event_max_bytes > STORE_EVENT_MAX_BYTES)
        store->event_max_bytes = STORE_EVENT_MAX_BYTES;
    pthread_mutex_init(&store->build_lock, NULL);
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->fds_given, NULL);
    if (!open_directories(store, directory) || !share_root(store)) {
        error_set_errno(err, "cannot open the store");
        store_close(store);
        return STORE_IO;
    }
    *opened = store;
    return STORE_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    store_forget_sessions(store);
    io_close(&store->sessions_fd);
    io_close(&store->root_fd);
    pthread_cond_destroy(&store->fds_given);
    pthread_mutex_destroy(&store->lock);
    pthread_mutex_destroy(&store->build_lock);
    free(store);
}

enum store_result store_create(struct store *store, char sid[STORE_SID_BYTES], struct error *err)
{
    struct build build;
    enum store_result result;

    pthread_mutex_lock(&store->build_lock);
    result = store_build_begin(&build, store, err);
    if (result == STORE_OK)
        result = store_build_end(&build, STORE_OK, err);
    pthread_mutex_unlock(&store->build_lock);
    if (result == STORE_OK)
        memcpy(sid, build.sid, STORE_SID_BYTES);
    return result;
}

/* Gives the event its number and its time, and writes it. The session is locked all the while. */
static enum store_result append_locked(struct visit *visit, const struct event *event, uint64_t *seq, struct error *err)
{
    struct buffer line = buffer_new(STORE_LINE_MAX_BYTES);
    struct buffer transcript_line = buffer_new(STORE_LINE_MAX_BYTES);
    char time_text[STORE_TIME_BYTES];
    struct json_span now = store_event_now(time_text);
    enum store_result result = STORE_IO;

    *seq = visit->session->tail.last_seq + 1;
    store_event_add_line(&line, event, now, *seq);
    store_event_add_transcript(&transcript_line, event, now, *seq);
    if (line.failed || transcript_line.failed)
        error_set(err, "out of memory");
    else
        result = store_log_add(visit, &line, &transcript_line, err);
    buffer_free(&line);
    buffer_free(&transcript_line);
    return result;
}

enum store_result store_append(struct store *store, const char *sid, const char *event_text, size_t event_bytes,
                               uint64_t *seq, struct error *err)
{
    struct event event;
    struct visit visit;
    uint64_t end_bytes;
    enum store_result result;

    if (event_bytes > store->event_max_bytes) {
        error_set(err, "an event of more than %zu bytes", store->event_max_bytes);
        return STORE_TOO_BIG;
    }
    result = store_event_parse(event_text, event_bytes, &event, err);
    if (result == STORE_OK)
        result = visit_begin(&visit, store, sid, err);
    if (result != STORE_OK)
        return result;
    result = store_commit_check(visit.session, err);
    if (result == STORE_OK)
        result = store_log_open(&visit, err);
    if (result == STORE_OK)
        result = append_locked(&visit, &event, seq, err);
    end_bytes = visit.session->tail.events_bytes;
    visit_unlock(&visit);
    if (result == STORE_OK && store->durable)
        result = store_commit_wait(&visit, end_bytes, err);
    visit_end(&visit);
    return result;
}

enum store_result store_delete(struct store *store, const char *sid, struct error *err)
{
    char name[STORE_NAME_BYTES];
    struct visit visit;
    enum store_result result = visit_begin(&visit, store, sid, err);

    if (result != STORE_OK)
        return result;
    /* Under the lock the name goes first, at once; who waits for the lock then finds that out. */
    snprintf(name, sizeof name, ".deleted-%s", sid);
    if (renameat(store->sessions_fd, sid, store->sessions_fd, name)) {
        error_set_errno(err, "cannot delete the session");
        result = STORE_IO;
    } else {
        visit.session->tail.known = false;
        store_remove_directory(store, name);
        if (store->durable && fsync(store->sessions_fd)) {
            error_set_errno(err, "cannot sync the directory of sessions");
            result = STORE_UNSURE;
        }
    }
    visit_end(&visit);
    return result;
}

enum store_result store_resume(struct store *store, const char *sid, uint64_t *next_seq, struct error *err)
{
    struct visit visit;
    enum store_result result = visit_begin(&visit, store, sid, err);

    if (result != STORE_OK)
        return result;
    visit.session->tail.known = false;
    result = store_log_open(&visit, err);
    if (result == STORE_OK)
        result = store_commit_heal(&visit, err);
    if (result == STORE_OK)
        *next_seq = visit.session->tail.last_seq + 1;
    visit_end(&visit);
    return result;
}

static int compare_sids(const void *a, const void *b)
{
    return memcmp(a, b, STORE_SID_BYTES);
}

/* Collects the names that are session ids. */
static bool collect_sids(DIR *directory, struct buffer *sids)
{
    struct dirent *entry;

    while ((entry = readdir(directory))) {
        if (store_sid_is_valid(entry->d_name) && !buffer_add(sids, entry->d_name, STORE_SID_BYTES))
            return false;
    }
    return true;
}

enum store_result store_list(struct store *store, char (**sids)[STORE_SID_BYTES], size_t *count, struct error *err)
{
    struct buffer buffer = buffer_new((size_t)STORE_LIST_MAX * STORE_SID_BYTES);
    enum store_result result = STORE_IO;
    DIR *directory;
    int fd;

    store_fds_take(store, 1);
    fd = openat(store->sessions_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (!directory) {
        error_set_errno(err, "cannot list the sessions");
        io_close(&fd);
    } else if (!collect_sids(directory, &buffer)) {
        error_set(err, "more than %d sessions, or out of memory", STORE_LIST_MAX);
        result = STORE_TOO_BIG;
    } else {
        result = STORE_OK;
    }
    if (directory)
        closedir(directory);
    store_fds_give(store, 1);
    *count = buffer.failed ? 0 : buffer.bytes / STORE_SID_BYTES;
    *sids = (void *)buffer_take(&buffer, NULL);
    if (*sids)
        qsort(*sids, *count, STORE_SID_BYTES, compare_sids);
    return result;
}
