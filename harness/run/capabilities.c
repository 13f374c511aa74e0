/* Asking a target what it claims, and comparing that with what rooms need. */
#include "run/capabilities.h"

#include "base/directory.h"
#include "base/error.h"
#include "base/procfs.h"
#include "case/record.h"
#include "case/surface.h"
#include "check.h"
#include "json/json.h"
#include "model/fields.h"
#include "run/capabilities_case.h"
#include "run/evidence.h"
#include "run/monitor.h"
#include "run/needs.h"
#include "run/pool.h"
#include "run/trial.h"

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

/* Why the case did not pass, in all words that there are. */
static void say_why(const struct case_result *result, const char *directory, bool fleeting, struct error *err)
{
    const char *state = result->state;

    error_set(err, "%s", result->message);
    if (state && !strstr(result->message, state)) /* that it ended, and how */
        error_add(err, " (%s)", state);
    if (!fleeting)
        error_add(err, " (evidence in %s)", directory);
    evidence_add_last_lines(directory, err);
}

/* Runs the only case of the room, in a directory of that name. True: it passed, and the result is the caller's to free.
 * False: err says why it did not, blame whose fault that is, and the directory holds the evidence. */
static bool ask(const struct room *room, const char *name, const struct manifest *manifest, const struct config *config,
                struct case_result *result, const struct json **hello, enum blame *blame, struct error *err)
{
    char directory[PATH_MAX] = "";

    struct case_context context = {.room = room,
                                   .test = &room->check->cases[0],
                                   .manifest = manifest,
                                   .directory = directory,
                                   .timeout_scale = config->timeout_scale,
                                   .long_run = config->long_run,
                                   .wrap = config->wrap,
                                   .record_fd = record_open()};
    *result = (struct case_result){0};
    *blame = BLAME_ENVIRONMENT;
    bool asked = context.record_fd >= 0 && directory_name(directory, "%s/cases/%s", config->out, name) &&
                 directory_remove(directory) && directory_make(directory) && run_case(&context);
    if (!asked)
        error_set(err, "%s: %s", *directory ? directory : config->out, strerror(errno));
    bool sound = asked && record_read(context.record_fd, result) && result->verdict == VERDICT_PASS;
    if (asked && !sound) {
        *blame = result->blame;
        say_why(result, directory, config->fleeting, err);
    }
    if (sound && hello)
        *hello = record_read_hello(context.record_fd);
    if (sound)
        directory_remove(directory);
    else
        case_result_free(result);
    if (context.record_fd >= 0)
        close(context.record_fd);
    return sound;
}

static bool ask_driver(const struct manifest *manifest, const struct config *config, struct capabilities *capabilities,
                       enum blame *blame, struct error *err)
{
    struct case_result result;
    bool sound = ask(&capabilities_room, "driver", manifest, config, &result, &capabilities->hello, blame, err);

    if (sound)
        case_result_free(&result);
    else if (*blame == BLAME_NONE)
        *blame = BLAME_TARGET;
    return sound;
}

bool capabilities_try(const struct capabilities *capabilities, const struct config *config, const char *surface,
                      char **worked, enum blame *blame, struct error *err)
{
    struct case_result result;
    bool sound = ask(trial_of(surface), surface, capabilities->manifest, config, &result, NULL, blame, err);

    *worked = sound ? fields_copy_string(result.message) : NULL;
    if (sound)
        case_result_free(&result);
    return sound;
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
    const struct manifest_server *entry = surface ? manifest_entry(capabilities->manifest, surface->name) : NULL;

    if (!surface || json_get(json_get(capabilities->hello, "surfaces"), surface->name) || (entry && entry->url))
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
