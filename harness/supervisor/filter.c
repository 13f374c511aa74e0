/* Builds the seccomp filter, sets it in the child, and passes its listener to the parent. */
#include "supervisor/filter.h"

#include "base/error.h"
#include "supervisor/call.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Ways to write that no notification would ever show: programs fall back to plain calls when they are missing. */
static const int refused[] = {SCMP_SYS(io_uring_setup), SCMP_SYS(io_setup)};

/* Standard input, output and error stay native: the driver talks through them. The comparison looks at 64 bits where
 * the kernel looks at 32, so a descriptor with rubbish above is notified of needlessly, never missed. */
static int notify_of(scmp_filter_ctx filter, const struct supervisor_shape *shape)
{
    struct scmp_arg_cmp not_standard = {(unsigned)shape->fd, SCMP_CMP_GT, STDERR_FILENO, 0};

    if (shape->kind == SUPERVISOR_WRITE)
        return seccomp_rule_add(filter, SCMP_ACT_NOTIFY, shape->number, 1, not_standard);
    return seccomp_rule_add(filter, SCMP_ACT_NOTIFY, shape->number, 0);
}

/* A write may be a send, as to the kernel both are writes to a descriptor. */
static bool is_wanted(const struct supervisor_shape *shape, unsigned kinds)
{
    bool may_send = shape->kind == SUPERVISOR_WRITE && !shape->copy_refused && (kinds & SUPERVISOR_SEND);

    return shape->number >= 0 && (may_send || (shape->kind & kinds));
}

static int add_rules(scmp_filter_ctx filter, unsigned kinds)
{
    /* Code of another architecture has other numbers and layouts: be told of it, so that it can be reported. */
    int failed = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_NOTIFY);

    for (size_t i = 0; i < sizeof refused / sizeof refused[0] && !failed; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), refused[i], 0);
    for (size_t i = 0; i < supervisor_shape_count && !failed; i++)
        if (is_wanted(&supervisor_shapes[i], kinds))
            failed = notify_of(filter, &supervisor_shapes[i]);
    return failed;
}

/* libseccomp before 2.6 does not know WAIT_KILLABLE_RECV, so it compiles the filter and the child loads it. */
static enum supervisor_result compile(scmp_filter_ctx filter, struct sock_fprog *program)
{
    struct stat status;
    enum supervisor_result result = SUPERVISOR_FAILED;
    int fd = memfd_create("filter", MFD_CLOEXEC);

    if (fd < 0 || seccomp_export_bpf(filter, fd) != 0 || fstat(fd, &status) != 0)
        goto out;
    size_t bytes = (size_t)status.st_size;
    program->filter = malloc(bytes);
    if (!program->filter || pread(fd, program->filter, bytes, 0) != status.st_size)
        goto out;
    program->len = (unsigned short)(bytes / sizeof program->filter[0]);
    result = SUPERVISOR_OK;
out:
    if (result != SUPERVISOR_OK) {
        free(program->filter);
        program->filter = NULL;
    }
    if (fd >= 0)
        close(fd);
    return result;
}

enum supervisor_result supervisor_filter_build(unsigned kinds, struct sock_fprog *program, struct error *err)
{
    enum supervisor_result result = SUPERVISOR_REFUSED;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    program->filter = NULL;
    program->len = 0;
    if (!filter) {
        error_set(err, "libseccomp cannot make a filter for this machine");
        return SUPERVISOR_FAILED;
    }
    int failed = add_rules(filter, kinds);
    if (failed) {
        error_set(err,
                  "libseccomp cannot make a filter with user notification: %s (it needs Linux 5.19 or later, and a "
                  "sandbox that allows seccomp)",
                  strerror(-failed));
    } else {
        result = compile(filter, program);
        if (result != SUPERVISOR_OK)
            error_set(err, "the seccomp filter cannot be compiled: %s", strerror(errno));
    }
    seccomp_release(filter);
    return result;
}

/* From the moment the filter stands, a write would be notified of while nobody serves the listener yet. So the child
 * moves the listener onto its end of the pipe, whose number the parent knows: that closes the pipe, and the parent,
 * seeing the end of it, takes the descriptor of that number. */
