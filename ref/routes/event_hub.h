/* One writer's events for many readers, each at a pace of its own, in bounded memory.
 *
 * All readers share one ring of the latest events and each remembers only the number of the next one it wants. So a
 * reader's queue costs nothing beyond the ring, and a reader that falls behind by more than the ring holds is told
 * so, once, instead of slowing down the others or the writer. */
#ifndef REF_ROUTES_EVENT_HUB_H
#define REF_ROUTES_EVENT_HUB_H

#include "base/buffer.h"

#include <pthread.h>
#include <stdint.h>

enum {
    EVENT_HUB_MAX = 65536,            /* events a ring may hold at most */
    EVENT_HUB_MAX_BYTES = 16 << 20,   /* bytes it holds, unless the latest event alone is longer */
    EVENT_HUB_BATCH_BYTES = 64 << 10, /* event_hub_next() stops at this many, but gives at least one event */
};

struct event_hub_event {
    char *bytes;
    size_t count;
};

struct event_hub {
    pthread_mutex_t lock;
    struct event_hub_event *ring; /* event number n is at n % capacity */
    size_t capacity;
    size_t bytes;
    uint64_t first; /* number of the oldest event in the ring */
    uint64_t next;  /* number of the event to come */
    size_t readers;
};

/* A ring of `capacity` events, 1 to EVENT_HUB_MAX. False: no memory. */
bool event_hub_init(struct event_hub *hub, size_t capacity);
void event_hub_destroy(struct event_hub *hub);

/* Any thread may call the rest. */

/* A reader comes and gets the number of its first event: the next one published. */
uint64_t event_hub_join(struct event_hub *hub);
void event_hub_leave(struct event_hub *hub);

/* Publishes the buffer's bytes, which leave it; without readers they are only freed. False: no memory, and the event
 * reaches nobody. */
bool event_hub_publish(struct event_hub *hub, struct buffer *event);

/* The number of the event to come. */
uint64_t event_hub_end(struct event_hub *hub);

/* Would event_hub_next() say EVENT_HUB_LAPPED? */
bool event_hub_is_lapped(struct event_hub *hub, uint64_t cursor);

enum event_hub_result { EVENT_HUB_OK, EVENT_HUB_NONE, EVENT_HUB_LAPPED };

/* Adds the event number *cursor and what follows it to out, and moves *cursor behind them.
 * EVENT_HUB_NONE: there is none yet. EVENT_HUB_LAPPED: it is not in the ring any more. */
enum event_hub_result event_hub_next(struct event_hub *hub, uint64_t *cursor, struct buffer *out);

#endif
