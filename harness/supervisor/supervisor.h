/* The supervisor: the system calls of a target, held, reordered, failed, cut short, killed at, and recorded.
 *
 * A seccomp filter with user notification (seccomp_unotify(2)) is set in the child between fork and exec. Threads and
 * children inherit it, in any language, linked statically or not, and no privilege is needed. The calls it asks for are
 * decided upon, one after the other, by a thread of the supervisor's own; all other calls run at native speed. What
 * happens to a call is said by rules, which may be added and removed at any time. The verdict about a target always
 * comes from what it did to its files or its peers, never from the schedule it was put under.
 *
 * One supervisor serves a case and all processes of the target it starts, one after the other or side by side; the
 * n-th call is counted over all of them and their threads. Every function below may be called by any thread of the
 * process that started the supervisor, and none blocks unless it says so. Times are CLOCK_MONOTONIC, in nanoseconds.
 *
 * To start a target under it:
 *
 *     struct supervisor_entry entry;
 *     supervisor_prepare(supervisor, &entry, why, sizeof why);
 *     pid_t pid = fork();
 *     if (pid == 0) {
 *         ... dup2, chdir, setpgid ...
 *         if (supervisor_enter(&entry) == 0)
 *             execv(path, argv);
 *         _exit(127);
 *     }
 *     supervisor_attach(supervisor, &entry, pid, why, sizeof why);
 *
 * What it cannot see: memory-mapped writes, calls on descriptors 0 to 2, and duplicate numbers handed out between a
 * load and a store with no call in between (that is ThreadSanitizer's). io_uring_setup and io_setup are answered
 * ENOSYS, so that nothing slips past that way. A target that runs code of another architecture (32-bit, x32) goes on
 * natively, and supervisor_trouble() says so. Since no_new_privs is set, sudo does not work inside a target. Linux 5.19
 * is needed: before it, a signal could repeat a call that had already been carried out. In the moment before the thread
 * has taken a call, a signal whose handler lacks SA_RESTART still ends it with EINTR, and without any effect. */
#ifndef ASSAY_SUPERVISOR_SUPERVISOR_H
#define ASSAY_SUPERVISOR_SUPERVISOR_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    SUPERVISOR_RULES_MAX = 1024,             /* added to one supervisor, removed ones included */
    SUPERVISOR_HOLDS_MAX = 64,               /* calls held at the same time; the next ones are let through */
    SUPERVISOR_PROCESSES_MAX = 64,           /* targets attached at the same time, not counting their children */
    SUPERVISOR_FRUITLESS_MAX = 16,           /* holds of one rendezvous that end without a partner; then it rests */
    SUPERVISOR_CALL_MAX_BYTES = 64 << 20,    /* a larger write is left to the kernel, whatever the rules say */
    SUPERVISOR_RECORD_MAX_EVENTS = 1 << 17,  /* then supervisor_record_cut() */
    SUPERVISOR_RECORD_MAX_BYTES = 256 << 20, /* of written bytes kept in all; then supervisor_record_cut() */
    SUPERVISOR_RENDEZVOUS_MS = 20,           /* how long a first writer waits, before --timeout-scale */
};

/* Kinds of calls. `where` is what a rule's glob is matched against. */
enum supervisor_kind {
    SUPERVISOR_WRITE = 1 << 0,    /* write, pwrite64, writev, pwritev, pwritev2; where: the file's path */
    SUPERVISOR_SYNC = 1 << 1,     /* fsync, fdatasync, sync_file_range: the file's path; sync, syncfs: match any glob */
    SUPERVISOR_TRUNCATE = 1 << 2, /* ftruncate, truncate */
    SUPERVISOR_OPEN = 1 << 3,     /* open, openat, openat2, creat: the path as given, made absolute */
    SUPERVISOR_RENAME = 1 << 4,   /* rename, renameat, renameat2: the old path or the new one */
    SUPERVISOR_LOCK = 1 << 5,     /* flock */
    SUPERVISOR_CONNECT = 1 << 6,  /* connect: "127.0.0.1:8080", "[::1]:8080", "unix:/run/x", "family 16" */
    SUPERVISOR_SEND = 1 << 7,     /* write, writev, sendto, sendmsg on a connected stream socket: the peer's address */

