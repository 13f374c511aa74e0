/* Updating metadata is one step: changes that overlap are all kept, and a kill leaves the old or the new, never half.
 */
#include "check.h"
#include "store.h"

#include <stdio.h>
#include <string.h>

enum { WRITERS = 8, ROUNDS = 12, KILLS = 8, BIG = 20000 };

static uint64_t begin_patch(struct store *store, const char *sid, const char *key, const char *value)
{
    struct text params;
    text_init(&params, 1 << 20);
    text_addf(&params, "{\"sid\":\"%s\",\"patch\":{\"%s\":\"%s\"}}", sid, key, value);
    uint64_t call = driver_send(store_driver(store), "store.metadata", &params);
    text_free(&params);
    return call;
}

static void overlapping_updates_are_all_kept(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t calls[WRITERS];
        char key[32], value[32];
        snprintf(value, sizeof value, "round %d", round);
        for (int i = 0; i < WRITERS; i++) {
            snprintf(key, sizeof key, "key%d", i);
            calls[i] = begin_patch(store, sid, key, value);
        }
        for (int i = 0; i < WRITERS; i++) {
            struct answer answer = driver_wait(store_driver(store), calls[i], 20000);
            expect(answer.outcome == ACKNOWLEDGED, RACE, "all eight updates acknowledged", "%s", answer.message);
        }
        const struct json *metadata = store_metadata(store, sid, NULL);
        for (int i = 0; i < WRITERS; i++) {
            snprintf(key, sizeof key, "key%d", i);
            const char *kept = json_get_string(metadata, key);
            expect(kept && !strcmp(kept, value), RACE, "all eight updates that were acknowledged", "%s is %s", key,
                   kept ? kept : "missing");
        }
    }
}

/* The updates are large, so that a store which writes in place has something to be caught at. */
static void a_kill_leaves_the_old_or_the_new(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    static char value[BIG + 1];
    memset(value, 'a', BIG);
    store_metadata(store, sid, "{\"first\":\"kept\"}");
    for (int kill = 0; kill < KILLS; kill++) {
        value[0] = (char)('a' + kill);
        for (int i = 0; i < WRITERS; i++)
            begin_patch(store, sid, "big", value);
        store_kill(store);
        store_start_again(store);
        const struct json *metadata = store_metadata(store, sid, NULL);
        expect_text(json_get_string(metadata, "first"), "kept", "the member of before the kill");
        const char *big = json_get_string(metadata, "big");
        expect(!big || strlen(big) == BIG, WRONG, "the old value or the new one, whole", "%zu of %d characters",
               big ? strlen(big) : 0, BIG);
    }
}

static void updates_one_after_the_other(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    store_metadata(store, sid, "{\"a\":\"1\",\"b\":\"2\"}");
    store_metadata(store, sid, "{\"b\":\"3\",\"c\":{\"d\":[]}}");
    store_restart(store);
    const struct json *metadata = store_metadata(store, sid, NULL);
    expect_text(json_get_string(metadata, "a"), "1", "a");
    expect_text(json_get_string(metadata, "b"), "3", "b");
    expect(json_get(json_get(metadata, "c"), "d"), WRONG, "the nested member", "%.*s", (int)metadata->raw_bytes,
           metadata->raw);
}

const struct check check = {
    .title = "Metadata updates are whole and none is lost",
    .level = SHOULD,
    .origins = {"OAS-1"},
    .needs = NEEDS_METADATA,
    .cases =
        {
            CASE(overlapping_updates_are_all_kept),
            CASE(a_kill_leaves_the_old_or_the_new),
            CONTROL(updates_one_after_the_other),
        },
};
