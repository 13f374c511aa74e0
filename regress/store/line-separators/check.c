/* A line ends at a line feed and nowhere else: not at U+2028, U+2029, U+0085, nor at the control characters that some
 * languages' line readers stop at. */
#include "check.h"
#include "store/store.h"

static const struct separator {
    const char *name;
    const char *text;
} separators[] = {
    {"U+2028 line separator", "before\342\200\250after"},
    {"U+2029 paragraph separator", "before\342\200\251after"},
    {"U+0085 next line", "before\302\205after"},
    {"U+000B vertical tab", "before\013after"},
    {"U+000C form feed", "before\014after"},
    {"U+001C, U+001D and U+001E, file, group and record separator", "before\034\035\036after"},
    {"U+000D carriage return", "before\rafter"},
};
enum { SEPARATORS = sizeof separators / sizeof *separators };

static void separators_inside_a_string_end_no_line(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    for (int i = 0; i < SEPARATORS; i++) {
        store_append(store, sid, store_message(store, separators[i].text));
        struct store_events events = store_read(store, sid);
        sent("an event whose text holds %s, then a read", separators[i].name);
        expect_integer((int64_t)events.count, i + 1, "events read");
        expect_text(json_get_string(events.events[i], "text"), separators[i].text, "the text, unchanged,");
        store_events_free(&events);
    }
    expect_sound_history(store, sid);
}

static void numbers_go_on_after_a_restart(void **state)
{
    struct store *store = *state;

    for (int i = 0; i < SEPARATORS; i++) {
        const char *sid = store_create(store);

        store_append(store, sid, store_message(store, separators[i].text));
        uint64_t last = store_append(store, sid, store_message(store, separators[i].text));
        store_restart(store);
        uint64_t next = store_append(store, sid, store_event(store, NULL));
        sent("two events whose texts hold %s, a restart, and one event more", separators[i].name);
        expect_next_number(store, next, last, "the number after a restart");
        expect_sound_history(store, sid);
    }
}

static void plain_text_is_one_line(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append(store, sid, store_event(store, "one line"));
    expect_integer((int64_t)store_read(store, sid).count, 1, "events read");
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "Only a line feed ends a line",
    .level = MUST,
    .origins = {"OAS-1", "RFC 8259 7"},
    .cases =
        {
            CASE(separators_inside_a_string_end_no_line),
            CASE(numbers_go_on_after_a_restart),
            CONTROL(plain_text_is_one_line),
        },
};
