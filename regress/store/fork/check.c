/* A fork takes the events up to its head, all at once: renumbered from 1, without those that belong to the parent's own
 * course, and without disturbing the parent. */
#include "check.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

enum { BEFORE = 12, HEAD = 10, WINDOW = 8, ROUNDS = 10, FORKS = 3 };

/* Of ten events these stay: number 1, 3, 4, 6, 8, 9 and 10. */
static const char *const types[BEFORE] = {
    "user.message", "system.init",  "assistant.message", "tool.use",          "session.checkpoint", "tool.result",
    "result",       "user.message", "x.unknown",         "assistant.message", "user.message",       "user.message",
};
static const int staying[] = {1, 3, 4, 6, 8, 9, 10};
enum { STAYING = sizeof staying / sizeof *staying };

static uint64_t append_typed(struct store *store, const char *sid, int number, const char *type)
{
    char event[256];

    snprintf(event, sizeof event, "{\"type\":\"%s\",\"text\":\"f%d text\",\"n\":{\"deep\":[%d]}}", type, number,
             number);
    return store_append_typed(store, sid, event);
}

struct parent {
    const char *sid;
    uint64_t
        numbers[BEFORE]; /* as they were answered, since a target may leave some out; 0: refused, see typed stores */
    size_t staying;      /* of those that stay, so many were not refused */
};

static struct parent parent_with_events(struct store *store)
{
    struct parent parent = {.sid = store_create(store)};

    for (int i = 0; i < BEFORE; i++)
        parent.numbers[i] = append_typed(store, parent.sid, i + 1, types[i]);
    for (int i = 0; i < STAYING; i++)
        parent.staying += parent.numbers[staying[i] - 1] != 0;
    return parent;
}

/* A store that knows its types keeps the text of messages. */
static bool keeps_text(struct store *store, const char *type)
{
    return !store_declares(store, "store.events=typed") || strstr(type, ".message");
}

/* Returns the last number. */
static uint64_t expect_cut(struct store *store, const struct parent *parent, const char *child)
{
    uint64_t last = 0;
    struct store_events events = store_read(store, child);
    const struct json **event = events.events;

    expect_integer((int64_t)events.count, (int64_t)parent->staying, "events of the fork:");
    for (int i = 0; i < STAYING; i++) {
        const char *type = types[staying[i] - 1];
        char text[16];
        int64_t seq = 0;

        if (!parent->numbers[staying[i] - 1])
            continue;
        snprintf(text, sizeof text, "f%d text", staying[i]);
        expect_text(json_get_string(*event, "type"), type, "the forked event's type");
        if (keeps_text(store, type))
            expect_text(json_get_string(*event, "text"), text, "its text");
        json_get_integer(*event++, "seq", &seq);
        expect_next_number(store, (uint64_t)seq, last, "its number");
        last = (uint64_t)seq;
    }
    store_events_free(&events);
    return last;
}

static void a_fork_cuts_filters_and_renumbers(void **state)
{
    struct store *store = *state;
    struct parent parent = parent_with_events(store);
    const char *child = store_fork(store, parent.sid, parent.numbers[HEAD - 1]);

    expect(strcmp(parent.sid, child) != 0, WRONG, "a new session", "the parent's id");
    uint64_t last = expect_cut(store, &parent, child);
    expect_next_number(store, store_append(store, child, store_event(store, NULL)), last, "the fork's next number");
    expect_sound_history(store, parent.sid);
    store_restart(store);
    expect_integer((int64_t)store_read(store, child).count, (int64_t)parent.staying + 1,
                   "events of the fork after a restart:");
}

static uint64_t begin_fork(struct store *store, const char *sid, uint64_t head)
{
    struct text params;

    text_init(&params, 256);
    text_addf(&params, "{\"sid\":\"%s\",\"head\":%llu}", sid, (unsigned long long)head);
    uint64_t call = driver_send(store_driver(store), "store.fork", &params);
    text_free(&params);
    return call;
}

/* The child shows a front of the parent, event for event, numbered 1, 2, 3, … */
static void expect_front(struct store *store, const char *child, const struct store_events *parent, size_t least,
                         size_t most, enum how how)
{
    struct store_events fork = store_read(store, child);

    expect(fork.count >= least, how, "all that was acknowledged before the fork", "%zu events, not at least %zu",
           fork.count, least);
    expect(fork.count <= most, how, "nothing beyond the head of the fork", "%zu events, not at most %zu", fork.count,
           most);
    for (size_t i = 0; i < fork.count; i++) {
        int64_t seq = 0;

        json_get_integer(fork.events[i], "seq", &seq);
        expect(seq == (int64_t)i + 1 || store_declares(store, "store.gaps=yes"), how, "numbers from 1, without a gap",
               "number of the fork's event %zu: %lld", i + 1, (long long)seq);
        expect_text(json_get_string(fork.events[i], "text"), json_get_string(parent->events[i], "text"),
                    "the same event as in the parent,");
    }
    store_events_free(&fork);
}

