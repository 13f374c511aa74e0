/* Which run of which case comes next, and when a room is done. */
#include "run/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void run_nothing(void **state)
{
    (void)state;
}

static const struct check two = {.cases = {CASE(run_nothing), CONTROL(run_nothing)}};
static const struct check one = {.cases = {CASE(run_nothing)}};
static const struct room first = {.id = "store/first", .check = &two}, second = {.id = "store/second", .check = &one};
static const struct selected_case selection[] = {{&first, 0}, {&first, 1}, {&second, 0}};
enum { CASES = sizeof selection / sizeof *selection };

static void assert_next(struct schedule *schedule, size_t slot, unsigned wanted)
{
    unsigned iteration = 99;

    assert_ptr_equal(schedule_next(schedule, &iteration), &schedule->slots[slot]);
    assert_int_equal(iteration, wanted);
}

static void assert_nothing(struct schedule *schedule)
{
    unsigned iteration;

    assert_null(schedule_next(schedule, &iteration));
}

static void slots_lie_in_the_order_of_the_selection(void **state)
{
    (void)state;
    struct schedule schedule;

    schedule_init(&schedule, selection, CASES, 1);
    for (size_t i = 0; i < CASES; i++) {
        assert_ptr_equal(schedule.slots[i].room, selection[i].room);
        assert_ptr_equal(schedule.slots[i].test, &selection[i].room->check->cases[selection[i].number]);
        assert_int_equal(schedule.slots[i].number, selection[i].number);
    }
    schedule_free(&schedule);
}

/* Meanwhile another room's cases are begun. */
static void a_case_waits_for_its_controls(void **state)
{
    (void)state;
    struct schedule schedule;

    schedule_init(&schedule, selection, CASES, 1);
    assert_next(&schedule, 1, 0);
    assert_next(&schedule, 2, 0);
    assert_nothing(&schedule);
    schedule.slots[1].done = 1;
    assert_next(&schedule, 0, 0);
    assert_nothing(&schedule);
    assert_nothing(&schedule);
    schedule_free(&schedule);
}

static void each_case_is_repeated_before_the_next(void **state)
{
    (void)state;
    static const size_t order[] = {1, 2, 0};
    struct schedule schedule;

    schedule_init(&schedule, selection, CASES, 3);
    for (size_t i = 0; i < CASES; i++)
        for (unsigned run = 0; run < 3; run++) {
            schedule.slots[1].done = i == 2 ? 3 : 2;
            assert_next(&schedule, order[i], run);
        }
    assert_nothing(&schedule);
    schedule_free(&schedule);
}

static void an_unsound_control_is_that_of_its_room(void **state)
{
    (void)state;
    struct schedule schedule;

    schedule_init(&schedule, selection, CASES, 1);
    assert_null(schedule_unsound_control(&schedule, &schedule.slots[0]));
    schedule.slots[1].unsound = true;
    assert_ptr_equal(schedule_unsound_control(&schedule, &schedule.slots[0]), &schedule.slots[1]);
    assert_null(schedule_unsound_control(&schedule, &schedule.slots[2]));
    schedule_free(&schedule);
}

/* Whichever of its cases ends last. */
static void a_room_is_done_with_its_last_run(void **state)
{
    (void)state;
    struct schedule schedule;
    schedule_init(&schedule, selection, CASES, 2);
    struct slot *slots = schedule.slots;
    assert_false(schedule_room_is_done(&schedule, &slots[0]));
    slots[1].done = 2;
    assert_false(schedule_room_is_done(&schedule, &slots[1]));
    slots[0].done = 1;
    assert_false(schedule_room_is_done(&schedule, &slots[0]));
    slots[0].done = 2;
    assert_true(schedule_room_is_done(&schedule, &slots[0]));
    assert_true(schedule_room_is_done(&schedule, &slots[1]));
    assert_false(schedule_room_is_done(&schedule, &slots[2]));
    slots[2].done = 2;
    assert_true(schedule_room_is_done(&schedule, &slots[2]));
    schedule_free(&schedule);
}

static void an_empty_selection_is_over_at_once(void **state)
{
    (void)state;
    struct schedule schedule;
    unsigned iteration;
    schedule_init(&schedule, selection, 0, 1);
    assert_null(schedule_next(&schedule, &iteration));
    schedule_free(&schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_lie_in_the_order_of_the_selection),
        cmocka_unit_test(a_case_waits_for_its_controls),
        cmocka_unit_test(an_unsound_control_is_that_of_its_room),
        cmocka_unit_test(each_case_is_repeated_before_the_next),
        cmocka_unit_test(a_room_is_done_with_its_last_run),
        cmocka_unit_test(an_empty_selection_is_over_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
