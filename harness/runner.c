#include "runner.h"

#include "clock.h"
#include "directory.h"
#include "proc.h"
#include "progress.h"
#include "record.h"
#include "report/jsonl.h"
#include "schedule.h"
#include "warden.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TICK_MS = 200 };

struct job { /* a case that is running */
    pid_t warden;
    struct slot *slot;
    unsigned iteration;
    int64_t started_ns;
    char directory[PATH_MAX];
};

struct runner {
    const struct run *run;
    struct results *results;
    struct schedule schedule;
    struct job *jobs; /* options->jobs of them; warden 0: free */
    unsigned running;
    bool stopping; /* start no more cases */
    int signal;    /* that interrupted us */
    int signal_fd;
    FILE *stream; /* run.jsonl */
    struct progress *progress;
};

static int64_t now_ms(void)
{
    return clock_ns() / 1000000;
}

/* ---- the verdict of a case that is over ---- */

static bool is_required(const struct run *run, const char *id)
{
    size_t length = strcspn(id, "/");
    for (const char *const *surface = run->manifest->require; *surface; surface++)
        if (strlen(*surface) == length && !strncmp(*surface, id, length))
            return true;
    const char *list = run->options->require;
    while (list && *list) {
        size_t word = strcspn(list, ",");
        if (word == length && !strncmp(list, id, length))
            return true;
        list += word + (list[word] == ',');
    }
    return false;
}

/* --level decides whether a SHOULD that fails is red; INFO never is. */
static void soften(const struct runner *runner, const struct slot *slot, struct case_result *result)
{
    enum level level = slot->room->check->level;
    bool red = level == MUST || (level == SHOULD && runner->run->options->level >= SHOULD);
    if (result->verdict == VERDICT_FAIL && !red)
        result->verdict = VERDICT_WARN;
}

static void command_line(const struct runner *runner, const struct job *job, struct text *line)
{
    const struct options *options = runner->run->options;
    text_addf(line, "assay run %s:%s --seed %llu", job->slot->room->id, job->slot->test->name,
              (unsigned long long)(options->seed + job->iteration));
    if (options->target)
        text_addf(line, " --target %s", options->target);
    if (options->long_run)
        text_add(line, " --long");
    if (options->driver)
        text_add(line, " --");
    for (char **word = options->driver; word && *word; word++)
        text_addf(line, " %s", *word);
}

static void publish(struct runner *runner, struct slot *slot, struct case_result *result)
{
    result->name = (char *)slot->test->name;
    result->number = slot->number;
    result->control = slot->test->control;
    result->runs = 1;
    soften(runner, slot, result);
    if (runner->run->baseline)
        result->verdict = baseline_verdict(runner->run->baseline, slot->room->id, slot->test->name, result->verdict);
    results_add_case(runner->results, slot->check, result);
    slot->done++;
    jsonl_case(runner->stream, slot->room->id, result);
    progress_case_ends(runner->progress, slot->room->id, result, now_ms());
    if (schedule_room_is_done(&runner->schedule, slot))
        progress_check_ends(runner->progress, &runner->results->checks[slot->check], now_ms());
    if (runner->run->options->fail_fast && verdict_is_red(result->verdict))
        runner->stopping = true;
}

static void finish_job(struct runner *runner, struct job *job)
{
    struct case_result result = {0};
    struct text again, record;
    text_init(&again, 1 << 14);
    text_init(&record, PATH_MAX);
    text_addf(&record, "%s/" WARDEN_RECORD, job->directory);
    record_read(record.bytes, &result);
    result.ms = (clock_ns() - job->started_ns) / 1000000;
    command_line(runner, job, &again);
    result.again = text_take(&again);
    bool keep = verdict_is_red(result.verdict) || runner->run->options->keep;
    if (keep)
        result.evidence = strdup(job->directory);
    publish(runner, job->slot, &result);
    result.name = NULL; /* the check's, not ours */
    case_result_free(&result);
    if (!keep)
        directory_remove(job->directory);
    text_free(&again);
    text_free(&record);
    job->warden = 0;
    runner->running--;
}

