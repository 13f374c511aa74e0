/* Reads the tree of processes from /proc, measures it, and ends what is left of it. */
#include "base/procfs.h"

#include "base/clock.h"
#include "base/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STAT_BYTES_MAX = 1024,
    CHILDREN_BYTES_MAX = 1 << 14,
    QUICK_ROUNDS = 50, /* between two looks at all of /proc */
    PAUSE_MS = 5,
};

struct entry {
    pid_t pid;
    pid_t parent;
    char state;
    bool alive;
    char name[32];
};

struct entries { /* the caller frees `all` */
    struct entry *all;
    size_t count;
};

/* ---- reading /proc ---- */

/* False when the process is gone. */
static bool read_proc_file(const char *path, char *buffer, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    ssize_t count = read(fd, buffer, size - 1);
    close(fd);
    buffer[count > 0 ? count : 0] = '\0';
    return count > 0;
}

static bool read_file_of(pid_t pid, const char *file, char *buffer, size_t size)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    return read_proc_file(path, buffer, size);
}

/* "pid (name) state ppid …": the name may hold blanks and parentheses, so its end is the last one. The number of
 * threads is the 20th field, the 18th behind the name. */
static bool read_entry(pid_t pid, struct entry *entry)
{
    char stat[STAT_BYTES_MAX];

    if (!read_file_of(pid, "stat", stat, sizeof stat))
        return false;
    char *open_paren = strchr(stat, '('), *close_paren = strrchr(stat, ')');
    if (!open_paren || !close_paren || close_paren < open_paren)
        return false;
    int parent = 0;
    long threads = 0;
    if (sscanf(close_paren + 1, " %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld", &entry->state,
               &parent, &threads) != 3)
        return false;
    entry->pid = pid;
    entry->parent = parent;
    entry->alive = threads > 1 || (entry->state != 'Z' && entry->state != 'X');
    snprintf(entry->name, sizeof entry->name, "%.*s", (int)(close_paren - open_paren - 1), open_paren + 1);
    return true;
}

static int compare_parents(const void *a, const void *b)
{
    const struct entry *first = a, *second = b;

    return (first->parent > second->parent) - (first->parent < second->parent);
}

/* All processes of the machine, by parent. */
static struct entries read_all(void)
{
    struct entries entries = {0};
    size_t capacity = 0;
    DIR *proc = opendir("/proc");

    if (!proc)
        return entries;
    for (struct dirent *item; (item = readdir(proc));) {
        char *end;
        long pid = strtol(item->d_name, &end, 10);

        if (pid <= 0 || *end)
            continue;
        if (entries.count == capacity) {
            capacity = capacity ? capacity * 2 : 256;
            entries.all = xalloc_resize(entries.all, capacity, sizeof *entries.all);
        }
        if (read_entry((pid_t)pid, &entries.all[entries.count]))
            entries.count++;
    }
    closedir(proc);
    if (entries.count)
        qsort(entries.all, entries.count, sizeof *entries.all, compare_parents);
    return entries;
}

/* ---- the tree ---- */

