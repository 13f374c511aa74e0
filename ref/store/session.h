/* The inside of the store: its sessions in memory, and how to be alone with one. Not for the store's users.
 *
 * A visit is one operation on one session. It begins by taking the session's lock: a mutex against the threads of this
 * process, then flock(2) on the session's directory against other processes. The locks are given back by
 * visit_unlock(), as early as possible; what still needs the event file (a sync, a read) may go on until visit_end().
 *
 * Order of locks: build, then session, then the descriptors' budget or the table; the disk's flock comes last. */
#ifndef REF_STORE_SESSION_H
#define REF_STORE_SESSION_H

#include "store/store.h"

#include <pthread.h>
#include <sys/types.h>

enum {
    STORE_OWN_FDS = 2,                    /* the root and its directory of sessions */
    STORE_VISIT_FDS = 4,                  /* directory, events, transcript, and a temporary file */
    STORE_SESSIONS_REMEMBERED_MAX = 1024, /* idle ones; a forgotten one is only slower to open */
    STORE_NAME_BYTES = STORE_SID_BYTES + sizeof ".deleted-"
};

/* What a session's files held when this process last looked. True only as long as sizes and inodes are the same. */
struct tail {
    bool known;
    ino_t events_inode;
    ino_t transcript_inode;
    uint64_t events_bytes;
    uint64_t transcript_bytes;
    uint64_t last_seq;
};

/* Group commit, see store/commit.h. */
struct commit {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t written_bytes; /* of events.jsonl, highest end of a line that waits to be synced */
    uint64_t synced_bytes;
    bool syncing; /* one of the waiting threads is at it */
    bool failed;  /* nobody knows what the disk holds behind synced_bytes */
};

struct session {
    struct session *next; /* most recently used first; guarded by store.lock, as is users */
    size_t users;
    char sid[STORE_SID_BYTES];
    pthread_mutex_t lock; /* held from "which number is next" until both files are written */
    struct tail tail;     /* guarded by lock */
    struct commit commit;
};

struct store {
    int root_fd;
    int sessions_fd;
    size_t event_max_bytes;
    bool durable;
    pthread_mutex_t build_lock; /* one session is made at a time */
    pthread_mutex_t lock;       /* guards what follows */
    pthread_cond_t fds_given;
    size_t fds_free;
    struct session *sessions;
    size_t session_count;
};

struct visit {
    struct store *store;
    struct session *session;
    bool locked;
    size_t fds; /* how many of the budget it holds */
    int dir_fd;
    int events_fd;     /* -1 until store_log_open() */
    int transcript_fd; /* likewise */
};

bool store_sid_is_valid(const char *sid);

/* The budget of descriptors. Only who holds build_lock may wait for more while holding some. */
void store_fds_take(struct store *store, size_t count);
void store_fds_give(struct store *store, size_t count);

/* On STORE_OK the session is locked, exists, and dir_fd is its directory. Otherwise nothing is left to end. */
enum store_result visit_begin(struct visit *visit, struct store *store, const char *sid, struct error *err);

/* Others may come in; only events_fd stays open. May be called twice. */
void visit_unlock(struct visit *visit);

void visit_end(struct visit *visit);

/* Frees what is remembered of all sessions; nobody visits any more. */
void store_forget_sessions(struct store *store);

#endif
