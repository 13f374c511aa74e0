/* What the judge costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "history/history.h"

static const char sid[] = "0123456789abcdef0123456789abcdef";

/* Enters `count` appends of as many clients as overlap, and returns the seconds of processor time to judge them. */
static double seconds_to_judge(size_t count)
{
    const struct history_rules strict = {.gaps = false};
    struct history *history = history_create();
    struct text file;
    struct text why;

    text_init(&file, SIZE_MAX / 2);
    text_init(&why, 10000);
    for (size_t i = 0; i < count; i++) {
        char event[128];
        int bytes =
            snprintf(event, sizeof event, "{\"type\":\"user.message\",\"text\":\"c%zu-%zu some\"}", i % 50, i / 50);
        /* Entered in the order of their ends, which is not that of their numbers. */
        size_t place = i ^ 7;

        history_add_append(history, &(struct history_append){.sid = sid,
                                                             .client = (unsigned)(i % 50),
                                                             .invoked_ns = (int64_t)(place * 10),
                                                             .ended_ns = (int64_t)(place * 10 + 200),
                                                             .outcome = i % 10 ? ACKNOWLEDGED : UNKNOWN,
                                                             .seq = i + 1,
                                                             .event = event,
                                                             .event_bytes = (size_t)bytes});
        text_addf(&file, "{\"type\":\"user.message\",\"ts\":%zu,\"seq\":%zu,%s\n", i * 1000, i + 1, event + 23);
    }

    clock_t start = clock();
    enum history_verdict verdict = history_judge(history, sid, file.bytes, file.length, &strict, &why);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (verdict != HISTORY_SOUND)
        fail_msg("%s", why.bytes);
    text_free(&file);
    text_free(&why);
    history_free(history);
    return seconds;
}

/* Ten times the operations cost ten times the time and a little more, but not a hundred times. */
static void cost_grows_with_the_number_of_operations(void **state)
{
    (void)state;
    double small = seconds_to_judge(20000);
    double large = seconds_to_judge(200000);

    print_message("%.3f s for 20,000 operations, %.3f s for 200,000\n", small, large);
    assert_true(large < 40 * small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cost_grows_with_the_number_of_operations),
    };

    return cmocka_run_group_tests_name("history_speed", tests, NULL, NULL) != 0;
}
