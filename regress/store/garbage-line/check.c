/* One line in the middle is no JSON any more. Whatever the target does about it, it does not forget where it was: no
 * number is given a second time. */
#include "check.h"
#include "store.h"

#include <string.h>
#include <unistd.h>

enum { EVENTS = 5, SPOILT = 3 };

/* Overwrites the line of that number, and leaves its newline where it was. */
static void spoil_line(struct store *store, const char *sid, int number)
{
    struct text file = store_file(store, sid, STORE_EVENTS);
    char *line = file.bytes;
    for (int i = 1; i < number; i++)
        line = strchr(line, '\n') + 1;
    size_t bytes = strcspn(line, "\n");
    memset(line, '#', bytes);
    int fd = store_open_file(store, sid, STORE_EVENTS);
    if (pwrite(fd, line, bytes, line - file.bytes) != (ssize_t)bytes || close(fd))
        error_of_environment("the session's file cannot be written");
    text_free(&file);
    store_damage(store, sid, (uint64_t)number, true);
}

static const char *spoilt_session(struct store *store)
{
    const char *sid = store_create(store);
    for (int i = 0; i < EVENTS; i++)
        store_append(store, sid, store_event(store, NULL));
    driver_stop(store_driver(store));
    spoil_line(store, sid, SPOILT);
    store_start_again(store);
    return sid;
}

static void an_append_is_refused_or_goes_on_counting(void **state)
{
    struct store *store = *state;
    const char *sid = spoilt_session(store);
    struct answer answer = store_try_append(store, sid, store_event(store, NULL));
    int64_t seq = EVENTS + 1;
    if (answer.outcome == ACKNOWLEDGED)
        json_get_integer(answer.result, "seq", &seq);
    expect(seq == EVENTS + 1, WRONG, "a refusal, or sequence number 6", "%lld", (long long)seq);
    expect_sound_history(store, sid);
}

static void a_read_says_so_or_shows_the_others(void **state)
{
    struct store *store = *state;
    const char *sid = spoilt_session(store);
    struct answer answer = store_try_read(store, sid);
    const struct json *events = json_get(answer.result, "events");
    size_t shown = events ? events->count : 0;
    expect(answer.outcome != ACKNOWLEDGED || shown >= EVENTS - 1, WRONG, "an error, or the four events that are whole",
           "%zu events, and no error", shown);
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
    .needs = NEEDS_FILES,
    .cases =
        {
            CASE(an_append_is_refused_or_goes_on_counting),
            CASE(a_read_says_so_or_shows_the_others),
            CONTROL(an_intact_log_is_read),
        },
};
