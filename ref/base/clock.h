/* The time of day as a text, and the time that never goes back. Any thread. */
#ifndef REF_BASE_CLOCK_H
#define REF_BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_UTC_BYTES = sizeof "2026-01-31T23:59:59.999Z" };

/* Now in UTC, to the millisecond (RFC 3339 5.6), NUL-terminated. It may be earlier than what the last call said. */
void clock_utc(char text[CLOCK_UTC_BYTES]);

/* Milliseconds since some moment, by the monotonic clock. */
int64_t clock_ms(void);

#endif
