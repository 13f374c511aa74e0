/* The vocabulary of check.h: verdicts are written before CMocka leaves the case by longjmp. */
#include "check.h"

#include "base/clock.h"
#include "base/directory.h"
#include "base/text.h"
#include "case/record.h"
#include "case/state.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EVIDENCE_SHOWN_BYTES = 600, EVIDENCE_BYTES_MAX = 4096 };

static const char *const how_names[] = {"wrong", "silent", "hang", "crash", "race", "leak"};

/* Leaves the case. CMocka's own functions are not declared to stay away, hence the abort. */
static _Noreturn void leave(void (*by_cmocka)(void))
{
    by_cmocka();
    abort();
}

static void by_failure(void)
{
    fail();
}

static void by_skipping(void)
{
    skip();
}

static __attribute__((format(printf, 1, 0))) char *format_text(const char *format, va_list arguments)
{
    struct text text;

    text_init(&text, EVIDENCE_BYTES_MAX);
    text_vaddf(&text, format, arguments);
    return text_take(&text);
}

/* Whether the machine has no room for what the target is asked to keep in the case's directory. */
static const char *lack_of_room(void)
{
    static const int lacks[] = {ENOSPC, EDQUOT, EROFS, EMFILE, ENFILE};
    static char said[EVIDENCE_BYTES_MAX];
    const char *directory = case_context()->directory;

    if (directory_has_room(directory))
        return NULL;
    int error = errno;
    snprintf(said, sizeof said, "nothing can be written to %s (%s); make room, or name another place with --out",
             directory, strerror(error));
    for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++)
        if (error == lacks[i])
            return said;
    return NULL;
}

/* A verdict that rests on what the machine did not do is none. */
static void doubt(struct case_result *result)
{
    const struct case_state *state = case_state();
    const char *trouble = state->trouble ? state->trouble(state->trouble_of) : NULL;
    bool doubtful = result->verdict == VERDICT_FAIL || result->verdict == VERDICT_NA;

    if (!trouble && doubtful)
        trouble = lack_of_room();
    if (trouble && doubtful)
        *result =
            (struct case_result){.verdict = VERDICT_ERROR, .blame = BLAME_ENVIRONMENT, .message = (char *)trouble};
}

/* A control that fails shows that the stimulus does not work, not that the requirement is violated. What may never
 * happen is a violation wherever it is met (expect_at()), and so are a crash, a hang and a leak. */
static void acquit(struct case_result *result)
{
    const struct case_state *state = case_state();
    bool violates = verdict_is_severe(result->how) || state->level != LEVEL_OF_CHECK;

    if (!state->context->test->control || result->verdict != VERDICT_FAIL || violates)
        return;
    struct text message;
    text_init(&message, EVIDENCE_BYTES_MAX);
    text_addf(&message, "the control failed, so the room is not judged: %s", result->message);
    result->message = message.bytes;
    result->verdict = VERDICT_ERROR;
    result->blame = BLAME_TARGET;
}

static void give_verdict(struct case_result *result)
{
    struct case_state *state = case_state();

    if (state->judged)
        return;
    state->judged = true;
    doubt(result);
    acquit(result);
    result->sent = state->sent.length ? state->sent.bytes : NULL;
    result->level = (char *)case_level();
    result->at_ms = (clock_ns() - state->context->start_ns) / 1000000;
    record_write(state->context->record_fd, result);
}

void sent_bytes(const void *bytes, size_t count)
{
    struct text *sent = &case_state()->sent;

    text_clear(sent);
    text_add_visible(sent, bytes, count, EVIDENCE_SHOWN_BYTES);
    case_state()->sent_by_room = true;
}

void sent(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *text = format_text(format, arguments);
    va_end(arguments);
    sent_bytes(text, strlen(text));
    free(text);
}

void expect_at(enum level level)
{
    case_state()->level = level;
}

void remark(const char *format, ...)
{
    struct text *text = &case_state()->remark;
    va_list arguments;

    text_clear(text);
    va_start(arguments, format);
    text_vaddf(text, format, arguments);
    va_end(arguments);
}

static _Noreturn void fail_with(enum how how, const char *expected, char *actual, char *message)
{
    struct case_result result = {.verdict = VERDICT_FAIL,
                                 .how = (char *)how_names[how],
                                 .message = message,
                                 .expected = (char *)expected,
                                 .actual = actual};

    give_verdict(&result);
    leave(by_failure);
}

void expect(bool holds, enum how how, const char *expected, const char *actual, ...)
{
    case_state()->expectations++;
    if (holds)
        return;
    va_list arguments;
    va_start(arguments, actual);
    char *came = format_text(actual, arguments);
    va_end(arguments);
    struct text message;
    text_init(&message, EVIDENCE_BYTES_MAX);
    text_addf(&message, "expected %s, got ", expected);
    text_add_bytes(&message, came, strcspn(came, "\n"));
    fail_with(how, expected, came, message.bytes);
}

void expect_integer(int64_t actual, int64_t expected, const char *what)
{
    char wanted[256];

    snprintf(wanted, sizeof wanted, "%s %lld", what, (long long)expected);
    expect(actual == expected, WRONG, wanted, "%lld", (long long)actual);
}

void expect_text(const char *actual, const char *expected, const char *what)
{
    char wanted[512];

    snprintf(wanted, sizeof wanted, "%s \"%s\"", what, expected);
    if (actual)
        expect(!strcmp(actual, expected), WRONG, wanted, "\"%s\"", actual);
    else
        expect(false, WRONG, wanted, "nothing");
}

void fail_case(enum how how, const char *expected, const char *actual, const char *message, ...)
{
    va_list arguments;

    va_start(arguments, message);
    char *text = format_text(message, arguments);
    va_end(arguments);
    fail_with(how, expected, (char *)actual, text);
}

static _Noreturn __attribute__((format(printf, 3, 0))) void
end_without_judgement(enum verdict verdict, enum blame blame, const char *format, va_list arguments)
{
    struct case_result result = {.verdict = verdict, .blame = blame, .message = format_text(format, arguments)};

    give_verdict(&result);
    leave(verdict == VERDICT_NA ? by_skipping : by_failure);
}

#define END_WITHOUT_JUDGEMENT(verdict, blame, format)             \
    do {                                                          \
        va_list arguments;                                        \
        va_start(arguments, format);                              \
        end_without_judgement(verdict, blame, format, arguments); \
    } while (0)

void not_applicable(const char *why, ...)
{
    END_WITHOUT_JUDGEMENT(VERDICT_NA, BLAME_NONE, why);
}

void error_of_target(const char *what, ...)
{
    END_WITHOUT_JUDGEMENT(VERDICT_ERROR, BLAME_TARGET, what);
}

void error_of_environment(const char *what, ...)
{
    END_WITHOUT_JUDGEMENT(VERDICT_ERROR, BLAME_ENVIRONMENT, what);
}

void error_of_harness(const char *what, ...)
{
    END_WITHOUT_JUDGEMENT(VERDICT_ERROR, BLAME_HARNESS, what);
}

int64_t now_ns(void)
{
    return clock_ns();
}

int64_t scaled_ms(int64_t milliseconds)
{
    double scaled = (double)milliseconds * case_context()->timeout_scale;

    return scaled < 1 ? 1 : (int64_t)scaled;
}

int64_t deadline_after(int64_t milliseconds)
{
    return now_ns() + scaled_ms(milliseconds) * 1000000;
}

const char *case_directory(void)
{
    return case_context()->directory;
}

bool long_run(void)
{
    return case_context()->long_run;
}

uint64_t case_seed(void)
{
    return case_context()->seed;
}
