/* An event taken apart, and put together again as its line and its transcript's line: pieces of the client's own text,
 * around them the members that are the store's. */
#include "store/event.h"

#include "base/clock.h"
#include "json/check.h"
#include "json/string.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json_span empty_string = {"\"\"", 2};

/* The store's own members: whatever the client sent under these names, escaped or not, does not reach the file. */
static bool is_own_member(struct json_span name)
{
    return json_string_is(name, "type") || json_string_is(name, "ts") || json_string_is(name, "seq");
}

enum store_result store_event_parse(const char *text, size_t bytes, struct event *event, struct error *err)
{
    enum json_result checked = json_check(text, bytes, err);
    struct json_member member = {0};
    int64_t seq;

    if (checked != JSON_OK)
        return checked == JSON_NO_MEMORY ? STORE_IO : STORE_NOT_JSON;
    *event = (struct event){.object = {text, bytes}, .text = empty_string};
    while (json_next_member(event->object, &member)) {
        if (json_string_is(member.name, "seq") && json_integer(member.value, &seq) && seq >= 1)
            event->seq = (uint64_t)seq;
        if (!json_is_string(member.value))
            continue;
        if (json_string_is(member.name, "type"))
            event->type = member.value;
        else if (json_string_is(member.name, "text"))
            event->text = member.value;
        else if (json_string_is(member.name, "ts"))
            event->ts = member.value;
    }
    if (event->type.at)
        return STORE_OK;
    error_set(err, "an event is an object with a string \"type\"");
    return STORE_BAD_EVENT;
}

enum store_result store_event_parse_line(struct json_span line, struct event *event, struct error *err)
{
    enum store_result result = store_event_parse(line.at, line.bytes, event, err);

    if (result == STORE_IO)
        return result;
    if (result != STORE_OK)
        return STORE_DAMAGED;
    if (event->seq > 0 && event->ts.at)
        return STORE_OK;
    error_set(err, "a line without its \"seq\" and \"ts\"");
    return STORE_DAMAGED;
}

void store_event_add_line(struct buffer *out, const struct event *event, struct json_span ts, uint64_t seq)
{
    struct json_member member = {0};

    buffer_add_text(out, "{\"type\":");
    buffer_add(out, event->type.at, event->type.bytes);
    buffer_add_text(out, ",\"ts\":");
    buffer_add(out, ts.at, ts.bytes);
    buffer_add_format(out, ",\"seq\":%" PRIu64, seq);
    while (json_next_member(event->object, &member)) {
        if (is_own_member(member.name))
            continue;
        buffer_add_text(out, ",");
        buffer_add(out, member.name.at, member.name.bytes);
        buffer_add_text(out, ":");
        json_add_compact(out, member.value);
    }
    buffer_add_text(out, "}\n");
}

void store_event_add_transcript(struct buffer *out, const struct event *event, struct json_span ts, uint64_t seq)
{
    const char *role;

    if (json_string_is(event->type, "user.message"))
        role = "user";
    else if (json_string_is(event->type, "assistant.message"))
        role = "assistant";
    else
        return;
    buffer_add_format(out, "{\"seq\":%" PRIu64 ",\"ts\":", seq);
    buffer_add(out, ts.at, ts.bytes);
    buffer_add_format(out, ",\"role\":\"%s\",\"text\":", role);
    buffer_add(out, event->text.at, event->text.bytes);
    buffer_add_text(out, "}\n");
}

bool store_event_stays_behind(const struct event *event)
{
    static const char prefix[] = "session.";
    size_t bytes;
    char *type = json_string(event->type, &bytes);
    bool stays = !type || strcmp(type, "system.init") == 0 || strcmp(type, "result") == 0 ||
                 strncmp(type, prefix, sizeof prefix - 1) == 0;

    free(type);
    return stays;
}

struct json_span store_event_now(char text[STORE_TIME_BYTES])
{
    char now[CLOCK_UTC_BYTES];
    int bytes;

    clock_utc(now);
    bytes = snprintf(text, STORE_TIME_BYTES, "\"%s\"", now);
    return (struct json_span){text, (size_t)bytes};
}
