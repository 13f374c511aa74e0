/* How a server is started, by the driver or by its command, and how it ends. */
#include "target/server.h"

#include "base/clock.h"
#include "base/directory.h"
#include "base/error.h"
#include "case/state.h"
#include "check.h"
#include "target/command.h"
#include "target/driver.h"
#include "target/manifest.h"
#include "target/remains.h"
#include "target/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    START_ATTEMPTS = 3, /* with another port each: somebody may take the free one before the server does */
    CONNECT_PAUSE_MS = 5,
    STOP_MS = 3000,
    PARAMS_MAX_BYTES = 64 << 10,
    METHOD_BYTES = 64,
    DECLARATION_BYTES = 64,
};

void server_init(struct server *server, const char *surface, const char *scheme)
{
    *server = (struct server){
        .surface = surface, .scheme = scheme, .entry = manifest_entry(case_context()->manifest, surface)};
    text_init(&server->url, SERVER_URL_MAX_BYTES);
}

void server_free(struct server *server)
{
    driver_free(server->driver);
    text_free(&server->url);
}

/* --- where it listens --- */

/* Where the url leads; `whose` begins the message when it leads nowhere. */
static void take_address(struct server *server, const char *whose)
{
    server->path = server_address_read(server->url.bytes, server->scheme, &server->address);
    if (!server->path)
        error_of_target("%s%s is not of the form %sHOST:PORT", whose, server->url.bytes, server->scheme);
}

/* --- by its driver --- */

/* In the parameters of <surface>.start a limit goes without that surface's name. */
static const char *short_name(const struct server *server, const char *name)
{
    size_t length = strlen(server->surface);

    return strncmp(name, server->surface, length) == 0 && name[length] == '.' ? name + length + 1 : name;
}

static void add_settings(struct json_writer *writer, const struct server *server,
                         const struct server_settings *settings)
{
    json_key(writer, "limits");
    json_open(writer, '{');
    for (const struct server_limit *limit = settings->limits; limit->name; limit++) {
        const struct manifest_limit *known = manifest_limit(case_context()->manifest, limit->name);

        if (!known || known->variable)
            json_member_integer(writer, short_name(server, limit->name), limit->value);
    }
    json_close(writer, '}');
    if (settings->token)
        json_member(writer, "token", settings->token);
    if (settings->local_only) {
        json_key(writer, "local_only");
        json_bool(writer, true);
    }
    if (settings->origins[0]) {
        json_key(writer, "origins");
        json_open(writer, '[');
        for (const char *const *origin = settings->origins; *origin; origin++)
            json_string(writer, *origin);
        json_close(writer, ']');
    }
}

static void start_by_driver(struct server *server, const char *directory, const struct server_settings *settings)
{
    char method[METHOD_BYTES];
    struct text params;

    snprintf(method, sizeof method, "%s.start", server->surface);
    driver_free(server->driver);
    server->driver = driver_start(settings->supervisor);
    server->pid = driver_pid(server->driver);
    text_init(&params, PARAMS_MAX_BYTES);
    struct json_writer writer = json_write(&params);
    json_open(&writer, '{');
    json_member(&writer, "directory", directory);
    add_settings(&writer, server, settings);
    json_close(&writer, '}');
    struct answer answer = driver_call(server->driver, method, &params, case_context()->manifest->start_timeout_ms);
    text_free(&params);
    if (answer.kind && strcmp(answer.kind, "unsupported") == 0)
        not_applicable("the driver's %s does not take these settings: %s", method, answer.message);
    if (answer.outcome != ACKNOWLEDGED)
        error_of_target("%s failed: %s", method, answer.message ? answer.message : "the driver died");
    const char *url = json_get_string(answer.result, "url");
    if (!url)
        error_of_target("%s answered without a member \"url\"", method);
    text_add(&server->url, url);
    take_address(server, "");
}

/* --- by its command --- */

static void demand_settable(const struct server *server, const struct server_settings *settings)
{
    const struct manifest_server *entry = server->entry;
    char local_only[DECLARATION_BYTES];

    snprintf(local_only, sizeof local_only, "%s.local_only=yes", server->surface);
    if (settings->token && (!entry->token || strcmp(settings->token, entry->token) != 0))
        not_applicable("a server without a driver cannot be given a token");
    if (settings->local_only && !manifest_declares(case_context()->manifest, local_only))
        not_applicable("the manifest does not declare %s", local_only);
    if (settings->origins[0])
        not_applicable("a server without a driver cannot be given origins");
    for (const struct server_limit *limit = settings->limits; limit->name; limit++) {
        const struct manifest_limit *known = manifest_limit(case_context()->manifest, limit->name);

        if (known && !known->variable)
            continue;
        if (!entry->command)
            not_applicable("a server that assay does not start cannot be given limits");
        if (!known)
            not_applicable("the manifest names no environment variable for the limit \"%s\", and no fixed value",
                           limit->name);
    }
}

static void set_limits(struct command *command, const struct server_settings *settings)
{
    for (const struct server_limit *limit = settings->limits; limit->name; limit++) {
        const struct manifest_limit *known = manifest_limit(case_context()->manifest, limit->name);
        char value[24];

        snprintf(value, sizeof value, "%lld", (long long)limit->value);
        if (known->variable)
            command_set(command, known->variable, value);
    }
}

