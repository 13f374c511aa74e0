/* What a session must be after a crash. */
#include "check.h"
#include "store_shared.h"

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

/* A target that declares to repair, as most do, has to take the event and to leave no trace of the torn line. */
void expect_recovery(struct store *store, const char *sid)
{
    bool refuses = store_declares(store, "store.torn_tail=refuse");
    bool repairs = !refuses && !store_declares(store, "store.torn_tail=skip");
    struct tail tail = look_at_tail(store, sid);
    if (tail.torn && !repairs)
        store_damage(store, sid, tail.whole_lines + 1, true);
    struct answer answer = store_try_append(store, sid, store_event(store, "after the crash"));
    if (store->shared->stimulus)
        sent("an append after this: %s", store->shared->stimulus);
    bool declared = tail.torn && refuses && answer.outcome == REFUSED;
    expect(answer.outcome == ACKNOWLEDGED || declared, WRONG, "an append that is acknowledged after the crash", "%s",
           answer.message ? answer.message : "no answer");
    expect_sound_history(store, sid);
    if (repairs && store_has_file(store, STORE_TRANSCRIPT))
        expect_transcript(store, sid, WRONG);
}
