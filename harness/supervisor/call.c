/* The table of system calls that are watched; what the arguments of one point to, and how it is answered. */
#include "supervisor/call.h"

#include "supervisor/address.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* number, name, kind, fd, path, to_fd, to, copy_refused */
const struct supervisor_shape supervisor_shapes[] = {
    {SCMP_SYS(write), "write", SUPERVISOR_WRITE, 0, -1, -1, -1, 0},
    {SCMP_SYS(pwrite64), "pwrite64", SUPERVISOR_WRITE, 0, -1, -1, -1, 0},
    {SCMP_SYS(writev), "writev", SUPERVISOR_WRITE, 0, -1, -1, -1, 0},
    {SCMP_SYS(pwritev), "pwritev", SUPERVISOR_WRITE, 0, -1, -1, -1, 0},
    {SCMP_SYS(pwritev2), "pwritev2", SUPERVISOR_WRITE, 0, -1, -1, -1, 0},
    {SCMP_SYS(sendfile), "sendfile", SUPERVISOR_WRITE, 0, -1, -1, -1, EINVAL},
    {SCMP_SYS(copy_file_range), "copy_file_range", SUPERVISOR_WRITE, 2, -1, -1, -1, ENOSYS},
    {SCMP_SYS(splice), "splice", SUPERVISOR_WRITE, 2, -1, -1, -1, EINVAL},
    {SCMP_SYS(fsync), "fsync", SUPERVISOR_SYNC, 0, -1, -1, -1, 0},
    {SCMP_SYS(fdatasync), "fdatasync", SUPERVISOR_SYNC, 0, -1, -1, -1, 0},
    {SCMP_SYS(sync_file_range), "sync_file_range", SUPERVISOR_SYNC, 0, -1, -1, -1, 0},
    {SCMP_SYS(syncfs), "syncfs", SUPERVISOR_SYNC, 0, -1, -1, -1, 0},
    {SCMP_SYS(sync), "sync", SUPERVISOR_SYNC, -1, -1, -1, -1, 0},
    {SCMP_SYS(ftruncate), "ftruncate", SUPERVISOR_TRUNCATE, 0, -1, -1, -1, 0},
    {SCMP_SYS(truncate), "truncate", SUPERVISOR_TRUNCATE, -1, 0, -1, -1, 0},
    {SCMP_SYS(open), "open", SUPERVISOR_OPEN, -1, 0, -1, -1, 0},
    {SCMP_SYS(openat), "openat", SUPERVISOR_OPEN, 0, 1, -1, -1, 0},
    {SCMP_SYS(openat2), "openat2", SUPERVISOR_OPEN, 0, 1, -1, -1, 0},
    {SCMP_SYS(creat), "creat", SUPERVISOR_OPEN, -1, 0, -1, -1, 0},
    {SCMP_SYS(rename), "rename", SUPERVISOR_RENAME, -1, 0, -1, 1, 0},
    {SCMP_SYS(renameat), "renameat", SUPERVISOR_RENAME, 0, 1, 2, 3, 0},
    {SCMP_SYS(renameat2), "renameat2", SUPERVISOR_RENAME, 0, 1, 2, 3, 0},
    {SCMP_SYS(flock), "flock", SUPERVISOR_LOCK, 0, -1, -1, -1, 0},
    {SCMP_SYS(connect), "connect", SUPERVISOR_CONNECT, 0, -1, -1, -1, 0},
    {SCMP_SYS(sendto), "sendto", SUPERVISOR_SEND, 0, -1, -1, -1, 0},
    {SCMP_SYS(sendmsg), "sendmsg", SUPERVISOR_SEND, 0, -1, -1, -1, 0},
};

const size_t supervisor_shape_count = sizeof supervisor_shapes / sizeof supervisor_shapes[0];

const struct supervisor_shape *supervisor_shape_of(int number)
{
    for (size_t i = 0; i < supervisor_shape_count; i++)
        if (supervisor_shapes[i].number == number)
            return &supervisor_shapes[i];
    return NULL;
}

