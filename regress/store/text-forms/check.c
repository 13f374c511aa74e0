/* Text is kept as it was written: no normalisation, no reordering, nothing beyond the basic plane lost. */
#include "check.h"
#include "store/store.h"

static const char *const texts[] = {
    "\xc3\xa9",                                     /* é, one code point (NFC) */
    "e\xcc\x81",                                    /* é, two code points (NFD) */
    "\xe2\x84\xab",                                 /* the Ångström sign, which NFC would replace */
    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac", /* a joined emoji beyond the basic plane */
    "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d abc",         /* right to left, then left to right */
    ("\xef\xbb\xbf"
     "after a byte order mark"),
    "\xef\xbf\xbd\xef\xbf\xbf\xf4\x8f\xbf\xbf", /* the replacement character, and two noncharacters */
};
enum { TEXTS = sizeof texts / sizeof *texts };

static void texts_come_back_code_point_by_code_point(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    for (int i = 0; i < TEXTS; i++)
        store_append(store, sid, store_message(store, texts[i]));
    store_restart(store);
    struct store_events events = store_read(store, sid);
    expect_integer((int64_t)events.count, TEXTS, "events read");
    for (int i = 0; i < TEXTS; i++)
        expect_text(json_get_string(events.events[i], "text"), texts[i], "the text, unchanged,");
    expect_sound_history(store, sid);
}

static void ascii_comes_back(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append(store, sid, store_message(store, "ascii"));
    expect_text(json_get_string(store_read(store, sid).events[0], "text"), "ascii", "the text");
}

const struct check check = {
    .title = "Text is kept code point by code point",
    .level = SHOULD,
    .origins = {"RFC 8259 8.3", "Unicode Standard Annex 15"},
    .cases =
        {
            CASE(texts_come_back_code_point_by_code_point),
            CONTROL(ascii_comes_back),
        },
};
