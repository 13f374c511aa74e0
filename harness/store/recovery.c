/* What a session must be after a crash. */
#include "check.h"
#include "store/store_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The end of the events before the target touches them again. */
struct tail {
    bool torn; /* the last line has no newline */
    uint64_t whole_lines;
};

static struct tail look_at_tail(struct store *store, const char *sid)
{
    struct tail tail = {0};

    if (!store_has_file(store, STORE_EVENTS) || access(store_path(store, sid, STORE_EVENTS), F_OK))
        return tail; /* some make it with the first event */
    struct text file = store_file(store, sid, STORE_EVENTS);
    tail.torn = file.length > 0 && file.bytes[file.length - 1] != '\n';
    for (size_t i = 0; i < file.length; i++)
        tail.whole_lines += file.bytes[i] == '\n';
    text_free(&file);
    return tail;
}

void expect_next_number(struct store *store, uint64_t actual, uint64_t last, const char *what)
{
    if (actual <= last || !store_declares(store, "store.gaps=yes"))
        expect_integer((int64_t)actual, (int64_t)last + 1, what);
}

bool store_removes_torn_tail(const struct store *store)
{
    return !store_declares(store, "store.torn_tail=refuse") && !store_declares(store, "store.torn_tail=skip");
}

enum { END_SHOWN_BYTES = 400 };

/* A number that is not legal mostly comes from a line that was read wrongly, such as one that was glued to the torn
 * one: the end of the file shows it. */
static void expect_legal_number(struct store *store, const char *sid, bool legal, const char *expected, int64_t seq)
{
    struct text end;

    text_init(&end, 4 * END_SHOWN_BYTES + 100);
    if (!legal && store_has_file(store, STORE_EVENTS)) {
        struct text file = store_file(store, sid, STORE_EVENTS);
        size_t bytes = file.length < END_SHOWN_BYTES ? file.length : END_SHOWN_BYTES;

        text_add(&end, "; the file ends with ");
        text_add_visible(&end, file.bytes + file.length - bytes, bytes, END_SHOWN_BYTES);
        text_free(&file);
    }
    expect(legal, WRONG, expected, "%" PRId64 "%s", seq, end.bytes);
    text_free(&end);
}

uint64_t expect_append_after_damage(struct store *store, const char *sid, uint64_t first, uint64_t last)
{
    struct answer answer = store_try_append(store, sid, store_event(store, "after"));

    if (!store->shared->stimulus)
        store_stimulus(store, "an append to a session whose end had been damaged while the target was not running");
    sent("%s", store->shared->stimulus);
    bool acknowledged = answer.outcome == ACKNOWLEDGED, refuses = store_declares(store, "store.torn_tail=refuse");
    expect(acknowledged || refuses, WRONG, "an acknowledged append", "%s", answer.message);
    int64_t seq = (int64_t)store_number(store, sid, &answer);
    bool right = (seq >= (int64_t)first && seq <= (int64_t)last) || store_declares(store, "store.gaps=yes");
    char legal[96];
    snprintf(legal, sizeof legal, "a sequence number from %" PRIu64 " to %" PRIu64 "%s", first, last,
             refuses ? ", or an error" : "");
    expect_legal_number(store, sid, !acknowledged || right, legal, seq);
    expect_sound_history(store, sid);
    return (uint64_t)seq;
}

/* A target that declares to repair, as most do, has to take the event and to leave no trace of the torn line. One that
 * declares to refuse may do so where the tail is torn, or where nobody can see whether it is. */
void expect_recovery(struct store *store, const char *sid)
{
    bool refuses = store_declares(store, "store.torn_tail=refuse"), repairs = store_removes_torn_tail(store);
    bool seen = store_has_file(store, STORE_EVENTS);
    struct tail tail = look_at_tail(store, sid);

    if (tail.torn && !repairs)
        store_damage(store, sid, tail.whole_lines + 1, true);
    struct answer answer = store_try_append(store, sid, store_event(store, "after the crash"));
    if (store->shared->stimulus)
        sent("an append after this: %s", store->shared->stimulus);
    bool acknowledged = answer.outcome == ACKNOWLEDGED, declared = refuses && (tail.torn || !seen);
    expect(acknowledged || declared, WRONG, "an append that is acknowledged after the crash", "%s",
           answer.message ? answer.message : "no answer");
    if (!acknowledged && !seen)
        return; /* such a session need not be readable either */
    expect_sound_history(store, sid);
    if (repairs && store_has_file(store, STORE_TRANSCRIPT))
        expect_transcript(store, sid);
}
