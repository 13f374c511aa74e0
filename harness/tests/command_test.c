/* The words and the variables that a program of the target is started with. */
#include "target/command.h"

#include "case/state.h"
#include "target/manifest.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static struct manifest manifest;
static struct case_context context = {.manifest = &manifest, .directory = "/case", .record_fd = -1};

/* A fresh manifest, and a case that knows it. */
static int set_up(void **state)
{
    (void)state;
    manifest = (struct manifest){.name = "fixture"};
    context.wrap = NULL;
    case_begin(&context);
    return 0;
}

static void assert_words(char *const *words, const char *wanted)
{
    char said[4096] = "";

    for (; *words; words++)
        snprintf(said + strlen(said), sizeof said - strlen(said), "[%s]", *words);
    assert_string_equal(said, wanted);
}

static void ports_and_directories_are_filled_in(void **state)
{
    static const struct {
        const char *text;
        const char *filled;
    } table[] = {
        {"", ""},
        {"plain", "plain"},
        {"http://127.0.0.1:${PORT}/${PORT}", "http://127.0.0.1:8080/8080"},
        {"${DIR}/log", "/d/${PORT}/log"}, /* once, and no more in what was filled in */
        {"$PORT ${HOME} $ ${", "$PORT ${HOME} $ ${"},
        {"$${PORT}", "$8080"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *text = command_fill(table[i].text, "/d/${PORT}", 8080);

        assert_string_equal(text, table[i].filled);
        free(text);
    }
}

static void a_command_has_the_words_of_both(void **state)
{
    static const char *const argv[] = {"server", "--home", "${DIR}", "", "two words", "${PORT}", NULL};
    struct command command;

    (void)state;
    command_make(&command, argv, "/case/http-0", 8080);
    assert_words(command.argv, "[server][--home][/case/http-0][][two words][8080]");
    assert_words(command.environment, "");
    command_free(&command);
    context.wrap = "  gdb  --args ${DIR} "; /* the user's words, which nothing is filled into */
    command_make(&command, argv + 4, "/case/http-0", 8080);
    assert_words(command.argv, "[gdb][--args][${DIR}][two words][8080]");
    command_free(&command);
}

static void variables_are_filled_in_and_set(void **state)
{
    static const char *const argv[] = {"server", NULL};
    struct command command;

    (void)state;
    manifest.env[manifest.env_count++] = (struct manifest_pair){"HOME", "${DIR}/home"};
    manifest.env[manifest.env_count++] = (struct manifest_pair){"AT", "${PORT}"};
    command_make(&command, argv, "/case/http-0", 8080);
    command_set(&command, "LIMIT", "${PORT}");
    assert_words(command.environment, "[HOME=/case/http-0/home][AT=8080][LIMIT=${PORT}]");
    command_free(&command);
}

/* Reports lie in the case's directory, wherever the program's own is. */
static void a_sanitized_program_is_told_where_to_report(void **state)
{
    static const char *const argv[] = {"server", NULL};
    struct command command;

    (void)state;
    unsetenv("ASAN_OPTIONS");
    unsetenv("UBSAN_OPTIONS");
    manifest.sanitizer = "tsan";
    manifest.env[manifest.env_count++] = (struct manifest_pair){"TSAN_OPTIONS", "suppressions=${DIR}/known"};
    command_make(&command, argv, "/case/http-0", 8080);
#define OURS ":log_path='/case/sanitizer-report':exitcode=99:halt_on_error=0"
    assert_words(command.environment, "[TSAN_OPTIONS=suppressions=/case/http-0/known]"
                                      "[ASAN_OPTIONS=" OURS ":verify_asan_link_order=0]"
                                      "[UBSAN_OPTIONS=" OURS "]"
                                      "[TSAN_OPTIONS=suppressions=/case/http-0/known" OURS "]");
    command_free(&command);
}

/* The second is another while the first is taken, and the first is passed over. */
static void ports_are_free_and_differ(void **state)
{
    unsigned first = command_free_port(0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)first)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_int_not_equal(command_free_port(1), first);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_not_equal(command_free_port(0), first);
    close(fd);
}

/* The two numbers behind the first are reserved by others, who have not begun to listen yet. */
static void ports_of_other_workers_are_passed_over(void **state)
{
    unsigned first = command_free_port(4);
    int others[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        int bytes = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "assay-port-%u", first + 1 + i);

        others[i] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_int_equal(
            bind(others[i], (struct sockaddr *)&name, (socklen_t)(sizeof name.sun_family + 1 + (size_t)bytes)), 0);
    }
    assert_true(command_free_port(5) != first + 1 && command_free_port(5) != first + 2);
    assert_true(command_free_port(6) != first + 1 && command_free_port(6) != first + 2);
    assert_int_equal(command_free_port(5), command_free_port(5));
    close(others[0]);
    close(others[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_and_directories_are_filled_in),
        cmocka_unit_test_setup(a_command_has_the_words_of_both, set_up),
        cmocka_unit_test_setup(variables_are_filled_in_and_set, set_up),
        cmocka_unit_test_setup(a_sanitized_program_is_told_where_to_report, set_up),
        cmocka_unit_test_setup(ports_are_free_and_differ, set_up),
        cmocka_unit_test_setup(ports_of_other_workers_are_passed_over, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
