/* A ring in order of time, since timers of equal length end in the order in which they were set. */
#include "server/timers.h"

#include <stddef.h>

void timers_init(struct timers *timers, int64_t duration_ms)
{
    timers->head.previous = timers->head.next = &timers->head;
    timers->duration_ms = duration_ms;
}

void timers_set(struct timers *timers, struct timer *timer, int64_t now_ms)
{
    timer->ends_ms = now_ms + timers->duration_ms;
    timer->next = &timers->head;
    timer->previous = timers->head.previous;
    timer->previous->next = timer;
    timers->head.previous = timer;
}

void timers_clear(struct timer *timer)
{
    if (!timer->next)
        return;
    timer->previous->next = timer->next;
    timer->next->previous = timer->previous;
    timer->next = timer->previous = NULL;
}

struct timer *timers_first(struct timers *timers)
{
    return timers->head.next == &timers->head ? NULL : timers->head.next;
}
