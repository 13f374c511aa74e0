/* A process was killed while it wrote: the last line is cut off somewhere. The next append must neither be glued to
 * what is left nor repeat or skip a number nor lose an event that is whole. */
#include "check.h"
#include "store/store.h"

enum { TORN = 3, CUTS_MAX = 400 };

/* The number of the last event is the caller's to know, since a target may leave some out. */
static const char *session_with_three_events(struct store *store, uint64_t *last)
{
    const char *sid = store_create(store);

    for (int i = 0; i < TORN; i++)
        *last = store_append(store, sid, store_event(store, "torn"));
    return sid;
}

static size_t last_line_bytes(struct store *store, const char *sid)
{
    struct text file = store_file(store, sid, STORE_EVENTS);

    expect(file.length > 1 && file.bytes[file.length - 1] == '\n', WRONG, "a file that ends with a newline",
           "%zu bytes", file.length);
    size_t start = file.length - 1;
    while (start > 0 && file.bytes[start - 1] != '\n')
        start--;
    size_t bytes = file.length - start;
    text_free(&file);
    return bytes;
}

/* Lines need not be of one length (a time may end in a zero that is not written): none loses more than its own. */
static void cut_last_line(struct store *store, const char *sid, size_t cut)
{
    size_t most = last_line_bytes(store, sid) - 1;

    store_cut_off(store, sid, cut < most ? cut : most);
}

static void cut_at_every_byte(void **state)
{
    struct store *store = *state;
    uint64_t last[CUTS_MAX];
    const char *sids[CUTS_MAX] = {session_with_three_events(store, &last[0])};
    size_t cuts = last_line_bytes(store, sids[0]);

    cuts = cuts < CUTS_MAX ? cuts : CUTS_MAX - 1;
    for (size_t cut = 2; cut < cuts; cut++)
        sids[cut] = session_with_three_events(store, &last[cut]);
    bool removed = store_removes_torn_tail(store);
    driver_stop(store_driver(store));
    for (size_t cut = 2; cut < cuts; cut++) {
        cut_last_line(store, sids[cut], cut);
        store_damage(store, sids[cut], last[cut], !removed);
    }
    store_start_again(store);
    /* Where the stump stays, it may keep its number. */
    for (size_t cut = 2; cut < cuts; cut++)
        expect_append_after_damage(store, sids[cut], last[cut], removed ? last[cut] : last[cut] + 1);
}

/* All of the event is there but its newline: it may be kept or dropped, but not kept by one and dropped by another. The
 * next one may not be glued to it. */
static void only_the_newline_is_missing(void **state)
{
    struct store *store = *state;
    uint64_t last;
    const char *sid = session_with_three_events(store, &last);

    driver_stop(store_driver(store));
    store_cut_off(store, sid, 1);
    store_damage(store, sid, last, !store_removes_torn_tail(store));
    store_start_again(store);
    uint64_t seq = expect_append_after_damage(store, sid, last, last + 1);
    if (seq == 0 || store_declares(store, "store.gaps=yes"))
        return;
    struct store_events events = store_read(store, sid);
    expect_integer((int64_t)events.count, (int64_t)seq, "events read, as many as the last one's number:");
    store_events_free(&events);
}

static void an_intact_file_goes_on(void **state)
{
    struct store *store = *state;
    uint64_t last;
    const char *sid = session_with_three_events(store, &last);

    store_restart(store);
    store_append(store, sid, store_event(store, NULL));
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "A torn tail neither swallows the next event nor repeats a number",
    .level = MUST,
    .origins = {"OAS-1", "ALICE"},
    .needs = {"files"},
    .cases =
        {
            CASE(cut_at_every_byte),
            CASE(only_the_newline_is_missing),
            CONTROL(an_intact_file_goes_on),
        },
};
