/* Makes a call in the target's stead, on a descriptor that was taken from it. */
#include "supervisor/emulate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROOTED_PATH_MAX_BYTES = SUPERVISOR_WHERE_MAX_BYTES + 64 };

/* What a write or send asks for, wherever its arguments stand. */
struct request {
    char *bytes;
    size_t count;
    int64_t position; /* -1: where the open file stands */
    int flags;
};

static int64_t result_of(int64_t returned)
{
    return returned < 0 ? -errno : returned;
}

/* An address or control data makes a message that only its sender can send. */
static enum supervisor_look read_message(const struct supervisor_call *call, struct request *request)
{
    struct msghdr message;
    enum supervisor_look look = inspect_read(call->tid, call->arguments[1], &message, sizeof message);

    if (look != LOOK_OK)
        return look;
    if (message.msg_name || message.msg_control)
        return LOOK_ABSENT;
    request->flags = (int)call->arguments[2];
    return inspect_gather(call->tid, (uintptr_t)message.msg_iov, message.msg_iovlen, SUPERVISOR_CALL_MAX_BYTES,
                          &request->bytes, &request->count);
}

static enum supervisor_look read_request(const struct supervisor_call *call, struct request *request)
{
    const uint64_t *arguments = call->arguments;
    int number = call->shape->number;
    bool positioned = number == SCMP_SYS(pwrite64) || number == SCMP_SYS(pwritev);

    *request = (struct request){.position = -1};
    if (number == SCMP_SYS(sendmsg))
        return read_message(call, request);
    if (number == SCMP_SYS(sendto) && arguments[4] != 0)
        return LOOK_ABSENT;
    if (number == SCMP_SYS(sendto))
        request->flags = (int)arguments[3];
    if (number == SCMP_SYS(pwritev2))
        request->flags = (int)arguments[5];
    if (positioned || number == SCMP_SYS(pwritev2))
        request->position = (int64_t)arguments[3];
    if (positioned && request->position < 0)
        return LOOK_ABSENT;
    if (number == SCMP_SYS(writev) || number == SCMP_SYS(pwritev) || number == SCMP_SYS(pwritev2))
        return inspect_gather(call->tid, arguments[1], arguments[2], SUPERVISOR_CALL_MAX_BYTES, &request->bytes,
                              &request->count);
    return inspect_copy(call->tid, arguments[1], arguments[2], SUPERVISOR_CALL_MAX_BYTES, &request->bytes,
                        &request->count);
}

static size_t limited(size_t count, int64_t how_much)
{
    if (how_much == SUPERVISOR_ALL)
        return count;
    if (how_much == SUPERVISOR_HALF)
        return count / 2;
    return (uint64_t)how_much < count ? (size_t)how_much : count;
}

static int64_t length_of(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? status.st_size : -1;
}

/* One system call, as the target's was one: others that append to the same file must not get in between. pwritev2(2)
 * with position -1 is writev(2); O_APPEND, the offset and O_DSYNC belong to the open file, which we share. */
static void make_write(int fd, const struct request *request, size_t count, struct emulated *deed)
{
    struct iovec piece = {request->bytes, count};
    int flags = fcntl(fd, F_GETFL);
    bool appends = (flags & O_APPEND) || (request->flags & RWF_APPEND);

    deed->result = count ? result_of(pwritev2(fd, &piece, 1, request->position, request->flags)) : 0;
    deed->length = length_of(fd);
    deed->synced = deed->result > 0 && ((flags & O_DSYNC) || (request->flags & (RWF_DSYNC | RWF_SYNC)));
    if (request->position >= 0 && !appends)
        deed->offset = request->position;
    else if (request->position >= 0)
        deed->offset = deed->length - (deed->result > 0 ? deed->result : 0);
    else
        deed->offset = lseek(fd, 0, SEEK_CUR) - (deed->result > 0 ? deed->result : 0);
}

static enum supervisor_look perform_write(const struct supervisor_call *call, int fd, int64_t how_much,
                                          struct emulated *deed)
{
    struct request request;

    if (length_of(fd) < 0)
        return LOOK_ABSENT;
    enum supervisor_look look = read_request(call, &request);
    if (look == LOOK_OK && !supervisor_call_is_held(call))
        look = LOOK_ABSENT;
    if (look != LOOK_OK) {
        free(request.bytes);
        return look;
    }
    make_write(fd, &request, limited(request.count, how_much), deed);
    deed->bytes = request.bytes;
    return LOOK_OK;
}

/* A sender that blocks expects that all is sent, so only what fits at once is sent for it. */
static bool may_send_now(int fd, size_t count)
{
    int queued = 0, room = 0;
    socklen_t bytes = sizeof room;

    if (fcntl(fd, F_GETFL) & O_NONBLOCK)
        return true;
    return ioctl(fd, SIOCOUTQ, &queued) == 0 && getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &bytes) == 0 &&
           count <= SUPERVISOR_CALL_MAX_BYTES && (int64_t)queued + 2 * (int64_t)count <= room;
}

