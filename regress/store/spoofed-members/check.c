/* The store's own members are the store's: a payload that carries "seq" or "ts" gets them replaced, and a line never
 * has two of them, however the name is spelt. */
#include "check.h"
#include "store/store.h"

#include <string.h>

static const char *const spoofs[] = {
    "{\"type\":\"user.message\",\"text\":\"d1\",\"seq\":999}",
    "{\"seq\":-1,\"type\":\"user.message\",\"text\":\"d2\",\"ts\":\"1970-01-01T00:00:00Z\"}",
    "{\"type\":\"user.message\",\"seq\":{\"seq\":[7]},\"text\":\"x\"}",
    "{\"type\":\"user.message\",\"text\":\"d4\",\"\\u0073eq\":999,\"t\\u0073\":0}",
    "{\"type\":\"user.message\",\"text\":\"\\\"seq\\\":999\",\"in\":{\"seq\":999,\"ts\":1}}",
};
enum { SPOOFS = sizeof spoofs / sizeof *spoofs };

static size_t count_members(const struct json *event, const char *name)
{
    size_t count = 0;

    for (const struct json *member = event->child; member; member = member->next)
        count += !strcmp(member->name, name);
    return count;
}

/* Whether `stored` has the very value that the caller sent under the name. */
static bool keeps_member(const struct json *stored, const char *event, const char *name)
{
    const struct json *caller = json_read_event(event, strlen(event), NULL);
    const struct json *sent_value = json_get(caller, name), *value = json_get(stored, name);
    bool kept = sent_value && value && json_equal(sent_value, value);

    json_free(caller);
    return kept;
}

static void the_stores_time_wins(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    for (int i = 0; i < SPOOFS; i++)
        store_append(store, sid, spoofs[i]);
    struct store_events events = store_read(store, sid);
    expect_integer((int64_t)events.count, SPOOFS, "events read");
    for (int i = 0; i < SPOOFS; i++) {
        expect(!keeps_member(events.events[i], spoofs[i], "ts"), WRONG, "the store's own \"ts\", or none",
               "the caller's: %.300s", events.texts[i]);
        expect(count_members(events.events[i], "ts") < 2, WRONG, "no second \"ts\"", "%.300s", events.texts[i]);
    }
    store_events_free(&events);
}

static void the_stores_number_wins(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    uint64_t numbers[SPOOFS];

    for (int i = 0; i < SPOOFS; i++) {
        numbers[i] = store_append(store, sid, spoofs[i]);
        expect_next_number(store, numbers[i], i ? numbers[i - 1] : 0, "sequence number");
    }
    struct store_events events = store_read(store, sid);
    expect_integer((int64_t)events.count, SPOOFS, "events read");
    for (int i = 0; i < SPOOFS; i++) {
        expect(events.events[i], WRONG, "strict JSON, no member twice", "%.300s", events.texts[i]);
        expect_integer((int64_t)count_members(events.events[i], "seq"), 1, "members named seq:");
        int64_t seq = 0;
        json_get_integer(events.events[i], "seq", &seq);
        expect_integer(seq, (int64_t)numbers[i], "the number on the line");
    }
    expect_sound_history(store, sid);
}

/* JSON names are case-sensitive: "SEQ" is somebody else's member and stays. */
static void names_are_not_folded(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append(store, sid, "{\"type\":\"user.message\",\"text\":\"e1\",\"SEQ\":999,\"Ts\":\"mine\",\"TYPE\":0}");
    expect_sound_history(store, sid);
}

/* Two members of one name have no meaning that all readers share: refused, or one of them kept. */
static void duplicate_members_are_refused_or_made_one(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_try_append(store, sid, "{\"type\":\"user.message\",\"seq\":5,\"seq\":6,\"text\":\"a\",\"text\":\"b\"}");
    store_append(store, sid, store_event(store, NULL));
    struct store_events events = store_read(store, sid);
    for (size_t i = 0; i < events.count; i++)
        expect(events.events[i], WRONG, "strict JSON, no member twice", "%.300s", events.texts[i]);
    store_events_free(&events);
    expect_sound_history(store, sid);
}

static void an_honest_event_is_numbered(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    expect_next_number(store, store_append(store, sid, store_event(store, NULL)), 0, "sequence number");
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "A payload cannot set the store's own members",
    .level = MUST,
    .tags = {"security"},
    .origins = {"OAS-1", "RFC 8259 4"},
    .needs = {"own_numbers"},
    .cases =
        {
            CASE(the_stores_number_wins),
            CASE(the_stores_time_wins),
            CASE(names_are_not_folded),
            CASE(duplicate_members_are_refused_or_made_one),
            CONTROL(an_honest_event_is_numbered),
        },
};
