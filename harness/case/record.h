/* The record of a case: what its worker and its monitor have to say, one JSON object per line.
 *
 * It lies in memory and not in a file, so no path leads to it, least of all from the directory that the target is
 * given. Worker, monitor and runner inherit the descriptor by fork, write one after the other, and lose it at exec.
 * What no file mode prevents, a program of the same user that means to cheat by ptrace(2) or /proc/PID/fd, is not
 * prevented here either: such a target belongs under another user. */
#ifndef ASSAY_CASE_RECORD_H
#define ASSAY_CASE_RECORD_H

#include "json/json.h"
#include "model/results.h"

#include <stdbool.h>

enum { RECORD_BYTES_MAX = 1 << 20, RECORD_FIELD_BYTES_MAX = 8 << 10, RECORD_HELLO_BYTES_MAX = 256 << 10 };

/* A new, empty record, to be closed with close(2); or -1 with errno. */
int record_open(void);

/* Writes the fields of result that a worker knows (IN_RECORD in model/fields.h, and the state), each string cut at
 * RECORD_FIELD_BYTES_MAX. */
void record_write(int fd, const struct case_result *result);

/* Adds to what is known of the target's state when the case is over. */
void record_write_state(int fd, const char *state);

/* The worker ended as none should, for example "was ended by signal 11 (Segmentation fault)". */
void record_write_broken(int fd, const char *how);

/* Where a program of the target writes its log from now on. */
void record_write_log(int fd, const char *path);

/* What the driver answered to hello, at most RECORD_HELLO_BYTES_MAX of JSON. */
void record_write_hello(int fd, const struct json *hello);

/* Reads the record of a case that is over; the result is to be released with case_result_free(). The first verdict
 * counts, unless the worker broke, which is VERDICT_ERROR of the harness. False, and the same, when there is none. */
bool record_read(int fd, struct case_result *result);

/* The last one; NULL: there is none. To be released with free(). */
char *record_read_log(int fd);

/* NULL: there is none. To be released with json_free(). */
const struct json *record_read_hello(int fd);

#endif