/* What goes wrong with a send is left for the kernel to tell, with the signal that belongs to it. */
static enum supervisor_look perform_send(const struct supervisor_call *call, int fd, int64_t how_much,
                                         struct emulated *deed)
{
    struct request request;
    enum supervisor_look look = call->flags == SOCK_STREAM ? read_request(call, &request) : LOOK_ABSENT;

    if (look != LOOK_OK)
        return look;
    size_t count = limited(request.count, how_much);
    bool sendable = !(request.flags & ~(MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE)) && may_send_now(fd, count);
    if (sendable && supervisor_call_is_held(call))
        deed->result = send(fd, request.bytes, count, request.flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    else
        deed->result = -1;
    free(request.bytes);
    return deed->result < 0 ? LOOK_ABSENT : LOOK_OK;
}

static enum supervisor_look perform_sync(const struct supervisor_call *call, int fd, struct emulated *deed)
{
    const uint64_t *arguments = call->arguments;
    int number = call->shape->number;

    if (number == SCMP_SYS(fsync))
        deed->result = result_of(fsync(fd));
    else if (number == SCMP_SYS(fdatasync))
        deed->result = result_of(fdatasync(fd));
    else if (number == SCMP_SYS(syncfs))
        deed->result = result_of(syncfs(fd));
    else
        deed->result = result_of(sync_file_range(fd, (off_t)arguments[1], (off_t)arguments[2], (unsigned)arguments[3]));
    deed->length = length_of(fd);
    deed->synced = deed->result == 0 && number != SCMP_SYS(sync_file_range);
    return LOOK_OK;
}

static enum supervisor_look perform_on_fd(struct supervisor_call *call, int64_t how_much, struct emulated *deed)
{
    int fd;
    enum supervisor_look look = inspect_take(supervisor_call_process(call), (int)call->arguments[call->shape->fd], &fd);

    if (look != LOOK_OK)
        return look;
    if (!supervisor_call_is_held(call)) {
        look = LOOK_ABSENT;
    } else if (call->kind == SUPERVISOR_WRITE) {
        look = perform_write(call, fd, how_much, deed);
    } else if (call->kind == SUPERVISOR_SEND) {
        look = perform_send(call, fd, how_much, deed);
    } else if (call->kind == SUPERVISOR_SYNC) {
        look = perform_sync(call, fd, deed);
    } else {
        deed->offset = (int64_t)call->arguments[1];
        deed->result = result_of(ftruncate(fd, deed->offset));
        deed->length = length_of(fd);
    }
    int error = errno;
    close(fd);
    errno = error;
    return look;
}

/* A path as the target sees it: its root and its mounts may not be ours. */
static void rooted(const struct supervisor_call *call, const char *path, char *out)
{
    snprintf(out, ROOTED_PATH_MAX_BYTES, "/proc/%d/root%s", (int)call->tid, path);
}

/* The mode that a file created by this call would get. Our own umask is 0 in the thread that serves. */
static mode_t mode_of(const struct supervisor_call *call)
{
    int number = call->shape->number;
    int argument = number == SCMP_SYS(openat) ? 3 : number == SCMP_SYS(open) ? 2 : 1;

    return (mode_t)call->arguments[argument] & 07777 & ~inspect_umask(call->tid);
}

/* The descriptor cannot be given to the target together with its death; what the opening leaves behind can. */
static void perform_open(const struct supervisor_call *call, const char *path, struct emulated *deed)
{
    int flags = (int)call->flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = open(path, flags, mode_of(call));

    deed->result = result_of(fd);
    if (fd >= 0)
        close(fd);
}

static enum supervisor_look perform_on_path(const struct supervisor_call *call, struct emulated *deed)
{
    char path[ROOTED_PATH_MAX_BYTES], to[ROOTED_PATH_MAX_BYTES];
    int number = call->shape->number;

    rooted(call, call->where, path);
    rooted(call, call->to, to);
    if (number == SCMP_SYS(openat2) || !supervisor_call_is_held(call))
        return LOOK_ABSENT; /* openat2(2) may confine the path in ways that ours would not keep */
    if (call->kind == SUPERVISOR_OPEN)
        perform_open(call, path, deed);
    else if (call->kind == SUPERVISOR_RENAME)
        deed->result = result_of(
            renameat2(AT_FDCWD, path, AT_FDCWD, to, number == SCMP_SYS(renameat2) ? (unsigned)call->arguments[4] : 0));
    else {
        deed->offset = (int64_t)call->arguments[1];
        deed->result = result_of(truncate(path, deed->offset));
        deed->length = deed->result == 0 ? deed->offset : -1;
    }
    return LOOK_OK;
}

enum supervisor_look emulate(struct supervisor_call *call, int64_t how_much, struct emulated *deed)
{
    *deed = (struct emulated){.offset = -1, .length = -1};
    if (call->shape->path >= 0)
        return perform_on_path(call, deed);
    if (call->shape->fd >= 0)
        return perform_on_fd(call, how_much, deed);
    sync();
    deed->synced = true;
    return LOOK_OK;
}
