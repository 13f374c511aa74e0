/* The driver: the program that a third party writes so that assay can reach its implementation.
 * JSON-RPC 2.0, one message per line, on the driver's standard input and output (kit/PROTOCOL.md).
 *
 * Calls may overlap: driver_send() any number of them, then wait for one or for any. Whatever breaks the protocol (a
 * banner, half a line, an unknown id, a line over DRIVER_LINE_MAX_BYTES, a closed output, a dead process) ends the
 * case with the verdict that fits. One thread uses a driver. */
#ifndef ASSAY_TARGET_DRIVER_H
#define ASSAY_TARGET_DRIVER_H

#include "base/text.h"
#include "json/json.h"
#include "model/outcome.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    DRIVER_LINE_MAX_BYTES = 32 << 20,
    DRIVER_CALLS_MAX = 4096, /* in flight */
    DRIVERS_MAX = 16,
};
#define DRIVER_KEPT_MAX_BYTES ((size_t)2 << 30) /* of memory, for all answers of one driver */

struct answer {
    enum outcome outcome;
    const struct json *result; /* of ACKNOWLEDGED, else NULL; lives until the driver stops */
    const char *kind;          /* of an error: "refused", "failed", "timeout", "unsupported"; else NULL */
    const char *message;       /* of an error: the target's own words; else NULL */
    int64_t sent_ns;           /* stamped before the request was written */
    int64_t answered_ns;       /* stamped after the answer was read; 0 when none came */
};

struct driver;
struct supervisor;

/* Starts the target's driver and says hello; whatever goes wrong ends the case. One supervisor (may be NULL) watches
 * its system calls. The caller ends it with driver_stop() or driver_kill(), then driver_free(). */
struct driver *driver_start(struct supervisor *supervisor);

/* Asks it to stop, and does not wait: one of the next two does. */
void driver_ask_to_stop(struct driver *driver);

/* Asks it to stop and waits; one that does not go within its time is ended, and the evidence says so. One that had
 * gone before, or is ended by a signal of its own, FAILs the case as CRASH. NULL is allowed. */
void driver_stop(struct driver *driver);

/* The same where stopping is what is judged: one that does not go when asked, within twice its time, FAILs the case as
 * HANG, and one that leaves a process of its own behind as LEAK. */
void driver_expect_stop(struct driver *driver);
void driver_free(struct driver *driver); /* ends the process if it still runs; NULL is allowed */

/* What it answered to hello; lives as long as the driver. */
const struct json *driver_hello(const struct driver *driver);

/* Writes the request; params is JSON text. Returns the call's id, to be waited for once. */
uint64_t driver_send(struct driver *driver, const char *method, const struct text *params);

/* Blocks until that call is answered; after timeout_ms (scaled) the case FAILs as HANG.
 * A driver that dies answers UNKNOWN to every call in flight if it was killed by driver_kill() or may die; otherwise
 * its death is a FAIL as CRASH. */
struct answer driver_wait(struct driver *driver, uint64_t id, int64_t timeout_ms);

/* Blocks until that call is answered, or for timeout_ms (not scaled): for an answer that need not come. True: it is
 * there, and still to be waited for. */
bool driver_hears(struct driver *driver, uint64_t id, int64_t timeout_ms);

/* driver_wait() for whichever call of up to DRIVERS_MAX drivers is answered first; *which is the driver's index. */
struct answer driver_wait_any(struct driver *const *drivers, size_t count, size_t *which, uint64_t *id,
                              int64_t timeout_ms);

struct answer driver_call(struct driver *driver, const char *method, const struct text *params, int64_t timeout_ms);

/* SIGKILL to the driver and all below it, now; calls in flight become UNKNOWN. */
void driver_kill(struct driver *driver);

/* Its death is part of the stimulus: from now on it answers UNKNOWN to what is in flight, and is no CRASH. */
void driver_may_die(struct driver *driver);
bool driver_is_dead(const struct driver *driver);

pid_t driver_pid(const struct driver *driver);

#endif
