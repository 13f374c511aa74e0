/* How much of a history can show anything. */
#include "tests/history_fixture.h"

static void expect_figures(struct history *history, size_t appends, size_t acknowledged, size_t overlapped)
{
    struct history_figures figures = history_figures(history, sid);

    assert_int_equal(figures.appends, appends);
    assert_int_equal(figures.acknowledged, acknowledged);
    assert_int_equal(figures.overlapped, overlapped);
    history_free(history);
}

static void what_was_acknowledged_is_counted(void **state)
{
    (void)state;
    struct history *history = three();

    expect_figures(history_create(), 0, 0, 0);
    add(history, EVENT("d"), 6, 7, REFUSED, 0);
    add(history, EVENT("e"), 8, 9, UNKNOWN, 0);
    expect_figures(history, 5, 3, 0);
}

static void what_was_under_way_together_overlaps(void **state)
{
    (void)state;
    struct history *history = history_create();

    expect_figures(three_at_once(), 3, 3, 3);
    acknowledged(history, EVENT("long"), 0, 9, 1);
    acknowledged(history, EVENT("within"), 1, 2, 2);
    acknowledged(history, EVENT("within, later"), 7, 8, 3);
    acknowledged(history, EVENT("when it ends"), 9, 10, 4);
    acknowledged(history, EVENT("alone"), 11, 12, 5);
    expect_figures(history, 5, 5, 3);
}

/* The one that is told "busy" has not overlapped with anybody, nor has the one that made the store busy. */
static void what_was_not_acknowledged_does_not_count(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 9, 1);
    add(history, EVENT("b"), 1, 2, REFUSED, 0);
    add(history, EVENT("c"), 3, 9, UNKNOWN, 0);
    expect_figures(history, 3, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_acknowledged_is_counted),
        cmocka_unit_test(what_was_under_way_together_overlaps),
        cmocka_unit_test(what_was_not_acknowledged_does_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
