/* The driver protocol (kit/PROTOCOL.md) in its smallest right form: what the standing targets are built on.
 *
 * One thread, standard input and output. A delayed echo is put aside and answered when it is due, so calls overlap
 * although nothing ever waits. Where the protocol's other side is broken (a line that is no request, nobody who reads
 * an answer) the process ends with status 2: assay does not do such things. */
#ifndef ASSAY_TESTS_TARGETS_SMALL_DRIVER_H
#define ASSAY_TESTS_TARGETS_SMALL_DRIVER_H

#include "json/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SMALL_DRIVER_LINE_MAX_BYTES = 32 << 20,
    SMALL_DRIVER_ECHOES_MAX = 64, /* that wait for their time; more are refused */
};

struct request {
    int64_t id;
    const char *method;
    const struct json *params; /* an object, or NULL */
};

/* Blocks until the next request, and answers what is due meanwhile. What request points to lives until the next call.
 * False: standard input has ended, and everything is released. */
bool small_driver_next(struct request *request);

/* Answers with a result: JSON text, made as by printf. */
void small_driver_answer(const struct request *request, const char *format, ...) __attribute__((format(printf, 2, 3)));
void small_driver_answer_bytes(const struct request *request, const char *result, size_t count);

/* Answers with a definite error. kind: "refused", "failed", "timeout" or "unsupported". */
void small_driver_refuse(const struct request *request, const char *kind, const char *message);

/* Answers an echo, now or when its delay is over. */
void small_driver_echo(const struct request *request);

/* Answers hello with these surfaces: JSON text. */
void small_driver_hello(const struct request *request, const char *name, const char *surfaces);

/* Writes bytes as they are, whatever they are. */
void small_driver_write(const void *bytes, size_t count);

bool request_is(const struct request *request, const char *method);
int64_t request_integer(const struct request *request, const char *name); /* 0 when there is none */

#endif
