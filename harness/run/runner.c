/* Runs the cases in processes of their own, several at a time, and makes results of what they leave. */
#include "run/runner.h"

#include "base/clock.h"
#include "base/directory.h"
#include "base/error.h"
#include "base/procfs.h"
#include "base/xalloc.h"
#include "case/record.h"
#include "report/jsonl.h"
#include "run/again.h"
#include "run/artifacts.h"
#include "run/capabilities.h"
#include "run/monitor.h"
#include "run/pool.h"
#include "run/progress.h"
#include "run/reach.h"
#include "run/schedule.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICK_MS = 200, SURFACES_MAX = 8 };

struct job { /* a case that is running, of the same number as in the pool */
    struct slot *slot;
    unsigned iteration;
    int64_t started_ms;
    int record_fd;
    char directory[PATH_MAX];
};

struct trial { /* of a surface, see run/trial.h */
    bool useless;
    bool said; /* by the first case that it concerns */
    struct error why;
};

struct runner {
    const struct run *run;
    struct results *results;
    struct capabilities capabilities;
    struct trial trials[SURFACES_MAX]; /* of manifest_surfaces */
    struct artifacts evidence;
    struct schedule schedule;
    struct pool pool; /* config->jobs monitors */
    struct job *jobs;
    bool stopping; /* start no more cases */
    struct progress *progress;
};

/* ---- the verdict of a case that is over ---- */

/* Whoever crashes, hangs or leaks has failed, whatever was asked. Else --level decides whether a SHOULD that fails is
 * red; INFO never is. Of a control that fails, an ERROR that says how (case/expect.c), nothing is left there: what is
 * not judged cannot be red. */
static void soften(const struct runner *runner, struct case_result *result)
{
    bool must = strcmp(result->level, level_name(MUST)) == 0;
    bool should = strcmp(result->level, level_name(SHOULD)) == 0;
    bool red = must || (should && runner->run->config->level >= SHOULD);

    bool failed_control = result->verdict == VERDICT_ERROR && result->how;

    if (failed_control)
        result->how = NULL;
    if (red || verdict_is_severe(result->how))
        return;
    if (result->verdict == VERDICT_FAIL)
        result->verdict = VERDICT_WARN;
    if (failed_control) {
        result->verdict = VERDICT_NA;
        result->blame = BLAME_NONE;
    }
}

/* What is known of a case before it runs. The strings are the room's. */
static void describe(const struct slot *slot, struct case_result *result)
{
    result->name = (char *)slot->test->name;
    result->number = slot->number;
    result->control = slot->test->control;
    if (!result->level) /* else the case has said at which level it failed */
        result->level = (char *)level_name(room_level(slot->room, slot->number));
}

/* A run is held against the baseline; all runs of a case are when the last of them is over. */
static void apply_baseline(const struct runner *runner, struct slot *slot, struct case_result *result)
{
    unsigned all = runner->schedule.repeat;

    slot->done++;
    slot->passed += result->verdict == VERDICT_PASS;
    if (runner->run->baseline)
        result->verdict = baseline_verdict(runner->run->baseline, slot->room->id, slot->test->name, result->verdict,
                                           slot->passed == all ? all : 1);
}

static void publish(struct runner *runner, struct slot *slot, const struct case_result *found)
{
    struct case_result result = *found;

    describe(slot, &result);
    slot->unsound |= result.control && result.verdict != VERDICT_PASS && result.verdict != VERDICT_NA;
    result.runs = 1;
    soften(runner, &result);
    apply_baseline(runner, slot, &result);
    results_add_case(runner->results, slot->check, &result);
    jsonl_case(runner->evidence.stream, slot->room->id, &result);
    progress_case_ends(runner->progress, slot->room->id, &result, clock_ms());
    if (schedule_room_is_done(&runner->schedule, slot))
        progress_check_ends(runner->progress, &runner->results->checks[slot->check], clock_ms());
    if (runner->run->config->fail_fast && verdict_is_red(result.verdict))
        runner->stopping = true;
}

