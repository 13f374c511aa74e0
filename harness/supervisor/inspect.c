/* Looks into a process by process_vm_readv(2), /proc and pidfd_getfd(2). */
#include "supervisor/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static enum supervisor_look why_not(int error)
{
    switch (error) {
    case EPERM:
    case EACCES:
    case ENOSYS:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return LOOK_DENIED;
    default:
        return LOOK_ABSENT;
    }
}

enum supervisor_look inspect_read(pid_t tid, uint64_t address, void *bytes, size_t count)
{
    struct iovec here = {bytes, count};
    struct iovec there = {(void *)(uintptr_t)address, count};
    ssize_t got = process_vm_readv(tid, &here, 1, &there, 1, 0);

    if (got < 0)
        return why_not(errno);
    return (size_t)got == count ? LOOK_OK : LOOK_ABSENT;
}

/* Reads up to the end of each page at a time, as the page after the string may not be mapped. */
enum supervisor_look inspect_read_string(pid_t tid, uint64_t address, char *string, size_t size)
{
    const size_t page = 4096;
    size_t length = 0;

    while (length < size) {
        size_t chunk = page - (size_t)((address + length) % page);

        if (chunk > size - length)
            chunk = size - length;
        enum supervisor_look look = inspect_read(tid, address + length, string + length, chunk);
        if (look != LOOK_OK)
            return look;
        if (memchr(string + length, '\0', chunk))
            return LOOK_OK;
        length += chunk;
    }
    return LOOK_ABSENT;
}

static char *aligned_buffer(size_t count)
{
    void *bytes = NULL;

    errno = posix_memalign(&bytes, 4096, count ? count : 1);
    return errno == 0 ? bytes : NULL;
}

static enum supervisor_look gather(pid_t tid, const struct iovec *there, size_t vector_count, size_t max_bytes,
                                   char **bytes, size_t *count)
{
    size_t total = 0;

    for (size_t i = 0; i < vector_count; i++) {
        if (there[i].iov_len > max_bytes - total)
            return LOOK_ABSENT;
        total += there[i].iov_len;
    }
    char *buffer = aligned_buffer(total);
    if (!buffer)
        return LOOK_DENIED;

    struct iovec here = {buffer, total};
    ssize_t got = total ? process_vm_readv(tid, &here, 1, there, vector_count, 0) : 0;
    if (got < 0 || (size_t)got != total) {
        enum supervisor_look look = got < 0 ? why_not(errno) : LOOK_ABSENT;

        free(buffer);
        return look;
    }
    *bytes = buffer;
    *count = total;
    return LOOK_OK;
}

enum supervisor_look inspect_gather(pid_t tid, uint64_t vectors, uint64_t vector_count, size_t max_bytes, char **bytes,
                                    size_t *count)
{
    struct iovec there[INSPECT_VECTORS_MAX];

    *bytes = NULL;
    *count = 0;
    if (vector_count > INSPECT_VECTORS_MAX)
        return LOOK_ABSENT;
    if (vector_count > 0) {
        enum supervisor_look look = inspect_read(tid, vectors, there, vector_count * sizeof there[0]);

        if (look != LOOK_OK)
            return look;
    }
    return gather(tid, there, vector_count, max_bytes, bytes, count);
}

enum supervisor_look inspect_copy(pid_t tid, uint64_t address, uint64_t length, size_t max_bytes, char **bytes,
                                  size_t *count)
{
    struct iovec there = {(void *)(uintptr_t)address, length};

    *bytes = NULL;
    *count = 0;
    return gather(tid, &there, 1, max_bytes, bytes, count);
}

enum supervisor_look inspect_link(pid_t tid, const char *name, char *path, size_t size)
{
    char link[64];

    snprintf(link, sizeof link, "/proc/%d/%s", (int)tid, name);
    ssize_t length = readlink(link, path, size);
    if (length < 0)
        return why_not(errno);
    if ((size_t)length == size)
        return LOOK_ABSENT;
    path[length] = '\0';
    return LOOK_OK;
}

/* One number from /proc/TID/status; false when the process is gone. */
static bool read_status(pid_t tid, const char *label, int base, unsigned long *value)
{
    char name[64], status[1024];

    snprintf(name, sizeof name, "/proc/%d/status", (int)tid);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, status, sizeof status - 1);
    close(fd);
    status[length > 0 ? length : 0] = '\0';
    const char *line = strstr(status, label);
    if (!line)
        return false;
    *value = strtoul(line + strlen(label), NULL, base);
    return true;
}

pid_t inspect_process(pid_t tid)
{
    unsigned long process;

    return read_status(tid, "\nTgid:", 10, &process) ? (pid_t)process : 0;
}

mode_t inspect_umask(pid_t tid)
{
    unsigned long mask;

    return read_status(tid, "\nUmask:", 8, &mask) ? (mode_t)mask : 0777;
}

enum supervisor_look inspect_take(pid_t process, int fd, int *taken)
{
    int pidfd = (int)syscall(SYS_pidfd_open, process, 0);

    if (pidfd < 0)
        return why_not(errno);
    *taken = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0); /* the kernel makes it close-on-exec */
    int error = errno;
    close(pidfd);
    errno = error;
    return *taken < 0 ? why_not(error) : LOOK_OK;
}
