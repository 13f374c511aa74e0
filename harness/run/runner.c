/* Runs the cases in processes of their own, several at a time, and makes results of what they leave. */
#include "run/runner.h"

#include "base/clock.h"
#include "base/directory.h"
#include "base/error.h"
#include "base/procfs.h"
#include "base/xalloc.h"
#include "case/record.h"
#include "report/jsonl.h"
#include "run/artifacts.h"
#include "run/capabilities.h"
#include "run/monitor.h"
#include "run/progress.h"
#include "run/schedule.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TICK_MS = 200, COMMAND_BYTES_MAX = 1 << 14 };

struct job { /* a case that is running */
    pid_t monitor;
    struct slot *slot;
    unsigned iteration;
    int64_t started_ns;
    int record_fd;
    char directory[PATH_MAX];
};

struct runner {
    const struct run *run;
    struct results *results;
    struct capabilities capabilities;
    struct artifacts evidence;
    struct schedule schedule;
    struct job *jobs; /* config->jobs of them; monitor 0: free */
    unsigned running;
    bool stopping; /* start no more cases */
    int signal;    /* that interrupted us */
    int signal_fd;
    struct progress *progress;
};

static int64_t now_ms(void)
{
    return clock_ns() / 1000000;
}

/* ---- the verdict of a case that is over ---- */

/* --level decides whether a SHOULD that fails is red; INFO never is. */
static void soften(const struct runner *runner, const struct slot *slot, struct case_result *result)
{
    enum level level = slot->room->check->level;
    bool red = level == MUST || (level == SHOULD && runner->run->config->level >= SHOULD);

    if (result->verdict == VERDICT_FAIL && !red)
        result->verdict = VERDICT_WARN;
}

