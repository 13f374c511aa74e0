/* `assay report`: the reports of one run, or of several that each had a shard of it, from their run.jsonl. */
#include "base/directory.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/outputs.h"
#include "run/artifacts.h"

#include <limits.h>
#include <sys/stat.h>

/* A directory stands for the stream in it. */
static bool read_stream(struct results *results, const char *name, struct error *err)
{
    char path[PATH_MAX];
    struct stat file;
    bool is_directory = stat(name, &file) == 0 && S_ISDIR(file.st_mode);

    if (directory_name(path, is_directory ? "%s/" ARTIFACTS_STREAM : "%s", name)) {
        if (results_read(results, path, err))
            return true;
        error_prefix(err, "%s: ", path);
        return false;
    }
    error_set(err, "%s: the name is too long", name);
    return false;
}

static bool read_all(struct results *all, const struct options *options)
{
    struct error err;

    for (size_t i = 0; i < options->select_count; i++) {
        struct results one;

        if (!read_stream(i ? &one : all, options->select[i], &err)) {
            command_complain("%s", err.text);
            return false;
        }
        if (i == 0)
            continue;
        bool merged = results_merge(all, &one, &err);
        results_free(&one);
        if (!merged) {
            command_complain("%s: %s", options->select[i], err.text);
            return false;
        }
    }
    return true;
}

int command_report(const struct options *options)
{
    struct results results = {0};
    struct outputs outputs;
    int code = EXIT_WRONG_USAGE;

    if (read_all(&results, options) && outputs_open(&outputs, options)) {
        code = results_exit_code(&results, options->min);
        if (!outputs_write(&outputs, &results, options, true) && code == 0)
            code = EXIT_INCONCLUSIVE;
        command_say_why(&results, options->min, code);
        outputs_close(&outputs);
    }
    results_free(&results);
    return code;
}
