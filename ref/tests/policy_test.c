/* The rate limit and the time-outs, which both are told what time it is. */
#include "routes/policy.h"
#include "server/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOW_MS = 1000000 };

static void a_bucket_holds_one_second(void **state)
{
    struct policy_bucket bucket = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(policy_take(&bucket, 3, NOW_MS));
    assert_false(policy_take(&bucket, 3, NOW_MS));
    assert_false(policy_take(&bucket, 3, NOW_MS + 333));
    assert_true(policy_take(&bucket, 3, NOW_MS + 334));
    assert_false(policy_take(&bucket, 3, NOW_MS + 334));
    assert_true(policy_take(&bucket, 3, NOW_MS + 100000));
}

static void timers_end_in_order(void **state)
{
    struct timers timers;
    struct timer a = {0}, b = {0}, c = {0};

    (void)state;
    timers_init(&timers, 50);
    assert_null(timers_first(&timers));
    timers_set(&timers, &a, 1);
    timers_set(&timers, &b, 2);
    timers_set(&timers, &c, 3);
    assert_ptr_equal(timers_first(&timers), &a);
    assert_int_equal(a.ends_ms, 51);
    timers_clear(&b);
    timers_clear(&b);
    timers_clear(&a);
    assert_ptr_equal(timers_first(&timers), &c);
    timers_set(&timers, &a, 4);
    timers_clear(&c);
    assert_ptr_equal(timers_first(&timers), &a);
    timers_clear(&a);
    assert_null(timers_first(&timers));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_holds_one_second),
        cmocka_unit_test(timers_end_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
