/* What a system call costs under the supervisor, as a ratio to the same call without it in the same run:
 *
 *     stress-supervisor_bench [CALLS]
 *
 * One line per way in which a call may meet the supervisor. A child makes the calls and says through its standard
 * output, which is never watched, how long they took. */
#include "base/clock.h"
#include "base/error.h"
#include "supervisor/supervisor.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALLS_DEFAULT = 20000, CALLS_MAX = 10000000, LINE_BYTES = 64 };

enum call { PARENT_ID, WRITE };

struct way {
    const char *name;
    enum call call;
    bool supervised;
    const char *where; /* of a rule; NULL: no rule */
    enum supervisor_action action;
};

static const struct way ways[] = {
    {"getppid, native", PARENT_ID, false, NULL, 0},
    {"getppid, not watched", PARENT_ID, true, NULL, 0},
    {"write, native", WRITE, false, NULL, 0},
    {"write, watched, no rule", WRITE, true, NULL, 0},
    {"write, rule for another file", WRITE, true, "*/other", SUPERVISOR_RECORD},
    {"write, rule that waits for another call", WRITE, true, "*", SUPERVISOR_FAIL},
    {"write, recorded", WRITE, true, "*", SUPERVISOR_RECORD},
};

static _Noreturn void stop_with(const char *why)
{
    fprintf(stderr, "stress-supervisor_bench: %s\n", why);
    exit(1);
}

/* In the child: an unlinked file of its own, so that nothing is left behind. */
static _Noreturn void make_calls(enum call call, int count)
{
    char name[] = "/tmp/assay-bench-XXXXXX", line[LINE_BYTES] = {0};
    int fd = mkstemp(name);

    if (fd < 0)
        _exit(1);
    unlink(name);
    int64_t started_ns = clock_ns();
    for (int i = 0; i < count; i++)
        if (call == PARENT_ID ? getppid() < 0 : pwrite(fd, line, sizeof line, 0) != (ssize_t)sizeof line)
            _exit(1);
    int64_t took_ns = clock_ns() - started_ns;
    _exit(write(STDOUT_FILENO, &took_ns, sizeof took_ns) == (ssize_t)sizeof took_ns ? 0 : 1);
}

static _Noreturn void be_the_child(const struct supervisor_entry *entry, int output, enum call call, int count)
{
    dup2(output, STDOUT_FILENO);
    if (entry && supervisor_enter(entry) != 0)
        _exit(1);
    make_calls(call, count);
}

/* Nanoseconds per call. */
static double measure(const struct way *way, struct supervisor *supervisor, int count)
{
    struct supervisor_entry entry;
    int output[2];
    int64_t took_ns;
    struct error err;

    if (pipe2(output, O_CLOEXEC) != 0)
        stop_with("no pipe");
    if (supervisor && supervisor_prepare(supervisor, &entry, &err) != SUPERVISOR_OK)
        stop_with(err.text);
    pid_t pid = fork();
    if (pid == 0)
        be_the_child(supervisor ? &entry : NULL, output[1], way->call, count);
    close(output[1]);
    if (supervisor && supervisor_attach(supervisor, &entry, pid, &err) != SUPERVISOR_OK)
        stop_with(err.text);
    if (read(output[0], &took_ns, sizeof took_ns) != (ssize_t)sizeof took_ns)
        stop_with("the child did not finish");
    close(output[0]);
    waitpid(pid, NULL, 0);
    return (double)took_ns / count;
}

static double measure_way(const struct way *way, int count)
{
    struct supervisor *supervisor = NULL;
    struct supervisor_rule rule = {
        .kinds = SUPERVISOR_WRITE, .where = way->where, .action = way->action, .nth = 0, .error = 1};
    struct error err;

    if (way->supervised && supervisor_start(&supervisor, SUPERVISOR_FILES, &err) != SUPERVISOR_OK)
        stop_with(err.text);
    if (way->action == SUPERVISOR_FAIL)
        rule.nth = UINT64_MAX;
    if (way->where)
        supervisor_add(supervisor, &rule);
    double each_ns = measure(way, supervisor, count);
    supervisor_stop(supervisor);
    return each_ns;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : CALLS_DEFAULT;
    double native_ns[2] = {0};

    if (argc > 2 || count < 1 || count > CALLS_MAX)
        stop_with("usage: stress-supervisor_bench [CALLS]");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        double each_ns = measure_way(&ways[i], count);

        if (!ways[i].supervised)
            native_ns[ways[i].call] = each_ns;
        printf("%-42s %9.2f us %8.1f x native\n", ways[i].name, each_ns / 1000, each_ns / native_ns[ways[i].call]);
    }
    return 0;
}