static size_t first_child(const struct entries *by_parent, pid_t parent)
{
    size_t low = 0, high = by_parent->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (by_parent->all[middle].parent < parent)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Breadth first, so the result is its own queue. The living are what is returned, but the way to them may lead through
 * the dead. */
static struct entries descendants(pid_t root)
{
    struct entries all = read_all(), below = {.all = xalloc_resize(NULL, all.count + 1, sizeof *below.all)};
    pid_t parent = root;

    for (size_t next = 0;; parent = below.all[next++].pid) {
        for (size_t i = first_child(&all, parent); i < all.count && all.all[i].parent == parent; i++)
            if (below.count < all.count)
                below.all[below.count++] = all.all[i];
        if (next == below.count)
            break;
    }
    size_t living = 0;
    for (size_t i = 0; i < below.count; i++)
        if (below.all[i].alive)
            below.all[living++] = below.all[i];
    below.count = living;
    free(all.all);
    return below;
}

static void describe(const struct entries *entries, struct text *names)
{
    for (size_t i = 0; i < entries->count; i++) {
        const struct entry *entry = &entries->all[i];

        text_add(names, i ? ", " : "");
        text_add_visible(names, entry->name, strlen(entry->name), sizeof entry->name);
        text_addf(names, " (%d)", (int)entry->pid);
    }
}

size_t procfs_descendants(pid_t root, pid_t *pids, size_t max)
{
    struct entries below = descendants(root);
    size_t count = below.count < max ? below.count : max;

    for (size_t i = 0; i < count; i++)
        pids[i] = below.all[i].pid;
    free(below.all);
    return count;
}

void procfs_name_descendants(pid_t root, struct text *names)
{
    struct entries below = descendants(root);

    describe(&below, names);
    free(below.all);
}

/* ---- its end ---- */

static void kill_descendants(struct text *ended)
{
    struct entries below = descendants(getpid());

    for (size_t i = 0; i < below.count; i++)
        kill(below.all[i].pid, SIGKILL);
    if (ended)
        describe(&below, ended);
    free(below.all);
}

/* The children only. A program that hops, each process forking the next one and leaving, is always gone from where a
 * look at all of /proc saw it; but with its parent gone it is our child, and this look is quicker than a fork. */
static void kill_children(void)
{
    char children[CHILDREN_BYTES_MAX], *at = children, *end;

    if (!read_proc_file("/proc/thread-self/children", children, sizeof children))
        return;
    for (long pid; (pid = strtol(at, &end, 10)) > 0 && *end; at = end)
        kill((pid_t)pid, SIGKILL);
}

/* False when there are no children any more, neither living nor dead. */
static bool reap(void)
{
    pid_t reaped;

    do {
        reaped = waitpid(-1, NULL, WNOHANG);
    } while (reaped > 0);
    return reaped == 0;
}

bool procfs_end_descendants(struct text *ended, int64_t timeout_ms)
{
    int64_t deadline = clock_ns() + timeout_ms * 1000000;
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (;;) {
        kill_descendants(ended);
        ended = NULL;
        for (int round = 0; round < QUICK_ROUNDS; round++) {
            if (!reap())
                return true;
            kill_children();
        }
        if (clock_ns() > deadline)
            return false;
        /* An orphan becomes our child when its parent is gone, so the next death wakes us; a fork that outran this
         * round raises no signal, hence the bound. */
        sigtimedwait(&child, NULL, &pause);
    }
}

/* ---- what it costs ---- */

static size_t count_directory(pid_t pid, const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    DIR *directory = opendir(path);
    if (!directory)
        return 0;
    size_t count = 0;
    for (struct dirent *item; (item = readdir(directory));)
        count += item->d_name[0] != '.';
    closedir(directory);
    return count;
}

/* utime and stime, the 12th and 13th number behind the name, in ticks. Threads that have ended count. */
static int64_t cpu_ms(pid_t pid)
{
    char stat[STAT_BYTES_MAX];
    unsigned long user = 0, system = 0;

    if (!read_file_of(pid, "stat", stat, sizeof stat) || !strrchr(stat, ')'))
        return 0;
    sscanf(strrchr(stat, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (int64_t)(user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

/* The second number of each thread's schedstat. */
static int64_t waited_ns(pid_t pid)
{
    char path[64], text[STAT_BYTES_MAX];
    int64_t sum = 0;
    DIR *tasks;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    if (!(tasks = opendir(path)))
        return 0;
    for (struct dirent *item; (item = readdir(tasks));) {
        long long waited = 0;

        snprintf(path, sizeof path, "task/%.16s/schedstat", item->d_name);
        if (item->d_name[0] != '.' && read_file_of(pid, path, text, sizeof text) &&
            sscanf(text, "%*u %lld", &waited) == 1)
            sum += waited;
    }
    closedir(tasks);
    return sum;
}

static void add_usage(pid_t pid, struct procfs_usage *usage)
{
    usage->cpu_ms += cpu_ms(pid);
    usage->waited_ns += waited_ns(pid);
    char statm[STAT_BYTES_MAX];
    long size = 0, resident = 0;
    if (read_file_of(pid, "statm", statm, sizeof statm) && sscanf(statm, "%ld %ld", &size, &resident) == 2)
        usage->resident_bytes += (int64_t)resident * sysconf(_SC_PAGESIZE);
    usage->descriptors += count_directory(pid, "fd");
    usage->threads += count_directory(pid, "task");
    usage->processes++;
}

struct procfs_usage procfs_tree_usage(pid_t root)
{
    struct procfs_usage usage = {0};
    struct entries below = descendants(root);

    add_usage(root, &usage);
    for (size_t i = 0; i < below.count; i++)
        add_usage(below.all[i].pid, &usage);
    free(below.all);
    return usage;
}
