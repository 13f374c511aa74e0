/* Asking a target what it claims, and comparing that with what rooms need. */
#include "run/capabilities.h"

#include "base/directory.h"
#include "base/error.h"
#include "base/procfs.h"
#include "case/record.h"
#include "case/surface.h"
#include "check.h"
#include "json/json.h"
#include "run/capabilities_case.h"
#include "run/monitor.h"
#include "run/needs.h"
#include "run/pool.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- asking ---- */

/* The case, in the directory. A signal that is meant to end us ends the case first, and is then raised again. False
 * with errno: it could not be started. */
static bool run_case(const struct case_context *context)
{
    struct pool pool;

    pool_open(&pool, 1, POOL_NEVER);
    pid_t monitor = monitor_start(context);
    int error = errno;
    if (monitor > 0) {
        pool_enter(&pool, 0, monitor, POOL_NEVER, POOL_NEVER);
        while (pool_ended(&pool, NULL) < 0)
            pool_wait(&pool, -1);
        /* One that was killed may have left somebody behind, who is ours now. */
        procfs_end_descendants(NULL, END_OF_TREE_MS);
    }
    if (pool.signal)
        raise(pool.signal);
    pool_close(&pool);
    errno = error;
    return monitor > 0;
}

/* What the case found. False: err says why the target cannot be judged, and blame who. */
static bool take_answer(int record_fd, const char *directory, struct capabilities *capabilities, enum blame *blame,
                        struct error *err)
{
    struct case_result result = {0};
    bool sound = record_read(record_fd, &result) && result.verdict == VERDICT_PASS;

    capabilities->hello = sound ? record_read_hello(record_fd) : NULL;
    if (!sound) {
        *blame = result.blame == BLAME_NONE ? BLAME_TARGET : result.blame;
        error_set(err, "%s (%s%sevidence in %s)", result.message, result.state ? result.state : "",
                  result.state ? "; " : "", directory);
    }
    case_result_free(&result);
    return sound;
}

/* The one case of the room, in a directory of that name. False: it could not be run, and err says why. Either way the
 * record is the caller's to close, if it is not -1. */
static bool run_alone(const struct room *room, const char *name, const struct manifest *manifest,
                      const struct config *config, char directory[PATH_MAX], int *record_fd, struct error *err)
{
    *directory = '\0';
    *record_fd = record_open();
    struct case_context context = {.room = room,
                                   .test = &room->check->cases[0],
                                   .manifest = manifest,
                                   .directory = directory,
                                   .timeout_scale = config->timeout_scale,
                                   .long_run = config->long_run,
                                   .wrap = config->wrap,
                                   .record_fd = *record_fd};
    bool ran = *record_fd >= 0 && directory_name(directory, "%s/cases/%s", config->out, name) &&
               directory_remove(directory) && directory_make(directory) && run_case(&context);
    if (!ran)
        error_set(err, "%s: %s", *directory ? directory : config->out, strerror(errno));
    return ran;
}

static bool ask_driver(const struct manifest *manifest, const struct config *config, struct capabilities *capabilities,
                       enum blame *blame, struct error *err)
{
    char directory[PATH_MAX];
    int record_fd;

    *blame = BLAME_ENVIRONMENT;
    bool asked = run_alone(&capabilities_room, "driver", manifest, config, directory, &record_fd, err);
    bool sound = asked && take_answer(record_fd, directory, capabilities, blame, err);
    if (sound)
        directory_remove(directory);
    if (record_fd >= 0)
        close(record_fd);
    return sound;
}

bool capabilities_try(const struct room *trial, const struct manifest *manifest, const struct config *config,
                      struct error *err)
{
    char directory[PATH_MAX];
    struct case_result result = {0};
    int record_fd;

    bool ran = run_alone(trial, "trial", manifest, config, directory, &record_fd, err);
    bool read = ran && record_read(record_fd, &result);
    /* An error that says how is a control that failed: each room has its own. */
    bool useless = read && result.verdict == VERDICT_ERROR && result.blame == BLAME_TARGET && !result.how;
    if (useless)
        error_set(err, "%s", result.message);
    case_result_free(&result);
    if (record_fd >= 0)
        close(record_fd);
    if (*directory)
        directory_remove(directory);
    return !useless;
}

bool capabilities_ask(const struct manifest *manifest, const struct config *config, struct capabilities *capabilities,
                      enum blame *blame, struct error *err)
{
    *capabilities = (struct capabilities){.manifest = manifest};
    *blame = BLAME_NONE;
    return !manifest->driver || ask_driver(manifest, config, capabilities, blame, err);
}

void capabilities_free(struct capabilities *capabilities)
{
    json_free(capabilities->hello);
    capabilities->hello = NULL;
}

/* ---- what is missing ---- */

/* A room that is filed under no surface is a defect, which its case finds. */
bool capabilities_claim_surface(const struct capabilities *capabilities, const struct room *room, struct error *err)
{
    const struct surface *surface = surface_find(room->id, '/');

    if (!surface || json_get(json_get(capabilities->hello, "surfaces"), surface->name) ||
        manifest_entry(capabilities->manifest, surface->name))
        return true;
    error_set(err, "the target does not claim the surface %s", surface->name);
    return false;
}

bool capabilities_suffice(const struct capabilities *capabilities, const struct room *room, struct error *err)
{
    const char *const *needs = room->check->needs;

    if (!capabilities_claim_surface(capabilities, room, err))
        return false;
    for (size_t i = 0; i < CHECK_NEEDS_MAX && needs[i]; i++)
        if (!needs_are_met(needs[i], capabilities->manifest, capabilities->hello, err))
            return false;
    return true;
}
