#include "worker.h"

#include "record.h"
#include "sanitizer.h"
#include "surface.h"
#include "worker_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { STATE_BYTES_MAX = 4096 };

static struct worker_state the_worker;

struct worker_state *worker_state(void)
{
    return &the_worker;
}

const struct case_context *worker_context(void)
{
    return the_worker.context;
}

bool worker_has_verdict(void)
{
    return the_worker.judged;
}

void worker_note_state(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_add(&the_worker.target_state, the_worker.target_state.length ? "; " : "");
    text_vaddf(&the_worker.target_state, format, arguments);
    va_end(arguments);
}

static int set_up(void **state)
{
    *state = surface_start(the_worker.context);
    return 0;
}

static int tear_down(void **state)
{
    surface_stop(*state);
    sanitizer_expect_no_report(the_worker.context);
    return 0;
}

static void pass(void)
{
    struct text *said = &the_worker.remark;
    struct case_result result = {.verdict = VERDICT_PASS, .message = said->length ? said->bytes : NULL};
    if (!the_worker.expectations)
        result = (struct case_result){.verdict = VERDICT_ERROR,
                                      .blame = BLAME_HARNESS,
                                      .message = (char *)"the case passed without meeting a single expectation"};
    record_write(the_worker.context->record_fd, &result);
}

void worker_run(const struct case_context *context)
{
    the_worker.context = context;
    text_init(&the_worker.sent, STATE_BYTES_MAX);
    text_init(&the_worker.remark, STATE_BYTES_MAX);
    text_init(&the_worker.target_state, STATE_BYTES_MAX);
    struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(NULL, set_up, tear_down)};
    tests[0].name = context->test->name;
    tests[0].test_func = context->test->run;
    int failed = cmocka_run_group_tests_name(context->room->id, tests, NULL, NULL);
    if (!failed && !the_worker.judged)
        pass();
    fflush(NULL);
    _exit(failed ? 1 : 0);
}