/* A word as a shell takes it back. */
static void add_word(struct text *line, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";

    text_add(line, " ");
    if (*word && !word[strspn(word, plain)]) {
        text_add(line, word);
        return;
    }
    text_add(line, "'");
    for (; *word; word++)
        text_add_bytes(line, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
    text_add(line, "'");
}

static void add_option(struct text *line, const char *name, const char *value)
{
    if (!value)
        return;
    text_addf(line, " %s", name);
    add_word(line, value);
}

/* What runs the case again; to be freed. */
static char *command_line(const struct runner *runner, const struct job *job)
{
    const struct config *config = runner->run->config;
    struct text line;

    text_init(&line, COMMAND_BYTES_MAX);
    text_addf(&line, "assay run %s:%s --seed %llu", job->slot->room->id, job->slot->test->name,
              (unsigned long long)(config->seed + job->iteration));
    add_option(&line, "--target", config->target);
    add_option(&line, "--wrap", config->wrap);
    if (config->level >= SHOULD)
        text_add(&line, " --level should");
    if (config->long_run)
        text_add(&line, " --long");
    if (config->driver)
        text_add(&line, " --");
    for (char **word = config->driver; word && *word; word++)
        add_word(&line, *word);
    return text_take(&line);
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
    jsonl_case(runner->evidence.stream, slot->room->id, result);
    progress_case_ends(runner->progress, slot->room->id, result, now_ms());
    if (schedule_room_is_done(&runner->schedule, slot))
        progress_check_ends(runner->progress, &runner->results->checks[slot->check], now_ms());
    if (runner->run->config->fail_fast && verdict_is_red(result->verdict))
        runner->stopping = true;
}

/* A case that was interrupted has no verdict, and is none of the results. */
static void finish_job(struct runner *runner, struct job *job)
{
    struct case_result result = {0};
    bool judged = record_read(job->record_fd, &result) || !runner->signal;
    bool keep = judged && (verdict_is_red(result.verdict) || runner->run->config->keep);

    result.ms = (clock_ns() - job->started_ns) / 1000000;
    result.again = command_line(runner, job);
    result.evidence = keep ? strdup(job->directory) : NULL;
    if (judged)
        publish(runner, job->slot, &result);
    result.name = NULL; /* the check's, not ours */
    case_result_free(&result);
    close(job->record_fd);
    if (!keep)
        directory_remove(job->directory);
    job->monitor = 0;
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

static void judge_without_running(struct runner *runner, struct slot *slot, enum verdict verdict, enum blame blame,
                                  const char *message)
{
    struct case_result result = {.verdict = verdict, .blame = blame, .message = (char *)message};

    if (verdict == VERDICT_FAIL)
        result.how = (char *)"wrong";
    publish(runner, slot, &result);
}

static bool is_listed(const char *list, const char *name, size_t length)
{
    for (size_t word; list && *list; list += word + (list[word] == ',')) {
        word = strcspn(list, ",");
        if (word == length && !strncmp(list, name, length))
            return true;
    }
    return false;
}

static bool is_required(const struct run *run, const struct room *room)
{
    size_t length = strcspn(room->id, "/");

    for (const char *const *surface = run->manifest->require; *surface; surface++)
        if (is_listed(*surface, room->id, length))
            return true;
    return is_listed(run->config->require, room->id, length);
}

/* True: the target cannot be judged by the room, and that is said. A surface that is required and not claimed is red;
 * what else is missing never is. */
static bool is_out_of_reach(struct runner *runner, struct slot *slot)
{
    const struct run *run = runner->run;
    bool altered = run->manifest->sanitizer || run->config->wrap;
    struct error missing;
    bool claimed = capabilities_claim_surface(&runner->capabilities, slot->room, &missing);
    bool suffices = claimed && capabilities_suffice(&runner->capabilities, slot->room, &missing);

    if (suffices && altered && slot->test->measures) {
        error_set(&missing, "time and memory of a sanitised or wrapped target are not measured");
        suffices = false;
    }
    if (!suffices)
        judge_without_running(runner, slot, !claimed && is_required(run, slot->room) ? VERDICT_FAIL : VERDICT_NA,
                              BLAME_NONE, missing.text);
    return !suffices;
}

/* False with errno. */
static bool start_warden(struct runner *runner, struct job *job)
{
    const struct run *run = runner->run;
    const struct slot *slot = job->slot;
    uint64_t name = hash_name(hash_name(14695981039346656037u, slot->room->id), slot->test->name);

    if (!artifacts_make_directory(&runner->evidence, slot->room->id, slot->test->name, job->iteration, job->directory))
        return false;
    job->record_fd = record_open();
    if (job->record_fd < 0)
        return false;
    job->monitor = monitor_start(&(struct case_context){.room = slot->room,
                                                        .test = slot->test,
                                                        .manifest = run->manifest,
                                                        .directory = job->directory,
                                                        .timeout_scale = run->config->timeout_scale,
                                                        .long_run = run->config->long_run,
                                                        .keep = run->config->keep,
                                                        .wrap = run->config->wrap,
                                                        .seed = name + run->config->seed + job->iteration,
                                                        .record_fd = job->record_fd});
    if (job->monitor > 0)
        return true;
    close(job->record_fd);
    job->monitor = 0;
    return false;
}

static void start_case(struct runner *runner, struct job *job, struct slot *slot, unsigned iteration)
{
    if (is_out_of_reach(runner, slot))
        return;
    *job = (struct job){.slot = slot, .iteration = iteration, .started_ns = clock_ns()};
    if (start_warden(runner, job)) {
        runner->running++;
        progress_case_begins(runner->progress, slot->room->id, slot->test->name, now_ms());
    } else {
        judge_without_running(runner, slot, VERDICT_ERROR, BLAME_ENVIRONMENT, strerror(errno));
    }
}

static void fill_jobs(struct runner *runner)
{
    for (unsigned i = 0; i < runner->run->config->jobs && !runner->stopping; i++)
        while (!runner->jobs[i].monitor && !runner->stopping) {
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
        for (unsigned i = 0; i < runner->run->config->jobs; i++)
            if (runner->jobs[i].monitor == pid)
                finish_job(runner, &runner->jobs[i]);
}

/* A monitor that is itself stopped or stuck. */
static void end_overdue(struct runner *runner)
{
    const struct config *config = runner->run->config;
    int64_t limit_ms = monitor_deadline_ms(config->timeout_scale, config->long_run) + MONITOR_GRACE_MS;

    for (unsigned i = 0; i < runner->run->config->jobs; i++) {
        const struct job *job = &runner->jobs[i];

        if (job->monitor && clock_ns() - job->started_ns > limit_ms * 1000000)
            kill(job->monitor, SIGKILL);
    }
}

static void interrupt(struct runner *runner, int signal)
{
    runner->signal = signal;
    runner->stopping = true;
    for (unsigned i = 0; i < runner->run->config->jobs; i++)
        if (runner->jobs[i].monitor)
            kill(runner->jobs[i].monitor, SIGTERM);
}

static void take_signals(struct runner *runner)
{
    struct signalfd_siginfo signal;

    while (read(runner->signal_fd, &signal, sizeof signal) == (ssize_t)sizeof signal)
        if (signal.ssi_signo != SIGCHLD && !runner->signal)
            interrupt(runner, (int)signal.ssi_signo);
}

static void wait_for_news(struct runner *runner)
{
    struct pollfd news = {.fd = runner->signal_fd, .events = POLLIN};

    if (poll(&news, 1, TICK_MS) == 0)
        progress_tick(runner->progress, now_ms());
    take_signals(runner);
    reap(runner);
    end_overdue(runner);
}

/* ---- the run ---- */

static void add_checks(struct runner *runner)
{
    struct schedule *schedule = &runner->schedule;

    for (size_t i = 0; i < schedule->slot_count; i++) {
        struct slot *slot = &schedule->slots[i];

        if (i > 0 && slot[-1].room == slot->room) {
            slot->check = slot[-1].check;
            continue;
        }
        slot->check = room_add_to(runner->results, slot->room);
        runner->results->planned_checks++;
    }
}

static void write_beginning(struct runner *runner)
{
    jsonl_begin(runner->evidence.stream, runner->results);
    for (size_t i = 0; i < runner->results->check_count; i++)
        jsonl_check(runner->evidence.stream, &runner->results->checks[i]);
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
    const struct config *config = runner->run->config;

    runner->progress = progress_open(STDERR_FILENO, config->color, config->verbosity,
                                     runner->run->case_count * config->repeat, now_ms());
    for (fill_jobs(runner); runner->running; fill_jobs(runner))
        wait_for_news(runner);
    progress_close(runner->progress);
    /* What a killed monitor may have left behind has become ours; with --keep it is meant to stay. */
    if (!config->keep || runner->signal)
        procfs_end_descendants(NULL, END_OF_TREE_MS);
}

/* A target that does not even say what it serves, or nowhere to write to: each case says so. */
static void judge_nothing(struct runner *runner, enum blame blame, const char *why)
{
    const char *target = runner->run->config->target;
    struct text again;

    text_init(&again, COMMAND_BYTES_MAX);
    text_add(&again, "assay probe");
    add_option(&again, "--target", target);
    for (size_t i = 0; i < runner->schedule.slot_count; i++) {
        const struct slot *slot = &runner->schedule.slots[i];
        struct case_result result = {.name = (char *)slot->test->name,
                                     .number = slot->number,
                                     .control = slot->test->control,
                                     .verdict = VERDICT_ERROR,
                                     .blame = blame,
                                     .message = (char *)why,
                                     .again = runner->run->config->driver ? NULL : again.bytes};

        results_add_case(runner->results, slot->check, &result);
        if (runner->evidence.stream)
            jsonl_case(runner->evidence.stream, slot->room->id, &result);
    }
    text_free(&again);
}

/* Between the opening of the stream and its end. False: the target did not say what it claims. */
static bool ask_and_judge(struct runner *runner, struct error *err)
{
    const struct run *run = runner->run;
    enum blame blame;

    write_beginning(runner);
    bool asked = capabilities_ask(run->manifest, run->config, &runner->capabilities, &blame, err);
    take_signals(runner); /* one that came meanwhile */
    if (asked)
        judge_all(runner);
    else if (!runner->signal) {
        judge_nothing(runner, blame, err->text);
        error_add(err, "; 'assay probe' tries just this");
    }
    capabilities_free(&runner->capabilities);
    return asked || runner->signal;
}

bool runner_run(const struct run *run, struct results *results, struct error *err)
{
    struct runner runner = {.run = run, .results = results};
    int64_t begun_ms = now_ms();
    sigset_t before;

    runner.signal_fd = open_signals(&before);
    runner.jobs = xalloc_resize(NULL, run->config->jobs, sizeof *runner.jobs);
    memset(runner.jobs, 0, run->config->jobs * sizeof *runner.jobs);
    schedule_init(&runner.schedule, run->cases, run->case_count, run->config->repeat);
    add_checks(&runner);
    results->planned_cases = run->case_count;
    bool open = artifacts_open(&runner.evidence, run->config->out, err);
    bool judged = open && ask_and_judge(&runner, err);
    if (!open)
        judge_nothing(&runner, BLAME_ENVIRONMENT, err->text);
    results->wall_ms = now_ms() - begun_ms;
    results->interrupted = runner.signal != 0;
    results->signal = runner.signal;
    if (open)
        jsonl_end(runner.evidence.stream, results);
    artifacts_close(&runner.evidence);
    free(runner.jobs);
    schedule_free(&runner.schedule);
    close(runner.signal_fd);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return judged;
}
