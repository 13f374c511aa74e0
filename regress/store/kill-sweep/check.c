/* The target is killed before, within and after each write, sync and rename that some clients bring about, one kill
 * after the other until there is no call left to be killed at. Started again, it holds all that it has acknowledged. */
#include "check.h"
#include "store/store.h"
#include "supervisor/supervisor.h"

#include <stdio.h>
#include <string.h>

enum {
    SESSIONS = 2,
    CLIENTS = 3,
    ROUNDS = 2,
    ROUNDS_LONG = 8,
    KILLS_MAX = 200,
    KILLS_LONG_MAX = 2000,
    ACKNOWLEDGEMENTS = 4,
    HOLD_MS = 20,
    CALL_MS = 20000,
    CALLS = SUPERVISOR_WRITE | SUPERVISOR_SYNC | SUPERVISOR_RENAME,
};

/* What is there before the kill, and the id of a session whose creation was acknowledged before it, or empty. */
struct scene {
    const char *sids[SESSIONS];
    char created[64];
};

static struct supervisor *supervise(struct store *store)
{
    if (store_declares(store, "store.durability=D0"))
        not_applicable("the target declares store.durability=D0: what it acknowledges need not survive its process");
    store_ask_durable(store); /* or there is no sync to be killed at */
    return store_supervise(store, CALLS);
}

/* ---- appends, and a session that is made meanwhile ---- */

static void append_and_create(struct store *store, struct scene *scene)
{
    struct driver *driver = store_driver(store);
    int rounds = long_run() ? ROUNDS_LONG : ROUNDS;

    for (int round = 0; round < rounds && !driver_is_dead(driver); round++) {
        uint64_t calls[CLIENTS], creating = 0;

        for (int i = 0; i < CLIENTS; i++)
            calls[i] = store_begin_append(store, scene->sids[i % SESSIONS], store_event(store, "under way"));
        if (round == 0)
            creating = driver_send(driver, "store.create", NULL);
        for (int i = 0; i < CLIENTS; i++)
            store_end_append(store, calls[i]);
        const char *created = creating ? json_get_string(driver_wait(driver, creating, CALL_MS).result, "sid") : NULL;
        if (created)
            snprintf(scene->created, sizeof scene->created, "%s", created);
    }
}

/* One session is read before it is appended to, and one is not: both ways lead to a repair. */
static void judge_sessions(struct store *store, const struct scene *scene)
{
    if (!store_declares(store, "store.torn_tail=refuse")) {
        struct store_events events = store_read(store, scene->sids[0]);

        store_events_free(&events);
    }
    for (int i = 0; i < SESSIONS; i++)
        expect_recovery(store, scene->sids[i]);
    if (scene->created[0])
        expect_recovery(store, scene->created);
}

/* ---- the sweep ---- */

static struct scene set_scene(struct store *store)
{
    struct scene scene = {.created = ""};

    for (int i = 0; i < SESSIONS; i++) {
        scene.sids[i] = store_create(store);
        store_append(store, scene.sids[i], store_event(store, "before"));
    }
    return scene;
}

/* Plays with one rule in force. False: nothing fired, so that the target is alive. */
static bool play_once(struct store *store, const struct supervisor_rule *rule, struct supervisor *supervisor,
                      struct scene *scene)
{
    driver_may_die(store_driver(store));
    unsigned id = supervisor_add(supervisor, rule);
    append_and_create(store, scene);
    supervisor_remove(supervisor, id);
    bool fired = supervisor_fired(supervisor, id) > 0;
    expect(fired || !driver_is_dead(store_driver(store)), CRASH, "a process that goes on serving", "it died by itself");
    if (fired) {
        store_kill(store); /* which it has been already; now it is buried */
        store_start_again(store);
    } else {
        store_restart(store);
    }
    return fired;
}

static void sweep(struct store *store, enum supervisor_action action, const char *when)
{
    struct supervisor *supervisor = supervise(store);
    struct supervisor_rule rule = {.kinds = action == SUPERVISOR_KILL_WITHIN ? SUPERVISOR_WRITE : CALLS,
                                   .where = store_glob(store, NULL),
                                   .action = action};
    const char *what = action == SUPERVISOR_KILL_WITHIN ? "write" : "write, sync or rename";
    uint64_t max = long_run() ? KILLS_LONG_MAX : KILLS_MAX;
    bool fired = true;

    for (rule.nth = 1; fired && rule.nth <= max; rule.nth++) {
        struct scene scene = set_scene(store);

        fired = play_once(store, &rule, supervisor, &scene);
        if (!fired && rule.nth == 1)
            not_applicable("none of the target's calls on its files can be seen");
        store_stimulus(store, "killed %s %s number %d", when, what, (int)rule.nth);
        judge_sessions(store, &scene);
    }
    remark("%u kills survived%s", (unsigned)rule.nth - 1 - !fired,
           fired ? "; the target makes further calls, at which it was not killed" : "");
}

static void killed_before_each_call(void **state)
{
    sweep(*state, SUPERVISOR_KILL_BEFORE, "before");
}

static void killed_in_the_middle_of_each_write(void **state)
{
    sweep(*state, SUPERVISOR_KILL_WITHIN, "in the middle of");
}

static void killed_after_each_call(void **state)
{
    sweep(*state, SUPERVISOR_KILL_AFTER, "right after");
}

/* Each write is held for a while. Who answers before it has been made is killed while it is still held. */
static void killed_at_an_acknowledgement(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = supervise(store);

    for (int i = 0; i < ACKNOWLEDGEMENTS; i++) {
        const char *sid = store_create(store);
        unsigned held = supervisor_add(supervisor, &(struct supervisor_rule){.kinds = SUPERVISOR_WRITE,
                                                                             .where = store_glob(store, NULL),
                                                                             .action = SUPERVISOR_DELAY,
                                                                             .hold_ms = scaled_ms(HOLD_MS)});

        store_append(store, sid, store_event(store, "acknowledged"));
        store_kill(store);
        supervisor_remove(supervisor, held);
        store_start_again(store);
        store_stimulus(store, "killed at the moment of an acknowledgement");
        expect_recovery(store, sid);
    }
}

static void append_and_read(struct store *store, const char *sid)
{
    store_append(store, sid, store_event(store, NULL));
    struct store_events events = store_read(store, sid);
    store_events_free(&events);
}

static void killed_while_nothing_is_done(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    append_and_read(store, sid);
    store_kill(store);
    store_start_again(store);
    append_and_read(store, sid);
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "Killed at any write, sync or rename, the store loses nothing that it acknowledged",
    .level = MUST,
    .origins = {"OAS-1", "ALICE"},
    .needs = {"supervisor"},
    .cases =
        {
            CASE(killed_before_each_call),
            CASE(killed_in_the_middle_of_each_write),
            CASE(killed_after_each_call),
            CASE(killed_at_an_acknowledgement),
            CONTROL(killed_while_nothing_is_done),
        },
};
