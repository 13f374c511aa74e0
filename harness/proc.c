#include "proc.h"

#include "clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct entry {
    pid_t pid;
    pid_t parent;
    char state;
    char name[32];
};

enum { STAT_BYTES_MAX = 1024 };

static ssize_t read_proc_file(pid_t pid, const char *file, char *buffer, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t count = read(fd, buffer, size - 1);
    close(fd);
    if (count >= 0)
        buffer[count] = '\0';
    return count;
}

/* "pid (name) state ppid …": the name may hold blanks and parentheses, so its end is the last one. */
static bool read_entry(pid_t pid, struct entry *entry)
{
    char stat[STAT_BYTES_MAX];
    if (read_proc_file(pid, "stat", stat, sizeof stat) <= 0)
        return false;
    char *open_paren = strchr(stat, '('), *close_paren = strrchr(stat, ')');
    if (!open_paren || !close_paren || close_paren < open_paren)
        return false;
    int parent = 0;
    if (sscanf(close_paren + 1, " %c %d", &entry->state, &parent) != 2)
        return false;
    entry->pid = pid;
    entry->parent = parent;
    snprintf(entry->name, sizeof entry->name, "%.*s", (int)(close_paren - open_paren - 1), open_paren + 1);
    return true;
}

/* All processes of the machine; the caller frees. */
static struct entry *read_all(size_t *count)
{
    struct entry *entries = NULL;
    size_t capacity = 0;
    *count = 0;
    DIR *proc = opendir("/proc");
    if (!proc)
        return NULL;
    for (struct dirent *item; (item = readdir(proc));) {
        char *end;
        long pid = strtol(item->d_name, &end, 10);
        if (pid <= 0 || *end)
            continue;
        if (*count == capacity) {
            capacity = capacity ? capacity * 2 : 256;
            entries = realloc(entries, capacity * sizeof *entries);
            if (!entries)
                abort();
        }
        if (read_entry((pid_t)pid, &entries[*count]))
            ++*count;
    }
    closedir(proc);
    return entries;
}

static bool is_below(const struct entry *entries, size_t count, size_t which, const bool *below, pid_t root)
{
    if (entries[which].parent == root)
        return true;
    for (size_t i = 0; i < count; i++)
        if (below[i] && entries[i].pid == entries[which].parent)
            return true;
    return false;
}

/* Moves the descendants of root to the front of entries, zombies left out; returns how many they are. */
static size_t keep_descendants(struct entry *entries, size_t count, pid_t root)
{
    bool *below = calloc(count ? count : 1, sizeof *below);
    if (!below)
        abort();
    for (bool grown = true; grown;) {
        grown = false;
        for (size_t i = 0; i < count; i++)
            if (!below[i] && is_below(entries, count, i, below, root))
                grown = below[i] = true;
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (below[i] && entries[i].state != 'Z' && entries[i].state != 'X')
            entries[kept++] = entries[i];
    free(below);
    return kept;
}

size_t proc_descendants(pid_t root, pid_t *pids, size_t max)
{
    size_t count;
    struct entry *entries = read_all(&count);
    count = keep_descendants(entries, count, root);
    size_t copied = count < max ? count : max;
    for (size_t i = 0; i < copied; i++)
        pids[i] = entries[i].pid;
    free(entries);
    return copied;
}

/* One round: SIGKILL for all that live below us. The first round also writes down whom it met. */
static void kill_round(struct text *ended)
{
    size_t count;
    struct entry *entries = read_all(&count);
    count = keep_descendants(entries, count, getpid());
    for (size_t i = 0; i < count; i++) {
        kill(entries[i].pid, SIGKILL);
        if (ended) {
            text_add(ended, ended->length ? ", " : "");
            text_add_visible(ended, entries[i].name, strlen(entries[i].name), sizeof entries[i].name);
            text_addf(ended, " (%d)", (int)entries[i].pid);
        }
    }
    free(entries);
}

bool proc_end_descendants(struct text *ended, int64_t timeout_ms)
{
    int64_t deadline = clock_ns() + timeout_ms * 1000000;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (;;) {
        kill_round(ended);
        ended = NULL;
        pid_t reaped;
        while ((reaped = waitpid(-1, NULL, WNOHANG)) > 0) {
        }
        if (reaped < 0 && errno == ECHILD)
            return true;
        if (clock_ns() > deadline)
            return false;
        /* An orphan becomes our child when its parent is gone, so the next death wakes us; a fork that outran this
         * round raises no signal, hence the bound. */
        sigtimedwait(&child, NULL, &(struct timespec){.tv_nsec = 5000000});
    }
}

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
    if (read_proc_file(pid, "stat", stat, sizeof stat) <= 0 || !strrchr(stat, ')'))
        return 0;
    sscanf(strrchr(stat, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (int64_t)(user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

static void add_usage(pid_t pid, struct proc_usage *usage)
{
    usage->cpu_ms += cpu_ms(pid);
    char statm[STAT_BYTES_MAX];
    long size = 0, resident = 0;
    if (read_proc_file(pid, "statm", statm, sizeof statm) > 0 && sscanf(statm, "%ld %ld", &size, &resident) == 2)
        usage->resident_bytes += (int64_t)resident * sysconf(_SC_PAGESIZE);
    usage->descriptors += count_directory(pid, "fd");
    usage->threads += count_directory(pid, "task");
    usage->processes++;
}

struct proc_usage proc_tree_usage(pid_t root)
{
    struct proc_usage usage = {0};
    pid_t pids[PROC_TREE_MAX];
    size_t count = proc_descendants(root, pids, PROC_TREE_MAX);
    add_usage(root, &usage);
    for (size_t i = 0; i < count; i++)
        add_usage(pids[i], &usage);
    return usage;
}
