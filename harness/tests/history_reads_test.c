/* The judge on reads. */
#include "tests/history_fixture.h"

static void a_read_is_a_prefix_of_the_file(void **state)
{
    (void)state;
    static const char file[] = LINE(1, "a") LINE(2, "b") LINE(3, "c");
    struct history *history = three_at_once();

    read_events(history, 0, 9, NULL, 0);
    READ(history, 1, 9, RECORD(1, "a"));
    READ(history, 2, 9, RECORD(1, "a"), RECORD(2, "b"),
         "{\"text\":\"c\",\"seq\":3,\"ts\":null,\"type\":\"user.message\"}");
    READ(history, 3, 9, RECORD(1, "a"), RECORD(2, "b"));
    judge(history, file, strict, HISTORY_SOUND, NULL);
    READ(history, 4, 9, RECORD(2, "b"));
    judge(history, file, strict, HISTORY_READ_NOT_PREFIX, "a read shows as its event 1 what is not on line 1");
    history_free(history);

    history = three_at_once();
    READ(history, 1, 9, RECORD(1, "a"), RECORD(2, "b"), RECORD(3, "c"), RECORD(4, "d"));
    judge(history, file, strict, HISTORY_READ_NOT_PREFIX, "a read shows an event 4, but there are only 3 lines");
    history_free(history);

    history = three_at_once();
    READ(history, 1, 9, RECORD(1, "a"), "{\"type\":\"user.mes");
    READ(history, 1, 9, RECORD(1, "a"), RECORD(2, "b"));
    judge(history, file, strict, HISTORY_READ_NOT_PREFIX, "read: {\"type\":\"user.mes\n");
    history_free(history);

    history = three_at_once();
    READ(history, 1, 9, RECORD(1, "a"), RECORD(3, "b"));
    judge(history, file, strict, HISTORY_READ_NOT_PREFIX, "event 2");
    history_free(history);
}

static void a_read_shows_what_was_acknowledged_before(void **state)
{
    (void)state;
    static const char file[] = LINE(1, "a") LINE(2, "b") LINE(3, "c");
    struct history *history = three();

    READ(history, 0, 8, RECORD(1, "a"));
    READ(history, 3, 8, RECORD(1, "a")); /* b was acknowledged at 3, not before */
    judge(history, file, strict, HISTORY_SOUND, NULL);
    READ(history, 4, 8, RECORD(1, "a"));
    judge(history, file, strict, HISTORY_READ_MISSES,
          "a read shows 1 events and not seq 2, which was acknowledged 1.000 ms before");
    history_free(history);
}

static void reads_do_not_go_back(void **state)
{
    (void)state;
    static const char file[] = LINE(1, "a") LINE(2, "b") LINE(3, "c");
    struct history *history = three_at_once();

    READ(history, 1, 2, RECORD(1, "a"), RECORD(2, "b"));
    READ(history, 2, 3, RECORD(1, "a")); /* invoked when the first one ended: no order */
    judge(history, file, strict, HISTORY_SOUND, NULL);
    READ(history, 3, 4, RECORD(1, "a"));
    judge(history, file, strict, HISTORY_READ_WENT_BACK, "a read shows 1 events, after an earlier one had shown 2");
    history_free(history);
}

static void reads_stand_for_a_file_that_cannot_be_seen(void **state)
{
    (void)state;
    struct history *history = three();

    judge(history, NULL, strict, HISTORY_LOST, "on none of the 0 events");
    READ(history, 2, 3, RECORD(1, "a"));
    READ(history, 6, 7, RECORD(1, "a"), RECORD(2, "b"), RECORD(3, "c"));
    judge(history, NULL, strict, HISTORY_SOUND, NULL);
    READ(history, 8, 9, RECORD(1, "a"), RECORD(2, "b"));
    judge(history, NULL, strict, HISTORY_READ_MISSES, "not seq 3");
    history_free(history);

    history = three_at_once();
    READ(history, 10, 11, RECORD(2, "b"), RECORD(1, "a"), RECORD(3, "c"));
    judge(history, NULL, strict, HISTORY_OUT_OF_ORDER, "event 1 carries seq 2, event 2 carries seq 1");
    history_free(history);

    history = history_create();
    judge(history, NULL, strict, HISTORY_SOUND, NULL);
    history_free(history);
}

static void acknowledged_events_are_told_in_turn(void **state)
{
    (void)state;
    struct history *history = history_create();

    assert_null(history_acknowledged(history, sid, 0));
    acknowledged(history, EVENT("a"), 0, 1, 1);
    add(history, EVENT("b"), 2, 3, REFUSED, 0);
    add(history, EVENT("c"), 4, 0, UNKNOWN, 0);
    acknowledged(history, EVENT("d"), 5, 6, 2);
    assert_string_equal(history_acknowledged(history, sid, 0), EVENT("a"));
    assert_string_equal(history_acknowledged(history, sid, 1), EVENT("d"));
    assert_null(history_acknowledged(history, sid, 2));
    history_free(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_is_a_prefix_of_the_file),
        cmocka_unit_test(a_read_shows_what_was_acknowledged_before),
        cmocka_unit_test(reads_do_not_go_back),
        cmocka_unit_test(reads_stand_for_a_file_that_cannot_be_seen),
        cmocka_unit_test(acknowledged_events_are_told_in_turn),
    };

    return cmocka_run_group_tests_name("history_reads", tests, NULL, NULL) != 0;
}
