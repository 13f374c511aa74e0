/* The process dies between the write and the acknowledgement, and the client, who cannot know, sends the event again.
 * It is there once (the store recognises it) or twice (at least once); never less, and the numbers go on. */
#include "check.h"
#include "store/store.h"
#include "store/watch.h"
#include "supervisor/supervisor.h"

static size_t count_lines(struct store *store, const char *sid, enum store_file which)
{
    struct text file = store_file(store, sid, which);
    size_t lines = 0;

    for (size_t i = 0; i < file.length; i++)
        lines += file.bytes[i] == '\n';
    text_free(&file);
    return lines;
}

/* A line made of several writes may have been cut short by the kill. What becomes of it then is torn-tail's subject. */
static void require_whole_tail(struct store *store, const char *sid)
{
    struct text file = store_file(store, sid, STORE_EVENTS);
    bool torn = file.length > 0 && file.bytes[file.length - 1] != '\n';

    text_free(&file);
    if (torn && (store_declares(store, "store.torn_tail=refuse") || store_declares(store, "store.torn_tail=skip")))
        not_applicable("the first write of an append is not a whole line, and the target does not repair its log");
}

/* Who answers before the kill has the event, and takes the second one for another. */
static void the_retried_event_is_there_once_or_twice(void **state)
{
    struct store *store = *state;

    if (store_declares(store, "store.durability=D0"))
        not_applicable("the target declares store.durability=D0: what it acknowledges need not survive its process");
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);
    const char *sid = store_create(store), *event = store_event(store, "again");
    store_append(store, sid, store_event(store, "before"));
    struct supervisor_rule rule = {
        .kinds = SUPERVISOR_WRITE, .where = store_glob(store, sid), .action = SUPERVISOR_KILL_AFTER, .nth = 1};
    unsigned kill = supervisor_add(supervisor, &rule);
    driver_may_die(store_driver(store));
    store_try_append(store, sid, event);
    store_kill(store);
    store_require_fired(supervisor, kill, "writes to the session's files");
    require_whole_tail(store, sid);
    store_start_again(store);
    store_stimulus(store, "an event, a kill right after its first write, and the event again");
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
    .needs = {"supervisor", "files", "transcript"},
    .cases =
        {
            CASE(the_retried_event_is_there_once_or_twice),
            CONTROL(an_event_sent_twice_without_a_kill),
        },
};
