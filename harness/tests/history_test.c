/* The judge on numbers, order, time and outcomes. */
#include "tests/history_fixture.h"

static void right_histories_are_sound(void **state)
{
    (void)state;

    expect_verdict(history_create(), "", HISTORY_SOUND, NULL);
    expect_verdict(three(), LINE(1, "a") LINE(2, "b") LINE(3, "c"), HISTORY_SOUND, NULL);
    expect_verdict(three_at_once(), LINE(1, "a") LINE(2, "b") LINE(3, "c"), HISTORY_SOUND, NULL);
    history_free(NULL);
}

static void a_number_is_given_once(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 9, 1);
    acknowledged(history, EVENT("b"), 0, 9, 2);
    acknowledged(history, EVENT("c"), 0, 9, 2);
    judge(history, LINE(1, "a") LINE(2, "b") LINE(2, "c"), strict, HISTORY_DUPLICATE_SEQ,
          "line 2 and line 3 both carry seq 2");
    judge(history, LINE(1, "a") LINE(2, "c") LINE(2, "b"), (struct history_rules){.gaps = true}, HISTORY_DUPLICATE_SEQ,
          NULL);
    judge(history, LINE(2, "c") LINE(1, "a") LINE(2, "b"), strict, HISTORY_DUPLICATE_SEQ, "line 1 and line 3");
    /* The file is right, the answers were not. */
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c"), strict, HISTORY_WRONG_SEQ, "stands on line 3 under seq 3");
    history_free(history);
}

static void many_may_be_answered_the_same_number(void **state)
{
    (void)state;
    enum { APPENDS = 100 };
    struct history *history = history_create();
    struct text file;
    char event[100];

    text_init(&file, 100000);
    for (int i = 0; i < APPENDS; i++) {
        snprintf(event, sizeof event, EVENT("o%03d"), APPENDS - 1 - i);
        acknowledged(history, event, 0, 9, 1);
        text_addf(&file, "{\"type\":\"user.message\",\"seq\":1,\"text\":\"o%03d\"}\n", i);
    }
    judge(history, file.bytes, strict, HISTORY_DUPLICATE_SEQ, "and 98 more of this kind");
    history_free(history);
    text_free(&file);
}

static void file_order_is_number_order(void **state)
{
    (void)state;

    expect_verdict(
        three_at_once(), LINE(2, "b") LINE(1, "a") LINE(3, "c"), HISTORY_OUT_OF_ORDER,
        "line 1 carries seq 2, line 2 carries seq 1: file order is not sequence order\n"
        "  line 1: " RECORD(2, "b") "\n  line 2: " RECORD(
            1, "a") "\n"
                    "  sent by client 1 (+0.000 .. +9.000 ms, answered seq 2) and client 1 (+0.000 .. +9.000 ms, "
                    "answered seq 1)\n");
    expect_verdict(three_at_once(), LINE(1, "a") LINE(3, "c") LINE(2, "b"), HISTORY_OUT_OF_ORDER,
                   "line 2 carries seq 3");
    expect_verdict(three_at_once(), LINE(3, "c") LINE(2, "b") LINE(1, "a"), HISTORY_OUT_OF_ORDER,
                   "and 1 more of this kind");
}

static void an_answer_is_the_lines_number(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 9, 2);
    acknowledged(history, EVENT("b"), 0, 9, 1);
    judge(history, LINE(1, "a") LINE(2, "b"), strict, HISTORY_WRONG_SEQ,
          "an append was answered seq 2, and stands on line 1 under seq 1");
    judge(history, LINE(1, "b") LINE(2, "a"), strict, HISTORY_SOUND, NULL);
    history_free(history);
}

static void numbers_leave_no_gap_unless_the_target_says_so(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 1, 2);
    acknowledged(history, EVENT("b"), 2, 3, 4);
    judge(history, LINE(2, "a") LINE(4, "b"), strict, HISTORY_GAP, "seq 1 is missing: line 1 carries seq 2\n");
    judge(history, LINE(2, "a") LINE(4, "b"), strict, HISTORY_GAP, "and 1 more of this kind");
    judge(history, LINE(2, "a") LINE(4, "b"), (struct history_rules){.gaps = true}, HISTORY_SOUND, NULL);
    judge(history, LINE(4, "b") LINE(2, "a"), (struct history_rules){.gaps = true}, HISTORY_OUT_OF_ORDER, NULL);
    history_free(history);

    history = history_create();
    acknowledged(history, EVENT("a"), 0, 1, 1);
    acknowledged(history, EVENT("b"), 2, 3, INT64_MAX);
    judge(history, LINE(1, "a") LINE(9223372036854775807, "b"), strict, HISTORY_GAP,
          "seq 2 is missing: line 1 carries seq 1, line 2 carries seq 9223372036854775807");
    history_free(history);
}

