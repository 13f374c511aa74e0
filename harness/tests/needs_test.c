/* What rooms need of a target: each kind of need, met and not, and every need that a room names. */
#include "run/needs.h"

#include "case/surface.h"
#include "model/room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char claims[] = "{\"surfaces\":{\"store\":[\"create\",\"append\",\"read\",\"fork\"]},"
                             "\"features\":[\"raw_events\"]}";
static const char *const driver[] = {"driver", NULL};
static const struct manifest whole = {.driver = driver,
                                      .store_events = "events/{sid}",
                                      .store_transcript = "transcript/{sid}",
                                      .store_metadata = "metadata/{sid}",
                                      .declares = {"store.durability=D2"}};
static const struct manifest bare;

static void what_a_target_has_is_met(void **state)
{
    static const char *const needs[] = {"store.fork",          "store.create", "files",      "transcript",
                                        "store.durability=D2", "raw_events",   "driver",     "supervisor",
                                        "whole_events",        "metadata",     "own_numbers"};
    const struct json *hello = json_read(claims, strlen(claims), NULL);
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        assert_true(needs_know(needs[i]));
        if (!needs_are_met(needs[i], &whole, hello, &err))
            fail_msg("%s: %s", needs[i], err.text);
    }
    json_free(hello);
}

static void what_it_lacks_is_named(void **state)
{
    static const char *const needs[][2] = {
        {"store.fork", "the driver does not list the method store.fork"},
        {"files", "the manifest does not say where the events lie (store.events)"},
        {"transcript", "the manifest does not say where the transcript lies (store.transcript)"},
        {"metadata", "the manifest does not say where the metadata lie (store.metadata)"},
        {"store.durability=D2", "the manifest does not declare store.durability=D2"},
        {"raw_events", "the driver does not list the feature raw_events"},
        {"driver", "the target has no driver"},
    };
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        assert_false(needs_are_met(needs[i][0], &bare, NULL, &err));
        assert_string_equal(err.text, needs[i][1]);
    }
    static const struct manifest typed = {.declares = {"store.events=typed"}};
    static const struct manifest caller = {.declares = {"store.seq=caller"}};
    assert_true(needs_are_met("own_numbers", &bare, NULL, &err));
    assert_false(needs_are_met("own_numbers", &caller, NULL, &err));
    assert_string_equal(err.text, "the manifest declares store.seq=caller: numbers are not the store's own");
    assert_true(needs_are_met("whole_events", &bare, NULL, &err));
    assert_false(needs_are_met("whole_events", &typed, NULL, &err));
    assert_string_equal(err.text, "the manifest declares store.events=typed: not all of an event is kept");
    const struct json *hello = json_read(claims, strlen(claims), NULL);
    assert_false(needs_are_met("store.resume", &whole, hello, &err));
    assert_string_equal(err.text, "the driver does not list the method store.resume");
    json_free(hello);
}

static void what_there_is_not_is_met_by_nobody(void **state)
{
    static const char *const needs[] = {"",
                                        "file",
                                        "store",
                                        "store.",
                                        "store.frok",
                                        "sotre.fork",
                                        "fork",
                                        "store.gaps",
                                        "store.durability=D3",
                                        "raw_event",
                                        "store.fork2",
                                        "store.durability=",
                                        "store.fork.",
                                        "store.gaps=no",
                                        "supervisors"};
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        if (needs_know(needs[i]))
            fail_msg("\"%s\"", needs[i]);
        assert_false(needs_are_met(needs[i], &whole, NULL, &err));
        assert_non_null(strstr(err.text, "which is a defect of the room"));
    }
}

static void every_room_names_a_surface_and_needs_that_there_are(void **state)
{
    (void)state;
    assert_true(room_count > 0);
    for (size_t i = 0; i < room_count; i++) {
        const char *const *needs = rooms[i].check->needs, *const *uses = rooms[i].check->uses;

        if (!surface_find(rooms[i].id, '/'))
            fail_msg("%s is filed under no surface", rooms[i].id);
        for (size_t j = 0; j < CHECK_NEEDS_MAX && needs[j]; j++)
            if (!needs_know(needs[j]))
                fail_msg("%s needs \"%s\", which there is not", rooms[i].id, needs[j]);
        for (size_t j = 0; j < CHECK_NEEDS_MAX && uses[j]; j++)
            if (!needs_know(uses[j]))
                fail_msg("%s uses \"%s\", which there is not", rooms[i].id, uses[j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_target_has_is_met),
        cmocka_unit_test(what_it_lacks_is_named),
        cmocka_unit_test(what_there_is_not_is_met_by_nobody),
        cmocka_unit_test(every_room_names_a_surface_and_needs_that_there_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
