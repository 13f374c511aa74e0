/* Whatever a client sends as an event is refused, or becomes a line that the referee reads as the same event. */
#include "fuzz.h"
#include "json/string.h"
#include "referee.h"
#include "store/event.h"

#include <string.h>

enum { SEQ = 7 };

/* Without its newline, which must be there, and nowhere else. */
static struct json_span take_line(const struct buffer *out)
{
    fuzz_require(!out->failed && memchr(out->data, '\n', out->bytes) == out->data + out->bytes - 1, "it is one line");
    return (struct json_span){out->data, out->bytes - 1};
}

static void check_line(const struct event *event, struct json_span ts)
{
    struct buffer out = buffer_new(event->object.bytes + STORE_LINE_EXTRA_BYTES);
    struct event read = {0};

    store_event_add_line(&out, event, ts, SEQ);
    struct json_span line = take_line(&out);
    fuzz_require(referee_event_number(line.at, line.bytes) == SEQ, "it is an event with the store's number");
    fuzz_require(referee_equal_events(event->object.at, event->object.bytes, line.at, line.bytes),
                 "it says what the client said");
    fuzz_require(store_event_parse_line(line, &read, NULL) == STORE_OK && read.seq == SEQ, "the store can read it");
    fuzz_require(json_compare_strings(event->text, read.text) == 0, "its text is the same");
    fuzz_require(store_event_stays_behind(event) == store_event_stays_behind(&read), "a fork treats both alike");
    buffer_free(&out);
}

static void check_transcript(const struct event *event, struct json_span ts)
{
    struct buffer out = buffer_new(event->object.bytes + STORE_LINE_EXTRA_BYTES);
    struct json_span text;

    store_event_add_transcript(&out, event, ts, SEQ);
    if (out.bytes > 0) {
        struct json_span line = take_line(&out);

        fuzz_require(referee_reads(line.at, line.bytes), "a message's line is JSON");
        fuzz_require(json_find(line, "text", &text) && json_compare_strings(event->text, text) == 0,
                     "a message has the event's text");
    }
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char time_text[STORE_TIME_BYTES];
    struct json_span now = store_event_now(time_text);
    struct event event;

    if (store_event_parse((const char *)data, size, &event, NULL) != STORE_OK)
        return 0;
    check_line(&event, now);
    check_transcript(&event, now);
    return 0;
}
