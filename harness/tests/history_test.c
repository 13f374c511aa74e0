/* The judge of a history, rule by rule: right histories and wrong ones, made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "history.h"

static const char sid[] = "0123456789abcdef0123456789abcdef";

#define EVENT(op) "{\"type\":\"user.message\",\"op\":\"" op "\"}"
#define RECORD(seq, op) "{\"type\":\"user.message\",\"ts\":\"2026-01-01\",\"seq\":" #seq ",\"op\":\"" op "\"}"
#define LINE(seq, op) RECORD(seq, op) "\n"

static const struct history_rules strict = {.gaps = false, .torn_lines = 0};

static void add(struct history *history, const char *event, int64_t invoked_ms, int64_t ended_ms, enum outcome outcome,
                uint64_t seq)
{
    history_add_append(history, &(struct history_append){
                                    .sid = sid,
                                    .client = 1,
                                    .invoked_ns = invoked_ms * 1000000,
                                    .ended_ns = ended_ms * 1000000,
                                    .outcome = outcome,
                                    .seq = seq,
                                    .event = event,
                                    .event_bytes = strlen(event),
                                });
}

static void acknowledged(struct history *history, const char *event, int64_t invoked_ms, int64_t ended_ms, uint64_t seq)
{
    add(history, event, invoked_ms, ended_ms, ACKNOWLEDGED, seq);
}

/* Three appends, one after the other. */
static struct history *three(void)
{
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 1, 1);
    acknowledged(history, EVENT("b"), 2, 3, 2);
    acknowledged(history, EVENT("c"), 4, 5, 3);
    return history;
}

/* Three appends, all at once: no order is known. */
static struct history *three_at_once(void)
{
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 9, 1);
    acknowledged(history, EVENT("b"), 0, 9, 2);
    acknowledged(history, EVENT("c"), 0, 9, 3);
    return history;
}

static void read_events(struct history *history, int64_t invoked_ms, int64_t ended_ms, const char *const *events,
                        size_t count)
{
    history_add_read(history, &(struct history_read){
                                  .sid = sid,
                                  .client = 9,
                                  .invoked_ns = invoked_ms * 1000000,
                                  .ended_ns = ended_ms * 1000000,
                                  .events = events,
                                  .count = count,
                              });
}

#define READ(history, invoked_ms, ended_ms, ...)                                   \
    read_events(history, invoked_ms, ended_ms, (const char *const[]){__VA_ARGS__}, \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void judge_bytes(struct history *history, const char *file, size_t bytes, struct history_rules rules,
                        enum history_verdict expected, const char *telling)
{
    struct text why;

    text_init(&why, 10000);
    enum history_verdict verdict = history_judge(history, sid, file, bytes, &rules, &why);
    if (verdict != expected)
        fail_msg("expected %s, judged %s: %s", history_verdict_name(expected), history_verdict_name(verdict),
                 why.bytes);
    if (telling && !strstr(why.bytes, telling))
        fail_msg("\"%s\" is not in the counter-example: %s", telling, why.bytes);
    assert_int_equal(why.length == 0, expected == HISTORY_SOUND);
    text_free(&why);
}

static void judge(struct history *history, const char *file, struct history_rules rules, enum history_verdict expected,
                  const char *telling)
{
    judge_bytes(history, file, file ? strlen(file) : 0, rules, expected, telling);
}

static void expect_verdict(struct history *history, const char *file, enum history_verdict expected,
                           const char *telling)
{
    judge(history, file, strict, expected, telling);
    history_free(history);
}

static void right_histories_are_sound(void **state)
{
    (void)state;

    expect_verdict(history_create(), "", HISTORY_SOUND, NULL);
    expect_verdict(three(), LINE(1, "a") LINE(2, "b") LINE(3, "c"), HISTORY_SOUND, NULL);
    expect_verdict(three_at_once(), LINE(1, "a") LINE(2, "b") LINE(3, "c"), HISTORY_SOUND, NULL);
    history_free(NULL);
}

static void the_stores_members_and_the_spelling_do_not_count(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, "{\"op\":\"a\",\"seq\":999,\"ts\":0,\"text\":\"\\u00e9/\",\"n\":[1.0,{\"x\":1,\"y\":2}]}", 0,
                 1, 1);
    expect_verdict(history, "{\"seq\":1, \"n\":[1,{\"y\":2,\"x\":10e-1}],\"text\":\"\xC3\xA9\\/\",\"op\":\"a\"} \n",
                   HISTORY_SOUND, NULL);
}

