/* What is no Unicode text is refused without using up a number, or stored so that the file stays strict UTF-8 JSON. */
#include "check.h"
#include "store/store.h"

#include <string.h>

static const char *const surrogates[] = {
    "{\"type\":\"user.message\",\"text\":\"\\ud800\"}",
    "{\"type\":\"user.message\",\"text\":\"\\udc00\\ud800\"}",
    "{\"type\":\"user.message\",\"text\":\"\\ud800\\u0041\"}",
    "{\"type\":\"user.message\",\"text\":\"s4\",\"\\udfff\":1}",
};

static const struct {
    const char *bytes;
    const char *what;
} broken[] = {
    {"\xff\xfe", "bytes that never occur in UTF-8"},
    {"\xc3", "a sequence that is cut short"},
    {"\xc0\xaf", "an overlong slash"},
    {"\xed\xa0\x80", "a surrogate in UTF-8"},
    {"\xf4\x90\x80\x80", "a code point above U+10FFFF"},
    {"\x80", "a continuation byte by itself"},
};

/* Around each of them stands an ordinary append: its number shows whether one was used up. After an error that promises
 * nothing the event may be there all the same; whether it is, the judge of the history finds in the file. */
static int64_t append_after(struct store *store, const char *sid, struct answer answer, int64_t last)
{
    if (answer.outcome == ACKNOWLEDGED)
        last = (int64_t)store_number(store, sid, &answer);
    int64_t seq = (int64_t)store_append(store, sid, store_event(store, NULL));
    int64_t most = last + (answer.outcome == UNKNOWN ? 2 : 1);
    expect((seq > last && seq <= most) || store_declares(store, "store.gaps=yes"), WRONG,
           "the number after the last one that was given", "number of the event after it: %lld, the last one was %lld",
           (long long)seq, (long long)last);
    return seq;
}

static void lone_surrogates_use_up_no_number(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    int64_t last = 0;

    for (size_t i = 0; i < sizeof surrogates / sizeof *surrogates; i++)
        last = append_after(store, sid, store_try_append(store, sid, surrogates[i]), last);
    store_restart(store);
    append_after(store, sid, (struct answer){.outcome = REFUSED}, last);
    expect_sound_history(store, sid);
}

/* Whoever acknowledges such an event has stored it as it came, and shows it so: an escape for an escape. */
static void lone_surrogates_come_back_or_are_refused(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    for (size_t i = 0; i < sizeof surrogates / sizeof *surrogates; i++)
        store_try_append(store, sid, surrogates[i]);
    store_append(store, sid, store_event(store, NULL));
    struct store_events events = store_read(store, sid);
    store_events_free(&events);
    expect_sound_history(store, sid);
}

static void broken_utf8_uses_up_no_number(void **state)
{
    struct store *store = *state;

    if (!store_has_feature(store, "raw_events"))
        not_applicable("the driver does not list the feature raw_events, so no such bytes can reach the store");
    const char *sid = store_create(store);
    int64_t last = 0;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        char event[128] = "{\"type\":\"user.message\",\"text\":\"";

        strcat(strcat(event, broken[i].bytes), "\"}");
        struct answer answer = store_try_append_bytes(store, sid, event, strlen(event));
        sent("%s in a string, as raw bytes", broken[i].what);
        expect(answer.outcome != ACKNOWLEDGED, WRONG, "an error", "an acknowledgement");
        last = append_after(store, sid, answer, last);
    }
    expect_sound_history(store, sid);
}

static void what_is_no_event_uses_up_no_number(void **state)
{
    static const char *const wrong[] = {"",
                                        "{",
                                        "[]",
                                        "null",
                                        "3",
                                        "\"text\"",
                                        "{\"type\":\"user.message\"} {}",
                                        "{\"type\":\"user.message\",}",
                                        "{'type':'user.message'}"};
    struct store *store = *state;
    const char *sid = store_create(store);
    int64_t last = 0;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct answer answer = store_try_append(store, sid, wrong[i]);

        expect(answer.outcome != ACKNOWLEDGED, WRONG, "an error for what is no JSON object", "an acknowledgement");
        last = append_after(store, sid, answer, last);
    }
    expect_sound_history(store, sid);
}

static void a_surrogate_pair_is_stored(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append(store, sid, "{\"type\":\"user.message\",\"text\":\"\\ud83d\\ude00\"}");
    expect_text(json_get_string(store_read(store, sid).events[0], "text"), "\xf0\x9f\x98\x80", "the text");
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "What is no Unicode text, or no event, uses up no number",
    .level = MUST,
    .origins = {"OAS-1", "RFC 8259 8.1", "RFC 3629 3"},
    .uses = {"raw_events"},
    .cases =
        {
            CASE(lone_surrogates_use_up_no_number),
            CASE(lone_surrogates_come_back_or_are_refused),
            CASE(broken_utf8_uses_up_no_number),
            CASE(what_is_no_event_uses_up_no_number),
            CONTROL(a_surrogate_pair_is_stored),
        },
};