/* A case that was interrupted has no verdict, and is none of the results. */
static void finish_job(struct runner *runner, struct job *job)
{
    struct case_result result = {0};
    bool judged = record_read(job->record_fd, &result) || !runner->pool.signal;
    bool keep = judged && (verdict_is_red(result.verdict) || runner->run->config->keep);

    result.ms = clock_ms() - job->started_ms;
    result.again = again_case(runner->run->config, job->slot->room->id, job->slot->test->name, job->iteration);
    result.evidence = keep ? strdup(job->directory) : NULL;
    if (judged)
        publish(runner, job->slot, &result);
    case_result_free(&result);
    close(job->record_fd);
    if (!keep)
        directory_remove(job->directory);
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

/* True: the target cannot be judged by the case, and that is said. */
static bool is_out_of_reach(struct runner *runner, struct slot *slot)
{
    enum verdict verdict;
    struct error why;

    if (reach_is_given(&runner->capabilities, runner->run->config, slot->room, slot->test, &verdict, &why))
        return false;
    judge_without_running(runner, slot, verdict, BLAME_NONE, why.text);
    return true;
}

static bool is_filed_under(const struct room *room, const char *surface)
{
    size_t bytes = strlen(surface);

    return strncmp(room->id, surface, bytes) == 0 && room->id[bytes] == '/';
}

/* A room that is judged alone says itself what is wrong. */
static bool has_several_rooms(const struct schedule *schedule, const char *surface)
{
    const struct room *first = NULL;

    for (size_t i = 0; i < schedule->slot_count; i++) {
        const struct room *room = schedule->slots[i].room;

        if (!is_filed_under(room, surface))
            continue;
        if (first && room != first)
            return true;
        first = room;
    }
    return false;
}

/* Only an error of the target is taken for all: failures, a crash above all, are for the rooms to find. */
static bool is_of_no_use(struct runner *runner, const char *surface, struct error *why)
{
    enum blame blame;
    char *worked;

    if (!has_several_rooms(&runner->schedule, surface) ||
        !capabilities_claim_surface(&runner->capabilities, &(struct room){.id = surface}, why))
        return false;
    bool works = capabilities_try(&runner->capabilities, runner->run->config, surface, &worked, &blame, why);
    free(worked);
    return !works && blame == BLAME_TARGET;
}

static void try_surfaces(struct runner *runner)
{
    for (size_t i = 0; i < SURFACES_MAX && manifest_surfaces[i]; i++)
        runner->trials[i].useless = is_of_no_use(runner, manifest_surfaces[i], &runner->trials[i].why);
}

/* True: the surface cannot be judged at all. Its first case says so as an ERROR, the others give it as their reason. */
static bool is_useless(struct runner *runner, struct slot *slot)
{
    for (size_t i = 0; i < SURFACES_MAX && manifest_surfaces[i]; i++) {
        struct trial *trial = &runner->trials[i];
        bool said = trial->said;

        if (!trial->useless || !is_filed_under(slot->room, manifest_surfaces[i]))
            continue;
        trial->said = true;
        judge_without_running(runner, slot, said ? VERDICT_NA : VERDICT_ERROR, said ? BLAME_NONE : BLAME_TARGET,
                              trial->why.text);
        return true;
    }
    return false;
}

/* True: a control of the room has failed, so that nothing could be concluded from the case, and that is said. */
static bool is_unfounded(struct runner *runner, struct slot *slot)
{
    const struct slot *control = slot->test->control ? NULL : schedule_unsound_control(&runner->schedule, slot);
    struct error why;

    if (!control)
        return false;
    error_set(&why, "the control %s failed, so the room is not judged", control->test->name);
    judge_without_running(runner, slot, VERDICT_NA, BLAME_NONE, why.text);
    return true;
}

/* The monitor's pid, or -1 with errno. */
static pid_t start_monitor(struct runner *runner, struct job *job)
{
    const struct run *run = runner->run;
    const struct slot *slot = job->slot;
    uint64_t name = hash_name(hash_name(14695981039346656037u, slot->room->id), slot->test->name);

    if (!artifacts_make_directory(&runner->evidence, slot->room->id, slot->test->name, job->iteration, job->directory))
        return -1;
    job->record_fd = record_open();
    if (job->record_fd < 0)
        return -1;
    pid_t monitor = monitor_start(&(struct case_context){.room = slot->room,
                                                         .test = slot->test,
                                                         .manifest = run->manifest,
                                                         .directory = job->directory,
                                                         .timeout_scale = run->config->timeout_scale,
                                                         .long_run = run->config->long_run,
                                                         .keep = run->config->keep,
                                                         .wrap = run->config->wrap,
                                                         .seed = name + run->config->seed + job->iteration,
                                                         .record_fd = job->record_fd});
    if (monitor < 0)
        close(job->record_fd);
    return monitor;
}

/* A monitor keeps the deadline of its case; one that is itself stopped or stuck is killed. */
static void start_case(struct runner *runner, unsigned number, struct slot *slot, unsigned iteration)
{
    const struct config *config = runner->run->config;
    int64_t limit_ms = monitor_deadline_ms(config->timeout_scale, config->long_run) + MONITOR_GRACE_MS;
    struct job *job = &runner->jobs[number];

    if (is_out_of_reach(runner, slot) || is_useless(runner, slot) || is_unfounded(runner, slot))
        return;
    *job = (struct job){.slot = slot, .iteration = iteration, .started_ms = clock_ms()};
    pid_t monitor = start_monitor(runner, job);
    if (monitor < 0) {
        judge_without_running(runner, slot, VERDICT_ERROR, BLAME_ENVIRONMENT, strerror(errno));
        return;
    }
    pool_enter(&runner->pool, number, monitor, POOL_NEVER, job->started_ms + limit_ms);
    progress_case_begins(runner->progress, slot->room->id, slot->test->name, clock_ms());
}

static void fill_jobs(struct runner *runner)
{
    for (int job; !runner->stopping && (job = pool_free(&runner->pool)) >= 0;) {
        unsigned iteration;
        struct slot *slot = schedule_next(&runner->schedule, &iteration);

        if (!slot)
            return;
        start_case(runner, (unsigned)job, slot, iteration);
    }
}

/* A signal makes the monitors end their cases, which is waited for, and no more are started. */
static void wait_for_news(struct runner *runner, int timeout_ms)
{
    pool_wait(&runner->pool, timeout_ms);
    if (runner->pool.signal)
        runner->stopping = true;
    for (int job; (job = pool_ended(&runner->pool, NULL)) >= 0;)
        finish_job(runner, &runner->jobs[job]);
    progress_tick(runner->progress, clock_ms());
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

static void judge_all(struct runner *runner)
{
    const struct config *config = runner->run->config;

    runner->progress = progress_open(STDERR_FILENO, config->color, config->verbosity,
                                     runner->run->case_count * config->repeat, clock_ms());
    for (fill_jobs(runner); runner->pool.running > 0; fill_jobs(runner))
        wait_for_news(runner, TICK_MS);
    progress_close(runner->progress);
    /* What a killed monitor may have left behind has become ours; with --keep it is meant to stay. */
    if (!config->keep || runner->pool.signal)
        procfs_end_descendants(NULL, END_OF_TREE_MS);
}

/* A target that does not even say what it serves, or nowhere to write to: each case says so. */
static void judge_nothing(struct runner *runner, enum blame blame, const char *why)
{
    const struct config *config = runner->run->config;
    char *again = config->driver ? NULL : again_probe(config);

    for (size_t i = 0; i < runner->schedule.slot_count; i++) {
        const struct slot *slot = &runner->schedule.slots[i];
        struct case_result result = {.verdict = VERDICT_ERROR, .blame = blame, .message = (char *)why, .again = again};

        describe(slot, &result);
        results_add_case(runner->results, slot->check, &result);
        if (runner->evidence.stream)
            jsonl_case(runner->evidence.stream, slot->room->id, &result);
    }
    free(again);
}

/* What the driver calls itself belongs to the identity of the run. */
static void name_target(struct runner *runner)
{
    const struct json *hello = runner->capabilities.hello;
    struct identity identity = runner->results->identity;

    if (!hello)
        return;
    identity.driver_name = (char *)json_get_string(hello, "name");
    identity.driver_version = (char *)json_get_string(hello, "version");
    results_identify(runner->results, &identity);
    jsonl_target(runner->evidence.stream, runner->results);
}

/* Between the opening of the stream and its end. False: the target did not say what it claims. */
static bool ask_and_judge(struct runner *runner, struct error *err)
{
    const struct run *run = runner->run;
    enum blame blame;

    write_beginning(runner);
    bool asked = capabilities_ask(run->manifest, run->config, &runner->capabilities, &blame, err);
    pool_wait(&runner->pool, 0); /* for a signal that came meanwhile */
    if (asked && !runner->pool.signal)
        try_surfaces(runner);
    pool_wait(&runner->pool, 0);
    runner->stopping = runner->pool.signal != 0;
    if (asked) {
        name_target(runner);
        judge_all(runner);
    } else if (!runner->pool.signal) {
        judge_nothing(runner, blame, err->text);
        error_prefix(err, "what 'assay probe' tries fails: ");
    }
    capabilities_free(&runner->capabilities);
    return asked || runner->pool.signal;
}

bool runner_run(const struct run *run, struct results *results, struct error *err)
{
    struct runner runner = {.run = run, .results = results};
    int64_t begun_ms = clock_ms();

    pool_open(&runner.pool, run->config->jobs, POOL_NEVER);
    runner.jobs = xalloc_resize(NULL, run->config->jobs, sizeof *runner.jobs);
    memset(runner.jobs, 0, run->config->jobs * sizeof *runner.jobs);
    schedule_init(&runner.schedule, run->cases, run->case_count, run->config->repeat);
    add_checks(&runner);
    results->planned_cases = run->case_count;
    bool open = artifacts_open(&runner.evidence, run->config->out, err);
    bool judged = open && ask_and_judge(&runner, err);
    if (!open)
        judge_nothing(&runner, BLAME_ENVIRONMENT, err->text);
    results->wall_ms = clock_ms() - begun_ms;
    results->interrupted = runner.pool.signal != 0;
    results->signal = runner.pool.signal;
    if (open)
        jsonl_end(runner.evidence.stream, results);
    artifacts_close(&runner.evidence);
    free(runner.jobs);
    schedule_free(&runner.schedule);
    pool_close(&runner.pool);
    return judged;
}
