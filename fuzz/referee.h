/* The referee's reader (harness/json/json.h) as an oracle for ref/: two programs that share no code must agree.
 *
 * Both call their functions json_*, so the referee's are hidden in a shared library, which shows what is declared here
 * and nothing else. Texts need no NUL. Any thread. */
#ifndef FUZZ_REFEREE_H
#define FUZZ_REFEREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(default)

/* Is it one JSON value? Depth and size are bounded by harness/json/json.h. */
bool referee_reads(const char *text, size_t bytes);

/* Are both JSON, and equal as values? */
bool referee_equal(const char *a, size_t a_bytes, const char *b, size_t b_bytes);

/* Are both objects, and equal but for their members "ts" and "seq", which a store puts into an event? */
bool referee_equal_events(const char *a, size_t a_bytes, const char *b, size_t b_bytes);

/* Is it a number without fraction and exponent that fits? */
bool referee_integer(const char *text, size_t bytes, int64_t *number);

/* Is it an event as a store writes it, but for its newline: an object with an integer "seq", which is returned, and
 * strings "type" and "ts"? 0: it is not. */
int64_t referee_event_number(const char *event, size_t bytes);

#pragma GCC visibility pop

#endif