static void a_line_must_be_an_object_on_its_own(void **state)
{
    (void)state;

    expect_verdict(three(), LINE(1, "a") "{\"type\":\"us" LINE(2, "b") LINE(3, "c"), HISTORY_NOT_JSON,
                   "line 2 is no JSON:");
    expect_verdict(three(), LINE(1, "a") RECORD(2, "b") RECORD(3, "c") "\n", HISTORY_NOT_JSON,
                   "something follows the value (byte 59)");
    expect_verdict(three(), LINE(1, "a") "\n" LINE(2, "b") LINE(3, "c"), HISTORY_NOT_JSON, "line 2 is empty");
    expect_verdict(three(), LINE(1, "a") LINE(2, "b") LINE(3, "c") "\n", HISTORY_NOT_JSON, "line 4 is empty");
    expect_verdict(three(), "[1]\n" LINE(1, "a") LINE(2, "b") LINE(3, "c"), HISTORY_NOT_JSON,
                   "line 1 is JSON, but no object");
    expect_verdict(three(), LINE(1, "a") LINE(2, "b") RECORD(3, "c"), HISTORY_NOT_JSON,
                   "line 3 is not ended by a newline");
    expect_verdict(three(), LINE(1, "a") LINE(2, "b") "{\"seq\":3,\"type\":\"user.message\",\"seq\":3,\"op\":\"c\"}\n",
                   HISTORY_NOT_JSON, "a second member of the name \"seq\"");
    expect_verdict(three(), LINE(1, "a") LINE(2, "b") "{\"seq\":3,\"op\":\"c\xFF\"}\n", HISTORY_NOT_JSON, "c\\xff");
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
        snprintf(file, sizeof file, LINE(1, "a") LINE(2, "b") "{\"seq\":%s,\"type\":\"user.message\",\"op\":\"c\"}\n",
                 seqs[i]);
        expect_verdict(three(), file, HISTORY_NO_SEQ, "line 3 has no \"seq\"");
    }
    expect_verdict(three(), LINE(1, "a") LINE(2, "b") EVENT("c") "\n", HISTORY_NO_SEQ, "line 3");
    expect_verdict(three(), LINE(1, "a") LINE(2, "b") "{\"SEQ\":3,\"op\":\"c\"}\n", HISTORY_NO_SEQ, "line 3");
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

    acknowledged(history, "{\"op\":\"a\",\"text\":\"some words, and then the truth\",\"n\":9007199254740993}", 0, 1, 1);
    judge(history, "{\"seq\":1,\"op\":\"a\",\"text\":\"some words, and then the truth\",\"n\":9007199254740992}\n",
          strict, HISTORY_WRONG_PAYLOAD, "member \"n\" has another value");
    judge(history, "{\"seq\":1,\"op\":\"a\",\"text\":\"some words, and then the troth\",\"n\":9007199254740993}\n",
          strict, HISTORY_WRONG_PAYLOAD, "stored (32 bytes, the first difference at 28)");
    judge(history, "{\"seq\":1,\"op\":\"a\",\"n\":9007199254740993}\n", strict, HISTORY_WRONG_PAYLOAD,
          "member \"text\" is missing");
    judge(history,
          "{\"seq\":1,\"op\":\"a\",\"text\":\"some words, and then the truth\",\"n\":9007199254740993,\"x\":1}\n",
          strict, HISTORY_WRONG_PAYLOAD, "member \"x\" was never sent");
    judge(history, "{\"seq\":1,\"op\":\"?\",\"text\":\"some words, and then the truth\",\"n\":9007199254740993}\n",
          strict, HISTORY_WRONG_PAYLOAD, "member \"op\"");
    judge(history, "{\"seq\":2,\"op\":\"a\"}\n", (struct history_rules){.gaps = true}, HISTORY_WRONG_PAYLOAD,
          "member \"text\"");
    history_free(history);
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

/* More appends that were answered one number than are tried one by one. */
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
        text_addf(&file, "{\"type\":\"user.message\",\"seq\":1,\"op\":\"o%03d\"}\n", i);
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
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "c") "{\"seq\":4,\"op\":\"u\"}\n", strict, HISTORY_WRONG_PAYLOAD,
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

