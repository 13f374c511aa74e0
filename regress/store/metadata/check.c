/* Updating metadata is one step: changes that overlap are all kept, and a kill leaves the old or the new, never half.
 */
#include "check.h"
#include "store/store.h"
#include "supervisor/supervisor.h"

#include <stdio.h>
#include <string.h>

enum {
    WRITERS = 8,
    ROUNDS = 12,
    KILLS_MAX = 40,
    CALLS = SUPERVISOR_WRITE | SUPERVISOR_SYNC | SUPERVISOR_RENAME,
};

static uint64_t begin_patch(struct store *store, const char *sid, const char *key, const char *value)
{
    struct text params;

    text_init(&params, 1 << 20);
    text_addf(&params, "{\"sid\":\"%s\",\"patch\":{\"%s\":\"%s\"}}", sid, key, value);
    uint64_t call = driver_send(store_driver(store), "store.metadata", &params);
    text_free(&params);
    return call;
}

static void expect_all_kept(struct store *store, const char *sid, const char *value, enum how how)
{
    const struct json *metadata = store_metadata(store, sid, NULL);
    char key[32];

    for (int i = 0; i < WRITERS; i++) {
        snprintf(key, sizeof key, "key%d", i);
        const char *kept = json_get_string(metadata, key);
        expect(kept && !strcmp(kept, value), how, "all eight updates that were acknowledged", "%s is %s", key,
               kept ? kept : "missing");
    }
}

/* What fails one after the other, too, is no race. */
static void update_in_turn(struct store *store, const char *sid)
{
    char patch[64];

    for (int i = 0; i < WRITERS; i++) {
        snprintf(patch, sizeof patch, "{\"key%d\":\"in turn\"}", i);
        store_metadata(store, sid, patch);
    }
    expect_all_kept(store, sid, "in turn", WRONG);
}

static void overlapping_updates_are_all_kept(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    update_in_turn(store, sid);
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
        expect_all_kept(store, sid, value, RACE);
    }
}

/* One update with one kill in force. Returns whether it was acknowledged. */
static bool update(struct store *store, const char *sid)
{
    struct text params;

    text_init(&params, 256);
    text_addf(&params, "{\"sid\":\"%s\",\"patch\":{\"state\":\"new\"}}", sid);
    driver_may_die(store_driver(store));
    bool acknowledged = store_try(store, "store.metadata", &params).outcome == ACKNOWLEDGED;
    text_free(&params);
    return acknowledged;
}

static void expect_old_or_new(struct store *store, const char *sid, bool acknowledged)
{
    const struct json *metadata = store_metadata(store, sid, NULL);

    sent("an update of the metadata, killed at one of its writes, syncs and renames");
    const char *state = json_get_string(metadata, "state"), *kept = json_get_string(metadata, "kept");
    bool is_new = state && !strcmp(state, "new"), is_old = state && !strcmp(state, "old");
    expect(is_new || (is_old && !acknowledged), WRONG,
           acknowledged ? "the state \"new\", which was acknowledged" : "the state \"old\" or the state \"new\"", "%s",
           state ? state : "none");
    expect(kept && !strcmp(kept, "yes"), WRONG, "the member that was not touched", "%s", kept ? kept : "none");
}

/* False: nothing fired, so that the target is alive. */
static bool kill_an_update(struct store *store, struct supervisor *supervisor, const struct supervisor_rule *rule)
{
    const char *sid = store_create(store);

    store_metadata(store, sid, "{\"state\":\"old\",\"kept\":\"yes\"}");
    unsigned id = supervisor_add(supervisor, rule);
    bool acknowledged = update(store, sid);
    supervisor_remove(supervisor, id);
    bool fired = supervisor_fired(supervisor, id) > 0;
    expect(fired || !driver_is_dead(store_driver(store)), CRASH, "a process that goes on serving", "it died by itself");
    if (fired) {
        store_kill(store); /* which it has been already; now it is buried */
        store_start_again(store);
    } else {
        store_restart(store);
    }
    expect_old_or_new(store, sid, acknowledged);
    return fired;
}

/* Killed at the first call of an update, at the second, and so on, until it makes fewer calls. */
static unsigned sweep(struct store *store, struct supervisor *supervisor, enum supervisor_action action)
{
    struct supervisor_rule rule = {.kinds = action == SUPERVISOR_KILL_WITHIN ? SUPERVISOR_WRITE : CALLS,
                                   .where = store_glob(store, NULL),
                                   .action = action};

    rule.nth = 1;
    while (rule.nth <= KILLS_MAX && kill_an_update(store, supervisor, &rule))
        rule.nth++;
    return (unsigned)rule.nth - 1;
}

static void metadata_is_old_or_new(void **state)
{
    struct store *store = *state;

    if (store_declares(store, "store.durability=D0"))
        not_applicable("the target declares store.durability=D0: what it acknowledges need not survive its process");
    struct supervisor *supervisor = store_supervise(store, CALLS);
    unsigned kills = sweep(store, supervisor, SUPERVISOR_KILL_BEFORE);
    kills += sweep(store, supervisor, SUPERVISOR_KILL_WITHIN) + sweep(store, supervisor, SUPERVISOR_KILL_AFTER);
    if (kills == 0)
        not_applicable("none of the target's calls on its files can be seen");
    remark("%u kills survived", kills);
}

static void updates_one_after_the_other(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append(store, sid, store_event(store, "a session is more than its metadata"));
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
    .needs = {"store.metadata"},
    .cases =
        {
            CASE(overlapping_updates_are_all_kept),
            CASE(metadata_is_old_or_new),
            CONTROL(updates_one_after_the_other),
        },
};