int supervisor_filter_enter(const struct supervisor_entry *entry)
{
    char go = 0;
    int listener = -1;
    ssize_t got;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        listener =
            (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                         SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, entry->program);
    if (listener < 0) {
        int error = errno;
        ssize_t ignored = write(entry->ready[1], &error, sizeof error);

        (void)ignored;
        return -1;
    }
    if (dup3(listener, entry->ready[1], O_CLOEXEC) < 0)
        return -1;
    close(listener);
    close(entry->go[1]); /* else the end of a dead parent would never be seen */
    do
        got = read(entry->go[0], &go, 1);
    while (got < 0 && errno == EINTR);
    return got == 1 ? 0 : -1;
}

enum supervisor_result supervisor_filter_open_entry(struct supervisor_entry *entry, struct error *err)
{
    entry->ready[0] = entry->ready[1] = entry->go[0] = entry->go[1] = -1;
    if (pipe2(entry->ready, O_CLOEXEC) == 0 && pipe2(entry->go, O_CLOEXEC) == 0)
        return SUPERVISOR_OK;
    error_set(err, "no pipe to the supervised child: %s", strerror(errno));
    supervisor_filter_close_entry(entry);
    return SUPERVISOR_FAILED;
}

static enum supervisor_result explain_refusal(int error, struct error *err)
{
    if (error == EBUSY) {
        error_set(
            err, "another seccomp listener is there already (a sandbox around this process, or assay run under assay), "
                 "and the kernel allows only one");
        return SUPERVISOR_BUSY;
    }
    error_set(err, "the kernel refuses the seccomp listener: %s%s", strerror(error),
              error == EINVAL ? " (Linux 5.19 or later is needed)" : "");
    return SUPERVISOR_REFUSED;
}

/* A child that is on its way out has closed its pipe already, and denies a look to all but root; it is given a moment
 * to get there, and left to be waited for. One that is alive waits for us. */
static bool is_ending(pid_t pid)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    bool ending = pidfd < 0 || poll(&ended, 1, SUPERVISOR_ENDING_MS) == 1;

    if (pidfd >= 0)
        close(pidfd);
    return ending;
}

static enum supervisor_result take_listener(pid_t pid, int number, int *listener, struct error *err)
{
    char name[32], kind[64];
    enum supervisor_look look;

    snprintf(name, sizeof name, "fd/%d", number);
    look = inspect_link(pid, name, kind, sizeof kind);
    if (look == LOOK_OK && strcmp(kind, "anon_inode:seccomp notify") != 0)
        look = LOOK_ABSENT;
    if (look == LOOK_OK)
        look = inspect_take(pid, number, listener);
    int error = errno;
    if (look == LOOK_OK)
        return SUPERVISOR_OK;
    if (look == LOOK_ABSENT || is_ending(pid)) {
        error_set(err, "the child ended before it was supervised");
        return SUPERVISOR_DIED;
    }
    error_set(
        err,
        "the descriptors of a child process cannot be taken (pidfd_getfd): %s; the right to trace it is needed (in "
        "a container: --cap-add SYS_PTRACE; kernel.yama.ptrace_scope at most 1)",
        strerror(error));
    return SUPERVISOR_REFUSED;
}

enum supervisor_result supervisor_filter_receive(struct supervisor_entry *entry, pid_t pid, int *listener,
                                                 struct error *err)
{
    int number = entry->ready[1], error = 0;
    struct pollfd ready = {.fd = entry->ready[0], .events = POLLIN};
    int events;

    close(entry->ready[1]); /* ours; the child's is the one whose end we wait for */
    entry->ready[1] = -1;
    do
        events = poll(&ready, 1, SUPERVISOR_HANDOVER_MS);
    while (events < 0 && errno == EINTR);
    if (events != 1) {
        error_set(err, "the child did not set its filter within %d s", SUPERVISOR_HANDOVER_MS / 1000);
        return SUPERVISOR_FAILED;
    }
    if (read(entry->ready[0], &error, sizeof error) == (ssize_t)sizeof error)
        return explain_refusal(error, err);
    return take_listener(pid, number, listener, err);
}

void supervisor_filter_let_go(const struct supervisor_entry *entry)
{
    ssize_t ignored = write(entry->go[1], "g", 1); /* no SIGPIPE if it died meanwhile: we still have go[0] open */

    (void)ignored;
}

void supervisor_filter_close_entry(struct supervisor_entry *entry)
{
    int *ends[] = {&entry->ready[0], &entry->ready[1], &entry->go[0], &entry->go[1]};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (*ends[i] >= 0)
            close(*ends[i]);

        *ends[i] = -1;
    }
}
