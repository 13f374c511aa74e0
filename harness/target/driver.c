/* Messages to and from the driver: calls, their answers, and what becomes of those that are in flight. */
#include "target/driver.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "case/exchange.h"
#include "case/state.h"
#include "check.h"
#include "target/driver_private.h"
#include "target/manifest.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_SHOWN_BYTES = 300 };

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

/* What no C string can hold is made visible. */
static const char *message_of(const struct json *error, struct call *call)
{
    const struct json *message = json_get(error, "message");
    struct text visible;

    if (!message || message->type != JSON_STRING)
        return "";
    if (json_as_string(message))
        return message->string;
    text_init(&visible, 2 * MESSAGE_SHOWN_BYTES);
    text_add_visible(&visible, message->string, message->string_bytes, MESSAGE_SHOWN_BYTES);
    call->visible = text_take(&visible);
    return call->visible;
}

static void take_error(const struct json *error, struct call *call)
{
    struct answer *answer = &call->answer;
    const struct json *data = json_get(error, "data");
    const struct json *definite = json_get(data, "definite");

    answer->outcome = definite && definite->type == JSON_TRUE ? REFUSED : UNKNOWN;
    answer->kind = json_get_string(data, "kind");
    answer->message = message_of(error, call);
    if (!answer->kind)
        answer->kind = "failed";
}

/* Answers are kept as long as the driver, so that rooms may point into them; a target does not get to fill the memory
 * of the machine with them. */
static void keep_within_bounds(struct driver *driver, const struct json *message)
{
    driver->kept_bytes += json_memory_bytes(message);
    if (driver->kept_bytes > DRIVER_KEPT_MAX_BYTES)
        error_of_target("the driver's answers take more than %d MiB of memory", (int)(DRIVER_KEPT_MAX_BYTES >> 20));
}

static void take_message(struct driver *driver, const char *line, size_t bytes)
{
    int64_t now = clock_ns(), id = 0;
    struct json_error why;
    const struct json *message = json_read(line, bytes, &why);

    exchange_from(driver->name, line, bytes);
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
    keep_within_bounds(driver, message);
    call->answer.answered_ns = now;
    driver->in_flight--;
    if (error)
        take_error(error, call);
    else
        call->answer.result = result;
}

static _Noreturn void note_silence(struct driver *driver, const struct call *call, int64_t timeout_ms)
{
    const char *method = call->method;
    const char *rest;
    size_t bytes = wire_rest(&driver->wire, &rest);
    struct text came;

    request_is_answered(call->request, &request_none);
    text_init(&came, 4096);
    if (bytes) {
        exchange_from(driver->name, rest, bytes);
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
        driver_note_end_of_output(driver);
        return true;
    case WIRE_TOO_LONG:
        error_of_target("the driver wrote a line of more than %d MiB", DRIVER_LINE_MAX_BYTES >> 20);
    case WIRE_TIMEOUT:
        break;
    }
    return false;
}

/* None of the drivers has answered: the first of those that should have. */
static _Noreturn void note_silence_of_any(struct driver *const *drivers, size_t count, int64_t timeout_ms)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < drivers[i]->call_count; j++)
            if (!drivers[i]->calls[j].answered)
                note_silence(drivers[i], &drivers[i]->calls[j], timeout_ms);
    error_of_harness("waiting for a call where none is in flight");
}

/* ---- calls ---- */

static struct call *new_call(struct driver *driver, const char *method)
{
    if (driver->in_flight >= DRIVER_CALLS_MAX)
        error_of_harness("more than %d calls in flight", DRIVER_CALLS_MAX);
    if (driver->call_count == driver->call_capacity) {
        driver->call_capacity = driver->call_capacity ? 2 * driver->call_capacity : 64;
        driver->calls = xalloc_resize(driver->calls, driver->call_capacity, sizeof *driver->calls);
    }
    struct call *call = &driver->calls[driver->call_count++];
    *call = (struct call){.method = strdup(method), .request = xalloc_resize(NULL, 1, sizeof *call->request)};
    call->request->bytes = 0;
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
    request_add(call->request, line.bytes, line.length - 1);
    request_goes_out(call->request, &request_none);
    exchange_to(driver->name, line.bytes, line.length - 1);
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
    request_is_answered(call->request, &request_none);
    free(call->request);
    call->request = NULL;
    return call->answer;
}

struct answer driver_wait(struct driver *driver, uint64_t id, int64_t timeout_ms)
{
    int64_t deadline = clock_ns() + scaled_ms(timeout_ms) * 1000000;

    while (!driver->calls[id - 1].answered)
        if (!pump(driver, deadline))
            note_silence(driver, &driver->calls[id - 1], timeout_ms);
    return collect(driver, id);
}

bool driver_hears(struct driver *driver, uint64_t id, int64_t timeout_ms)
{
    int64_t deadline = clock_ns() + timeout_ms * 1000000;

    while (!driver->calls[id - 1].answered && pump(driver, deadline))
        ;
    return driver->calls[id - 1].answered;
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

            if (!driver->dead)
                pump(driver, 0);
            if (find_answered(driver, id))
                return collect(driver, *id);
            in_flight += driver->in_flight;
        }
        if (!in_flight)
            error_of_harness("waiting for a call where none is in flight");
        int64_t left_ms = (deadline - clock_ns()) / 1000000 + 1;
        if (left_ms <= 0)
            note_silence_of_any(drivers, count, timeout_ms);
        poll_drivers(drivers, count, (int)left_ms);
    }
}

struct answer driver_call(struct driver *driver, const char *method, const struct text *params, int64_t timeout_ms)
{
    return driver_wait(driver, driver_send(driver, method, params), timeout_ms);
}

/* ---- hello ---- */

static void say_hello(struct driver *driver, int64_t timeout_ms)
{
    struct text params;

    text_init(&params, 256);
    text_add(&params, "{\"protocol\":1,\"tool\":\"assay\",\"version\":\"" ASSAY_VERSION "\"}");
    struct answer answer = driver_call(driver, "hello", &params, timeout_ms);
    text_free(&params);
    int64_t protocol = 0;
    if (answer.outcome != ACKNOWLEDGED)
        error_of_target("the driver answered hello with an error: %s", answer.message ? answer.message : "");
    if (!json_get_integer(answer.result, "protocol", &protocol) || protocol != 1)
        error_of_target("the driver answered hello with protocol %lld; this assay speaks protocol 1",
                        (long long)protocol);
    driver->hello = answer.result;
}

struct driver *driver_start(struct supervisor *supervisor)
{
    struct driver *driver = driver_open(supervisor);

    say_hello(driver, case_context()->manifest->start_timeout_ms);
    return driver;
}