/* Waits until the server accepts connections. False: its process has ended. */
static bool wait_until_it_answers(struct server *server)
{
    int64_t timeout_ms = scaled_ms(case_context()->manifest->start_timeout_ms);
    int64_t deadline_ns = clock_ns() + timeout_ms * 1000000;
    int status;

    take_address(server, "the manifest's url ");
    while (!server_address_answers(&server->address)) {
        if (server->pid == 0)
            error_of_target("nobody listens at %s", server->url.bytes);
        if (spawn_wait(server->pid, &status, CONNECT_PAUSE_MS))
            return false;
        if (clock_ns() > deadline_ns)
            error_of_target("the server accepted no connection at %s within %lld ms", server->url.bytes,
                            (long long)timeout_ms);
    }
    return true;
}

static void spawn(struct server *server, unsigned port, const char *directory, const struct server_settings *settings)
{
    const struct case_context *context = case_context();
    struct spawned process;
    struct command command;
    struct error err;

    command_make(&command, server->entry->command, directory, port);
    set_limits(&command, settings);
    struct spawn_request request = {.argv = (const char *const *)command.argv,
                                    .directory = context->manifest->directory,
                                    .environment = command.environment,
                                    .error_fd = context->error_fd,
                                    .output_is_error = true,
                                    .supervisor = settings->supervisor};
    bool started = spawn_start(&request, &process, &err);
    command_free(&command);
    if (!started && settings->supervisor)
        error_of_environment("%s", err.text);
    if (!started)
        error_of_target("%s", err.text);
    close(process.input_fd);
    close(process.output_fd);
    server->pid = process.pid;
}

static void start_by_command(struct server *server, const char *directory, const struct server_settings *settings)
{
    demand_settable(server, settings);
    for (unsigned attempt = 0; attempt < START_ATTEMPTS; attempt++) {
        unsigned port = command_free_port(attempt);
        char *url = command_fill(server->entry->url, directory, port);

        text_clear(&server->url);
        text_add(&server->url, url);
        free(url);
        command_note_log(directory, port);
        if (server->entry->command)
            spawn(server, port, directory, settings);
        if (wait_until_it_answers(server))
            return;
        server->pid = 0;
    }
    error_of_target("the server's command ended before it accepted a connection, %d times", START_ATTEMPTS);
}

/* --- both --- */

int64_t server_limit(const char *name, int64_t wanted)
{
    const struct manifest_limit *known = manifest_limit(case_context()->manifest, name);

    return known && !known->variable ? known->fixed : wanted;
}

/* A limit that is fixed is as it is: whoever wants another one has not asked server_limit(). */
static void demand_fixed(const struct server_settings *settings)
{
    for (const struct server_limit *limit = settings->limits; limit->name; limit++) {
        int64_t fixed = server_limit(limit->name, limit->value);

        if (fixed != limit->value)
            not_applicable("the manifest says that \"%s\" is always %lld, and this case needs %lld", limit->name,
                           (long long)fixed, (long long)limit->value);
    }
}

/* The entry of a target with a driver may just say what is served: its driver is asked to start the server then. */
static bool has_command_or_url(const struct server *server)
{
    return server->entry && (server->entry->command || !case_context()->manifest->driver);
}

void server_start(struct server *server, const struct server_settings *settings)
{
    char directory[4096];

    snprintf(directory, sizeof directory, "%s/%s-%u", case_directory(), server->surface, server->starts++);
    if (!directory_make(directory))
        error_of_environment("%s cannot be made: %s", directory, strerror(errno));
    demand_fixed(settings);
    server->asked_to_stop = false;
    text_clear(&server->url);
    if (has_command_or_url(server))
        start_by_command(server, directory, settings);
    else
        start_by_driver(server, directory, settings);
}

/* A process that ended by itself has crashed, whatever its last answers were. */
static void note_crash(int status)
{
    char how[128];

    spawn_describe(status, how, sizeof how);
    case_note_state("the server %s", how);
    if (!case_has_verdict())
        fail_case(CRASH, "a server that goes on serving", how, "the server %s", how);
}

/* Asked once: to many a server a second signal means to leave everything behind. False: it had to be ended. */
static bool stop_command(pid_t pid, bool asked, int64_t ms)
{
    int status;

    if (!asked && spawn_wait(pid, &status, 0)) {
        note_crash(status);
        return true;
    }
    if (!asked)
        kill(pid, SIGTERM);
    if (spawn_wait(pid, &status, scaled_ms(ms)))
        return true;
    case_note_state("the server did not end at SIGTERM");
    kill(-pid, SIGKILL);
    spawn_wait(pid, &status, scaled_ms(STOP_MS));
    return false;
}

void server_stop(struct server *server)
{
    pid_t pid = server->pid;

    server->pid = 0;
    if (server->driver)
        driver_stop(server->driver);
    else if (pid > 0)
        stop_command(pid, server->asked_to_stop, STOP_MS);
}

/* Its process, or NA. */
static pid_t process_to_stop(const struct server *server)
{
    if (server->pid == 0)
        not_applicable("a server that assay did not start is not stopped either");
    return server->pid;
}

void server_ask_to_stop(struct server *server)
{
    pid_t pid = process_to_stop(server);

    if (server->driver)
        driver_ask_to_stop(server->driver);
    else
        kill(pid, SIGTERM);
    server->asked_to_stop = true;
}

void server_expect_stop(struct server *server)
{
    pid_t pid = process_to_stop(server);
    struct remains remains;

    server->pid = 0;
    if (server->driver) {
        driver_expect_stop(server->driver);
        return;
    }
    remains_note(&remains, pid);
    expect(stop_command(pid, server->asked_to_stop, SERVER_STOP_MS), HANG, "a server that ends at SIGTERM",
           "it was there after %d s", SERVER_STOP_MS / 1000);
    remains_expect_none(&remains, scaled_ms(SERVER_STOP_MS));
}
