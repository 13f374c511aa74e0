/* A process was killed while it wrote: the last line is cut off somewhere, or zeros follow it. The next append must
 * neither be glued to what is left nor repeat a number nor lose an event that is whole. */
#include "check.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TORN = 3, CUTS_MAX = 400, ZEROS = 4096 };

static const char *session_with_three_events(struct store *store)
{
    const char *sid = store_create(store);
    for (int i = 0; i < TORN; i++)
        store_append(store, sid, store_event(store, "torn"));
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

/* The declared answers: repair the tail (truncate), leave it on a line of its own (skip), or refuse to append. */
static void append_after_damage(struct store *store, const char *sid, bool whole_event_lost)
{
    sent("an append to a session whose last line had been cut off while the target was not running");
    struct answer answer = store_try_append(store, sid, store_event(store, "after"));
    if (store_declares(store, "store.torn_tail=refuse")) {
        expect(answer.outcome == REFUSED, WRONG, "a definite refusal, as store.torn_tail=refuse declares", "%s",
               answer.message ? answer.message : "an acknowledgement");
    } else {
        expect(answer.outcome == ACKNOWLEDGED, WRONG, "an acknowledged append", "%s",
               answer.message ? answer.message : "no answer");
        int64_t seq = 0;
        json_get_integer(answer.result, "seq", &seq);
        bool right = seq == TORN + 1 || (whole_event_lost && seq == TORN);
        expect(right, WRONG, whole_event_lost ? "sequence number 3 or 4" : "sequence number 4", "%lld", (long long)seq);
    }
    expect_sound_history(store, sid);
}

static void cut_at_every_byte(void **state)
{
    struct store *store = *state;
    const char *sids[CUTS_MAX] = {session_with_three_events(store)};
    size_t cuts = last_line_bytes(store, sids[0]);
    cuts = cuts < CUTS_MAX ? cuts : CUTS_MAX - 1;
    for (size_t cut = 2; cut < cuts; cut++)
        sids[cut] = session_with_three_events(store);
    driver_stop(store_driver(store));
    for (size_t cut = 2; cut < cuts; cut++) {
        store_cut_off(store, sids[cut], cut);
        store_damage(store, sids[cut], TORN, store_declares(store, "store.torn_tail=skip"));
    }
    store_start_again(store);
    for (size_t cut = 2; cut < cuts; cut++)
        append_after_damage(store, sids[cut], true);
}

/* All of the event is there but its newline: it may be kept or dropped, the next one may not be glued to it. */
static void only_the_newline_is_missing(void **state)
{
    struct store *store = *state;
    const char *sid = session_with_three_events(store);
    driver_stop(store_driver(store));
    store_cut_off(store, sid, 1);
    store_damage(store, sid, TORN, false);
    store_start_again(store);
    append_after_damage(store, sid, true);
}

static void zeros_follow_the_last_line(void **state)
{
    struct store *store = *state;
    const char *sid = session_with_three_events(store);
    driver_stop(store_driver(store));
    int fd = store_open_file(store, sid, STORE_EVENTS);
    static const char zeros[ZEROS];
    if (lseek(fd, 0, SEEK_END) < 0 || write(fd, zeros, ZEROS) != ZEROS || close(fd))
        error_of_environment("the session's file cannot be written");
    if (store_declares(store, "store.torn_tail=skip"))
        store_damage(store, sid, TORN + 1, true);
    store_start_again(store);
    append_after_damage(store, sid, false);
}

static void an_intact_file_goes_on(void **state)
{
    struct store *store = *state;
    const char *sid = session_with_three_events(store);
    store_restart(store);
    expect_integer((int64_t)store_append(store, sid, store_event(store, NULL)), TORN + 1, "the next number");
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "A torn tail neither swallows the next event nor repeats a number",
    .level = MUST,
    .origins = {"OAS-1", "ALICE"},
    .needs = NEEDS_FILES,
    .cases =
        {
            CASE(cut_at_every_byte),
            CASE(only_the_newline_is_missing),
            CASE(zeros_follow_the_last_line),
            CONTROL(an_intact_file_goes_on),
        },
};
