/* Server-sent events: where one ends, and which lines are its data. */
#include "wire/sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* All events of the stream, each in brackets, must be that; whole, and fed byte by byte. */
static void expect_events(const char *stream, const char *wanted)
{
    struct text data;
    struct text found;

    text_init(&data, 1000);
    text_init(&found, 1000);
    for (size_t step = 1; step <= strlen(stream); step += strlen(stream) > 1 ? strlen(stream) - 1 : 1) {
        size_t at = 0;

        text_clear(&found);
        for (size_t bytes = step; bytes <= strlen(stream); bytes += step)
            while (sse_next(stream, bytes, &at, &data))
                text_addf(&found, "[%s]", data.bytes);
        if (step == 1 || step == strlen(stream))
            assert_string_equal(found.bytes, wanted);
    }
    text_free(&data);
    text_free(&found);
}

static void events_end_with_an_empty_line(void **state)
{
    (void)state;
    expect_events("data: a\n\ndata: b\n\n", "[a][b]");
    expect_events("data: a\n\ndata: b\n", "[a]");
    expect_events("data: a\n\ndata: b", "[a]");
}

static void lines_end_in_three_ways(void **state)
{
    (void)state;
    expect_events("data: a\r\n\r\ndata: b\r\n\r\n", "[a][b]");
    expect_events("data: a\r\rdata: b\r\r", "[a][b]");
    expect_events("data: a\r\n\ndata: b\n\r\n", "[a][b]");
}

static void one_space_is_no_part_of_the_value(void **state)
{
    (void)state;
    expect_events("data:a\n\ndata:  b\n\ndata\n\ndata:\n\n", "[a][ b][][]");
}

static void data_lines_are_joined(void **state)
{
    (void)state;
    expect_events("data: {\ndata: }\n\n", "[{\n}]");
}

static void other_lines_are_passed_over(void **state)
{
    (void)state;
    expect_events(": hello\n\nevent: x\nid: 1\nretry: 5\ndata: a\nid: 2\n\nevent: y\n\ndatabase: b\n\n", "[a]");
    expect_events("\xef\xbb\xbf"
                  "data: a\n\n",
                  "[a]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_end_with_an_empty_line),     cmocka_unit_test(lines_end_in_three_ways),
        cmocka_unit_test(one_space_is_no_part_of_the_value), cmocka_unit_test(data_lines_are_joined),
        cmocka_unit_test(other_lines_are_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
