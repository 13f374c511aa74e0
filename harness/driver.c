#include "driver.h"

#include "check.h"
#include "clock.h"
#include "driver_wire.h"
#include "environment.h"
#include "proc.h"
#include "process.h"
#include "worker.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STOP_MS = 3000,      /* politely asked */
    TERMINATE_MS = 1000, /* after SIGTERM */
    DEATH_MS = 1000,     /* between the end of its output and the end of the process */
    MESSAGE_SHOWN_BYTES = 300,
};

struct call {
    char *method;
    bool answered;
    bool collected;
    struct answer answer;
    const struct json *document;
};

struct driver {
    struct wire wire;
    pid_t pid;
    bool dead;
    bool may_die;
    struct call *calls; /* call ids are 1, 2, …: the index plus one */
    size_t call_count, call_capacity;
    size_t in_flight;
    size_t next_to_collect; /* where driver_wait_any() looks first */
    struct json const *hello;
};

pid_t driver_pid(const struct driver *driver)
{
    return driver->pid;
}

bool driver_is_dead(const struct driver *driver)
{
    return driver->dead;
}

const struct json *driver_hello(const struct driver *driver)
{
    return driver->hello;
}

void driver_may_die(struct driver *driver)
{
    driver->may_die = true;
}

/* ---- the end of the process ---- */

static void bury(struct driver *driver, int status)
{
    if (status) {
        char how[128];
        process_describe(status, how, sizeof how);
        worker_note_state("the driver %s", how);
    }
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
    pid_t below[PROC_TREE_MAX];
    size_t count = proc_descendants(driver->pid, below, PROC_TREE_MAX);
    kill(driver->pid, SIGKILL);
    for (size_t i = 0; i < count; i++)
        kill(below[i], SIGKILL);
    int status = 0;
    if (!process_wait(driver->pid, &status, STOP_MS))
        error_of_environment("process %d cannot be killed", (int)driver->pid);
    bury(driver, status);
}

/* Its output has ended: either it died, or it broke the protocol. Returns only if its death was expected. */
static void note_end_of_output(struct driver *driver)
{
    int status = 0;
    if (!process_wait(driver->pid, &status, scaled_ms(DEATH_MS)))
        error_of_target("the driver closed its standard output and went on running; stdout carries the protocol and "
                        "stays open until stop");
    size_t in_flight = driver->in_flight;
    bury(driver, status);
    if (driver->may_die)
        return;
    char how[128];
    process_describe(status, how, sizeof how);
    if (!driver->hello)
        error_of_target("the driver %s before it answered hello", how);
    fail_case(CRASH, "a process that goes on serving", how, "the target %s with %zu call%s in flight", how, in_flight,
              in_flight == 1 ? "" : "s");
}

/* ---- messages ---- */

static _Noreturn void broke_protocol(const char *what, const char *line, size_t bytes)
{
    struct text shown;
    text_init(&shown, 4096);
    text_add_visible(&shown, line, bytes, MESSAGE_SHOWN_BYTES);
    error_of_target("the driver wrote a line that is %s; stdout is for protocol messages only, one JSON-RPC object a "
                    "line: %s",
                    what, shown.bytes);
}

static void take_error(const struct json *error, struct answer *answer)
{
    const struct json *data = json_get(error, "data");
    const struct json *definite = json_get(data, "definite");
    answer->outcome = definite && definite->type == JSON_TRUE ? REFUSED : UNKNOWN;
    answer->kind = json_get_string(data, "kind");
    answer->message = json_get_string(error, "message");
    if (!answer->kind)
        answer->kind = "failed";
    if (!answer->message)
        answer->message = "";
}

static void take_message(struct driver *driver, const char *line, size_t bytes)
{
    int64_t now = clock_ns(), id = 0;
    struct json_error why;
    const struct json *message = json_read(line, bytes, &why);
    if (!message)
        broke_protocol("not JSON", line, bytes);
    const struct json *result = json_get(message, "result"), *error = json_get(message, "error");
    if (!json_get_integer(message, "id", &id) || !result == !error)
        broke_protocol("not a response", line, bytes);
    if (id < 1 || (size_t)id > driver->call_count || driver->calls[id - 1].answered)
        broke_protocol("an answer to a call that is not in flight", line, bytes);
    struct call *call = &driver->calls[id - 1];
    call->answered = true;
    call->document = message;
    call->answer.answered_ns = now;
    driver->in_flight--;
    if (error)
        take_error(error, &call->answer);
    else
        call->answer.result = result;
}

