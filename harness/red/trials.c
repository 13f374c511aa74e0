/* Runs of assay as child processes, each in a private directory. */
#include "red/trials.h"

#include "base/clock.h"
#include "base/directory.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "run/progress.h"
#include "target/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TICK_MS = 200, GRACE_MS = 10 * 1000, ARGV_MAX = TRIALS_SELECT_MAX + 16 };

struct job { /* a run of assay; trial NULL: free */
    struct trial *trial;
    pid_t pid;
    int64_t begun_ms;
    int64_t deadline_ms; /* after it SIGTERM, after GRACE_MS more SIGKILL */
    char directory[PATH_MAX];
};

struct runner {
    const struct trials *trials;
    struct job *jobs;
    size_t next; /* trial to start */
    unsigned running;
    int signal_fd;
    sigset_t mask; /* of signals, as it was before */
    int signal;    /* that interrupted us */
    struct progress *progress;
};

static int64_t now_ms(void)
{
    return clock_ns() / 1000000;
}

static const char *room_of(const struct trial *trial)
{
    return trial->check ? trial->check : "all";
}

static struct text path_in(const struct job *job, const char *name)
{
    struct text path;

    text_init(&path, PATH_MAX);
    text_addf(&path, "%s/%s", job->directory, name);
    return path;
}

/* ---- starting ---- */

/* What a trial calls: SHOULD rooms have to go red as well, and what runs at once is ours to decide. */
static void build_argv(const struct runner *runner, const struct trial *trial, const char *out,
                       const char *argv[ARGV_MAX])
{
    const char *const fixed[] = {
        runner->trials->assay, "run", "--out", out, "--level", "should", "--jobs", "1", "--color", "never"};
    size_t count = sizeof fixed / sizeof *fixed;

    memcpy(argv, fixed, sizeof fixed);
    if (trial->target) {
        argv[count++] = "--target";
        argv[count++] = trial->target;
    }
    for (size_t i = 0; trial->select && trial->select[i] && i < TRIALS_SELECT_MAX; i++)
        argv[count++] = trial->select[i];
    if (trial->check && !trial->select)
        argv[count++] = trial->check;
    argv[count] = NULL;
}

/* Starts it without input, with all its output in a file, and with signals as they were when we were started.
 * 0, or errno. */