    SUPERVISOR_FILES = SUPERVISOR_WRITE | SUPERVISOR_SYNC | SUPERVISOR_TRUNCATE | SUPERVISOR_OPEN | SUPERVISOR_RENAME |
                       SUPERVISOR_LOCK,
    SUPERVISOR_SOCKETS = SUPERVISOR_CONNECT | SUPERVISOR_SEND,
};

/* What a rule does to a call that matches it. Where it says "in its stead", the supervisor makes the call itself, on
 * the target's own open file, so that the effect is there at a known moment, and hands the result back. */
enum supervisor_action {
    /* Hold the call until another thread or process makes one of the same kind at the same place. Let the second go
     * first (in its stead for writes, syncs and truncations, so that it is done; for the rest, until its thread makes
     * the next call that is seen, or for 2 ms), then the first. Nobody comes within hold_ms: let it go. */
    SUPERVISOR_RENDEZVOUS,
    SUPERVISOR_DELAY,       /* hold the call for hold_ms, then let it go */
    SUPERVISOR_FAIL,        /* no effect; the call returns -1 and `error` as errno (EINTR too: POSIX allows that); not
                             * sync(2), which cannot fail */
    SUPERVISOR_CUT,         /* WRITE, SEND: only `bytes` bytes are written, really, and that number is returned */
    SUPERVISOR_KILL_BEFORE, /* SIGKILL to the target's whole process tree instead of the call */
    SUPERVISOR_KILL_WITHIN, /* WRITE: half of the bytes (rounded down) are written, then SIGKILL */
    SUPERVISOR_KILL_AFTER,  /* not LOCK, CONNECT: made in its stead, then SIGKILL; the call never returns */
    SUPERVISOR_HOLD_AFTER_SEND, /* SEND, SYNC: made in its stead, and the return is held for hold_ms */
    SUPERVISOR_RECORD, /* enter it in the record; WRITE, SYNC, TRUNCATE are made in its stead, for the result */
};

struct supervisor_rule {
    unsigned kinds;    /* of the calls; among those that the supervisor was started with */
    const char *where; /* a glob, as fnmatch(3) without flags: '*' matches '/' too; copied */
    enum supervisor_action action;
    uint64_t nth; /* only the n-th matching call from now on, counted from 1; 0: every one (not for KILL_...) */
    int error;    /* FAIL: an errno */
    size_t bytes; /* CUT: at least 1 */
    int64_t hold_ms;
};

enum supervisor_result {
    SUPERVISOR_OK,
    SUPERVISOR_REFUSED, /* the kernel, or a policy around this process, does not allow it */
    SUPERVISOR_BUSY,    /* a listener is there already: a sandbox, or assay run under assay */
    SUPERVISOR_DIED,    /* the child ended before it was supervised */
    SUPERVISOR_FAILED,  /* out of descriptors, memory, threads or room */
};

struct supervisor;

/* Builds the filter for these kinds of calls and starts the thread that serves it. On failure *out is NULL and why
 * says what the machine refuses and what to do about it: that is an error of the environment. */
enum supervisor_result supervisor_start(struct supervisor **out, unsigned kinds, struct error *err);

/* Ends the thread and frees all, the record too. End the targets first: a call of theirs that is still held, and every
 * later one that would be seen, is answered ENOSYS by the kernel. Blocks for at most the call being made in a target's
 * stead. NULL is allowed. */
void supervisor_stop(struct supervisor *supervisor);

/* What the child and its parent need to hand the listener over. */
struct supervisor_entry {
    int ready[2];
    int go[2];
    const void *program; /* the filter, a struct sock_fprog; owned by the supervisor */
};