static void what_was_acknowledged_earlier_is_numbered_lower(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 5, 2);
    acknowledged(history, EVENT("b"), 6, 9, 1);
    judge(history, LINE(1, "b") LINE(2, "a"), strict, HISTORY_REAL_TIME,
          "seq 2 was acknowledged 1.000 ms before another append was invoked, and that one got seq 1");
    history_free(history);

    history = history_create();
    acknowledged(history, EVENT("a"), 0, 5, 2);
    acknowledged(history, EVENT("b"), 5, 9, 1);
    judge(history, LINE(1, "b") LINE(2, "a"), strict, HISTORY_SOUND, NULL);
    history_free(history);

    /* The culprit need not be a neighbour, in number or in time. */
    history = history_create();
    acknowledged(history, EVENT("a"), -50, -40, 4);
    acknowledged(history, EVENT("b"), -60, 30, 1);
    acknowledged(history, EVENT("c"), -60, 30, 2);
    acknowledged(history, EVENT("d"), -30, 30, 3);
    judge(history, LINE(1, "b") LINE(2, "c") LINE(3, "d") LINE(4, "a"), strict, HISTORY_REAL_TIME,
          "client 1 (+30.000 .. +90.000 ms, answered seq 3) sent: ");
    history_free(history);
}

static void an_unknown_append_may_be_there_once(void **state)
{
    (void)state;
    struct history *history = three();

    add(history, EVENT("u"), 6, 0, UNKNOWN, 0);
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c"), strict, HISTORY_SOUND, NULL);
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c") LINE(4, "u"), strict, HISTORY_SOUND, NULL);
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c") LINE(4, "u") LINE(5, "u"), strict, HISTORY_TWICE,
          "outcome unknown");
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c") LINE(5, "u"), strict, HISTORY_GAP, "seq 4 is missing");
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c") "{\"seq\":4,\"text\":\"u\"}\n", strict, HISTORY_WRONG_PAYLOAD,
          "member \"type\" is missing");
    history_free(history);
}

static void an_unknown_append_obeys_real_time_too(void **state)
{
    (void)state;
    struct history *history = history_create();

    add(history, EVENT("u"), 3, 0, UNKNOWN, 0);
    acknowledged(history, EVENT("a"), 0, 2, 2);
    judge(history, LINE(1, "u") LINE(2, "a"), strict, HISTORY_REAL_TIME, "outcome unknown) sent: ");
    history_free(history);

    history = history_create();
    add(history, EVENT("u"), 0, 0, UNKNOWN, 0);
    acknowledged(history, EVENT("a"), 1, 2, 1);
    acknowledged(history, EVENT("b"), 3, 4, 2);
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "u"), strict, HISTORY_SOUND, NULL);
    history_free(history);
}

static void a_refused_append_is_not_there(void **state)
{
    (void)state;
    struct history *history = three();

    add(history, EVENT("r"), 6, 7, REFUSED, 0);
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c"), strict, HISTORY_SOUND, NULL);
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c") LINE(4, "r"), strict, HISTORY_REFUSED_BUT_THERE,
          "line 4 carries an append that was refused");
    history_free(history);
}

static void three_things_may_never_happen(void **state)
{
    int never = 0;

    (void)state;
    for (int verdict = HISTORY_SOUND; verdict < HISTORY_VERDICTS; verdict++)
        never += history_never((enum history_verdict)verdict);
    assert_int_equal(never, 3);
    assert_true(history_never(HISTORY_LOST) && history_never(HISTORY_DUPLICATE_SEQ) && history_never(HISTORY_NOT_JSON));
}

static void a_damaged_line_is_not_held_against_the_target(void **state)
{
    (void)state;
    struct history *history = three();

    READ(history, 6, 7, RECORD(1, "a"), RECORD(2, "b"), RECORD(3, "c"));
    judge(history, LINE(1, "a") LINE(2, "b"), strict, HISTORY_LOST, NULL);
    history_damage(history, sid, 3);
    judge(history, LINE(1, "a") LINE(2, "b"), strict, HISTORY_SOUND, NULL);
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c"), strict, HISTORY_SOUND, NULL);
    judge(history, LINE(1, "a") LINE(3, "c"), strict, HISTORY_LOST, "seq 2");
    /* Its number may be given again, or be left out. */
    acknowledged(history, EVENT("d"), 8, 9, 3);
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "d"), strict, HISTORY_SOUND, NULL);
    history_free(history);

    history = three();
    history_damage(history, sid, 2);
    judge(history, LINE(1, "a") LINE(3, "c"), strict, HISTORY_SOUND, NULL);
    judge(history, LINE(1, "a") "garbage\n" LINE(3, "c"), (struct history_rules){.torn_lines = 1}, HISTORY_SOUND, NULL);
    judge(history, LINE(1, "a") "garbage\n" LINE(3, "c"), strict, HISTORY_NOT_JSON, "line 2");
    acknowledged(history, EVENT("d"), 8, 9, 5);
    judge(history, LINE(1, "a") LINE(3, "c") LINE(5, "d"), strict, HISTORY_GAP, "seq 4 is missing");
    history_free(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_histories_are_sound),
        cmocka_unit_test(a_number_is_given_once),
        cmocka_unit_test(many_may_be_answered_the_same_number),
        cmocka_unit_test(file_order_is_number_order),
        cmocka_unit_test(an_answer_is_the_lines_number),
        cmocka_unit_test(numbers_leave_no_gap_unless_the_target_says_so),
        cmocka_unit_test(what_was_acknowledged_earlier_is_numbered_lower),
        cmocka_unit_test(an_unknown_append_may_be_there_once),
        cmocka_unit_test(an_unknown_append_obeys_real_time_too),
        cmocka_unit_test(a_refused_append_is_not_there),
        cmocka_unit_test(three_things_may_never_happen),
        cmocka_unit_test(a_damaged_line_is_not_held_against_the_target),
    };

    return cmocka_run_group_tests_name("history", tests, NULL, NULL) != 0;
}
