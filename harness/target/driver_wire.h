/* The framing below target/driver.c: lines to and from the driver's pipes, without blocking on either alone.
 * A driver that does not read while it writes, and one that does not write while it reads, are both served. */
#ifndef ASSAY_TARGET_DRIVER_WIRE_H
#define ASSAY_TARGET_DRIVER_WIRE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_result {
    WIRE_LINE,     /* a whole line is there */
    WIRE_TIMEOUT,  /* the deadline passed */
    WIRE_CLOSED,   /* the driver's output is at its end */
    WIRE_TOO_LONG, /* a line is longer than DRIVER_LINE_MAX_BYTES */
};

struct wire_buffer {
    char *bytes;
    size_t start, end, capacity; /* what is in it stands from start to end */
};

struct wire {
    int input_fd;  /* the driver's standard input */
    int output_fd; /* the driver's standard output */
    struct wire_buffer outbox, inbox;
    size_t searched; /* bytes of the inbox that are known to hold no newline */
};

/* Takes over both descriptors. */
void wire_open(struct wire *wire, int input_fd, int output_fd);
void wire_close(struct wire *wire);

/* Queues bytes and writes as much as goes without blocking. A closed pipe is noticed when reading. */
void wire_send(struct wire *wire, const char *bytes, size_t count);

/* The driver reads the end of its input, and what is still queued is dropped. */
void wire_close_input(struct wire *wire);

/* What to poll for: the output for reading, and the input for writing while something is queued. */
void wire_poll_for(const struct wire *wire, struct pollfd polled[2]);

/* Blocks until a line is there or deadline_ns has come; writes what is queued meanwhile. The line, without its newline,
 * is valid until the next call. */
enum wire_result wire_receive(struct wire *wire, int64_t deadline_ns, const char **line, size_t *bytes);

/* What has come of a line that is not whole yet. */
size_t wire_rest(const struct wire *wire, const char **bytes);

#endif
