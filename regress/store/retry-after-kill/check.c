/* The process dies between the write and the acknowledgement, and the client, who cannot know, sends the event again.
 * It is there once (the store recognises it) or twice (at least once); never less, and the numbers go on. */
#include "check.h"
#include "store.h"
#include "supervisor.h"

static size_t count_lines(struct store *store, const char *sid, enum store_file which)
{
    struct text file = store_file(store, sid, which);
    size_t lines = 0;
    for (size_t i = 0; i < file.length; i++)
        lines += file.bytes[i] == '\n';
    text_free(&file);
    return lines;
}

static void the_retried_event_is_there_once_or_twice(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);
    const char *sid = store_create(store), *event = store_event(store, "again");
    store_append(store, sid, store_event(store, "before"));
    struct supervisor_rule rule = {
        .kinds = SUPERVISOR_WRITE, .where = store_glob(store, sid), .action = SUPERVISOR_KILL_AFTER, .nth = 1};
    supervisor_add(supervisor, &rule);
    driver_may_die(store_driver(store));
    struct answer answer = store_try_append(store, sid, event);
    expect(answer.outcome == UNKNOWN, WRONG, "no answer: the process was killed after its write", "one");
    store_start_again(store);
    store_append(store, sid, event);
    expect_sound_history(store, sid);
    size_t lines = count_lines(store, sid, STORE_EVENTS);
    expect(lines == 2 || lines == 3, WRONG, "the retried event once or twice, after the first one", "%zu events",
           lines);
    expect_integer((int64_t)count_lines(store, sid, STORE_TRANSCRIPT), (int64_t)lines, "lines in the transcript:");
}

static void an_event_sent_twice_without_a_kill(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store), *event = store_event(store, "twice");
    store_append(store, sid, event);
    store_append(store, sid, event);
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "A retry after a kill neither loses the event nor repeats a number",
    .level = INFO,
    .origins = {"OAS-1"},
    .needs = NEEDS_SUPERVISOR | NEEDS_FILES | NEEDS_TRANSCRIPT,
    .cases =
        {
            CASE(the_retried_event_is_there_once_or_twice),
            CONTROL(an_event_sent_twice_without_a_kill),
        },
};
