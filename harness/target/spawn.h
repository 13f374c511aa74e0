/* Starting a program of the target: argv as it is, no shell, only the descriptors it is meant to have. */
#ifndef ASSAY_TARGET_SPAWN_H
#define ASSAY_TARGET_SPAWN_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct supervisor;

struct spawn_request {
    const char *const *argv;       /* NULL-terminated */
    const char *directory;         /* to start in; NULL: as it is */
    char *const *environment;      /* "NAME=value" added to ours, NULL-terminated; or NULL */
    int error_fd;                  /* becomes its standard error */
    bool output_is_error;          /* its standard output goes there too, and output_fd is at its end at once */
    struct supervisor *supervisor; /* watches its system calls; or NULL */
};

struct spawned {
    pid_t pid;
    int input_fd;  /* its standard input, to write to */
    int output_fd; /* its standard output, to read from */
};

/* Starts the program and waits until exec has happened. False: err says why not, and nothing is left behind.
 * The program leads a process group of its own, has all signals at their defaults and no descriptors but 0 to 2, and
 * dies with the thread that started it. */
bool spawn_start(const struct spawn_request *request, struct spawned *process, struct error *err);

/* Waits up to timeout_ms for the end of a child and reaps it. True: *status is as from waitpid(2). */
bool spawn_wait(pid_t pid, int *status, int64_t timeout_ms);

/* The same, and what comes on output_fd meanwhile is read and dropped, so that a full pipe does not keep the
 * child. The descriptor must not block, and stays open. */
bool spawn_wait_draining(pid_t pid, int *status, int64_t timeout_ms, int output_fd);

/* "exited with status 3", "was ended by signal 11 (Segmentation fault)". */
void spawn_describe(int status, char *text, size_t bytes);

#endif
