/* The judge on lines: which of them are sound, and which append stands on which. */
#include "tests/history_fixture.h"

static void a_line_must_be_an_object_on_its_own(void **state)
{
    (void)state;

    expect_verdict(three(), LINE(1, "a") "{\"type\":\"us" LINE(2, "b") LINE(3, "c"), HISTORY_NOT_JSON,
                   "line 2 is no JSON:");
    expect_verdict(three(), LINE(1, "a") RECORD(2, "b") RECORD(3, "c") "\n", HISTORY_NOT_JSON,
                   "something follows the value (byte 61)");
    expect_verdict(three(), LINE(1, "a") "\n" LINE(2, "b") LINE(3, "c"), HISTORY_NOT_JSON, "line 2 is empty");
    expect_verdict(three(), LINE(1, "a") LINE(2, "b") LINE(3, "c") "\n", HISTORY_NOT_JSON, "line 4 is empty");
    expect_verdict(three(), "[1]\n" LINE(1, "a") LINE(2, "b") LINE(3, "c"), HISTORY_NOT_JSON,
                   "line 1 is JSON, but no object");
    expect_verdict(three(), LINE(1, "a") LINE(2, "b") RECORD(3, "c"), HISTORY_NOT_JSON,
                   "line 3 is not ended by a newline");
    expect_verdict(three(),
                   LINE(1, "a") LINE(2, "b") "{\"seq\":3,\"type\":\"user.message\",\"seq\":3,\"text\":\"c\"}\n",
                   HISTORY_NOT_JSON, "a second member of the name \"seq\"");
    expect_verdict(three(), LINE(1, "a") LINE(2, "b") "{\"seq\":3,\"text\":\"c\xFF\"}\n", HISTORY_NOT_JSON, "c\\xff");
    struct history *history = three();
    judge_bytes(history, LINE(1, "a") LINE(2, "b") LINE(3, "c") "\0\0\0",
                sizeof LINE(1, "a") LINE(2, "b") LINE(3, "c") + 2, strict, HISTORY_NOT_JSON, "line 4: \\x00\\x00\\x00");
    history_free(history);
}

static void a_line_needs_an_integer_from_one(void **state)
{
    (void)state;
    static const char *const seqs[] = {"\"3\"", "3.0", "3e0", "0", "-3", "null", "[3]", "9223372036854775808"};

    for (size_t i = 0; i < sizeof seqs / sizeof *seqs; i++) {
        char file[400];

        snprintf(file, sizeof file, LINE(1, "a") LINE(2, "b") "{\"seq\":%s,\"type\":\"user.message\",\"text\":\"c\"}\n",
                 seqs[i]);
        expect_verdict(three(), file, HISTORY_NO_SEQ, "line 3 has no \"seq\"");
    }
    expect_verdict(three(), LINE(1, "a") LINE(2, "b") EVENT("c") "\n", HISTORY_NO_SEQ, "line 3");
    expect_verdict(three(), LINE(1, "a") LINE(2, "b") "{\"SEQ\":3,\"text\":\"c\"}\n", HISTORY_NO_SEQ, "line 3");
}

static void torn_lines_are_tolerated_as_far_as_the_rules_say(void **state)
{
    (void)state;
    struct history *history = three();
    static const char in_the_middle[] = LINE(1, "a") LINE(2, "b") "{\"type\":\n" LINE(3, "c");
    static const char two[] = LINE(1, "a") "{\"ty\n" LINE(2, "b") LINE(3, "c") "{";

    judge(history, in_the_middle, (struct history_rules){.torn_lines = 1}, HISTORY_SOUND, NULL);
    judge(history, in_the_middle, strict, HISTORY_NOT_JSON, "line 3");
    judge(history, two, (struct history_rules){.torn_lines = 3}, HISTORY_SOUND, NULL);
    judge(history, two, (struct history_rules){.torn_lines = 2}, HISTORY_SOUND, NULL);
    judge(history, two, (struct history_rules){.torn_lines = 1}, HISTORY_NOT_JSON, "line 5");
    judge(history, LINE(1, "a") LINE(2, "b") RECORD(3, "c"), (struct history_rules){.torn_lines = 1}, HISTORY_SOUND,
          NULL);
    /* A tolerated line is no line: what was glued to it is lost. */
    judge(history, LINE(1, "a") LINE(2, "b") "{\"ty" LINE(3, "c"), (struct history_rules){.torn_lines = 1},
          HISTORY_LOST, "seq 3");
    history_free(history);
}

static void an_append_stands_there_once(void **state)
{
    (void)state;
    struct history *history = three();

    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c") LINE(4, "b"), strict, HISTORY_TWICE, "line 2 and line 4");
    judge(history, LINE(1, "a") LINE(2, "b") LINE(2, "b") LINE(3, "c"), strict, HISTORY_TWICE, "line 2 and line 3");
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c") LINE(4, "a") LINE(5, "a"), strict, HISTORY_TWICE,
          "and 1 more of this kind");
    history_free(history);
}

