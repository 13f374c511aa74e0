/* Runs of assay as child processes, each in a private directory. */
#include "red/trials.h"

#include "base/clock.h"
#include "base/directory.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "run/pool.h"
#include "run/progress.h"
#include "target/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICK_MS = 200, GRACE_MS = 10 * 1000, ARGV_MAX = TRIALS_SELECT_MAX + 16 };

struct job { /* a run of assay, of the same number as in the pool */
    struct trial *trial;
    int64_t begun_ms;
    char directory[PATH_MAX];
};

struct runner {
    const struct trials *trials;
    struct pool pool;
    struct job *jobs;
    size_t next; /* trial to start */
    struct progress *progress;
};

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
static int spawn(const struct runner *runner, const char *const *argv, const char *log, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_EXCL, 0600);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &runner->pool.before);
    int error = posix_spawn(pid, argv[0], &files, &attributes, (char *const *)argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

static int start_process(const struct runner *runner, const struct job *job, pid_t *pid)
{
    const char *argv[ARGV_MAX];

    if (!directory_make(job->directory))
        return errno;
    struct text out = path_in(job, "out");
    struct text log = path_in(job, "log");
    build_argv(runner, job->trial, out.bytes, argv);
    int error = spawn(runner, argv, log.bytes, pid);
    text_free(&out);
    text_free(&log);
    return error;
}

/* Assay ends its targets when it is asked to stop; so it is asked first, and waited for. */
static void start(struct runner *runner, unsigned number, size_t index)
{
    struct job *job = &runner->jobs[number];
    struct trial *trial = &runner->trials->all[index];
    pid_t pid = 0;

    *job = (struct job){.trial = trial, .begun_ms = clock_ms()};
    snprintf(job->directory, sizeof job->directory, "%s/%zu", runner->trials->directory, index);
    int error = start_process(runner, job, &pid);
    if (!error) {
        int64_t deadline_ms = job->begun_ms + trial->timeout_ms;

        pool_enter(&runner->pool, number, pid, deadline_ms, deadline_ms + GRACE_MS);
        progress_case_begins(runner->progress, room_of(trial), trial->label, job->begun_ms);
        return;
    }
    error_set(&trial->why, "%s cannot be started: %s", runner->trials->assay, strerror(error));
    directory_remove(job->directory);
    runner->trials->done(runner->trials->context, trial);
}

static void fill_jobs(struct runner *runner)
{
    for (int job; !runner->pool.signal && (job = pool_free(&runner->pool)) >= 0;) {
        if (runner->next == runner->trials->count)
            return;
        start(runner, (unsigned)job, runner->next++);
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

    trial->ms = clock_ms() - job->begun_ms;
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
    struct case_result over = {.name = (char *)trial->label, .verdict = VERDICT_PASS, .ms = trial->ms};
    progress_case_ends(runner->progress, room_of(trial), &over, clock_ms());
    progress_wipe(runner->progress); /* whoever is told may write to the same terminal */
    runner->trials->done(runner->trials->context, trial);
}

static void wait_for_news(struct runner *runner)
{
    int status;

    pool_wait(&runner->pool, TICK_MS);
    for (int job; (job = pool_ended(&runner->pool, &status)) >= 0;)
        finish(runner, &runner->jobs[job], status);
    progress_tick(runner->progress, clock_ms());
}

int trials_run(const struct trials *trials)
{
    struct runner runner = {.trials = trials};

    pool_open(&runner.pool, trials->jobs, GRACE_MS);
    runner.jobs = xalloc_resize(NULL, trials->jobs, sizeof *runner.jobs);
    memset(runner.jobs, 0, trials->jobs * sizeof *runner.jobs);
    runner.progress = progress_open(STDERR_FILENO, -1, 0, trials->count, clock_ms());
    for (fill_jobs(&runner); runner.pool.running > 0; fill_jobs(&runner))
        wait_for_news(&runner);
    progress_close(runner.progress);
    free(runner.jobs);
    pool_close(&runner.pool);
    return runner.pool.signal;
}
