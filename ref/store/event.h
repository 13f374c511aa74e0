/* One event between JSON and its two lines; no I/O. Part of the store, not for its users. */
#ifndef REF_STORE_EVENT_H
#define REF_STORE_EVENT_H

#include "json/span.h"
#include "store/store.h"

enum {
    STORE_LINE_EXTRA_BYTES = 128, /* what the store's own members add to an event at most */
    STORE_LINE_MAX_BYTES = STORE_EVENT_MAX_BYTES + STORE_LINE_EXTRA_BYTES,
    STORE_TIME_BYTES = sizeof "\"2026-01-31T23:59:59.999Z\""
};

struct event {
    struct json_span object;
    struct json_span type; /* a string */
    struct json_span text; /* a string, "" if the event has none */
    struct json_span ts;   /* of a line: a string; of a client's event nobody's business, as is seq */
    uint64_t seq;          /* of a line: 1 or more */
};

/* An event as a client sends it. The spans point into text. */
enum store_result store_event_parse(const char *text, size_t bytes, struct event *event, struct error *err);

/* An event as it stands on a line of events.jsonl, without its newline; anything wrong is STORE_DAMAGED. */
enum store_result store_event_parse_line(struct json_span line, struct event *event, struct error *err);

/* The line for events.jsonl, newline included; ts is a JSON string. */
void store_event_add_line(struct buffer *out, const struct event *event, struct json_span ts, uint64_t seq);

/* The line for transcript.jsonl, newline included; nothing if the event is no message. */
void store_event_add_transcript(struct buffer *out, const struct event *event, struct json_span ts, uint64_t seq);

/* Does a fork leave this event out? */
bool store_event_stays_behind(const struct event *event);

/* Now, as a JSON string: RFC 3339, UTC, milliseconds. Points into text. */
struct json_span store_event_now(char text[STORE_TIME_BYTES]);

#endif
