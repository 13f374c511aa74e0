/* The whole process tree of a target, ended at once. */
#include "base/procfs.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct members {
    pid_t pids[PROCFS_TREE_MAX];
    size_t count;
};

/* True when it was new. */
static bool stop(struct members *members, pid_t pid)
{
    if (pid <= 0 || members->count == PROCFS_TREE_MAX)
        return false;
    for (size_t i = 0; i < members->count; i++)
        if (members->pids[i] == pid)
            return false;
    members->pids[members->count++] = pid;
    kill(pid, SIGSTOP);
    return true;
}

static bool stop_with_descendants(struct members *members, pid_t top)
{
    pid_t found[PROCFS_TREE_MAX];

    if (top <= 0)
        return false;
    bool new = stop(members, top);
    size_t count = procfs_descendants(top, found, PROCFS_TREE_MAX);
    for (size_t i = 0; i < count; i++)
        if (stop(members, found[i]))
            new = true;
    return new;
}

void procfs_kill_tree(pid_t root, pid_t caller)
{
    struct members members = {.count = 0};

    if (root > 0)
        kill(-root, SIGSTOP);
    for (int pass = 0; pass < PROCFS_KILL_PASSES_MAX; pass++) {
        bool more = stop_with_descendants(&members, root);

        if (!stop_with_descendants(&members, caller) && !more)
            break;
    }
    if (root > 0)
        kill(-root, SIGKILL);
    for (size_t i = 0; i < members.count; i++)
        kill(members.pids[i], SIGKILL);
}
