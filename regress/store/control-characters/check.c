/* Every character that JSON must escape survives the way to the file and back, on one physical line. */
#include "check.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

/* U+0001..U+001F, quote and backslash in one text. */
static void fill(char *text)
{
    size_t length = 0;

    for (char c = 1; c < 0x20; c++)
        text[length++] = c;
    strcpy(text + length, "\"\\/\x7f");
}

static void control_characters_come_back(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    char text[64];

    fill(text);
    store_append(store, sid, store_message(store, text));
    store_restart(store);
    struct store_events events = store_read(store, sid);
    expect_integer((int64_t)events.count, 1, "events read");
    expect(json_get(events.events[0], "text") && !strcmp(json_get_string(events.events[0], "text"), text), WRONG,
           "the 35 characters as they were sent", "%.300s", events.texts[0]);
    expect_sound_history(store, sid);
}

/* Both escapes of a line feed, next to each other and at the ends. */
static void newlines_stay_inside_their_line(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append(store, sid, "{\"type\":\"user.message\",\"text\":\"\\n\\u000a\\r\\n\"}");
    store_append(store, sid, "{\"type\":\"user.message\",\"text\":\"named\",\"\\n\":\"\\n\"}");
    expect_integer((int64_t)store_read(store, sid).count, 2, "events read");
    expect_sound_history(store, sid);
}

/* A NUL may be refused, but not lost. */
static void a_nul_comes_back_or_is_refused(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    struct answer answer = store_try_append(store, sid, "{\"type\":\"user.message\",\"text\":\"a\\u0000b\"}");

    if (answer.outcome == ACKNOWLEDGED) {
        struct store_events events = store_read(store, sid);
        const struct json *text = json_get(events.count ? events.events[0] : NULL, "text");

        expect(text && text->string_bytes == 3 && !memcmp(text->string, "a\0b", 3), WRONG,
               "the three characters a, NUL and b", "%.300s", events.count ? events.texts[0] : "no event");
    }
    expect_sound_history(store, sid);
}

static void printable_characters_come_back(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append(store, sid, store_message(store, "printable"));
    expect_text(json_get_string(store_read(store, sid).events[0], "text"), "printable", "the text");
}

const struct check check = {
    .title = "Control characters survive, on one physical line",
    .level = MUST,
    .origins = {"RFC 8259 7"},
    .cases =
        {
            CASE(control_characters_come_back),
            CASE(newlines_stay_inside_their_line),
            CASE(a_nul_comes_back_or_is_refused),
            CONTROL(printable_characters_come_back),
        },
};
