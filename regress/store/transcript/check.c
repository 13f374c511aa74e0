/* The transcript is the second file under the same lock: for each message of the user and the assistant it holds one
 * line, under the event's number, in the order of the events; never the input or output of a tool. */
#include "check.h"
#include "store/store.h"
#include "store/watch.h"
#include "supervisor/supervisor.h"

#include <stdio.h>
#include <string.h>

enum { CLIENTS = 8, EACH = 25, CROSSING = 4 };

static void concurrent_messages_agree_in_both_files(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append_concurrently(&store, 1, sid, CLIENTS, EACH, 12);
    expect_transcript(store, sid);
    expect_sound_history(store, sid);
    store_require_overlap(store, sid, CLIENTS * EACH / 2);
}

/* Two writes to the transcript that are made at once change places. Under the one lock there are never two. */
static void messages_whose_writes_cross_agree_in_both_files(void **state)
{
    struct store *store = *state;
    struct supervisor *supervisor = store_supervise(store, SUPERVISOR_WRITE);
    const char *sid = store_create(store);
    unsigned rule =
        supervisor_add(supervisor, &(struct supervisor_rule){.kinds = SUPERVISOR_WRITE,
                                                             .where = store_path(store, sid, STORE_TRANSCRIPT),
                                                             .action = SUPERVISOR_RENDEZVOUS,
                                                             .hold_ms = scaled_ms(SUPERVISOR_RENDEZVOUS_MS)});

    store_append_concurrently(&store, 1, sid, CROSSING, CROSSING, 12);
    store_require_seen(supervisor, rule, "writes to the transcript");
    expect_transcript(store, sid);
    expect_sound_history(store, sid);
    store_require_overlap(store, sid, CROSSING * CROSSING / 2);
}

static void tools_are_not_in_the_transcript(void **state)
{
    static const char *const types[] = {"tool.use",
                                        "user.message",
                                        "tool.result",
                                        "assistant.message",
                                        "system.init",
                                        "result",
                                        "assistant.message.delta",
                                        "session.title"};
    struct store *store = *state;
    const char *sid = store_create(store);

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char event[160];

        snprintf(event, sizeof event, "{\"type\":\"%s\",\"text\":\"text-%zu\",\"input\":\"secret\"}", types[i], i);
        store_append_typed(store, sid, event);
    }
    expect_transcript(store, sid);
    struct text file = store_file(store, sid, STORE_TRANSCRIPT);
    expect(!strstr(file.bytes, "secret"), WRONG, "no tool's input or output", "%.300s", file.bytes);
    text_free(&file);
}

/* The event's line was torn, its line in the transcript was not: after the repair they agree again. */
static void the_transcript_follows_a_repaired_log(void **state)
{
    struct store *store = *state;

    if (store_declares(store, "store.torn_tail=refuse") || store_declares(store, "store.torn_tail=skip"))
        not_applicable("the target declares that it does not repair a torn tail");
    const char *sid = store_create(store);
    uint64_t last = 0;
    for (int i = 0; i < 3; i++)
        last = store_append(store, sid, store_event(store, NULL));
    driver_stop(store_driver(store));
    store_cut_off(store, sid, 5);
    store_damage(store, sid, last, false);
    store_start_again(store);
    store_append(store, sid, store_event(store, "after"));
    expect_transcript(store, sid);
    expect_sound_history(store, sid);
}

static void messages_one_after_the_other(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    for (int i = 0; i < 5; i++)
        store_append(store, sid, store_event(store, NULL));
    expect_transcript(store, sid);
}

const struct check check = {
    .title = "The transcript agrees with the events",
    .level = MUST,
    .origins = {"OAS-1"},
    .needs = {"files", "transcript", "supervisor"},
    .cases =
        {
            CASE(concurrent_messages_agree_in_both_files, .promised = true),
            CASE(messages_whose_writes_cross_agree_in_both_files, .promised = true),
            CASE(tools_are_not_in_the_transcript),
            CASE(the_transcript_follows_a_repaired_log),
            CONTROL(messages_one_after_the_other),
        },
};