static _Noreturn void note_silence(struct driver *driver, const char *method, int64_t timeout_ms)
{
    const char *rest;
    size_t bytes = wire_rest(&driver->wire, &rest);
    struct text came;
    text_init(&came, 4096);
    if (bytes) {
        text_add(&came, "half a line: ");
        text_add_visible(&came, rest, bytes, MESSAGE_SHOWN_BYTES);
    }
    if (!driver->hello)
        error_of_target("the driver did not answer %s within %lld ms; %s", method, (long long)scaled_ms(timeout_ms),
                        bytes ? came.bytes : "it wrote nothing");
    fail_case(HANG, "an answer within its time", bytes ? came.bytes : "nothing", "%s was not answered within %lld ms",
              method, (long long)scaled_ms(timeout_ms));
}

/* Takes in one message, or notes the driver's death. False: the deadline came first. */
static bool pump(struct driver *driver, int64_t deadline_ns)
{
    const char *line;
    size_t bytes;
    switch (wire_receive(&driver->wire, deadline_ns, &line, &bytes)) {
    case WIRE_LINE:
        take_message(driver, line, bytes);
        return true;
    case WIRE_CLOSED:
        note_end_of_output(driver);
        return true;
    case WIRE_TOO_LONG:
        error_of_target("the driver wrote a line of more than %d MiB", DRIVER_LINE_MAX_BYTES >> 20);
    case WIRE_TIMEOUT:
        break;
    }
    return false;
}

/* Of all calls in flight, for the message that says what was not answered. */
static const char *oldest_method(struct driver *const *drivers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < drivers[i]->call_count; j++)
            if (!drivers[i]->calls[j].answered)
                return drivers[i]->calls[j].method;
    return "a call";
}

/* ---- calls ---- */

static struct call *new_call(struct driver *driver, const char *method)
{
    if (driver->in_flight >= DRIVER_CALLS_MAX)
        error_of_harness("more than %d calls in flight", DRIVER_CALLS_MAX);
    if (driver->call_count == driver->call_capacity) {
        driver->call_capacity = driver->call_capacity ? 2 * driver->call_capacity : 64;
        driver->calls = realloc(driver->calls, driver->call_capacity * sizeof *driver->calls);
        if (!driver->calls)
            abort();
    }
    struct call *call = &driver->calls[driver->call_count++];
    *call = (struct call){.method = strdup(method)};
    driver->in_flight++;
    return call;
}

uint64_t driver_send(struct driver *driver, const char *method, const struct text *params)
{
    if (driver->dead)
        error_of_harness("%s was called on a driver that is not running", method);
    struct call *call = new_call(driver, method);
    struct text line;
    text_init(&line, (size_t)DRIVER_LINE_MAX_BYTES * 2);
    text_addf(&line, "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"%s\",\"params\":", driver->call_count, method);
    if (params)
        text_add_bytes(&line, params->bytes, params->length);
    else
        text_add(&line, "{}");
    text_add(&line, "}\n");
    sent_bytes(line.bytes, line.length - 1);
    call->answer.sent_ns = clock_ns();
    wire_send(&driver->wire, line.bytes, line.length);
    text_free(&line);
    return driver->call_count;
}

static struct answer collect(struct driver *driver, uint64_t id)
{
    struct call *call = &driver->calls[id - 1];
    if (call->collected)
        error_of_harness("call %llu was waited for twice", (unsigned long long)id);
    call->collected = true;
    return call->answer;
}

struct answer driver_wait(struct driver *driver, uint64_t id, int64_t timeout_ms)
{
    int64_t deadline = clock_ns() + scaled_ms(timeout_ms) * 1000000;
    while (!driver->calls[id - 1].answered)
        if (!pump(driver, deadline))
            note_silence(driver, driver->calls[id - 1].method, timeout_ms);
    return collect(driver, id);
}

/* The oldest answer that nobody has collected. */
static bool find_answered(struct driver *driver, uint64_t *id)
{
    while (driver->next_to_collect < driver->call_count && driver->calls[driver->next_to_collect].collected)
        driver->next_to_collect++;
    for (size_t i = driver->next_to_collect; i < driver->call_count; i++)
        if (driver->calls[i].answered && !driver->calls[i].collected) {
            *id = i + 1;
            return true;
        }
    return false;
}

static void poll_drivers(struct driver *const *drivers, size_t count, int timeout_ms)
{
    struct pollfd polled[2 * DRIVERS_MAX];
    for (size_t i = 0; i < count; i++) {
        wire_poll_for(&drivers[i]->wire, &polled[2 * i]);
        if (drivers[i]->dead)
            polled[2 * i].fd = polled[2 * i + 1].fd = -1;
    }
    poll(polled, 2 * count, timeout_ms);
}

