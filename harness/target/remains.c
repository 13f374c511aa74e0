/* Processes below another one, held by descriptors. */
#include "target/remains.h"

#include "base/clock.h"
#include "base/procfs.h"
#include "check.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

void remains_note(struct remains *remains, pid_t root)
{
    static pid_t pids[REMAINS_MAX];
    size_t count = procfs_descendants(root, pids, REMAINS_MAX);

    remains->count = 0;
    for (size_t i = 0; i < count; i++) {
        int fd = (int)syscall(SYS_pidfd_open, pids[i], 0);

        if (fd < 0)
            continue; /* it has gone meanwhile */
        remains->pids[remains->count] = pids[i];
        remains->fds[remains->count++] = fd;
    }
}

static bool ends_until(int fd, int64_t deadline_ms)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    int64_t left_ms = deadline_ms - clock_ms();

    return poll(&polled, 1, left_ms > 0 ? (int)left_ms : 0) == 1;
}

void remains_expect_none(struct remains *remains, int64_t timeout_ms)
{
    int64_t deadline_ms = clock_ms() + timeout_ms;

    for (size_t i = 0; i < remains->count; i++) {
        bool ended = ends_until(remains->fds[i], deadline_ms);

        close(remains->fds[i]);
        expect(ended, LEAK, "no process of the target that still runs when it has stopped", "process %d",
               (int)remains->pids[i]);
    }
}
