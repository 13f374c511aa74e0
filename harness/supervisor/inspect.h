/* A look into a process of the target while one of its threads is held in a call: memory, names, descriptors.
 *
 * What is read may be changed by the target's other threads right after, and the process may die at any time and its
 * number be given to another: ask the kernel whether the call is still held (supervisor_call_is_held()) after looking,
 * before believing. All need the right to trace the process (ptrace(2), PTRACE_MODE_ATTACH). */
#ifndef ASSAY_SUPERVISOR_INSPECT_H
#define ASSAY_SUPERVISOR_INSPECT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { INSPECT_VECTORS_MAX = 1024 }; /* IOV_MAX of Linux */

enum supervisor_look {
    LOOK_OK,
    LOOK_ABSENT, /* no such thing: a bad address or descriptor, of which the kernel will tell the target; or it died */
    LOOK_DENIED, /* we are not allowed to look, or lack descriptors or memory: errno says which */
};

enum supervisor_look inspect_read(pid_t tid, uint64_t address, void *bytes, size_t count);

/* At most size - 1 bytes and the NUL; a longer string is ABSENT. */
enum supervisor_look inspect_read_string(pid_t tid, uint64_t address, char *string, size_t size);

/* Collects what an iovec array in the target's memory points at. *bytes is malloc'ed, page-aligned for the sake of
 * O_DIRECT, and the caller's; NULL unless OK. More than max_bytes, or too many vectors, is ABSENT. */
enum supervisor_look inspect_gather(pid_t tid, uint64_t vectors, uint64_t vector_count, size_t max_bytes, char **bytes,
                                    size_t *count);

/* The same for one piece of memory. */
enum supervisor_look inspect_copy(pid_t tid, uint64_t address, uint64_t length, size_t max_bytes, char **bytes,
                                  size_t *count);

/* Where a link below /proc/TID points: "cwd", "fd/7". */
enum supervisor_look inspect_link(pid_t tid, const char *name, char *path, size_t size);

/* The process that the thread belongs to; 0 when it is gone. */
pid_t inspect_process(pid_t tid);

/* Its umask; 0777, which lets nothing through, when it is gone. */
mode_t inspect_umask(pid_t tid);

/* A descriptor of our own for the same open file description as the fd of a process (not of any thread): they share
 * offset and flags. The caller closes *taken. */
enum supervisor_look inspect_take(pid_t process, int fd, int *taken);

#endif
