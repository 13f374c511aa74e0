/* What target/driver.c (messages and calls) and target/driver_life.c (beginning and end) share. */
#ifndef ASSAY_TARGET_DRIVER_PRIVATE_H
#define ASSAY_TARGET_DRIVER_PRIVATE_H

#include "case/request.h"
#include "target/driver.h"
#include "target/driver_wire.h"

struct call {
    char *method;
    bool answered;
    bool collected;
    struct answer answer;
    struct request *request;     /* until it is waited for */
    const struct json *document; /* what the answer points into */
    char *visible;               /* or, of a message that holds a NUL: its copy; else NULL */
};

struct driver {
    struct wire wire;
    pid_t pid;
    bool dead;
    bool may_die;
    bool asked_to_stop;
    struct call *calls; /* call ids are 1, 2, …: the index plus one */
    size_t call_count, call_capacity;
    size_t in_flight;
    size_t next_to_collect; /* where driver_wait_any() looks first */
    size_t kept_bytes;      /* of all documents */
    const struct json *hello;
    char name[32]; /* in the exchange */
};

/* Starts the program of driver_start(), which has yet to say hello. */
struct driver *driver_open(struct supervisor *supervisor);

/* The output has ended, so the process must have died; else the case ends, for it broke the protocol. It ends as well
 * when the death was not part of the stimulus. */
void driver_note_end_of_output(struct driver *driver);

#endif