static int spawn(const struct runner *runner, struct job *job, const char *const *argv, const char *log)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_EXCL, 0600);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &runner->mask);
    int error = posix_spawn(&job->pid, argv[0], &files, &attributes, (char *const *)argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

static int start_process(const struct runner *runner, struct job *job)
{
    const char *argv[ARGV_MAX];

    if (!directory_make(job->directory))
        return errno;
    struct text out = path_in(job, "out");
    struct text log = path_in(job, "log");
    build_argv(runner, job->trial, out.bytes, argv);
    int error = spawn(runner, job, argv, log.bytes);
    text_free(&out);
    text_free(&log);
    return error;
}

static void start(struct runner *runner, struct job *job, struct trial *trial, size_t number)
{
    *job = (struct job){.trial = trial, .begun_ms = now_ms()};
    job->deadline_ms = job->begun_ms + trial->timeout_ms;
    snprintf(job->directory, sizeof job->directory, "%s/%zu", runner->trials->directory, number);
    int error = start_process(runner, job);
    if (!error) {
        runner->running++;
        progress_case_begins(runner->progress, room_of(trial), trial->label, job->begun_ms);
        return;
    }
    error_set(&trial->why, "%s cannot be started: %s", runner->trials->assay, strerror(error));
    directory_remove(job->directory);
    job->trial = NULL;
    runner->trials->done(runner->trials->context, trial);
}

static void fill_jobs(struct runner *runner)
{
    for (unsigned i = 0; i < runner->trials->jobs; i++)
        while (!runner->jobs[i].trial && !runner->signal && runner->next < runner->trials->count) {
            size_t number = runner->next++;

            start(runner, &runner->jobs[i], &runner->trials->all[number], number);
        }
}

/* ---- ending ---- */

/* The last line of what it said itself, for a run that left no results. */
static void add_last_words(const struct job *job, struct error *why)
{
    struct text path = path_in(job, "log");
    struct text log;

    if (file_read(path.bytes, TRIALS_LOG_MAX_BYTES, &log, NULL)) {
        while (log.length > 0 && log.bytes[log.length - 1] == '\n')
            log.bytes[--log.length] = '\0';
        const char *line = memrchr(log.bytes, '\n', log.length);
        error_add(why, ": %s", line ? line + 1 : log.bytes);
        text_free(&log);
    }
    text_free(&path);
}

static void take_results(struct job *job, int status)
{
    struct trial *trial = job->trial;
    struct text path = path_in(job, "out/run.jsonl");
    struct error err;
    char ended[128];

    trial->ms = now_ms() - job->begun_ms;
    trial->judged = results_read(&trial->results, path.bytes, &err);
    if (!trial->judged) {
        spawn_describe(status, ended, sizeof ended);
        error_set(&trial->why, "assay %s and left no results (%s)", ended, err.text);
        add_last_words(job, &trial->why);
    }
    text_free(&path);
}

static void finish(struct runner *runner, struct job *job, int status)
{
    struct trial *trial = job->trial;

    take_results(job, status);
    directory_remove(job->directory);
    job->trial = NULL;
    runner->running--;
    struct case_result over = {.name = (char *)trial->label, .verdict = VERDICT_PASS, .ms = trial->ms};
    progress_case_ends(runner->progress, room_of(trial), &over, now_ms());
    progress_wipe(runner->progress); /* whoever is told may write to the same terminal */
    runner->trials->done(runner->trials->context, trial);
}

/* ---- waiting ---- */

static void reap(struct runner *runner)
{
    for (unsigned i = 0; i < runner->trials->jobs; i++) {
        int status;

        if (runner->jobs[i].trial && waitpid(runner->jobs[i].pid, &status, WNOHANG) == runner->jobs[i].pid)
            finish(runner, &runner->jobs[i], status);
    }
}

static void end_overdue(struct runner *runner)
{
    int64_t now = now_ms();

    for (unsigned i = 0; i < runner->trials->jobs; i++) {
        struct job *job = &runner->jobs[i];

        if (job->trial && now >= job->deadline_ms)
            kill(job->pid, now >= job->deadline_ms + GRACE_MS ? SIGKILL : SIGTERM);
    }
}

/* Assay ends its targets when it is asked to stop; so it is asked, and waited for. */
static void interrupt(struct runner *runner, int signal)
{
    runner->signal = signal;
    for (unsigned i = 0; i < runner->trials->jobs; i++)
        if (runner->jobs[i].trial)
            runner->jobs[i].deadline_ms = now_ms();
}

static void wait_for_news(struct runner *runner)
{
    struct pollfd news = {.fd = runner->signal_fd, .events = POLLIN};
    struct signalfd_siginfo signal;

    poll(&news, 1, TICK_MS);
    while (read(runner->signal_fd, &signal, sizeof signal) == (ssize_t)sizeof signal)
        if (signal.ssi_signo != SIGCHLD && !runner->signal)
            interrupt(runner, (int)signal.ssi_signo);
    end_overdue(runner);
    reap(runner);
    progress_tick(runner->progress, now_ms());
}

static int watch_signals(sigset_t *before)
{
    sigset_t watched;

    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGHUP);
    sigprocmask(SIG_BLOCK, &watched, before);
    return signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

int trials_run(const struct trials *trials)
{
    struct runner runner = {.trials = trials};

    runner.signal_fd = watch_signals(&runner.mask);
    runner.jobs = xalloc_resize(NULL, trials->jobs, sizeof *runner.jobs);
    memset(runner.jobs, 0, trials->jobs * sizeof *runner.jobs);
    runner.progress = progress_open(STDERR_FILENO, -1, 0, trials->count, now_ms());
    for (fill_jobs(&runner); runner.running > 0; fill_jobs(&runner))
        wait_for_news(&runner);
    progress_close(runner.progress);
    free(runner.jobs);
    close(runner.signal_fd);
    sigprocmask(SIG_SETMASK, &runner.mask, NULL);
    return runner.signal;
}