static void a_lost_append_is_found(void **state)
{
    (void)state;

    expect_verdict(three(), "", HISTORY_LOST, "on none of the 0 lines");
    expect_verdict(three(), LINE(1, "a") LINE(2, "b"), HISTORY_LOST, "seq 3 was acknowledged");
    expect_verdict(three(), LINE(2, "b") LINE(3, "c"), HISTORY_LOST, "seq 1 was acknowledged");
    expect_verdict(three(), LINE(1, "a") LINE(3, "c"), HISTORY_LOST, "seq 2 was acknowledged");
    expect_verdict(three(), LINE(1, "a"), HISTORY_LOST, "and 1 more of this kind");
}

static void a_payload_is_kept(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, "{\"text\":\"a some words, and then the truth\",\"n\":9007199254740993}", 0, 1, 1);
    judge(history, "{\"seq\":1,\"text\":\"a some words, and then the truth\",\"n\":9007199254740992}\n", strict,
          HISTORY_WRONG_PAYLOAD, "member \"n\" has another value");
    judge(history, "{\"seq\":1,\"text\":\"a some words, and then the troth\",\"n\":9007199254740993}\n", strict,
          HISTORY_WRONG_PAYLOAD, "stored (34 bytes, the first difference at 30)");
    judge(history, "{\"seq\":1,\"n\":9007199254740993}\n", strict, HISTORY_WRONG_PAYLOAD, "member \"text\" is missing");
    judge(history, "{\"seq\":1,\"text\":\"a some words, and then the truth\",\"n\":9007199254740993,\"x\":1}\n", strict,
          HISTORY_SOUND, NULL);
    judge(history, "{\"seq\":1,\"text\":\"? some words, and then the truth\",\"n\":9007199254740993}\n", strict,
          HISTORY_WRONG_PAYLOAD, "member \"text\"");
    judge(history, "{\"seq\":2,\"text\":\"a\"}\n", (struct history_rules){.gaps = true}, HISTORY_WRONG_PAYLOAD,
          "member \"text\"");
    history_free(history);
}

static void the_stores_members_and_the_spelling_do_not_count(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, "{\"seq\":999,\"ts\":0,\"text\":\"\\u00e9/\",\"n\":[1.0,{\"x\":1,\"y\":2}]}", 0, 1, 1);
    expect_verdict(history, "{\"seq\":1, \"n\":[1,{\"y\":2,\"x\":10e-1}],\"text\":\"\xC3\xA9\\/\"} \n", HISTORY_SOUND,
                   NULL);
}

static void nobody_sent_a_foreign_line(void **state)
{
    (void)state;
    struct history *history = three();

    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c") LINE(4, "x"), strict, HISTORY_FOREIGN, "line 4 carries what");
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c") "{\"seq\":4,\"type\":\"user.message\"}\n", strict,
          HISTORY_FOREIGN, "line 4");
    history_add_append(history, &(struct history_append){.sid = "another",
                                                         .client = 7,
                                                         .outcome = ACKNOWLEDGED,
                                                         .seq = 1,
                                                         .event = EVENT("x"),
                                                         .event_bytes = strlen(EVENT("x"))});
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c") LINE(4, "x"), strict, HISTORY_FOREIGN,
          "it was sent to session another by client 7");
    judge(history, LINE(1, "a") LINE(2, "x") LINE(3, "c"), strict, HISTORY_FOREIGN, "it was sent to session another");
    history_free(history);

    history = history_create();
    judge(history, LINE(1, "a"), strict, HISTORY_FOREIGN, "line 1");
    history_free(history);
}

static void events_without_op_are_found_by_number_or_value(void **state)
{
    (void)state;
    struct history *history = history_create();
    static const char x[] = "{\"text\":\"x\"}";

    acknowledged(history, x, 0, 1, 1);
    acknowledged(history, x, 2, 3, 2);
    add(history, "{\"text\":\"maybe\"}", 4, 0, UNKNOWN, 0);
    add(history, "{\"text\":\"no\"}", 5, 6, REFUSED, 0);
    judge(history, "{\"seq\":1,\"text\":\"x\"}\n{\"seq\":2,\"text\":\"x\"}\n", strict, HISTORY_SOUND, NULL);
    judge(history, "{\"seq\":1,\"text\":\"x\"}\n{\"seq\":2,\"text\":\"x\"}\n{\"seq\":3,\"text\":\"maybe\"}\n", strict,
          HISTORY_SOUND, NULL);
    judge(history, "{\"seq\":1,\"text\":\"x\"}\n{\"seq\":2,\"text\":\"x\"}\n{\"seq\":3,\"text\":\"x\"}\n", strict,
          HISTORY_TWICE, NULL);
    judge(history, "{\"seq\":1,\"text\":\"x\"}\n{\"seq\":2,\"text\":\"x\"}\n{\"seq\":3,\"text\":\"no\"}\n", strict,
          HISTORY_REFUSED_BUT_THERE, NULL);
    judge(history, "{\"seq\":1,\"text\":\"x\"}\n{\"seq\":2,\"text\":\"x\"}\n{\"seq\":3,\"text\":\"y\"}\n", strict,
          HISTORY_FOREIGN, NULL);
    judge(history, "{\"seq\":1,\"text\":\"x\"}\n{\"seq\":2,\"text\":\"y\"}\n", strict, HISTORY_WRONG_PAYLOAD,
          "member \"text\" has another value");
    judge(history, "{\"seq\":1,\"text\":\"x\"}\n", strict, HISTORY_LOST, "seq 2");
    history_free(history);
}

