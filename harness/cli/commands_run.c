/* `assay run`: judges the target, keeps the baseline, writes the reports. */
#include "base/error.h"
#include "cli/commands.h"
#include "cli/last_failed.h"
#include "cli/outputs.h"
#include "model/baseline.h"
#include "model/room.h"
#include "model/select.h"
#include "run/again.h"
#include "run/runner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

struct judging {
    const struct options *options;
    struct manifest *manifest;
    const char *baseline_path;
    struct baseline *baseline; /* or NULL */
    struct selection selection;
    struct outputs outputs;
    struct results results;
};

/* ---- before ---- */

/* With --write-baseline the file need not exist yet. */
static bool open_baseline(struct judging *judging)
{
    const struct options *options = judging->options;
    const char *path = options->baseline ? options->baseline : judging->manifest->baseline;
    struct error err;

    judging->baseline_path = path;
    if (!path && options->write_baseline) {
        command_complain("--write-baseline needs a file: say --baseline FILE, or \"baseline\" in the manifest");
        return false;
    }
    if (!path)
        return true;
    if (options->write_baseline && access(path, F_OK) != 0) {
        judging->baseline = baseline_new(rooms, room_count);
        return true;
    }
    judging->baseline = baseline_read(path, rooms, room_count, &err);
    if (!judging->baseline)
        command_complain("%s", err.text);
    return judging->baseline != NULL;
}

/* Every shards-th room, whole: its controls belong to its cases. */
static void keep_shard(struct selection *selection, unsigned shard, unsigned shards)
{
    const struct room *room = NULL;
    size_t kept = 0, number = 0;

    for (size_t i = 0; i < selection->count; i++) {
        const struct selected_case *chosen = &selection->cases[i];

        number += room && chosen->room != room;
        room = chosen->room;
        if (number % shards == shard - 1)
            selection->cases[kept++] = *chosen;
    }
    selection->count = kept;
}

static bool choose_cases(struct judging *judging)
{
    const struct options *options = judging->options;
    struct last_failed last = {0};
    struct error err;
    bool right = !options->last_failed || last_failed_read(&last, options->config.out, &err);

    if (right && (!options->last_failed || last.count))
        right = select_cases(rooms, room_count, options->last_failed ? (const char *const *)last.ids : options->select,
                             options->last_failed ? last.count : options->select_count, options->set,
                             &judging->selection, &err);
    if (!right)
        command_complain("%s", err.text);
    last_failed_free(&last);
    if (right)
        keep_shard(&judging->selection, options->shard, options->shards);
    return right;
}

/* ---- after ---- */

static bool write_baseline(struct judging *judging)
{
    struct error err;
    size_t known;

    if (!judging->options->write_baseline)
        return true;
    if (judging->results.interrupted) {
        command_complain("interrupted: %s stays as it is", judging->baseline_path);
        return true;
    }
    if (!baseline_write(judging->baseline, judging->baseline_path, &judging->results, &known, &err)) {
        command_complain("%s", err.text);
        return false;
    }
    fprintf(stderr, "%s now names %zu cases that are known to fail\n", judging->baseline_path, known);
    return true;
}

/* ---- in between ---- */

/* False: there was nothing to judge, or no way to, and that was said. */
static bool judge(struct judging *judging)
{
    struct error err;
    struct run run = {
        .manifest = judging->manifest,
        .config = &judging->options->config,
        .baseline = judging->options->write_baseline ? NULL : judging->baseline,
        .cases = judging->selection.cases,
        .case_count = judging->selection.count,
    };

    if (judging->selection.count == 0) {
        if (judging->options->last_failed)
            command_complain("nothing was red in the last run, of which %s tells", judging->options->config.out);
        else
            command_complain("nothing is left to run: exclusions, --set or --shard take all away");
        return false;
    }
    if (runner_run(&run, &judging->results, &err))
        return true;
    command_complain("nothing was judged: %s", err.text);
    return false;
}

/* When, where, how: all that a report says beside its verdicts, but for what hello will tell. */
static void identify(struct judging *judging)
{
    const struct config *config = &judging->options->config;
    char started[32] = "", host[sizeof(struct utsname)] = "", seed[24];
    char *command = again_command(config);
    time_t now = time(NULL);
    struct utsname system;
    struct tm utc;

    if (gmtime_r(&now, &utc))
        strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &utc);
    if (uname(&system) == 0)
        snprintf(host, sizeof host, "%s, %s %s %s", system.nodename, system.sysname, system.release, system.machine);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)config->seed);
    results_identify(&judging->results, &(struct identity){.started = started,
                                                           .host = host,
                                                           .command = command,
                                                           .level = (char *)level_name(config->level),
                                                           .seed = seed,
                                                           .baseline = (char *)judging->baseline_path,
                                                           .declares = (char **)judging->manifest->declares});
    free(command);
}

static int judge_and_report(struct judging *judging)
{
    int code;
    bool judged;
    bool written;

    results_init(&judging->results, ASSAY_VERSION, judging->options->set, judging->manifest->name);
    judging->results.shard = judging->options->shard;
    judging->results.shards = judging->options->shards;
    identify(judging);
    judged = judge(judging);
    code = results_exit_code(&judging->results, judging->options->min);
    written = !judged || write_baseline(judging);
    written &= outputs_write(&judging->outputs, &judging->results, judging->options,
                             judged && (code != 0 || judging->options->config.verbosity >= 0));
    if (judged || code != EXIT_INCONCLUSIVE) /* else that was said already */
        command_say_why(&judging->results, judging->options->min, code);
    results_free(&judging->results);
    return code == 0 && !written ? EXIT_INCONCLUSIVE : code;
}

int command_run(const struct options *options)
{
    struct judging judging = {.options = options};
    int code = EXIT_WRONG_USAGE;

    judging.manifest = command_manifest(options);
    if (judging.manifest && open_baseline(&judging) && choose_cases(&judging) &&
        outputs_open(&judging.outputs, options))
        code = judge_and_report(&judging);

    outputs_close(&judging.outputs);
    selection_free(&judging.selection);
    baseline_free(judging.baseline);
    manifest_free(judging.manifest);
    return code;
}
