/* One system call of the target: what the kernel told us about it, and what we found out. */
#ifndef ASSAY_SUPERVISOR_CALL_H
#define ASSAY_SUPERVISOR_CALL_H

#include "supervisor/inspect.h"
#include "supervisor/supervisor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    SUPERVISOR_ARGUMENTS = 6,
    SUPERVISOR_WHERE_MAX_BYTES = 2 * 4096, /* PATH_MAX of a directory, and of a name below it */
};

/* The shape of a system call: which arguments say what it is about; -1: none does. */
struct supervisor_shape {
    int number; /* negative on machines that do not have it */
    const char *name;
    enum supervisor_kind kind;
    int fd;           /* a descriptor: what the call is about, or the directory that `path` starts from */
    int path;         /* a path, by itself relative to the working directory */
    int to_fd, to;    /* RENAME: the same for the new name */
    int copy_refused; /* copies from file to file in the kernel: answered with this errno when a rule wants that file,
                       * as programs then fall back to read and write; else 0 */
};

extern const struct supervisor_shape supervisor_shapes[];
extern const size_t supervisor_shape_count;

/* The shape of that number, or NULL. */
const struct supervisor_shape *supervisor_shape_of(int number);

struct supervisor_call {
    int listener;    /* where it is to be answered, */
    uint64_t cookie; /* and under which name */
    pid_t tid;
    pid_t process; /* 0 until supervisor_call_process() */
    uint64_t arguments[SUPERVISOR_ARGUMENTS];
    const struct supervisor_shape *shape;
    enum supervisor_kind kind; /* differs from the shape's for a write to a socket, which is a SEND */
    bool everywhere;           /* concerns every file: sync, syncfs */
    char where[SUPERVISOR_WHERE_MAX_BYTES];
    char to[SUPERVISOR_WHERE_MAX_BYTES]; /* RENAME, else empty */
    uint64_t flags;                      /* as in struct supervisor_event */
    int64_t came_ns;
    int64_t answer; /* what to return, for a call that was made and is held afterwards */
};

/* Finds out kind, where, to and flags; wanted are the kinds that some rule is after, so that no more is looked up than
 * is needed. ABSENT: the call is about nothing that a rule can name (a pipe, a closed descriptor). */
enum supervisor_look supervisor_call_look(struct supervisor_call *call, unsigned wanted);

/* The process that the thread belongs to, and call->process from now on; 0 when it is gone. Looked up once, as that
 * costs more than all else about a call that is only let go. */
pid_t supervisor_call_process(struct supervisor_call *call);

/* Asks the kernel whether the thread still waits in this call. */
bool supervisor_call_is_held(const struct supervisor_call *call);

/* Answers: let the kernel make the call; or return value, -errno when negative. The thread may have died: no matter. */
void supervisor_call_let(const struct supervisor_call *call);
void supervisor_call_return(const struct supervisor_call *call, int64_t value);

#endif