/* A path argument becomes absolute: what it starts from, a slash, and its own text; no link is followed. */
static enum supervisor_look look_at_path(const struct supervisor_call *call, int fd_argument, int path_argument,
                                         char *absolute)
{
    char path[4096], start[4096], name[32] = "cwd";
    enum supervisor_look look = inspect_read_string(call->tid, call->arguments[path_argument], path, sizeof path);

    if (look != LOOK_OK || path[0] == '/') {
        snprintf(absolute, SUPERVISOR_WHERE_MAX_BYTES, "%s", look == LOOK_OK ? path : "");
        return look;
    }
    if (fd_argument >= 0 && (int)call->arguments[fd_argument] != AT_FDCWD)
        snprintf(name, sizeof name, "fd/%d", (int)call->arguments[fd_argument]);
    look = inspect_link(call->tid, name, start, sizeof start);
    if (look == LOOK_OK)
        snprintf(absolute, SUPERVISOR_WHERE_MAX_BYTES, "%s/%s", start, path);
    return look;
}

/* The peer's address: of the argument for connect, of the socket for the rest. */
static enum supervisor_look look_at_socket(struct supervisor_call *call)
{
    int fd;
    enum supervisor_look look = inspect_take(supervisor_call_process(call), (int)call->arguments[0], &fd);

    if (look != LOOK_OK)
        return look;
    call->flags = (uint64_t)supervisor_address_type(fd);
    if (call->kind == SUPERVISOR_CONNECT)
        look = supervisor_address_of_argument(call->tid, call->arguments[1], call->arguments[2], call->where,
                                              sizeof call->where);
    else
        look = supervisor_address_of_peer(fd, call->where, sizeof call->where);
    close(fd);
    return look;
}

static enum supervisor_look look_at_fd(struct supervisor_call *call, unsigned wanted)
{
    char name[32];

    snprintf(name, sizeof name, "fd/%d", (int)call->arguments[call->shape->fd]);
    enum supervisor_look look = inspect_link(call->tid, name, call->where, sizeof call->where);
    if (look != LOOK_OK)
        return look;
    if (strncmp(call->where, "socket:", strlen("socket:")) == 0) {
        if (call->kind == SUPERVISOR_WRITE && !call->shape->copy_refused)
            call->kind = SUPERVISOR_SEND;
        bool of_sockets = (call->kind & SUPERVISOR_SOCKETS & wanted) != 0;
        return of_sockets ? look_at_socket(call) : LOOK_ABSENT;
    }
    bool is_file = call->where[0] == '/' && !(call->kind & SUPERVISOR_SOCKETS);
    return is_file ? LOOK_OK : LOOK_ABSENT;
}

/* The flags of an open, wherever the four calls keep them. */
static enum supervisor_look look_at_open_flags(struct supervisor_call *call)
{
    int number = call->shape->number;

    if (number == SCMP_SYS(openat2)) /* struct open_how begins with the flags */
        return inspect_read(call->tid, call->arguments[2], &call->flags, sizeof call->flags);
    if (number == SCMP_SYS(creat))
        call->flags = O_CREAT | O_WRONLY | O_TRUNC;
    else
        call->flags = (uint32_t)call->arguments[number == SCMP_SYS(openat) ? 2 : 1];
    return LOOK_OK;
}

enum supervisor_look supervisor_call_look(struct supervisor_call *call, unsigned wanted)
{
    const struct supervisor_shape *shape = call->shape;
    enum supervisor_look look = LOOK_OK;

    call->kind = shape->kind;
    call->everywhere = shape->number == SCMP_SYS(sync) || shape->number == SCMP_SYS(syncfs);
    if (shape->path >= 0)
        look = look_at_path(call, shape->fd, shape->path, call->where);
    else if (shape->fd >= 0)
        look = look_at_fd(call, wanted);
    if (look == LOOK_OK && shape->to >= 0)
        look = look_at_path(call, shape->to_fd, shape->to, call->to);
    if (look == LOOK_OK && call->kind == SUPERVISOR_OPEN)
        look = look_at_open_flags(call);
    if (call->kind == SUPERVISOR_LOCK)
        call->flags = call->arguments[1];
    return look;
}

pid_t supervisor_call_process(struct supervisor_call *call)
{
    if (call->process == 0)
        call->process = inspect_process(call->tid);
    return call->process;
}

bool supervisor_call_is_held(const struct supervisor_call *call)
{
    return ioctl(call->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->cookie) == 0;
}

/* The kernel refuses an answer only when nobody waits for it any more. */
static void answer(const struct supervisor_call *call, int64_t value, int error, uint32_t flags)
{
    struct seccomp_notif_resp response = {.id = call->cookie, .val = value, .error = error, .flags = flags};

    (void)ioctl(call->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

void supervisor_call_let(const struct supervisor_call *call)
{
    answer(call, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

void supervisor_call_return(const struct supervisor_call *call, int64_t value)
{
    if (value < 0)
        answer(call, 0, (int)value, 0);
    else
        answer(call, value, 0, 0);
}
