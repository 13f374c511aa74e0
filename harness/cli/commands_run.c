/* `assay run`: judges the target, keeps the baseline, writes the reports. */
#include "base/error.h"
#include "cli/commands.h"
#include "model/baseline.h"
#include "model/room.h"
#include "model/select.h"
#include "report/report.h"
#include "report/style.h"
#include "run/again.h"
#include "run/runner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

struct output {
    const char *format;
    const char *path;
    FILE *file;
    bool asked; /* by --report; else it is the screen, which may stay empty */
};

struct judging {
    const struct options *options;
    struct manifest *manifest;
    const char *baseline_path;
    struct baseline *baseline; /* or NULL */
    struct selection selection;
    struct output outputs[OPTIONS_REPORTS_MAX + 1];
    size_t output_count;
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

static bool choose_cases(struct judging *judging)
{
    const struct options *options = judging->options;
    struct error err;

    if (select_cases(rooms, room_count, options->select, options->select_count, options->set, &judging->selection,
                     &err))
        return true;
    command_complain("%s", err.text);
    return false;
}

/* Opened before anything is judged: a path that cannot be written is wrong usage, not the loss of a finished run. */
static bool open_outputs(struct judging *judging)
{
    const struct options *options = judging->options;
    bool uses_stdout = false;

    for (size_t i = 0; i < options->report_count; i++) {
        const struct report_option *report = &options->reports[i];
        bool to_stdout = strcmp(report->path, "-") == 0;
        FILE *file = to_stdout ? stdout : fopen(report->path, "we");

        if (!file) {
            command_complain("cannot write the report %s: %s", report->path, strerror(errno));
            return false;
        }
        uses_stdout |= to_stdout;
        judging->outputs[judging->output_count++] = (struct output){report->format, report->path, file, true};
    }
    if (!uses_stdout)
        judging->outputs[judging->output_count++] = (struct output){"terminal", "-", stdout, false};
    return true;
}

/* ---- after ---- */

static bool write_output(const struct output *output, const struct results *results, const struct options *options)
{
    struct error err;

    if (strcmp(output->format, "terminal") == 0) {
        terminal_report_styled(results, output->file, style_enabled(options->config.color, fileno(output->file)));
        if (fflush(output->file) == 0 && !ferror(output->file))
            return true;
        error_set(&err, "%s", strerror(errno));
    } else if (report_write(output->format, results, output->file, &err)) {
        return true;
    }
    command_complain("%s: %s", output->path, err.text);
    return false;
}

static bool write_outputs(struct judging *judging, bool screen)
{
    bool done = true;

    for (size_t i = 0; i < judging->output_count; i++) {
        if (screen || judging->outputs[i].asked)
            done &= write_output(&judging->outputs[i], &judging->results, judging->options);
    }
    return done;
}

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
        command_complain("nothing is left to run: exclusions or --set take all away");
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
    identify(judging);
    judged = judge(judging);
    code = results_exit_code(&judging->results, judging->options->min);
    written = !judged || write_baseline(judging);
    written &= write_outputs(judging, judged && (code != 0 || judging->options->config.verbosity >= 0));
    results_free(&judging->results);
    return code == 0 && !written ? EXIT_INCONCLUSIVE : code;
}

int command_run(const struct options *options)
{
    struct judging judging = {.options = options};
    int code = EXIT_WRONG_USAGE;

    judging.manifest = command_manifest(options);
    if (judging.manifest && open_baseline(&judging) && choose_cases(&judging) && open_outputs(&judging))
        code = judge_and_report(&judging);

    for (size_t i = 0; i < judging.output_count; i++) {
        if (judging.outputs[i].file != stdout)
            fclose(judging.outputs[i].file);
    }
    selection_free(&judging.selection);
    baseline_free(judging.baseline);
    manifest_free(judging.manifest);
    return code;
}
