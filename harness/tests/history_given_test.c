/* The judge with stores whose callers give the numbers. */
#include "tests/history_fixture.h"

static const struct history_rules given = {.given = true};

static void appends_that_overlapped_may_stand_in_any_order(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 3, 1);
    acknowledged(history, EVENT("b"), 1, 2, 2);
    acknowledged(history, EVENT("c"), 5, 6, 3);
    READ(history, 7, 8, RECORD(1, "a"), RECORD(2, "b"), RECORD(3, "c"));
    judge(history, LINE(2, "b") LINE(1, "a") LINE(3, "c"), given, HISTORY_SOUND, NULL);
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c"), given, HISTORY_SOUND, NULL);
    judge(history, LINE(2, "b") LINE(1, "a") LINE(3, "c"), strict, HISTORY_OUT_OF_ORDER, NULL);
    judge(history, LINE(3, "c") LINE(1, "a") LINE(2, "b"), given, HISTORY_REAL_TIME, "line 3 was acknowledged");
    judge(history, LINE(2, "b") LINE(3, "c"), given, HISTORY_LOST, NULL);
    judge(history, LINE(2, "b") LINE(1, "a") LINE(3, "c") LINE(3, "c"), given, HISTORY_TWICE, NULL);
    judge(history, LINE(2, "b") LINE(2, "a") LINE(3, "c"), given, HISTORY_DUPLICATE_SEQ, NULL);
    judge(history, LINE(4, "c") LINE(2, "b") LINE(1, "a"), given, HISTORY_WRONG_SEQ,
          "an append was answered seq 3, and stands on line 1 under seq 4\n");
    history_free(history);
}

static void others_stand_in_their_order(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 1, 1);
    acknowledged(history, EVENT("b"), 2, 3, 2);
    judge(history, LINE(1, "a") LINE(2, "b"), given, HISTORY_SOUND, NULL);
    judge(history, LINE(2, "b") LINE(1, "a"), given, HISTORY_OUT_OF_ORDER, NULL);
    history_free(history);
}

/* One that was refused was given a number too. */
static void a_number_that_was_not_acknowledged_may_be_missing(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 1, 1);
    acknowledged(history, EVENT("c"), 2, 3, 3);
    judge(history, LINE(1, "a") LINE(3, "c"), given, HISTORY_SOUND, NULL);
    judge(history, LINE(1, "a") LINE(3, "c"), strict, HISTORY_GAP, NULL);
    history_free(history);
}

/* Whoever reads between two that overlap may see the second one first; later, all must be there. */
static void reads_are_judged_when_nothing_is_under_way(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 9, 1);
    acknowledged(history, EVENT("b"), 1, 2, 2);
    READ(history, 3, 4, RECORD(2, "b"));
    judge(history, LINE(2, "b") LINE(1, "a"), given, HISTORY_SOUND, NULL);
    READ(history, 10, 11, RECORD(2, "b"));
    judge(history, LINE(2, "b") LINE(1, "a"), given, HISTORY_READ_NOT_PREFIX, "event 1");
    history_free(history);

    history = history_create();
    acknowledged(history, EVENT("a"), 0, 9, 1);
    acknowledged(history, EVENT("b"), 1, 2, 2);
    READ(history, 10, 11, RECORD(1, "a"));
    judge(history, LINE(2, "b") LINE(1, "a"), given, HISTORY_READ_MISSES, "not seq 2");
    history_free(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_that_overlapped_may_stand_in_any_order),
        cmocka_unit_test(others_stand_in_their_order),
        cmocka_unit_test(a_number_that_was_not_acknowledged_may_be_missing),
        cmocka_unit_test(reads_are_judged_when_nothing_is_under_way),
    };

    return cmocka_run_group_tests_name("history with given numbers", tests, NULL, NULL) != 0;
}