/* What is wrong while nothing else is under way is no race. */
static void expect_front_at_rest(struct store *store, const char *parent, uint64_t head)
{
    struct store_events whole = store_read(store, parent);
    size_t count = head ? head : whole.count;

    expect_front(store, store_fork(store, parent, head), &whole, count, count, WRONG);
    store_events_free(&whole);
}

/* One round: appends that are under way while the parent is forked. */
struct round {
    size_t before; /* events that were acknowledged before it */
    uint64_t heads[FORKS];
    struct answer forks[FORKS];
};

/* Returns how many of the round's appends were acknowledged. */
static size_t play(struct store *store, const char *parent, struct round *round)
{
    uint64_t appends[WINDOW], forks[FORKS];

    for (int i = 0; i < WINDOW / 2; i++)
        appends[i] = store_begin_append(store, parent, store_event(store, NULL));
    for (int i = 0; i < FORKS; i++)
        forks[i] = begin_fork(store, parent, round->heads[i]);
    for (int i = WINDOW / 2; i < WINDOW; i++)
        appends[i] = store_begin_append(store, parent, store_event(store, NULL));
    for (int i = 0; i < FORKS; i++)
        round->forks[i] = driver_wait(store_driver(store), forks[i], 20000);
    size_t acknowledged = 0;
    for (int i = 0; i < WINDOW; i++)
        acknowledged += store_end_append(store, appends[i]).outcome == ACKNOWLEDGED;
    return acknowledged;
}

/* A head that is not there yet may be refused, or cut where the parent ends. */
static void judge(struct store *store, const char *parent, const struct round *round)
{
    struct store_events whole = store_read(store, parent);

    for (int i = 0; i < FORKS; i++) {
        uint64_t head = round->heads[i];
        const char *child = json_get_string(round->forks[i].result, "sid");
        bool refused = round->forks[i].outcome != ACKNOWLEDGED;

        expect(child || (refused && head > round->before), RACE, "a fork", "%s",
               refused ? round->forks[i].message : "no id");
        if (child)
            expect_front(store, child, &whole, head && head < round->before ? head : round->before,
                         head ? head : whole.count, RACE);
    }
    store_events_free(&whole);
}

/* All of it, at a head that was there before, and at one that the appends may reach meanwhile. Where numbers have gaps,
 * no head can be foretold. */
static void a_fork_during_appends_is_a_clean_cut(void **state)
{
    struct store *store = *state;
    const char *parent = store_create(store);
    bool gaps = store_declares(store, "store.gaps=yes");
    size_t before = 0;

    if (store_declares(store, "store.seq=caller"))
        not_applicable("callers give the numbers, so what overlaps need not be there in their order");
    for (; before < WINDOW; before++)
        store_append(store, parent, store_event(store, NULL));
    expect_front_at_rest(store, parent, 0);
    if (!gaps)
        expect_front_at_rest(store, parent, before - 1);
    for (int i = 0; i < ROUNDS; i++) {
        struct round round = {before, {0, gaps ? 0 : before - 1, gaps ? 0 : before + 1}, {{0}}};

        before += play(store, parent, &round);
        judge(store, parent, &round);
    }
    expect_sound_history(store, parent);
    store_require_acknowledged(store, parent, WINDOW + ROUNDS * WINDOW / 2);
}

/* The child is its own: what is appended to one is not seen in the other. */
static void parent_and_fork_go_separate_ways(void **state)
{
    struct store *store = *state;
    struct parent parent = parent_with_events(store);
    const char *child = store_fork(store, parent.sid, parent.numbers[HEAD - 1]);

    store_append(store, parent.sid, store_event(store, "parent"));
    expect_cut(store, &parent, child);
    expect_sound_history(store, parent.sid);
}

static void the_parent_is_untouched(void **state)
{
    struct store *store = *state;
    struct parent parent = parent_with_events(store);

    store_fork(store, parent.sid, 0);
    expect_next_number(store, store_append(store, parent.sid, store_event(store, NULL)), parent.numbers[BEFORE - 1],
                       "the parent's next number");
    expect_sound_history(store, parent.sid);
}

const struct check check = {
    .title = "A fork is a clean, renumbered cut, and leaves its parent alone",
    .level = SHOULD,
    .origins = {"OAS-1"},
    .needs = {"store.fork"},
    .uses = {"own_numbers"},
    .cases =
        {
            CASE(a_fork_cuts_filters_and_renumbers, .level = MUST),
            CASE(a_fork_during_appends_is_a_clean_cut, .level = MUST),
            CASE(parent_and_fork_go_separate_ways, .level = MUST),
            CONTROL(the_parent_is_untouched),
        },
};
