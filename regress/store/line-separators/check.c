/* A line ends at a line feed and nowhere else: not at U+2028, U+2029, U+0085, nor at the control characters that some
 * languages' line readers stop at. */
#include "check.h"
#include "store/store.h"

static const char *const separators[] = {
    "before\xe2\x80\xa8"
    "after", /* U+2028 line separator */
    "before\xe2\x80\xa9"
    "after", /* U+2029 paragraph separator */
    "before\xc2\x85"
    "after", /* U+0085 next line */
    "before\x0b"
    "after", /* vertical tab */
    "before\x0c"
    "after", /* form feed */
    "before\x1c\x1d\x1e"
    "after", /* file, group and record separators */
    "before\r"
    "after",
};
enum { SEPARATORS = sizeof separators / sizeof *separators };

static void separators_inside_a_string_end_no_line(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    for (int i = 0; i < SEPARATORS; i++) {
        store_append(store, sid, store_message(store, separators[i]));
        struct store_events events = store_read(store, sid);
        expect_integer((int64_t)events.count, i + 1, "events read");
        expect_text(json_get_string(events.events[i], "text"), separators[i], "the text, unchanged,");
        store_events_free(&events);
    }
    expect_sound_history(store, sid);
}

static void numbers_go_on_after_a_restart(void **state)
{
    struct store *store = *state;

    for (int i = 0; i < SEPARATORS; i++) {
        const char *sid = store_create(store);

        store_append(store, sid, store_message(store, separators[i]));
        uint64_t last = store_append(store, sid, store_message(store, separators[i]));
        store_restart(store);
        expect_next_number(store, store_append(store, sid, store_event(store, NULL)), last,
                           "the number after a restart");
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
