/* Time-outs in order. All timers of a list run for the same time, so the one that was set last ends last: setting,
 * clearing and finding the next one to end cost the same for ten thousand connections as for one.
 * No clock: the caller says what time it is. One thread. */
#ifndef REF_SERVER_TIMERS_H
#define REF_SERVER_TIMERS_H

#include <stdint.h>

struct timer {
    struct timer *previous, *next; /* NULL when it is not set */
    int64_t ends_ms;
};

struct timers {
    struct timer head; /* of a ring; its own ends_ms means nothing */
    int64_t duration_ms;
};

void timers_init(struct timers *timers, int64_t duration_ms);

/* Sets the timer, which must not be set (a timer begins as zeros), to end duration_ms from now. */
void timers_set(struct timers *timers, struct timer *timer, int64_t now_ms);

/* Takes the timer out of whichever list it is in; one that is not set is left alone. */
void timers_clear(struct timer *timer);

/* The timer that ends first, or NULL. */
struct timer *timers_first(struct timers *timers);

#endif
