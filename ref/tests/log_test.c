/* A log line is one line, whatever the values hold. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char last[LOG_LINE_MAX_BYTES + 1];

static void keep(void *context, const char *line)
{
    ++*(int *)context;
    snprintf(last, sizeof last, "%s", line);
}

/* What follows the time. */
static const char *after_time(void)
{
    assert_int_equal(strspn(last, "0123456789-:.TZ"), strlen("2026-01-02T03:04:05.678Z"));
    return last + strlen("2026-01-02T03:04:05.678Z");
}

static void escapes_what_clients_say(void **state)
{
    int lines = 0;
    struct log log = {.least = LOG_INFO, .write = keep, .context = &lines};

    (void)state;
    log_event(&log, LOG_WARNING, "ws.malformed", "client", "7", "reason", "no \"x\"\n\x1b[2J\xc3\xa9\\", "empty", "",
              NULL);
    assert_string_equal(after_time(),
                        " warning ws.malformed client=7 reason=\"no \\x22x\\x22\\x0a\\x1b[2J\\xc3\\xa9\\x5c\""
                        " empty=\"\"\n");
    log_event(&log, LOG_DEBUG, "ws.gone", NULL);
    assert_int_equal(lines, 1);
    log.write = NULL;
    log_event(&log, LOG_ERROR, "ws.gone", NULL);
    assert_int_equal(lines, 1);
}

static void cuts_what_is_long(void **state)
{
    char value[LOG_VALUE_MAX_BYTES + 2];
    int lines = 0;
    struct log log = {.least = LOG_DEBUG, .write = keep, .context = &lines};

    (void)state;
    for (size_t length = LOG_VALUE_MAX_BYTES - 1; length <= LOG_VALUE_MAX_BYTES + 1; length++) {
        memset(value, 'x', length);
        value[length] = '\0';
        log_event(&log, LOG_INFO, "e", "k", value, NULL);
        size_t shown = strspn(strchr(last, 'x'), "x");
        assert_int_equal(shown, length < LOG_VALUE_MAX_BYTES ? length : LOG_VALUE_MAX_BYTES);
    }
    memset(value, '\n', LOG_VALUE_MAX_BYTES);
    log_event(&log, LOG_INFO, "e", "a", value, "b", value, NULL);
    assert_int_equal(strlen(last), LOG_LINE_MAX_BYTES);
    assert_ptr_equal(strchr(last, '\n'), last + LOG_LINE_MAX_BYTES - 1);
}

static void knows_its_levels(void **state)
{
    enum log_level level = LOG_DEBUG;

    (void)state;
    assert_true(log_level_of("error", &level));
    assert_int_equal(level, LOG_ERROR);
    assert_false(log_level_of("Error", &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_what_clients_say),
        cmocka_unit_test(cuts_what_is_long),
        cmocka_unit_test(knows_its_levels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
