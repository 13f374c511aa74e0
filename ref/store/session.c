/* Which sessions this process remembers, the budget of descriptors, and being alone with a session. */
#include "store/session.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool store_sid_is_valid(const char *sid)
{
    return strlen(sid) == STORE_SID_CHARS && strspn(sid, "0123456789abcdef") == STORE_SID_CHARS;
}

void store_fds_take(struct store *store, size_t count)
{
    pthread_mutex_lock(&store->lock);
    while (store->fds_free < count)
        pthread_cond_wait(&store->fds_given, &store->lock);
    store->fds_free -= count;
    pthread_mutex_unlock(&store->lock);
}

void store_fds_give(struct store *store, size_t count)
{
    pthread_mutex_lock(&store->lock);
    store->fds_free += count;
    pthread_cond_broadcast(&store->fds_given);
    pthread_mutex_unlock(&store->lock);
}

static struct session *session_new(const char *sid)
{
    struct session *session = calloc(1, sizeof *session);

    if (!session)
        return NULL;
    snprintf(session->sid, sizeof session->sid, "%s", sid);
    pthread_mutex_init(&session->lock, NULL);
    pthread_mutex_init(&session->commit.lock, NULL);
    pthread_cond_init(&session->commit.changed, NULL);
    return session;
}

static void session_free(struct session *session)
{
    pthread_cond_destroy(&session->commit.changed);
    pthread_mutex_destroy(&session->commit.lock);
    pthread_mutex_destroy(&session->lock);
    free(session);
}

/* The one struct session of that id, moved to the front, with one more user. NULL: no memory. */
static struct session *session_use(struct store *store, const char *sid)
{
    struct session **link = &store->sessions;
    struct session *session;

    pthread_mutex_lock(&store->lock);
    while (*link && strcmp((*link)->sid, sid) != 0)
        link = &(*link)->next;
    session = *link;
    if (session)
        *link = session->next;
    else if ((session = session_new(sid)))
        store->session_count++;
    if (session) {
        session->next = store->sessions;
        store->sessions = session;
        session->users++;
    }
    pthread_mutex_unlock(&store->lock);
    return session;
}

/* What would be lost with an idle session: nothing, if its tail is not known; too much, if a sync of it failed. */
static bool is_forgettable(const struct store *store, const struct session *session)
{
    if (session->users > 0 || session->commit.failed)
        return false;
    return !session->tail.known || store->session_count > STORE_SESSIONS_REMEMBERED_MAX;
}

static void session_unuse(struct store *store, struct session *session)
{
    struct session **link = &store->sessions;
    struct session **oldest = NULL;

    pthread_mutex_lock(&store->lock);
    session->users--;
    for (; *link; link = &(*link)->next) {
        if (is_forgettable(store, *link))
            oldest = link;
    }
    if (oldest) {
        session = *oldest;
        *oldest = session->next;
        store->session_count--;
        session_free(session);
    }
    pthread_mutex_unlock(&store->lock);
}

void store_forget_sessions(struct store *store)
{
    while (store->sessions) {
        struct session *session = store->sessions;

        store->sessions = session->next;
        session_free(session);
    }
}

/* Waits for other processes. Retried when a signal comes in between. */
static int lock_directory(int fd)
{
    int failed;

    do {
        failed = flock(fd, LOCK_EX);
    } while (failed && errno == EINTR);
    return failed;
}

/* While this visit waited for the lock, somebody may have deleted the session. */
static bool is_still_there(const struct visit *visit)
{
    struct stat opened;
    struct stat named;

    return fstat(visit->dir_fd, &opened) == 0 &&
           fstatat(visit->store->sessions_fd, visit->session->sid, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

static enum store_result open_and_lock(struct visit *visit, struct error *err)
{
    visit->dir_fd =
        openat(visit->store->sessions_fd, visit->session->sid, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (visit->dir_fd < 0 && errno == ENOENT) {
        error_set(err, "no such session");
        return STORE_NO_SESSION;
    }
    if (visit->dir_fd < 0) {
        error_set_errno(err, "cannot open the session's directory");
        return errno == ENOTDIR || errno == ELOOP ? STORE_DAMAGED : STORE_IO;
    }
    if (lock_directory(visit->dir_fd)) {
        error_set_errno(err, "cannot lock the session");
        return STORE_IO;
    }
    if (!is_still_there(visit)) {
        error_set(err, "the session was deleted");
        return STORE_NO_SESSION;
    }
    return STORE_OK;
}

enum store_result visit_begin(struct visit *visit, struct store *store, const char *sid, struct error *err)
{
    enum store_result result;

    if (!store_sid_is_valid(sid)) {
        error_set(err, "a session id is 32 lower-case hexadecimal digits");
        return STORE_BAD_ID;
    }
    *visit = (struct visit){.store = store, .dir_fd = -1, .events_fd = -1, .transcript_fd = -1};
    visit->session = session_use(store, sid);
    if (!visit->session) {
        error_set(err, "out of memory");
        return STORE_IO;
    }
    pthread_mutex_lock(&visit->session->lock);
    visit->locked = true;
    store_fds_take(store, STORE_VISIT_FDS);
    visit->fds = STORE_VISIT_FDS;
    result = open_and_lock(visit, err);
    if (result != STORE_OK)
        visit_end(visit);
    return result;
}

void visit_unlock(struct visit *visit)
{
    if (!visit->locked)
        return;
    io_close(&visit->transcript_fd);
    if (visit->dir_fd >= 0)
        flock(visit->dir_fd, LOCK_UN);
    io_close(&visit->dir_fd);
    store_fds_give(visit->store, visit->fds - 1);
    visit->fds = 1;
    visit->locked = false;
    pthread_mutex_unlock(&visit->session->lock);
}

void visit_end(struct visit *visit)
{
    visit_unlock(visit);
    io_close(&visit->events_fd);
    store_fds_give(visit->store, visit->fds);
    session_unuse(visit->store, visit->session);
}