/* In the parent, before fork. The entry's descriptors are closed by supervisor_attach(), which must follow. */
enum supervisor_result supervisor_prepare(struct supervisor *supervisor, struct supervisor_entry *entry,
                                          struct error *err);

/* In the child, last thing before exec; it makes only calls that are safe after fork in a program with threads. Blocks
 * until the parent has attached. 0: supervised. -1: not; the parent has been told why, exit. */
int supervisor_enter(const struct supervisor_entry *entry);

/* In the parent, after fork. Blocks until the child is supervised, for 10 s at most. Anything but OK: the child exits,
 * and is still to be waited for. With pid -1, as fork failed, it only closes the entry, says DIED and leaves why. */
enum supervisor_result supervisor_attach(struct supervisor *supervisor, struct supervisor_entry *entry, pid_t pid,
                                         struct error *err);

/* Rules are tried in the order they were added in. A call is counted by every rule it matches and recorded by every
 * RECORD among them; of the others, the first that acts decides. Returns the rule's id. A rule that makes no sense (an
 * action that does not go with its kinds, kinds that are not watched) or is one too many ends the process: that is a
 * defect of the caller. Removing a rule lets its held calls go; its counters can still be read. */
unsigned supervisor_add(struct supervisor *supervisor, const struct supervisor_rule *rule);
void supervisor_remove(struct supervisor *supervisor, unsigned rule);

/* How many calls matched, and how many times the rule acted (a rendezvous: how many pairs changed places). A kill is
 * counted before the target's pipes close, so whoever sees them close can ask whether that was planned. */
uint64_t supervisor_seen(struct supervisor *supervisor, unsigned rule);
uint64_t supervisor_fired(struct supervisor *supervisor, unsigned rule);

/* Blocks until the rule has matched so many calls, or acted so many times. False: not within timeout_ms. */
bool supervisor_wait_seen(struct supervisor *supervisor, unsigned rule, uint64_t count, int64_t timeout_ms);
bool supervisor_wait_fired(struct supervisor *supervisor, unsigned rule, uint64_t count, int64_t timeout_ms);

/* NULL, or why some call could not be looked into or made in the target's stead, in words for a person: then what the
 * rules promise does not hold, and the case should end as an error of the environment. Lives as long as the
 * supervisor. */
const char *supervisor_trouble(struct supervisor *supervisor);

/* One recorded call. Events stand in the order in which calls took effect; those that were left to the kernel
 * (`made` false: result, offset and length are unknown) in the order in which they were let go. */
struct supervisor_event {
    int64_t came_ns; /* when the call was seen */
    int64_t done_ns; /* when its effect was there, or it was let go */
    pid_t pid, tid;
    enum supervisor_kind kind;
    const char *name;  /* "pwrite64" */
    const char *where; /* see enum supervisor_kind */
    const char *to;    /* RENAME: the new path; else NULL */
    bool made;         /* in the target's stead: the result is known */
    bool synced;       /* made, succeeded, and what was written is on stable storage: fsync and fdatasync, sync and
                        * syncfs, writes through O_SYNC or O_DSYNC; not sync_file_range, which promises nothing */
    int64_t result;    /* what the target was told: bytes written or 0, or -errno */
    int64_t offset;    /* WRITE: where the bytes begin in the file; TRUNCATE: the length asked for */
    int64_t length;    /* WRITE, SYNC, TRUNCATE that were made: the file's length right after */
    uint64_t flags;    /* OPEN: the flags; LOCK: the operation; CONNECT, SEND: the socket's type; else 0 */
    const void *bytes; /* WRITE that was made: the bytes that got into the file (result of them); else NULL */
};

/* The index-th event, from 0; NULL: there are no more so far. Events do not change and live as long as the supervisor.
 * From the lengths of a file that is only appended to, each state that a crash may leave can be made: any length
 * between the last one that was synced and the last one at all. */
const struct supervisor_event *supervisor_event(struct supervisor *supervisor, size_t index);

/* True when something that a rule wanted recorded did not fit, so that the record proves nothing. */
bool supervisor_record_cut(struct supervisor *supervisor);

#endif
