/* The exchange of a case: what is written, how much of it is shown, and what is left when there is too much. */
#include "case/exchange.h"

#include "base/clock.h"
#include "case/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct case_context context;

static int begin(void **state)
{
    (void)state;
    context = (struct case_context){.start_ns = clock_ns(), .exchange = exchange_create()};
    case_begin(&context);
    return context.exchange ? 0 : -1;
}

static void assert_contains(const struct text *text, const char *part)
{
    if (!strstr(text->bytes, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text->bytes);
}

static void both_directions_and_events_are_lines(void **state)
{
    (void)state;
    exchange_note("connection 1", "opened to %s", "somewhere");
    exchange_to("connection 1", "GET /\r\n\0", 8);
    exchange_from("connection 1", "\xff", 1);
    struct text text = exchange_text(context.exchange);
    assert_contains(&text, " ms  connection 1   - opened to somewhere\n");
    assert_contains(&text, " ms  connection 1   > 8 bytes: GET /\\r\\n\\x00\n");
    assert_contains(&text, " ms  connection 1   < 1 byte: \\xff\n");
    text_free(&text);
}

static void nothing_is_nothing(void **state)
{
    (void)state;
    struct text text = exchange_text(context.exchange);
    assert_int_equal(text.length, 0);
    text_free(&text);
}

static void an_entry_is_cut_at_its_maximum(void **state)
{
    (void)state;
    static char bytes[EXCHANGE_SHOWN_BYTES + 1];
    static const struct {
        size_t count;
        const char *end;
    } entries[] = {
        {EXCHANGE_SHOWN_BYTES - 1, "aaa\n"},
        {EXCHANGE_SHOWN_BYTES, "aaa\n"},
        {EXCHANGE_SHOWN_BYTES + 1, "aaa… (1 more bytes)\n"},
    };
    memset(bytes, 'a', sizeof bytes);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        begin(NULL);
        exchange_to("driver 1", bytes, entries[i].count);
        struct text text = exchange_text(context.exchange);
        assert_string_equal(text.bytes + text.length - strlen(entries[i].end), entries[i].end);
        text_free(&text);
    }
}

/* Whatever the bytes are, a line ends with a line feed, or the next one would be glued to it. */
static void what_is_all_escapes_fits(void **state)
{
    (void)state;
    static const char hidden[] = "\xf4\x8f\xbf\xbf"; /* \u{10ffff} */
    static char bytes[EXCHANGE_SHOWN_BYTES];
    static char controls[EXCHANGE_SHOWN_BYTES];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = hidden[i % 4];
    memset(controls, 1, sizeof controls);
    exchange_to("driver 1", bytes, sizeof bytes);
    exchange_to("driver 1", controls, sizeof controls);
    struct text text = exchange_text(context.exchange);
    assert_contains(&text, "\\u{10ffff}\n");
    assert_string_equal(text.bytes + text.length - 5, "\\x01\n");
    text_free(&text);
}

static void of_too_much_the_last_part_is_kept(void **state)
{
    (void)state;
    static char filler[EXCHANGE_SHOWN_BYTES];
    memset(filler, 'a', sizeof filler);
    exchange_note("driver 1", "the first");
    for (int i = 0; i < 2 * EXCHANGE_KEPT_BYTES / EXCHANGE_SHOWN_BYTES; i++)
        exchange_to("driver 1", filler, sizeof filler);
    exchange_note("driver 1", "the last");
    struct text text = exchange_text(context.exchange);
    assert_contains(&text, " earlier lines are left out.\n");
    assert_null(strstr(text.bytes, "the first"));
    assert_string_equal(text.bytes + text.length - 9, "the last\n");
    assert_in_range(text.length, EXCHANGE_KEPT_BYTES / 2, EXCHANGE_KEPT_BYTES + 512);
    text_free(&text);
}

/* As a worker and its monitor do. */
static void another_process_reads_what_one_wrote_that_was_killed(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        exchange_note("driver 1", "before the end");
        abort();
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    struct text text = exchange_text(context.exchange);
    assert_contains(&text, "before the end\n");
    text_free(&text);
}

static void without_an_exchange_nothing_is_written(void **state)
{
    (void)state;
    context.exchange = NULL;
    exchange_note("driver 1", "nobody reads this");
    exchange_to("driver 1", "x", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(both_directions_and_events_are_lines, begin),
        cmocka_unit_test_setup(nothing_is_nothing, begin),
        cmocka_unit_test_setup(an_entry_is_cut_at_its_maximum, begin),
        cmocka_unit_test_setup(what_is_all_escapes_fits, begin),
        cmocka_unit_test_setup(of_too_much_the_last_part_is_kept, begin),
        cmocka_unit_test_setup(another_process_reads_what_one_wrote_that_was_killed, begin),
        cmocka_unit_test_setup(without_an_exchange_nothing_is_written, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