/* Half a surrogate pair is an escape like others: it is kept, and not replaced. */
static void half_a_surrogate_pair_is_a_payload(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, "{\"text\":\"\\ud800\"}", 0, 1, 1);
    READ(history, 2, 3, "{\"seq\":1,\"text\":\"\\uD800\"}");
    judge(history, "{\"seq\":1,\"text\":\"\\ud800\"}\n", strict, HISTORY_SOUND, NULL);
    judge(history, "{\"seq\":1,\"text\":\"\xEF\xBF\xBD\"}\n", strict, HISTORY_WRONG_PAYLOAD, "\\ud800");
    judge(history, "{\"seq\":1,\"text\":\"\xED\xA0\x80\"}\n", strict, HISTORY_NOT_JSON, "not UTF-8");
    history_free(history);
}

static void an_event_that_is_no_json_has_no_payload(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, "{\"text\":\"a\",\"text\":\"b\"}", 0, 1, 1);
    judge(history, "{\"seq\":1,\"text\":\"b\"}\n", strict, HISTORY_SOUND, NULL);
    judge(history, "", strict, HISTORY_LOST, "seq 1");
    add(history, "not even an object", 2, 3, REFUSED, 0);
    judge(history, "{\"seq\":1,\"text\":\"?\"}\n{\"seq\":2,\"text\":\"?\"}\n", strict, HISTORY_FOREIGN, "line 2");
    add(history, "{\"text\":\"\xFF\"}", 4, 0, UNKNOWN, 0);
    judge(history, "{\"seq\":1,\"text\":\"?\"}\n{\"seq\":2,\"text\":\"?\"}\n", strict, HISTORY_SOUND, NULL);
    judge(history, "{\"seq\":1,\"text\":\"?\"}\n{\"seq\":2,\"text\":\"?\"}\n{\"seq\":3,\"text\":\"?\"}\n", strict,
          HISTORY_FOREIGN, "line 3");
    history_free(history);
}

static void an_event_may_be_appended_again(void **state)
{
    (void)state;
    struct history *history = history_create();

    add(history, EVENT("a"), 0, 0, UNKNOWN, 0);
    acknowledged(history, EVENT("a"), 10, 11, 2);
    judge(history, LINE(1, "a") LINE(2, "a"), strict, HISTORY_SOUND, NULL);
    judge(history, LINE(1, "a") LINE(2, "a") LINE(3, "a"), strict, HISTORY_TWICE, NULL);
    judge(history, LINE(2, "a"), (struct history_rules){.gaps = true}, HISTORY_SOUND, NULL);
    judge(history, LINE(1, "a"), strict, HISTORY_WRONG_SEQ, NULL);
    history_free(history);
}

static void what_is_shown_is_visible_and_short(void **state)
{
    (void)state;
    struct history *history = history_create();
    struct text event;
    struct text why;

    text_init(&event, 100000);
    text_init(&why, 100000);
    text_add(&event, "{\"text\":\"a ");
    for (int i = 0; i < 10000; i++)
        text_add(&event, "x");
    text_add(&event, "\"}");
    acknowledged(history, event.bytes, 0, 1, 1);
    assert_int_equal(history_judge(history, sid, "\x1b]0;title\x07\n", 11, &strict, &why), HISTORY_NOT_JSON);
    assert_null(strchr(why.bytes, '\x1b'));
    assert_non_null(strstr(why.bytes, "\\e]0;title\\x07"));
    assert_int_equal(history_judge(history, sid, "", 0, &strict, &why), HISTORY_LOST);
    assert_true(why.length < 500);
    assert_non_null(strstr(why.bytes, "more bytes)"));
    text_free(&event);
    text_free(&why);
    history_free(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_must_be_an_object_on_its_own),
        cmocka_unit_test(a_line_needs_an_integer_from_one),
        cmocka_unit_test(torn_lines_are_tolerated_as_far_as_the_rules_say),
        cmocka_unit_test(an_append_stands_there_once),
        cmocka_unit_test(a_lost_append_is_found),
        cmocka_unit_test(a_payload_is_kept),
        cmocka_unit_test(the_stores_members_and_the_spelling_do_not_count),
        cmocka_unit_test(nobody_sent_a_foreign_line),
        cmocka_unit_test(events_without_op_are_found_by_number_or_value),
        cmocka_unit_test(half_a_surrogate_pair_is_a_payload),
        cmocka_unit_test(an_event_that_is_no_json_has_no_payload),
        cmocka_unit_test(an_event_may_be_appended_again),
        cmocka_unit_test(what_is_shown_is_visible_and_short),
    };

    return cmocka_run_group_tests_name("history_lines", tests, NULL, NULL) != 0;
}
