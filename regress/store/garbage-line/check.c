/* One line in the middle is no JSON any more. Whatever the target does about it, it does not forget where it was: no
 * number is given a second time. */
#include "check.h"
#include "store/store.h"

#include <string.h>
#include <unistd.h>

enum { EVENTS = 5, SPOILT = 3 };

struct spoilt {
    const char *sid;
    uint64_t numbers[EVENTS]; /* as they were answered, since a target may leave some out */
};

/* Overwrites a line, and leaves its newline where it was. */
static void spoil_line(struct store *store, const struct spoilt *spoilt)
{
    const char *sid = spoilt->sid;
    struct text file = store_file(store, sid, STORE_EVENTS);
    char *line = file.bytes;

    for (int i = 1; i < SPOILT; i++)
        line = strchr(line, '\n') + 1;
    size_t bytes = strcspn(line, "\n");
    memset(line, '#', bytes);
    int fd = store_open_file(store, sid, STORE_EVENTS);
    if (pwrite(fd, line, bytes, line - file.bytes) != (ssize_t)bytes || close(fd))
        error_of_environment("the session's file cannot be written");
    text_free(&file);
    store_damage(store, sid, spoilt->numbers[SPOILT - 1], true);
}

static struct spoilt spoilt_session(struct store *store)
{
    struct spoilt spoilt = {.sid = store_create(store)};

    for (int i = 0; i < EVENTS; i++)
        spoilt.numbers[i] = store_append(store, spoilt.sid, store_event(store, NULL));
    driver_stop(store_driver(store));
    spoil_line(store, &spoilt);
    store_start_again(store);
    return spoilt;
}

static void an_append_is_refused_or_goes_on_counting(void **state)
{
    struct store *store = *state;
    struct spoilt spoilt = spoilt_session(store);
    struct answer answer = store_try_append(store, spoilt.sid, store_event(store, NULL));
    int64_t last = (int64_t)spoilt.numbers[EVENTS - 1], seq = last + 1;

    if (answer.outcome == ACKNOWLEDGED)
        seq = (int64_t)store_number(store, spoilt.sid, &answer);
    expect(seq == last + 1 || (seq > last && store_declares(store, "store.gaps=yes")), WRONG,
           "an error, or sequence number 6", "%lld", (long long)seq);
    expect_sound_history(store, spoilt.sid);
}

static struct answer try_page(struct store *store, const char *sid, int64_t after)
{
    struct text params;

    text_init(&params, 256);
    text_addf(&params, "{\"sid\":\"%s\",\"after\":%lld}", sid, (long long)after);
    struct answer answer = store_try(store, "store.read", &params);
    text_free(&params);
    return answer;
}

/* Adds the numbers of a page to those that were shown; what is no event has none. Returns the last one. */
static int64_t add_numbers(struct text *shown, const struct json *events, int64_t last)
{
    for (const struct json *text = events ? events->child : NULL; text; text = text->next) {
        int64_t seq;
        const struct json *event = text->string ? json_read_event(text->string, text->string_bytes, NULL) : NULL;

        if (json_get_integer(event, "seq", &seq)) {
            text_addf(shown, " %lld", (long long)seq);
            last = seq > last ? seq : last;
        }
        json_free(event);
    }
    return last;
}

/* A page may hold a single event, so the end is where one brings no higher number. An error on any page says so. */
static void a_read_says_so_or_shows_the_others(void **state)
{
    struct store *store = *state;
    struct spoilt spoilt = spoilt_session(store);
    struct text shown, whole;

    text_init(&shown, 4096);
    text_init(&whole, 4096);
    for (int i = 0; i < EVENTS; i++)
        if (i != SPOILT - 1)
            text_addf(&whole, " %llu", (unsigned long long)spoilt.numbers[i]);
    struct answer answer;
    int64_t last = 0, before;
    do {
        before = last;
        answer = try_page(store, spoilt.sid, last);
        last = add_numbers(&shown, json_get(answer.result, "events"), last);
    } while (last > before);
    sent("reads of a log whose line %d of %d is garbage", SPOILT, EVENTS);
    expect(answer.outcome != ACKNOWLEDGED || !strcmp(shown.bytes, whole.bytes), WRONG,
           "an error, or the four events that are whole, under their own numbers", "events%s, and no error",
           shown.bytes);
    text_free(&shown);
    text_free(&whole);
}

static void an_intact_log_is_read(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    for (int i = 0; i < EVENTS; i++)
        store_append(store, sid, store_event(store, NULL));
    store_restart(store);
    expect_integer((int64_t)store_read(store, sid).count, EVENTS, "events read");
}

const struct check check = {
    .title = "A garbage line in the middle makes no number come twice",
    .level = SHOULD,
    .origins = {"OAS-1"},
    .needs = {"files"},
    .cases =
        {
            CASE(an_append_is_refused_or_goes_on_counting, .level = MUST),
            CASE(a_read_says_so_or_shows_the_others, .level = MUST),
            CONTROL(an_intact_log_is_read),
        },
};
