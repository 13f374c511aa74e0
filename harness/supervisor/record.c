/* The record of events: entered one after the other, up to a maximum. */
#include "supervisor/record.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void supervisor_record_init(struct supervisor_record *record, size_t max_events, size_t max_bytes)
{
    *record = (struct supervisor_record){.max_events = max_events, .max_bytes = max_bytes};
}

void supervisor_record_free(struct supervisor_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        free(record->events[i]);
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

/* Copies the bytes to the end of the event's memory, and moves that end. */
static const void *keep(char **end, const void *bytes, size_t count)
{
    char *kept = *end;

    memcpy(kept, bytes, count);
    *end += count;
    return kept;
}

static void enter_deed(struct supervisor_event *event, const struct emulated *deed)
{
    event->made = true;
    event->synced = deed->synced;
    event->result = deed->result;
    event->offset = deed->offset;
    event->length = deed->length;
}

/* The event, its names and its bytes are one piece of memory. */
bool supervisor_record_add(struct supervisor_record *record, const struct supervisor_call *call,
                           const struct emulated *deed, int64_t done_ns)
{
    size_t where_bytes = strlen(call->where) + 1, to_bytes = call->to[0] ? strlen(call->to) + 1 : 0;
    size_t written_bytes = deed && deed->bytes && deed->result > 0 ? (size_t)deed->result : 0;
    size_t more_bytes = where_bytes + to_bytes + written_bytes;
    struct supervisor_event *event = has_room(record, more_bytes) ? malloc(sizeof *event + more_bytes) : NULL;

    if (!event) {
        record->cut = true;
        return false;
    }
    *event = (struct supervisor_event){.came_ns = call->came_ns,
                                       .done_ns = done_ns,
                                       .pid = call->process,
                                       .tid = call->tid,
                                       .kind = call->kind,
                                       .name = call->shape->name,
                                       .offset = -1,
                                       .length = -1,
                                       .flags = call->flags};
    char *end = (char *)(event + 1);
    event->where = keep(&end, call->where, where_bytes);
    event->to = to_bytes ? keep(&end, call->to, to_bytes) : NULL;
    event->bytes = written_bytes ? keep(&end, deed->bytes, written_bytes) : NULL;
    if (deed)
        enter_deed(event, deed);
    record->events[record->count++] = event;
    record->bytes += more_bytes;
    return true;
}