/* ---- starting cases ---- */

/* FNV-1a, so that a case draws the same lots whichever cases run beside it. */
static uint64_t hash_name(uint64_t hash, const char *name)
{
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211u;
    return hash;
}

static bool name_directory(struct runner *runner, struct job *job)
{
    char here[PATH_MAX] = "";
    const char *out = runner->run->options->out;
    if (out[0] != '/' && !getcwd(here, sizeof here - 1))
        return false;
    struct text path;
    text_init(&path, sizeof job->directory - 1);
    text_addf(&path, "%s%s%s/cases/%s/%s.%u", here, *here ? "/" : "", out, job->slot->room->id, job->slot->test->name,
              job->iteration);
    bool fits = !path.cut;
    memcpy(job->directory, path.bytes, path.length + 1);
    text_free(&path);
    return fits && directory_remove(job->directory) && directory_make(job->directory);
}

static void judge_without_running(struct runner *runner, struct slot *slot, enum verdict verdict, enum blame blame,
                                  const char *message)
{
    struct case_result result = {.verdict = verdict, .blame = blame, .message = (char *)message};
    if (verdict == VERDICT_FAIL)
        result.how = (char *)"wrong";
    publish(runner, slot, &result);
}

/* Why the target cannot be judged by the room, or NULL. */
static const char *why_not(const struct run *run, const struct room *room)
{
    const char *missing = claims_missing(run->claims, room);
    bool altered = run->manifest->sanitizer || run->options->wrap;
    if (!missing && altered && room->check->measures)
        missing = "time and memory of a sanitised or wrapped target are not measured";
    return missing;
}

static void start_case(struct runner *runner, struct job *job, struct slot *slot, unsigned iteration)
{
    const struct run *run = runner->run;
    const char *missing = why_not(run, slot->room);
    if (missing) {
        bool red = is_required(run, slot->room->id);
        judge_without_running(runner, slot, red ? VERDICT_FAIL : VERDICT_NA, BLAME_NONE, missing);
        return;
    }
    *job = (struct job){.slot = slot, .iteration = iteration, .started_ns = clock_ns()};
    if (name_directory(runner, job)) {
        uint64_t name = hash_name(hash_name(14695981039346656037u, slot->room->id), slot->test->name);
        job->warden = warden_start(&(struct case_context){.room = slot->room,
                                                          .test = slot->test,
                                                          .manifest = run->manifest,
                                                          .claims = run->claims,
                                                          .options = run->options,
                                                          .directory = job->directory,
                                                          .seed = name + run->options->seed + iteration});
    }
    if (job->warden > 0) {
        runner->running++;
        progress_case_begins(runner->progress, slot->room->id, slot->test->name, now_ms());
        return;
    }
    job->warden = 0;
    judge_without_running(runner, slot, VERDICT_ERROR, BLAME_ENVIRONMENT, strerror(errno));
}

static void fill_jobs(struct runner *runner)
{
    for (unsigned i = 0; i < runner->run->options->jobs && !runner->stopping; i++)
        while (!runner->jobs[i].warden && !runner->stopping) {
            unsigned iteration;
            struct slot *slot = schedule_next(&runner->schedule, &iteration);
            if (!slot)
                return;
            start_case(runner, &runner->jobs[i], slot, iteration);
        }
}

/* ---- waiting ---- */

static void reap(struct runner *runner)
{
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;)
        for (unsigned i = 0; i < runner->run->options->jobs; i++)
            if (runner->jobs[i].warden == pid)
                finish_job(runner, &runner->jobs[i]);
}

static void interrupt(struct runner *runner, int signal)
{
    runner->signal = signal;
    runner->stopping = true;
    for (unsigned i = 0; i < runner->run->options->jobs; i++)
        if (runner->jobs[i].warden)
            kill(runner->jobs[i].warden, SIGTERM);
}

