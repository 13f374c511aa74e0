/* Some file systems leave zeros behind a write that a loss of power cut short. They are no event: the next append is
 * not glued to them, and the numbers go on. */
#include "check.h"
#include "store/store.h"

#include <unistd.h>

enum { EVENTS = 3, ZEROS = 4096 };

/* The number of the last event is the caller's to know, since a target may leave some out. */
static const char *session_with_three_events(struct store *store, uint64_t *last)
{
    const char *sid = store_create(store);

    for (int i = 0; i < EVENTS; i++)
        *last = store_append(store, sid, store_event(store, "before"));
    return sid;
}

static void zeros_follow_the_last_line(void **state)
{
    static const char zeros[ZEROS];
    struct store *store = *state;
    uint64_t last;
    const char *sid = session_with_three_events(store, &last);
    bool removed = store_removes_torn_tail(store);

    driver_stop(store_driver(store));
    int fd = store_open_file(store, sid, STORE_EVENTS);
    if (lseek(fd, 0, SEEK_END) < 0 || write(fd, zeros, ZEROS) != ZEROS || close(fd))
        error_of_environment("the session's file cannot be written");
    if (!removed)
        store_damage(store, sid, last + 1, true);
    store_start_again(store);
    /* Where the zeros stay, they may count for a line. */
    expect_append_after_damage(store, sid, last + 1, removed ? last + 1 : last + 2);
}

static void an_intact_file_goes_on(void **state)
{
    struct store *store = *state;
    uint64_t last;
    const char *sid = session_with_three_events(store, &last);

    store_restart(store);
    store_append(store, sid, store_event(store, NULL));
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "Zeros after the last line are no event",
    .level = SHOULD,
    .origins = {"OAS-1", "ALICE"},
    .needs = {"files"},
    .cases =
        {
            CASE(zeros_follow_the_last_line, .level = MUST),
            CONTROL(an_intact_file_goes_on),
        },
};
