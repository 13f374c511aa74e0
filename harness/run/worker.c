#include "run/worker.h"

#include "case/record.h"
#include "case/state.h"
#include "run/surfaces.h"
#include "target/sanitizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SENT_BYTES_MAX = 4096, NOTES_MAX = 32 };

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

void worker_doubt(const char *(*trouble)(void *of), void *of)
{
    the_worker.trouble = trouble;
    the_worker.trouble_of = of;
}

void worker_note_state(const char *format, ...)
{
    if (the_worker.notes == NOTES_MAX)
        return;
    the_worker.notes++;
    struct text note;
    text_init(&note, RECORD_FIELD_BYTES_MAX);
    va_list arguments;
    va_start(arguments, format);
    text_vaddf(&note, format, arguments);
    va_end(arguments);
    record_write_state(the_worker.context->record_fd, note.bytes);
    text_free(&note);
}

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
    *state = surface_start(the_worker.context);
    return 0;
}

/* A sanitised target is judged by its end, so it is not left running. */
bool worker_leaves_target(void)
{
    return the_worker.context->options->keep && !the_worker.context->manifest->sanitizer;
}

static int tear_down(void **state)
{
    if (worker_leaves_target())
        return 0;
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

int worker_run(const struct case_context *context)
{
    the_worker.context = context;
    forget_cmocka_variables();
    text_init(&the_worker.sent, SENT_BYTES_MAX);
    text_init(&the_worker.remark, SENT_BYTES_MAX);
    struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(NULL, set_up, tear_down)};
    tests[0].name = context->test->name;
    tests[0].test_func = context->test->run;
    int failed = cmocka_run_group_tests_name(context->room->id, tests, NULL, NULL);
    if (!failed && !the_worker.judged)
        pass();
    fflush(NULL);
    return failed ? 1 : 0;
}
