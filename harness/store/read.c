/* What a session holds: read through the driver in pages, and judged. */
#include "base/xalloc.h"
#include "check.h"
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAGE_EVENTS_MAX = 1000,
    PAGE_BYTES_MAX = 8 << 20, /* so that a page stays far below a driver's line */
    READ_EVENTS_MAX = 1 << 20,
};

static uint64_t begin_page(struct store *store, const char *sid, int64_t after, int64_t limit)
{
    struct text params;
    struct json_writer writer = store_open_params(&params, sid);

    json_member_integer(&writer, "after", after);
    json_member_integer(&writer, "limit", limit);
    json_close(&writer, '}');
    uint64_t call = driver_send(store->driver, "store.read", &params);
    text_free(&params);
    return call;
}

static struct answer end_page(struct store *store, uint64_t call)
{
    return driver_wait(store->driver, call, STORE_CALL_MS);
}

struct answer store_try_read(struct store *store, const char *sid)
{
    return end_page(store, begin_page(store, sid, 0, PAGE_EVENTS_MAX));
}

/* A target may claim to hold any number of events of any size. */
static void keep_within_bounds(const struct store_events *events)
{
    if (events->count >= READ_EVENTS_MAX || events->memory_bytes > DRIVER_KEPT_MAX_BYTES)
        error_of_target("store.read gave more than %d events, or %d MiB of them", READ_EVENTS_MAX,
                        (int)(DRIVER_KEPT_MAX_BYTES >> 20));
}

static void add_event(struct store_events *events, const struct json *text)
{
    expect(text->type == JSON_STRING, WRONG, "every event as a string", "%.*s", (int)text->raw_bytes, text->raw);
    const struct json *event = json_read_event(text->string, text->string_bytes, NULL);
    events->memory_bytes += event ? json_memory_bytes(event) : 0;
    events->texts[events->count] = text->string;
    events->events[events->count++] = event;
}

static void add_events(struct store_events *events, const struct json *page)
{
    if (!page || page->type != JSON_ARRAY)
        fail_case(WRONG, "a member \"events\", an array", page ? "something else" : "none",
                  "store.read answered without a list of events");
    size_t room = events->count + page->count + 1;
    events->texts = xalloc_resize(events->texts, room, sizeof *events->texts);
    events->events = xalloc_resize(events->events, room, sizeof *events->events);
    for (const struct json *text = page->child; text; text = text->next) {
        keep_within_bounds(events);
        add_event(events, text);
    }
}

/* As many events as fit a page, by the largest that was sent so far. */
static int64_t page_limit(const struct store *store)
{
    int64_t limit = PAGE_BYTES_MAX / (int64_t)(store->shared->biggest_event_bytes + 256);

    return limit < 1 ? 1 : limit > PAGE_EVENTS_MAX ? PAGE_EVENTS_MAX : limit;
}

uint64_t store_begin_read(struct store *store, const char *sid)
{
    return begin_page(store, sid, 0, page_limit(store));
}

/* A target may give less than a page holds, so the end is where a page is empty. */
struct store_events store_end_read(struct store *store, const char *sid, uint64_t call)
{
    struct store_events events = {0};
    struct history_read read = {.sid = sid};

    for (int64_t after = 0;;) {
        size_t before = events.count;
        struct answer answer = end_page(store, call);

        read.invoked_ns = read.invoked_ns ? read.invoked_ns : answer.sent_ns;
        read.ended_ns = answer.answered_ns;
        add_events(&events, json_get(store_must(answer, "store.read"), "events"));
        if (events.count == before)
            break;
        int64_t last = after;
        bool grows = json_get_integer(events.events[events.count - 1], "seq", &after) && after > last;
        expect(grows, WRONG, "a page of store.read whose last number is above the one it was asked to start after",
               "%.300s", events.texts[events.count - 1]);
        call = begin_page(store, sid, after, page_limit(store));
    }
    read.events = events.texts;
    read.count = events.count;
    history_add_read(store->shared->history, &read);
    return events;
}

struct store_events store_read(struct store *store, const char *sid)
{
    return store_end_read(store, sid, store_begin_read(store, sid));
}

void store_events_free(struct store_events *events)
{
    for (size_t i = 0; i < events->count; i++)
        json_free(events->events[i]);
    free(events->events);
    free(events->texts);
    *events = (struct store_events){0};
}

/* ---- the judgement ---- */

void store_damage(struct store *store, const char *sid, uint64_t seq, bool line_may_stay)
{
    history_damage(store->shared->history, sid, seq);
    store->shared->torn_lines += line_may_stay;
}

void store_stimulus(struct store *store, const char *format, ...)
{
    struct text text;
    va_list arguments;

    text_init(&text, 4096);
    va_start(arguments, format);
    text_vaddf(&text, format, arguments);
    va_end(arguments);
    store->shared->stimulus = store_keep(store, text.bytes);
    text_free(&text);
}

void expect_sound_history(struct store *store, const char *sid)
{
    struct shared *shared = store->shared;
    struct history_rules rules = {.gaps = store_declares(store, "store.gaps=yes"),
                                  .given = store_declares(store, "store.seq=caller"),
                                  .typed = store_declares(store, "store.events=typed"),
                                  .torn_lines = shared->torn_lines};
    struct text file = {0}, why;

    text_init(&why, 16 << 10);
    if (store_has_file(store, STORE_EVENTS)) {
        file = store_file(store, sid, STORE_EVENTS);
    } else {
        struct store_events events = store_read(store, sid);

        store_events_free(&events);
    }
    enum history_verdict verdict = history_judge(shared->history, sid, file.bytes, file.length, &rules, &why);
    free(file.bytes);
    bool race = verdict != HISTORY_SOUND && store_may_repeat(store);
    if (race)
        expect_sound_history(store, store_repeat_in_turn(store, sid));
    if (shared->stimulus)
        sent("%s", shared->stimulus);
    else
        sent("%s", race                 ? "appends that overlapped, see below; one after the other they are right"
                   : shared->in_turn    ? "appends one after the other, which had overlapped in another session"
                   : shared->overlapped ? "appends, of which some overlapped"
                                        : "appends one after the other");
    expect_at(history_never(verdict) ? MUST : LEVEL_OF_CHECK);
    expect(verdict == HISTORY_SOUND, race ? RACE : WRONG,
           "every acknowledged append once, on a line of its own, in the order of the numbers 1, 2, 3, …", "%s",
           why.bytes);
    expect_at(LEVEL_OF_CHECK);
    text_free(&why);
}

void store_require_acknowledged(struct store *store, const char *sid, size_t appends)
{
    struct history_figures figures = history_figures(store->shared->history, sid);

    if (figures.acknowledged < appends)
        not_applicable("of %zu appends %zu were acknowledged, too few to show anything: it takes %zu", figures.appends,
                       figures.acknowledged, appends);
}

void store_require_overlap(struct store *store, const char *sid, size_t appends)
{
    struct history_figures figures = history_figures(store->shared->history, sid);

    if (figures.overlapped < appends)
        not_applicable("of %zu appends %zu were acknowledged, and %zu of these overlapped another one, too few to show "
                       "anything: it takes %zu",
                       figures.appends, figures.acknowledged, figures.overlapped, appends);
}
