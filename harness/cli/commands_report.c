/* `assay report`: the reports of one run, or of several that each had a shard of it, from their run.jsonl. */
#include "base/directory.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/outputs.h"
#include "cli/shards.h"
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

/* The first run, and then the others into it. */
static bool read_run(struct results *all, struct shards *shards, const char *name, struct error *err)
{
    struct results one;

    if (!read_stream(&one, name, err))
        return false;
    bool right = shards_enter(shards, &one, name, err);
    if (right && !all->version) {
        *all = one;
        return true;
    }
    right = right && results_merge(all, &one, err);
    if (!right)
        error_prefix(err, "%s: ", name);
    results_free(&one);
    return right;
}

static bool read_all(struct results *all, struct shards *shards, const struct options *options)
{
    struct error err;

    for (size_t i = 0; i < options->select_count; i++)
        if (!read_run(all, shards, options->select[i], &err)) {
            command_complain("%s", err.text);
            return false;
        }
    return true;
}

/* What is there is reported; but where a part is missing, that all of it passes shows nothing. */
static int conclude(const struct results *results, const struct shards *shards, size_t min)
{
    int code = results_exit_code(results, min);
    struct error err;
    bool complete = shards_are_complete(shards, &err);

    if (!complete)
        command_complain("%s; name the directories or streams of all of them", err.text);
    if (!complete && code != 1 && code < EXIT_OWN_BUG)
        return EXIT_INCONCLUSIVE;
    command_say_why(results, min, code);
    return code;
}

int command_report(const struct options *options)
{
    struct results results = {0};
    struct shards shards = {0};
    struct outputs outputs;
    int code = EXIT_WRONG_USAGE;

    if (read_all(&results, &shards, options) && outputs_open(&outputs, options)) {
        bool written = outputs_write(&outputs, &results, options, true);

        code = conclude(&results, &shards, options->min);
        if (!written && code == 0)
            code = EXIT_INCONCLUSIVE;
        outputs_close(&outputs);
    }
    results_free(&results);
    return code;
}
