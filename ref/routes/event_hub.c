/* The ring of the latest events; readers copy from it under its lock. */
#include "routes/event_hub.h"

#include <stdlib.h>

bool event_hub_init(struct event_hub *hub, size_t capacity)
{
    *hub = (struct event_hub){.capacity = capacity};
    hub->ring = calloc(capacity, sizeof *hub->ring);
    if (!hub->ring)
        return false;
    pthread_mutex_init(&hub->lock, NULL);
    return true;
}

static struct event_hub_event *event_at(struct event_hub *hub, uint64_t number)
{
    return &hub->ring[number % hub->capacity];
}

static void drop_oldest(struct event_hub *hub)
{
    struct event_hub_event *oldest = event_at(hub, hub->first++);

    hub->bytes -= oldest->count;
    free(oldest->bytes);
    *oldest = (struct event_hub_event){.bytes = NULL};
}

static void drop_all(struct event_hub *hub)
{
    while (hub->first < hub->next)
        drop_oldest(hub);
}

void event_hub_destroy(struct event_hub *hub)
{
    drop_all(hub);
    free(hub->ring);
    pthread_mutex_destroy(&hub->lock);
}

uint64_t event_hub_join(struct event_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->readers++;
    uint64_t cursor = hub->next;
    pthread_mutex_unlock(&hub->lock);
    return cursor;
}

void event_hub_leave(struct event_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    if (--hub->readers == 0)
        drop_all(hub);
    pthread_mutex_unlock(&hub->lock);
}

bool event_hub_publish(struct event_hub *hub, struct buffer *event)
{
    size_t count;
    char *bytes = buffer_take(event, &count);

    if (!bytes)
        return false;
    pthread_mutex_lock(&hub->lock);
    if (hub->readers > 0) {
        if (hub->next - hub->first == hub->capacity)
            drop_oldest(hub);
        *event_at(hub, hub->next++) = (struct event_hub_event){bytes, count};
        hub->bytes += count;
        bytes = NULL;
        while (hub->bytes > EVENT_HUB_MAX_BYTES && hub->next - hub->first > 1)
            drop_oldest(hub);
    }
    pthread_mutex_unlock(&hub->lock);
    free(bytes);
    return true;
}

uint64_t event_hub_end(struct event_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    uint64_t end = hub->next;
    pthread_mutex_unlock(&hub->lock);
    return end;
}

bool event_hub_is_lapped(struct event_hub *hub, uint64_t cursor)
{
    pthread_mutex_lock(&hub->lock);
    bool lapped = cursor < hub->first;
    pthread_mutex_unlock(&hub->lock);
    return lapped;
}

enum event_hub_result event_hub_next(struct event_hub *hub, uint64_t *cursor, struct buffer *out)
{
    enum event_hub_result result = EVENT_HUB_NONE;
    size_t batch_bytes = 0;

    pthread_mutex_lock(&hub->lock);
    if (*cursor < hub->first)
        result = EVENT_HUB_LAPPED;
    while (result != EVENT_HUB_LAPPED && *cursor < hub->next && batch_bytes < EVENT_HUB_BATCH_BYTES) {
        const struct event_hub_event *event = event_at(hub, *cursor);

        buffer_add(out, event->bytes, event->count);
        batch_bytes += event->count;
        ++*cursor;
        result = EVENT_HUB_OK;
    }
    pthread_mutex_unlock(&hub->lock);
    return result;
}
