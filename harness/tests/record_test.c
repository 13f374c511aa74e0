/* The record of a case: written by worker and monitor, read by the runner, whatever the target had to say. */
#include "case/record.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int fd;

static int open_record(void **state)
{
    (void)state;
    fd = record_open();
    return fd < 0;
}

static int close_record(void **state)
{
    (void)state;
    return close(fd);
}

static void write_raw(const char *bytes)
{
    assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
}

static void assert_text(const char *actual, const char *wanted)
{
    if (!wanted) {
        assert_null(actual);
    } else {
        assert_non_null(actual);
        assert_string_equal(actual, wanted);
    }
}

static void assert_harness_is_to_blame(bool judged, const char *message)
{
    struct case_result result = {0};

    assert_int_equal(record_read(fd, &result), judged);
    assert_int_equal(result.verdict, VERDICT_ERROR);
    assert_int_equal(result.blame, BLAME_HARNESS);
    assert_text(result.message, message);
    assert_null(result.how);
    case_result_free(&result);
}

static void every_field_comes_back(void **state)
{
    (void)state;
    struct case_result written = {.verdict = VERDICT_FAIL,
                                  .blame = BLAME_NONE,
                                  .how = (char *)"hang",
                                  .message = (char *)"a \"message\"\n\t\\ \033[2J \x7f \xc2\x9b \xf0\x9f\x91\xa9",
                                  .sent = (char *)"{\"verdict\":\"PASS\"}\n{\"verdict\":\"PASS\"}\n",
                                  .expected = (char *)"",
                                  .actual = (char *)"something",
                                  .state = (char *)"alive",
                                  .at_ms = 1234567890123};
    struct case_result result = {0};
    record_write(fd, &written);
    assert_true(record_read(fd, &result));
    assert_int_equal(result.verdict, VERDICT_FAIL);
    assert_int_equal(result.blame, BLAME_NONE);
    assert_text(result.how, written.how);
    assert_text(result.message, written.message);
    assert_text(result.sent, written.sent);
    assert_text(result.expected, "");
    assert_text(result.actual, "something");
    assert_text(result.state, "alive");
    assert_true(result.at_ms == written.at_ms);
    case_result_free(&result);
}

static void every_verdict_and_blame_comes_back(void **state)
{
    (void)state;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        for (int blame = BLAME_NONE; blame <= BLAME_ENVIRONMENT; blame++) {
            struct case_result result = {0};

            assert_int_equal(ftruncate(fd, 0), 0);
            assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
            record_write(fd, &(struct case_result){.verdict = (enum verdict)verdict, .blame = (enum blame)blame});
            assert_true(record_read(fd, &result));
            assert_int_equal(result.verdict, verdict);
            assert_int_equal(result.blame, blame);
            assert_null(result.message);
            case_result_free(&result);
        }
}

static void bytes_that_are_no_text_become_text(void **state)
{
    (void)state;
    struct case_result result = {0};
    record_write(fd, &(struct case_result){.verdict = VERDICT_FAIL, .message = (char *)"\xff\xfe\xed\xa0\x80!"});
    assert_true(record_read(fd, &result));
    assert_int_equal(result.verdict, VERDICT_FAIL);
    assert_non_null(strstr(result.message, "\xef\xbf\xbd"));
    assert_int_equal(result.message[strlen(result.message) - 1], '!');
    case_result_free(&result);
}

/* All fields at once, full of what grows most when it is escaped. */
static void long_fields_are_cut_and_lose_no_verdict(void **state)
{
    (void)state;
    char *longest = malloc((16 << 20) + 1);
    struct case_result result = {0};
    assert_non_null(longest);
    memset(longest, '\001', 16 << 20);
    longest[16 << 20] = '\0';
    record_write(fd, &(struct case_result){.verdict = VERDICT_FAIL,
                                           .how = (char *)"wrong",
                                           .message = longest,
                                           .sent = longest,
                                           .expected = longest,
                                           .actual = longest,
                                           .state = longest});
    record_write_state(fd, longest);
    free(longest);
    assert_true(record_read(fd, &result));
    assert_int_equal(result.verdict, VERDICT_FAIL);
    assert_int_equal(strlen(result.message), RECORD_FIELD_BYTES_MAX);
    assert_int_equal(strlen(result.actual), RECORD_FIELD_BYTES_MAX);
    assert_int_equal(strlen(result.state), 2 * RECORD_FIELD_BYTES_MAX + strlen("; "));
    case_result_free(&result);
}

static void the_limit_of_a_field_is_exact(void **state)
{
    (void)state;
    static char field[RECORD_FIELD_BYTES_MAX + 2];
    for (size_t bytes = RECORD_FIELD_BYTES_MAX - 1; bytes <= RECORD_FIELD_BYTES_MAX + 1; bytes++) {
        struct case_result result = {0};

        memset(field, 'x', bytes);
        field[bytes] = '\0';
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        record_write(fd, &(struct case_result){.verdict = VERDICT_FAIL, .message = field});
        assert_true(record_read(fd, &result));
        assert_int_equal(strlen(result.message), bytes > RECORD_FIELD_BYTES_MAX ? RECORD_FIELD_BYTES_MAX : bytes);
        case_result_free(&result);
    }
}

