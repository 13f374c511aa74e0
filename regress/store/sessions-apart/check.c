/* Sessions do not mix: each counts for itself, and no event lands in another one's file. */
#include "check.h"
#include "store/store.h"
#include "store/watch.h"
#include "supervisor/supervisor.h"

enum { SESSIONS = 64, EACH = 8, HOLD_MS = 60000, ECHO_MS = 2000, ANSWER_MS = 10000 };

/* One client each: what races within a session is the subject of other rooms. */
static void sixty_four_sessions_at_once(void **state)
{
    struct store *store = *state;
    const char *sids[SESSIONS];
    uint64_t calls[SESSIONS];

    for (int i = 0; i < SESSIONS; i++)
        sids[i] = store_create(store);
    for (int round = 0; round < EACH; round++) {
        for (int i = 0; i < SESSIONS; i++)
            calls[i] = store_begin_append(store, sids[i], store_event(store, NULL));
        for (int i = 0; i < SESSIONS; i++)
            store_end_append(store, calls[i]);
    }
    for (int i = 0; i < SESSIONS; i++) {
        struct store_events events = store_read(store, sids[i]); /* is part of the history */

        store_events_free(&events);
        expect_sound_history(store, sids[i]);
        store_require_acknowledged(store, sids[i], EACH / 2);
    }
}

/* A target of one thread that writes synchronously serves nobody while its write is held, and is not told apart from
 * one with a single lock by what becomes of the other session; but it does not answer an echo either. */
static void require_somebody_listening(struct store *store)
{
    struct driver *driver = store_driver(store);
    struct text params;

    text_init(&params, 64);
    text_addf(&params, "{\"text\":\"over\"}");
    bool heard = driver_hears(driver, driver_send(driver, "echo", &params), scaled_ms(ECHO_MS));
    text_free(&params);
    if (!heard)
        not_applicable("the target has one thread, which is in the write that is held");
}

/* A write of one session is held for as long as it takes; meanwhile another session is appended to. */
static void a_slow_session_does_not_hold_up_another(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);
    const char *slow = store_create(store), *quick = store_create(store);

    store_append(store, slow, store_event(store, NULL));
    store_append(store, quick, store_event(store, NULL));
    unsigned held = supervisor_add(supervisor, &(struct supervisor_rule){.kinds = SUPERVISOR_WRITE,
                                                                         .where = store_glob(store, slow),
                                                                         .action = SUPERVISOR_DELAY,
                                                                         .nth = 1,
                                                                         .hold_ms = scaled_ms(HOLD_MS)});
    uint64_t waiting = store_begin_append(store, slow, store_event(store, "slow"));
    if (!supervisor_wait_fired(supervisor, held, 1, scaled_ms(ECHO_MS)))
        not_applicable("no writes to the session's files can be seen");
    require_somebody_listening(store);
    uint64_t passing = store_begin_append(store, quick, store_event(store, "quick"));
    bool passed = driver_hears(store_driver(store), passing, scaled_ms(ANSWER_MS));
    bool in_time = !driver_hears(store_driver(store), waiting, 0);
    supervisor_remove(supervisor, held);
    store_end_append(store, waiting);
    store_end_append(store, passing);
    sent("an append to one session while a write of another one is held");
    expect(passed || !in_time, WRONG, "an append that is acknowledged while another session is slow",
           "no answer before that session's write was let go");
    expect_sound_history(store, slow);
    expect_sound_history(store, quick);
}

static void one_session_by_itself(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append_concurrently(&store, 1, sid, 1, EACH, 16);
    expect_sound_history(store, sid);
    store_require_acknowledged(store, sid, 1);
}

static void two_sessions_in_turns(void **state)
{
    struct store *store = *state;
    const char *one = store_create(store), *two = store_create(store);
    uint64_t last_of_one = 0, last_of_two = 0;

    for (int turn = 0; turn < 3; turn++) {
        uint64_t seq = store_append(store, one, store_event(store, NULL));

        expect_next_number(store, seq, last_of_one, "the first one's number");
        last_of_one = seq;
        seq = store_append(store, two, store_event(store, NULL));
        expect_next_number(store, seq, last_of_two, "the second one's number");
        last_of_two = seq;
    }
    expect_sound_history(store, one);
    expect_sound_history(store, two);
}

const struct check check = {
    .title = "Sessions count for themselves and do not mix",
    .level = SHOULD,
    .origins = {"OAS-1"},
    .cases =
        {
            CASE(sixty_four_sessions_at_once, .level = MUST),
            CASE(a_slow_session_does_not_hold_up_another),
            CASE(two_sessions_in_turns, .level = MUST),
            CONTROL(one_session_by_itself),
        },
};