struct answer driver_wait_any(struct driver *const *drivers, size_t count, size_t *which, uint64_t *id,
                              int64_t timeout_ms)
{
    int64_t deadline = clock_ns() + scaled_ms(timeout_ms) * 1000000;
    for (;;) {
        size_t in_flight = 0;
        for (*which = 0; *which < count; ++*which) {
            struct driver *driver = drivers[*which];
            if (!driver->dead && driver->in_flight)
                pump(driver, 0);
            if (find_answered(driver, id))
                return collect(driver, *id);
            in_flight += driver->in_flight;
        }
        if (!in_flight)
            error_of_harness("waiting for a call where none is in flight");
        int64_t left_ms = (deadline - clock_ns()) / 1000000 + 1;
        if (left_ms <= 0)
            note_silence(drivers[0], oldest_method(drivers, count), timeout_ms);
        poll_drivers(drivers, count, (int)left_ms);
    }
}

struct answer driver_call(struct driver *driver, const char *method, const struct text *params, int64_t timeout_ms)
{
    return driver_wait(driver, driver_send(driver, method, params), timeout_ms);
}

/* ---- start and stop ---- */

static void say_hello(struct driver *driver, int64_t timeout_ms)
{
    struct text params;
    text_init(&params, 256);
    text_add(&params, "{\"protocol\":1,\"tool\":\"assay\",\"version\":\"" ASSAY_VERSION "\"}");
    struct answer answer = driver_call(driver, "hello", &params, timeout_ms);
    text_free(&params);
    int64_t protocol = 0;
    if (answer.outcome != ACKNOWLEDGED)
        error_of_target("the driver answered hello with an error: %s", answer.message ? answer.message : "it died");
    if (!json_get_integer(answer.result, "protocol", &protocol) || protocol != 1)
        error_of_target("the driver answered hello with protocol %lld; this assay speaks protocol 1",
                        (long long)protocol);
    driver->hello = answer.result;
}

static const char **split_at_blanks(char *words, const char **list, size_t max)
{
    size_t count = 0;
    for (char *word = strtok(words, " "); word && count < max - 1; word = strtok(NULL, " "))
        list[count++] = word;
    list[count] = NULL;
    return list;
}

struct driver *driver_start(struct supervisor *supervisor)
{
    const struct case_context *context = worker_context();
    const char *wrap[32];
    char *wrap_words = context->options->wrap ? strdup(context->options->wrap) : NULL;
    struct text environment[ENVIRONMENT_MAX];
    char *variables[ENVIRONMENT_MAX + 1] = {NULL};
    size_t count = environment_build(context, environment);
    for (size_t i = 0; i < count; i++)
        variables[i] = environment[i].bytes;
    struct process_request request = {.wrap = wrap_words ? split_at_blanks(wrap_words, wrap, 32) : NULL,
                                      .argv = context->manifest->driver,
                                      .directory = context->manifest->directory,
                                      .environment = variables,
                                      .error_fd = context->error_fd,
                                      .supervisor = supervisor};
    struct process process;
    char why[256];
    if (!process_start(&request, &process, why, sizeof why)) {
        if (supervisor)
            error_of_environment("%s", why);
        error_of_target("%s", why);
    }
    for (size_t i = 0; i < count; i++)
        text_free(&environment[i]);
    free(wrap_words);
    struct driver *driver = calloc(1, sizeof *driver);
    if (!driver)
        abort();
    driver->pid = process.pid;
    wire_open(&driver->wire, process.input_fd, process.output_fd);
    say_hello(driver, context->manifest->start_timeout_ms);
    return driver;
}

/* A driver answers stop and goes; what it still writes is of no interest. */
void driver_stop(struct driver *driver)
{
    if (driver->dead)
        return;
    int status = 0;
    static const char stop[] = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"stop\",\"params\":{}}\n";
    wire_send(&driver->wire, stop, sizeof stop - 1);
    close(driver->wire.input_fd);
    driver->wire.input_fd = -1;
    if (process_wait(driver->pid, &status, scaled_ms(STOP_MS))) {
        bury(driver, status);
        return;
    }
    worker_note_state("the driver did not stop when asked");
    kill(driver->pid, SIGTERM);
    if (process_wait(driver->pid, &status, scaled_ms(TERMINATE_MS)))
        bury(driver, status);
    else
        driver_kill(driver);
}

void driver_free(struct driver *driver)
{
    if (!driver)
        return;
    driver_kill(driver);
    wire_close(&driver->wire);
    for (size_t i = 0; i < driver->call_count; i++) {
        free(driver->calls[i].method);
        json_free(driver->calls[i].document);
    }
    free(driver->calls);
    free(driver);
}
