/* The judge with stores that keep only the members they know, and with those that answer no number. */
#include "tests/history_fixture.h"

static const struct history_rules typed = {.typed = true};

#define SENT(mark, more) "{\"type\":\"user.message\",\"text\":\"" mark " and more\"" more "}"
#define KEPT(seq, mark, more) "{\"seq\":" #seq ",\"type\":\"user.message\",\"text\":\"" mark " and more\"" more "}"

static void only_type_and_text_must_survive(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, SENT("a", ",\"n\":1,\"unknown\":[2]"), 0, 1, 1);
    judge(history, KEPT(1, "a", "") "\n", typed, HISTORY_SOUND, NULL);
    judge(history, KEPT(1, "a", ",\"n\":null,\"id\":\"x\"") "\n", typed, HISTORY_SOUND, NULL);
    judge(history, KEPT(1, "a", "") "\n", strict, HISTORY_WRONG_PAYLOAD, "member \"n\" is missing");
    judge(history, "{\"seq\":1,\"type\":\"user.message\",\"text\":\"a and less\"}\n", typed, HISTORY_WRONG_PAYLOAD,
          "member \"text\" has another value");
    judge(history, "{\"seq\":1,\"type\":\"assistant.message\",\"text\":\"a and more\"}\n", typed, HISTORY_WRONG_PAYLOAD,
          "member \"type\" has another value");
    judge(history, "{\"seq\":1,\"type\":\"user.message\",\"text\":null}\n", typed, HISTORY_WRONG_PAYLOAD,
          "member \"text\"");
    history_free(history);
}

static void text_must_survive_in_messages(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, "{\"type\":\"tool.use\",\"text\":\"a\"}", 0, 1, 1);
    acknowledged(history, "{\"type\":\"assistant.message\",\"text\":\"b\"}", 2, 3, 2);
    judge(history,
          "{\"seq\":1,\"type\":\"tool.use\",\"name\":null}\n"
          "{\"seq\":2,\"type\":\"assistant.message\",\"text\":\"b\"}\n",
          typed, HISTORY_SOUND, NULL);
    judge(history, "{\"seq\":1,\"type\":\"tool.use\",\"name\":null}\n{\"seq\":2,\"type\":\"assistant.message\"}\n",
          typed, HISTORY_WRONG_PAYLOAD, "member \"text\" is missing");
    history_free(history);
}

/* Its reads may fill in what its file leaves out, and leave out what its file fills in. */
static void its_reads_are_compared_by_the_same(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, SENT("a", ""), 0, 1, 1);
    READ(history, 2, 3, KEPT(1, "a", ",\"id\":null"));
    judge(history, KEPT(1, "a", ",\"parent\":null") "\n", typed, HISTORY_SOUND, NULL);
    judge(history, KEPT(1, "a", ",\"parent\":null") "\n", strict, HISTORY_READ_NOT_PREFIX, "event 1");
    history_free(history);

    history = history_create();
    acknowledged(history, SENT("a", ""), 0, 1, 1);
    READ(history, 2, 3, KEPT(2, "a", ""));
    judge(history, KEPT(1, "a", "") "\n", typed, HISTORY_READ_NOT_PREFIX, "event 1");
    history_free(history);
}

/* Acknowledged with number 0: no number was answered, so that of the line is right, whatever it is. */
static void without_an_answered_number_the_lines_is_right(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 1, 0);
    acknowledged(history, EVENT("b"), 2, 3, 0);
    judge(history, LINE(1, "a") LINE(2, "b"), strict, HISTORY_SOUND, NULL);
    judge(history, LINE(1, "a"), strict, HISTORY_LOST, "an append was acknowledged, and what was sent is on none");
    judge(history, LINE(1, "b") LINE(2, "a"), strict, HISTORY_REAL_TIME, "seq 2 was acknowledged 1.000 ms before");
    judge(history, LINE(1, "a") LINE(1, "b"), strict, HISTORY_DUPLICATE_SEQ, "both carry seq 1");
    judge(history, LINE(2, "b") LINE(1, "a"), strict, HISTORY_OUT_OF_ORDER, "line 1 carries seq 2");
    judge(history, LINE(1, "a") LINE(2, "b") LINE(3, "b"), strict, HISTORY_TWICE, "acknowledged)");
    judge(history, LINE(1, "a") LINE(3, "b"), strict, HISTORY_GAP, "seq 2 is missing");
    history_free(history);
}

static void without_an_answered_number_reads_are_held_against_lines(void **state)
{
    (void)state;
    struct history *history = history_create();

    acknowledged(history, EVENT("a"), 0, 1, 0);
    acknowledged(history, EVENT("b"), 2, 3, 0);
    READ(history, 4, 5, RECORD(1, "a"));
    judge(history, LINE(1, "a") LINE(2, "b"), strict, HISTORY_READ_MISSES, "not seq 2");
    history_free(history);
}

/* Longer than a mark may be: found by its value. */
static void a_mark_has_a_maximum(void **state)
{
    (void)state;
    enum { MOST = HISTORY_MARK_MAX_BYTES };
    char word[MOST + 2] = "", event[200], line[200];

    for (size_t bytes = MOST - 1; bytes <= MOST + 1; bytes++) {
        struct history *history = history_create();

        memset(word, 'm', bytes);
        word[bytes] = '\0';
        snprintf(event, sizeof event, "{\"text\":\"%s\",\"n\":1}", word);
        acknowledged(history, event, 0, 1, 0);
        snprintf(line, sizeof line, "{\"seq\":1,\"text\":\"%s\",\"n\":1}\n", word);
        judge(history, line, strict, HISTORY_SOUND, NULL);
        /* By its mark it is known, and then found changed; without one it is a stranger. */
        snprintf(line, sizeof line, "{\"seq\":1,\"text\":\"%s\",\"n\":2}\n", word);
        judge(history, line, strict, bytes <= MOST ? HISTORY_WRONG_PAYLOAD : HISTORY_FOREIGN, NULL);
        history_free(history);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_type_and_text_must_survive),
        cmocka_unit_test(text_must_survive_in_messages),
        cmocka_unit_test(its_reads_are_compared_by_the_same),
        cmocka_unit_test(without_an_answered_number_the_lines_is_right),
        cmocka_unit_test(without_an_answered_number_reads_are_held_against_lines),
        cmocka_unit_test(a_mark_has_a_maximum),
    };

    return cmocka_run_group_tests_name("history of typed stores", tests, NULL, NULL) != 0;
}