static void the_first_verdict_counts(void **state)
{
    (void)state;
    struct case_result result = {0};
    record_write(fd, &(struct case_result){.verdict = VERDICT_FAIL, .message = (char *)"first"});
    record_write(fd, &(struct case_result){.verdict = VERDICT_PASS, .message = (char *)"second"});
    assert_true(record_read(fd, &result));
    assert_int_equal(result.verdict, VERDICT_FAIL);
    assert_text(result.message, "first");
    case_result_free(&result);
}

static void states_add_up_before_and_after_the_verdict(void **state)
{
    (void)state;
    struct case_result result = {0};
    record_write_state(fd, "the driver exited with status 3");
    record_write(fd, &(struct case_result){.verdict = VERDICT_PASS});
    record_write_state(fd, "had to be ended: x (7)");
    assert_true(record_read(fd, &result));
    assert_int_equal(result.verdict, VERDICT_PASS);
    assert_text(result.state, "the driver exited with status 3; had to be ended: x (7)");
    case_result_free(&result);
}

static void the_last_log_counts(void **state)
{
    (void)state;
    assert_null(record_read_log(fd));
    record_write_log(fd, "/case/http-0/server.log");
    record_write(fd, &(struct case_result){.verdict = VERDICT_PASS});
    record_write_log(fd, "/case/http-1/server.log");
    char *log = record_read_log(fd);
    assert_text(log, "/case/http-1/server.log");
    free(log);
}

static void no_verdict_is_ours_to_explain(void **state)
{
    (void)state;
    assert_harness_is_to_blame(false, "the case's process ended without a verdict; its own output is in worker.log");
    record_write_state(fd, "alive");
    assert_harness_is_to_blame(false, "the case's process ended without a verdict; its own output is in worker.log");
}

static void a_worker_that_broke_has_no_verdict_to_give(void **state)
{
    (void)state;
    record_write(fd, &(struct case_result){.verdict = VERDICT_FAIL, .how = (char *)"wrong", .message = (char *)"m"});
    record_write_broken(fd, "was ended by signal 11 (Segmentation fault)");
    assert_harness_is_to_blame(
        true, "the case's process was ended by signal 11 (Segmentation fault); its own output is in worker.log");
}

static void garbage_is_passed_over(void **state)
{
    (void)state;
    struct case_result result = {0};
    write_raw("\n\n{\"verdict\":\n\xff\xfe\nnull\n[]\n42\n{\"state\":7}\n{\"broken\":[]}\n{}\n");
    record_write(fd, &(struct case_result){.verdict = VERDICT_WARN});
    write_raw("{\"verdict\":\"PASS\"");
    assert_true(record_read(fd, &result));
    assert_int_equal(result.verdict, VERDICT_WARN);
    case_result_free(&result);
}

static void half_a_line_is_none(void **state)
{
    (void)state;
    write_raw("{\"verdict\":\"PASS\",\"blame\":\"nobody\"}");
    assert_harness_is_to_blame(false, "the case's process ended without a verdict; its own output is in worker.log");
}

static void a_verdict_that_does_not_exist_is_an_error(void **state)
{
    (void)state;
    write_raw("{\"verdict\":\"PASSED\",\"blame\":\"the target\"}\n");
    struct case_result result = {0};
    assert_true(record_read(fd, &result));
    assert_int_equal(result.verdict, VERDICT_ERROR);
    assert_int_equal(result.blame, BLAME_HARNESS);
    case_result_free(&result);
}

static void hello_comes_back_as_it_was(void **state)
{
    (void)state;
    static const char hello[] =
        "{\"name\":\"\\u0000\\ud83d\\ude00\",\"surfaces\":{\"store\":[\"create\"]},\"n\":1e400}";
    const struct json *written = json_read(hello, strlen(hello), NULL);
    assert_null(record_read_hello(fd));
    record_write(fd, &(struct case_result){.verdict = VERDICT_PASS});
    record_write_hello(fd, written);
    const struct json *read = record_read_hello(fd);
    assert_non_null(read);
    assert_int_equal(read->raw_bytes, strlen(hello));
    assert_memory_equal(read->raw, hello, strlen(hello));
    json_free(read);
    json_free(written);
}

#define RECORD_TEST(function) cmocka_unit_test_setup_teardown(function, open_record, close_record)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORD_TEST(every_field_comes_back),
        RECORD_TEST(every_verdict_and_blame_comes_back),
        RECORD_TEST(bytes_that_are_no_text_become_text),
        RECORD_TEST(long_fields_are_cut_and_lose_no_verdict),
        RECORD_TEST(the_limit_of_a_field_is_exact),
        RECORD_TEST(the_first_verdict_counts),
        RECORD_TEST(states_add_up_before_and_after_the_verdict),
        RECORD_TEST(the_last_log_counts),
        RECORD_TEST(no_verdict_is_ours_to_explain),
        RECORD_TEST(a_worker_that_broke_has_no_verdict_to_give),
        RECORD_TEST(garbage_is_passed_over),
        RECORD_TEST(half_a_line_is_none),
        RECORD_TEST(a_verdict_that_does_not_exist_is_an_error),
        RECORD_TEST(hello_comes_back_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
