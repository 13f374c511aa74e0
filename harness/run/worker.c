/* The process in which one case runs. */
#include "run/worker.h"

#include "case/record.h"
#include "run/surfaces.h"
#include "target/manifest.h"
#include "target/sanitizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* CMocka obeys variables of its own: one aborts at the first failure, others send its output to files. */
static void forget_cmocka_variables(void)
{
    static const char prefix[] = "CMOCKA_";
    char **kept = environ;

    for (char **variable = environ; *variable; variable++)
        if (strncmp(*variable, prefix, strlen(prefix)) != 0)
            *kept++ = *variable;
    *kept = NULL;
}

static int set_up(void **state)
{
    *state = surfaces_start();
    return 0;
}

/* A sanitised target is judged by its end, so it is not left running. */
bool worker_leaves_target(void)
{
    return case_context()->keep && !case_context()->manifest->sanitizer;
}

static int tear_down(void **state)
{
    if (worker_leaves_target())
        return 0;
    surfaces_stop(*state);
    sanitizer_expect_no_report(case_context());
    return 0;
}

static void pass(void)
{
    const struct text *said = &case_state()->remark;
    struct case_result result = {.verdict = VERDICT_PASS, .message = said->length ? said->bytes : NULL};

    if (!case_state()->expectations)
        result = (struct case_result){.verdict = VERDICT_ERROR,
                                      .blame = BLAME_HARNESS,
                                      .message = (char *)"the case passed without meeting a single expectation"};
    record_write(case_context()->record_fd, &result);
}

int worker_run(const struct case_context *context)
{
    case_begin(context);
    forget_cmocka_variables();
    struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(NULL, set_up, tear_down)};
    tests[0].name = context->test->name;
    tests[0].test_func = context->test->run;
    int failed = cmocka_run_group_tests_name(context->room->id, tests, NULL, NULL);
    if (!failed && !case_has_verdict())
        pass();
    fflush(NULL);
    return failed ? 1 : 0;
}
