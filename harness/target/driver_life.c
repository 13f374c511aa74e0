/* How a driver is started, and how it ends. */
#include "base/error.h"
#include "base/procfs.h"
#include "base/xalloc.h"
#include "case/exchange.h"
#include "case/state.h"
#include "check.h"
#include "target/command.h"
#include "target/driver_private.h"
#include "target/manifest.h"
#include "target/remains.h"
#include "target/spawn.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum {
    STOP_MS = 3000,      /* politely asked */
    TERMINATE_MS = 1000, /* after SIGTERM */
    DEATH_MS = 5000,     /* between the end of its output and the end of the process */
    KILL_MS = 30000,     /* after SIGKILL; a slow disk may hold it that long */
};

/* A --timeout-scale below 1 is for those who want hangs to show sooner; how long a process takes to end is not what
 * is judged, and does not get any shorter. */
static int64_t patience_ms(int64_t ms)
{
    int64_t scaled = scaled_ms(ms);

    return scaled > ms ? scaled : ms;
}

/* ---- the end ---- */

static void bury(struct driver *driver, int status)
{
    char how[128];

    spawn_describe(status, how, sizeof how);
    exchange_note(driver->name, "%s", how);
    if (status)
        case_note_state("the driver %s", how);
    driver->dead = true;
    for (size_t i = 0; i < driver->call_count; i++)
        if (!driver->calls[i].answered) {
            driver->calls[i].answered = true;
            driver->calls[i].answer.outcome = UNKNOWN;
        }
    driver->in_flight = 0;
}

void driver_kill(struct driver *driver)
{
    if (driver->dead)
        return;
    exchange_note(driver->name, "killed by assay");
    procfs_kill_tree(driver->pid, 0);
    int status = 0;
    if (!spawn_wait(driver->pid, &status, patience_ms(KILL_MS)))
        error_of_environment("process %d cannot be killed", (int)driver->pid);
    bury(driver, 0);
}

/* It ended and was not asked to. Returns if that was to be expected, or if the case has its verdict already. */
static void judge_death(struct driver *driver, int status)
{
    size_t in_flight = driver->in_flight;

    bury(driver, status);
    if (driver->may_die || case_has_verdict())
        return;
    char how[128];
    spawn_describe(status, how, sizeof how);
    if (!driver->hello)
        error_of_target("the driver %s before it answered hello", how);
    fail_case(CRASH, "a process that goes on serving", how, "the target %s with %zu call%s in flight", how, in_flight,
              in_flight == 1 ? "" : "s");
}

void driver_note_end_of_output(struct driver *driver)
{
    int status = 0;

    if (!spawn_wait(driver->pid, &status, patience_ms(DEATH_MS)))
        error_of_target("the driver closed its standard output and went on running; stdout carries the protocol and "
                        "stays open until stop");
    judge_death(driver, status);
}

/* It was asked to stop, and was ended by a signal that we did not send. */
static void judge_stop(int status)
{
    char how[128];

    if (!WIFSIGNALED(status) || case_has_verdict())
        return;
    spawn_describe(status, how, sizeof how);
    fail_case(CRASH, "an exit when it is asked to stop", how, "the target %s when it was asked to stop", how);
}

void driver_ask_to_stop(struct driver *driver)
{
    static const char stop[] = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"stop\",\"params\":{}}\n";
    int status = 0;

    if (driver->dead || driver->asked_to_stop)
        return;
    if (spawn_wait(driver->pid, &status, 0)) {
        judge_death(driver, status);
        return;
    }
    exchange_to(driver->name, stop, sizeof stop - 2);
    wire_send(&driver->wire, stop, sizeof stop - 1);
    wire_close_input(&driver->wire);
    driver->asked_to_stop = true;
}

/* A driver answers stop and goes; what it still writes is of no interest. False: it had to be ended. */
static bool stop_within(struct driver *driver, int64_t ms)
{
    int status = 0;

    if (driver)
        driver_ask_to_stop(driver);
    if (!driver || driver->dead)
        return true;
    if (spawn_wait_draining(driver->pid, &status, patience_ms(ms), driver->wire.output_fd)) {
        bury(driver, status);
        if (!driver->may_die)
            judge_stop(status);
        return true;
    }
    case_note_state("the driver did not stop when asked");
    kill(driver->pid, SIGTERM);
    if (spawn_wait_draining(driver->pid, &status, patience_ms(TERMINATE_MS), driver->wire.output_fd))
        bury(driver, status);
    else
        driver_kill(driver);
    return false;
}

void driver_stop(struct driver *driver)
{
    stop_within(driver, STOP_MS);
}

void driver_expect_stop(struct driver *driver)
{
    struct remains remains;

    remains_note(&remains, driver->pid);
    bool stopped = stop_within(driver, 2 * STOP_MS);
    expect(stopped, HANG, "a driver that goes within 3 s when it is asked to stop",
           "it was there after %d s and had to be ended", 2 * STOP_MS / 1000);
    remains_expect_none(&remains, patience_ms(2 * STOP_MS));
}

void driver_free(struct driver *driver)
{
    if (!driver)
        return;
    driver_kill(driver);
    wire_close(&driver->wire);
    for (size_t i = 0; i < driver->call_count; i++) {
        free(driver->calls[i].method);
        free(driver->calls[i].request);
        json_free(driver->calls[i].document);
        free(driver->calls[i].visible);
    }
    free(driver->calls);
    free(driver);
}

/* ---- the beginning ---- */

struct driver *driver_open(struct supervisor *supervisor)
{
    static unsigned starts;
    const struct case_context *context = case_context();
    unsigned port = command_free_port(starts++);
    struct command command;

    command_make(&command, context->manifest->driver, context->directory, port);
    command_note_log(context->directory, port);
    struct spawn_request request = {.argv = (const char *const *)command.argv,
                                    .directory = context->manifest->directory,
                                    .environment = command.environment,
                                    .error_fd = context->error_fd,
                                    .supervisor = supervisor};
    struct spawned process;
    struct error err;
    bool started = spawn_start(&request, &process, &err);
    command_free(&command);
    if (!started && supervisor)
        error_of_environment("%s", err.text);
    if (!started)
        error_of_target("%s", err.text);
    struct driver *driver = xalloc_resize(NULL, 1, sizeof *driver);
    *driver = (struct driver){.pid = process.pid};
    snprintf(driver->name, sizeof driver->name, "driver %u", starts);
    exchange_note(driver->name, "started as process %d", (int)driver->pid);
    wire_open(&driver->wire, process.input_fd, process.output_fd);
    return driver;
}