static void wait_for_news(struct runner *runner)
{
    struct pollfd news = {.fd = runner->signal_fd, .events = POLLIN};
    struct signalfd_siginfo signal;
    if (poll(&news, 1, TICK_MS) == 0)
        progress_tick(runner->progress, now_ms());
    while (read(runner->signal_fd, &signal, sizeof signal) == (ssize_t)sizeof signal)
        if (signal.ssi_signo != SIGCHLD && !runner->signal)
            interrupt(runner, (int)signal.ssi_signo);
    reap(runner);
}

/* ---- the run ---- */

static void add_checks(struct runner *runner)
{
    struct schedule *schedule = &runner->schedule;
    static const char *const levels[] = {"must", "should", "info"};
    for (size_t i = 0; i < schedule->slot_count; i++) {
        struct slot *slot = &schedule->slots[i];
        if (i > 0 && slot[-1].room == slot->room) {
            slot->check = slot[-1].check;
            continue;
        }
        const struct check *check = slot->room->check;
        slot->check = results_add_check(runner->results, slot->room->id, check->title, levels[check->level],
                                        check->origins, check->tags);
        jsonl_check(runner->stream, &runner->results->checks[slot->check]);
    }
}

static size_t count_rooms(const struct schedule *schedule)
{
    size_t count = 0;
    for (size_t i = 0; i < schedule->slot_count; i++)
        count += i == 0 || schedule->slots[i - 1].room != schedule->slots[i].room;
    return count;
}

/* The stream is the only thing that is left of a run that is killed, so it goes to the file line by line. Its lock
 * keeps two runs from writing their evidence into one directory. NULL with errno. */
static FILE *open_stream(const char *out)
{
    struct text path;
    text_init(&path, PATH_MAX);
    text_addf(&path, "%s/" RUN_STREAM, out);
    int fd = directory_make(out) ? open(path.bytes, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    text_free(&path);
    if (fd < 0)
        return NULL;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && ftruncate(fd, 0) == 0)
        return fdopen(fd, "w");
    close(fd);
    return NULL;
}

/* What an earlier run left there would be taken for this one's. */
static bool remove_old_evidence(const char *out)
{
    struct text path;
    text_init(&path, PATH_MAX);
    text_addf(&path, "%s/cases", out);
    bool removed = directory_remove(path.bytes);
    text_free(&path);
    return removed;
}

static int open_signals(sigset_t *before)
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

static void judge_all(struct runner *runner)
{
    for (fill_jobs(runner); runner->running; fill_jobs(runner))
        wait_for_news(runner);
    /* What a killed warden may have left behind has become ours. */
    proc_end_descendants(NULL, END_OF_TREE_MS);
}

int runner_run(const struct run *run, struct results *results)
{
    struct runner runner = {.run = run, .results = results, .stream = open_stream(run->options->out)};
    if (!runner.stream || !remove_old_evidence(run->options->out))
        return -1;
    int64_t begun_ms = now_ms();
    sigset_t before;
    runner.signal_fd = open_signals(&before);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    schedule_init(&runner.schedule, run->cases, run->case_count, run->options->repeat);
    runner.jobs = calloc(run->options->jobs, sizeof *runner.jobs);
    if (!runner.jobs)
        abort();
    results->planned_checks = count_rooms(&runner.schedule);
    results->planned_cases = run->case_count;
    jsonl_begin(runner.stream, results);
    add_checks(&runner);
    runner.progress = progress_open(STDERR_FILENO, run->options->color, run->options->verbosity,
                                    run->case_count * run->options->repeat, now_ms());
    judge_all(&runner);
    results->wall_ms = now_ms() - begun_ms;
    results->interrupted = runner.signal != 0;
    results->signal = runner.signal;
    progress_close(runner.progress);
    jsonl_end(runner.stream, results);
    fclose(runner.stream);
    free(runner.jobs);
    schedule_free(&runner.schedule);
    close(runner.signal_fd);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return runner.signal;
}