static void an_event_that_is_no_json_has_no_payload(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, "{\"text\":\"\\ud800\"}", 0, 1, 1);
    judge(history, "{\"seq\":1,\"text\":\"\xEF\xBF\xBD\"}\n", strict, HISTORY_SOUND, NULL);
    judge(history, "", strict, HISTORY_LOST, "seq 1");
    add(history, "not even an object", 2, 3, REFUSED, 0);
    judge(history, "{\"seq\":1,\"text\":\"?\"}\n{\"seq\":2,\"text\":\"?\"}\n", strict, HISTORY_FOREIGN, "line 2");
    add(history, "{\"text\":\"\xFF\"}", 4, 0, UNKNOWN, 0);
    judge(history, "{\"seq\":1,\"text\":\"?\"}\n{\"seq\":2,\"text\":\"?\"}\n", strict, HISTORY_SOUND, NULL);
    judge(history, "{\"seq\":1,\"text\":\"?\"}\n{\"seq\":2,\"text\":\"?\"}\n{\"seq\":3,\"text\":\"?\"}\n", strict,
          HISTORY_FOREIGN, "line 3");
    history_free(history);
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

static void a_read_is_a_prefix_of_the_file(void **state)
{
    (void)state;
    static const char file[] = LINE(1, "a") LINE(2, "b") LINE(3, "c");
    struct history *history = three_at_once();

    read_events(history, 0, 9, NULL, 0);
    READ(history, 1, 9, RECORD(1, "a"));
    READ(history, 2, 9, RECORD(1, "a"), RECORD(2, "b"),
         "{\"op\":\"c\",\"seq\":3,\"ts\":null,\"type\":\"user.message\"}");
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

static void what_is_shown_is_visible_and_short(void **state)
{
    (void)state;
    struct history *history = history_create();
    struct text event;
    struct text why;

    text_init(&event, 100000);
    text_init(&why, 100000);
    text_add(&event, "{\"op\":\"a\",\"text\":\"");
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

static void every_verdict_has_a_name(void **state)
{
    (void)state;

    for (enum history_verdict a = HISTORY_SOUND; a < HISTORY_VERDICTS; a++) {
        assert_non_null(history_verdict_name(a));
        for (enum history_verdict b = HISTORY_SOUND; b < a; b++)
            assert_string_not_equal(history_verdict_name(a), history_verdict_name(b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_histories_are_sound),
        cmocka_unit_test(the_stores_members_and_the_spelling_do_not_count),
        cmocka_unit_test(a_line_must_be_an_object_on_its_own),
        cmocka_unit_test(a_line_needs_an_integer_from_one),
        cmocka_unit_test(torn_lines_are_tolerated_as_far_as_the_rules_say),
        cmocka_unit_test(an_append_stands_there_once),
        cmocka_unit_test(a_lost_append_is_found),
        cmocka_unit_test(a_payload_is_kept),
        cmocka_unit_test(nobody_sent_a_foreign_line),
        cmocka_unit_test(a_number_is_given_once),
        cmocka_unit_test(many_may_be_answered_the_same_number),
        cmocka_unit_test(file_order_is_number_order),
        cmocka_unit_test(an_answer_is_the_lines_number),
        cmocka_unit_test(numbers_leave_no_gap_unless_the_target_says_so),
        cmocka_unit_test(what_was_acknowledged_earlier_is_numbered_lower),
        cmocka_unit_test(an_unknown_append_may_be_there_once),
        cmocka_unit_test(an_unknown_append_obeys_real_time_too),
        cmocka_unit_test(a_refused_append_is_not_there),
        cmocka_unit_test(an_event_may_be_appended_again),
        cmocka_unit_test(events_without_op_are_found_by_number_or_value),
        cmocka_unit_test(an_event_that_is_no_json_has_no_payload),
        cmocka_unit_test(a_damaged_line_is_not_held_against_the_target),
        cmocka_unit_test(a_read_is_a_prefix_of_the_file),
        cmocka_unit_test(a_read_shows_what_was_acknowledged_before),
        cmocka_unit_test(reads_do_not_go_back),
        cmocka_unit_test(reads_stand_for_a_file_that_cannot_be_seen),
        cmocka_unit_test(what_is_shown_is_visible_and_short),
        cmocka_unit_test(every_verdict_has_a_name),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL) != 0;
}
