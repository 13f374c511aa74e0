#include "run/capabilities.h"

#include "base/directory.h"
#include "base/error.h"
#include "base/procfs.h"
#include "case/record.h"
#include "check.h"
#include "run/capabilities_case.h"
#include "run/monitor.h"
#include "json/json.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- what hello and the manifest say ---- */

static bool lists(const struct json *list, const char *item)
{
    for (const struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        const char *name = json_as_string(entry);

        if (name && !strcmp(name, item))
            return true;
    }
    return false;
}

static unsigned needs_of_methods(const struct json *methods)
{
    static const struct {
        const char *method;
        unsigned need;
    } table[] = {
        {"metadata", NEEDS_METADATA}, {"delete", NEEDS_DELETE}, {"fork", NEEDS_FORK}, {"resume", NEEDS_RESUME}};
    unsigned met = 0;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (lists(methods, table[i].method))
            met |= table[i].need;
    return met;
}

static void fill(struct capabilities *claims, const struct manifest *manifest)
{
    const struct json *surfaces = json_get(claims->hello, "surfaces");

    claims->store = json_get(surfaces, "store");
    claims->http = json_get(surfaces, "http") || manifest->http;
    claims->needs_met = NEEDS_SUPERVISOR | needs_of_methods(json_get(surfaces, "store"));
    if (manifest->store_events)
        claims->needs_met |= NEEDS_FILES;
    if (manifest->store_transcript)
        claims->needs_met |= NEEDS_TRANSCRIPT;
    if (manifest_declares(manifest, "store.durability=D2"))
        claims->needs_met |= NEEDS_DURABLE;
    if (manifest->driver)
        claims->needs_met |= NEEDS_DRIVER;
    if (lists(json_get(claims->hello, "features"), "raw_events"))
        claims->needs_met |= NEEDS_RAW_EVENTS;
}

/* ---- asking ---- */

/* Waits for the monitor. A signal that is meant to end us ends the case first, and is then raised again. */
static void await_warden(pid_t monitor, const sigset_t *watched)
{
    int interrupted_by = 0, status;

    while (waitpid(monitor, &status, WNOHANG) == 0) {
        int number = sigwaitinfo(watched, NULL);

        if (number <= 0 || number == SIGCHLD)
            continue;
        interrupted_by = number;
        kill(monitor, SIGTERM);
    }
    /* One that was killed may have left somebody behind, who is ours now. */
    procfs_end_descendants(NULL, END_OF_TREE_MS);
    if (interrupted_by)
        raise(interrupted_by);
}

/* The case, in the directory. False with errno: it could not be started. */
static bool run_case(const struct case_context *context)
{
    sigset_t watched, before;

    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGHUP);
    sigprocmask(SIG_BLOCK, &watched, &before);
    pid_t monitor = monitor_start(context);
    int error = errno;
    if (monitor > 0)
        await_warden(monitor, &watched);
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return monitor > 0;
}

/* What the case found. False: err says why the target cannot be judged, and blame who. */
static bool take_answer(int record_fd, const char *directory, struct capabilities *claims, enum blame *blame,
                        struct error *err)
{
    struct case_result result = {0};
    bool sound = record_read(record_fd, &result) && result.verdict == VERDICT_PASS;

    claims->hello = sound ? record_read_hello(record_fd) : NULL;
    if (!sound) {
        *blame = result.blame == BLAME_NONE ? BLAME_TARGET : result.blame;
        error_set(err, "%s (%s%sevidence in %s)", result.message, result.state ? result.state : "",
                  result.state ? "; " : "", directory);
    }
    case_result_free(&result);
    return sound;
}

static bool ask_driver(const struct manifest *manifest, const struct config *config, struct capabilities *claims,
                       enum blame *blame, struct error *err)
{
    char directory[PATH_MAX] = "";

    struct case_context context = {.room = &capabilities_room,
                                   .test = &capabilities_room.check->cases[0],
                                   .manifest = manifest,
                                   .directory = directory,
                                   .timeout_scale = config->timeout_scale,
                                   .long_run = config->long_run,
                                   .wrap = config->wrap,
                                   .record_fd = record_open()};
    *blame = BLAME_ENVIRONMENT;
    bool asked = context.record_fd >= 0 && directory_name(directory, "%s/cases/driver", config->out) &&
                 directory_remove(directory) && directory_make(directory) && run_case(&context);
    if (!asked)
        error_set(err, "%s: %s", *directory ? directory : config->out, strerror(errno));
    bool sound = asked && take_answer(context.record_fd, directory, claims, blame, err);
    if (sound)
        directory_remove(directory);
    if (context.record_fd >= 0)
        close(context.record_fd);
    return sound;
}

bool capabilities_ask(const struct manifest *manifest, const struct config *config, struct capabilities *claims,
                      enum blame *blame, struct error *err)
{
    *claims = (struct capabilities){0};
    *blame = BLAME_NONE;
    if (manifest->driver && !ask_driver(manifest, config, claims, blame, err))
        return false;
    fill(claims, manifest);
    return true;
}

void capabilities_free(struct capabilities *claims)
{
    json_free(claims->hello);
    claims->hello = NULL;
}

/* ---- what is missing ---- */

const char *capabilities_missing_surface(const struct capabilities *claims, const struct room *room)
{
    if (!strncmp(room->id, "store/", 6) && !claims->store)
        return "the target does not claim the surface store";
    if (!strncmp(room->id, "http/", 5) && !claims->http)
        return "the target does not claim the surface http";
    return NULL;
}

const char *capabilities_missing(const struct capabilities *claims, const struct room *room)
{
    static const struct {
        unsigned need;
        const char *why;
    } table[] = {
        {NEEDS_FILES, "the manifest does not say where the events lie (store.events)"},
        {NEEDS_TRANSCRIPT, "the manifest does not say where the transcript lies (store.transcript)"},
        {NEEDS_METADATA, "the driver does not list the method store.metadata"},
        {NEEDS_DELETE, "the driver does not list the method store.delete"},
        {NEEDS_FORK, "the driver does not list the method store.fork"},
        {NEEDS_RESUME, "the driver does not list the method store.resume"},
        {NEEDS_DURABLE, "the manifest does not declare store.durability=D2"},
        {NEEDS_DRIVER, "the target has no driver"},
        {NEEDS_RAW_EVENTS, "the driver does not list the feature raw_events"},
    };
    const char *why = capabilities_missing_surface(claims, room);
    unsigned missing = room->check->needs & ~claims->needs_met;

    for (size_t i = 0; !why && i < sizeof table / sizeof *table; i++)
        if (missing & table[i].need)
            why = table[i].why;
    return why;
}
