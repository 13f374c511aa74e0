#include "supervisor_record.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void supervisor_record_init(struct supervisor_record *record, size_t max_events, size_t max_bytes)
{
    *record = (struct supervisor_record){.max_events = max_events, .max_bytes = max_bytes};
}

void supervisor_record_free(struct supervisor_record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        free((char *)record->events[i]->bytes);
        free(record->events[i]);
    }
    free(record->events);
    supervisor_record_init(record, record->max_events, record->max_bytes);
}

static bool has_room(struct supervisor_record *record, size_t more_bytes)
{
    if (record->count == record->max_events || more_bytes > record->max_bytes - record->bytes)
        return false;
    if (record->count < record->capacity)
        return true;
    size_t capacity = record->capacity ? 2 * record->capacity : FIRST_CAPACITY;
    struct supervisor_event **events = realloc(record->events, capacity * sizeof *events);
    if (!events)
        return false;
    record->events = events;
    record->capacity = capacity;
    return true;
}

/* The event and its names are one piece of memory. */
static struct supervisor_event *event_of(const struct supervisor_call *call, size_t where_bytes, size_t to_bytes)
{
    struct supervisor_event *event = malloc(sizeof *event + where_bytes + to_bytes);

    if (!event)
        return NULL;
    char *where = (char *)(event + 1), *to = where + where_bytes;
    memcpy(where, call->where, where_bytes);
    memcpy(to, call->to, to_bytes);
    *event = (struct supervisor_event){.came_ns = call->came_ns,
                                       .pid = supervisor_memory_process(call->tid),
                                       .tid = call->tid,
                                       .kind = call->kind,
                                       .name = call->shape->name,
                                       .where = where,
                                       .to = to_bytes ? to : NULL,
                                       .offset = -1,
                                       .length = -1,
                                       .flags = call->flags};
    return event;
}

static void enter_deed(struct supervisor_event *event, struct supervisor_deed *deed)
{
    event->made = true;
    event->synced = deed->synced;
    event->result = deed->result;
    event->offset = deed->offset;
    event->length = deed->length;
    if (deed->result > 0 && deed->bytes) {
        char *shrunk = realloc(deed->bytes, (size_t)deed->result); /* fewer may have got there than were given */
        event->bytes = shrunk ? shrunk : deed->bytes;
        deed->bytes = NULL;
    }
}

bool supervisor_record_add(struct supervisor_record *record, const struct supervisor_call *call,
                           struct supervisor_deed *deed, int64_t done_ns)
{
    size_t where_bytes = strlen(call->where) + 1, to_bytes = call->to[0] ? strlen(call->to) + 1 : 0;
    size_t more_bytes = where_bytes + to_bytes + (deed && deed->bytes && deed->result > 0 ? (size_t)deed->result : 0);
    struct supervisor_event *event = has_room(record, more_bytes) ? event_of(call, where_bytes, to_bytes) : NULL;

    if (event) {
        event->done_ns = done_ns;
        if (deed)
            enter_deed(event, deed);
        record->events[record->count++] = event;
        record->bytes += more_bytes;
    } else {
        record->cut = true;
    }
    if (deed) {
        free(deed->bytes);
        deed->bytes = NULL;
    }
    return event != NULL;
}
