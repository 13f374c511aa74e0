/* Progress as a pipe sees it, and as a terminal does. */
#include "run/progress.h"

#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SEEN_MAX = 64 << 10 };

/* What a progress has written so far: its output is read without blocking, so it must fit into a pipe. */
struct screen {
    int write_fd;
    int read_fd;
    char seen[SEEN_MAX];
    size_t seen_bytes;
};

static struct screen screen;

static void open_pipe(void)
{
    int fds[2];

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    screen = (struct screen){.read_fd = fds[0], .write_fd = fds[1]};
    assert_int_equal(fcntl(screen.read_fd, F_SETFL, O_NONBLOCK), 0);
}

static void open_terminal(unsigned short columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};

    screen = (struct screen){0};
    assert_int_equal(openpty(&screen.read_fd, &screen.write_fd, NULL, NULL, &size), 0);
    assert_int_equal(fcntl(screen.read_fd, F_SETFL, O_NONBLOCK), 0);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
}

static void close_screen(void)
{
    close(screen.read_fd);
    close(screen.write_fd);
}

/* All that was written since the last look. A terminal turns a line feed into two bytes; that is undone. */
static const char *look(void)
{
    ssize_t count;
    size_t kept = 0;

    screen.seen_bytes = 0;
    while ((count = read(screen.read_fd, screen.seen + screen.seen_bytes, SEEN_MAX - 1 - screen.seen_bytes)) > 0)
        screen.seen_bytes += (size_t)count;
    for (size_t i = 0; i < screen.seen_bytes; i++)
        if (screen.seen[i] != '\r' || i + 1 == screen.seen_bytes || screen.seen[i + 1] != '\n')
            screen.seen[kept++] = screen.seen[i];
    screen.seen[kept] = '\0';
    return screen.seen;
}

static const struct case_result passed = {.name = (char *)"appends", .verdict = VERDICT_PASS, .ms = 300};
static const struct case_result failed = {
    .name = (char *)"repairs", .verdict = VERDICT_FAIL, .ms = 1200, .message = (char *)"line 2 is \033[31mtorn\n"};

/* A check with one case that passes and one that fails, at the time of 0, 1000 and 2000 ms. */
static void run_check(struct progress *progress)
{
    struct case_result cases[] = {passed, failed};
    struct check_result check = {.id = (char *)"store/torn-tail",
                                 .cases = cases,
                                 .verdict = VERDICT_FAIL,
                                 .ms = 1500,
                                 .message = failed.message,
                                 .case_count = 2};

    progress_case_begins(progress, check.id, passed.name, 0);
    progress_case_ends(progress, check.id, &passed, 1000);
    progress_case_begins(progress, check.id, failed.name, 1000);
    progress_case_ends(progress, check.id, &failed, 2000);
    progress_check_ends(progress, &check, 2000);
}

static void run_passing_check(struct progress *progress)
{
    struct case_result one = passed;
    struct check_result check = {
        .id = (char *)"store/one", .verdict = VERDICT_PASS, .ms = 300, .cases = &one, .case_count = 1};

    progress_case_begins(progress, check.id, passed.name, 2000);
    progress_case_ends(progress, check.id, &passed, 2300);
    progress_check_ends(progress, &check, 2300);
}

static void run_check_that_does_not_apply(struct progress *progress)
{
    struct case_result one = {.name = (char *)"forks", .verdict = VERDICT_NA, .message = (char *)"no store.fork"};
    struct check_result check = {
        .id = (char *)"store/fork", .verdict = VERDICT_NA, .message = one.message, .cases = &one, .case_count = 1};

    progress_case_ends(progress, check.id, &one, 2300);
    progress_check_ends(progress, &check, 2300);
}

static void expect_in_pipe(int color, int verbosity, const char *expected)
{
    open_pipe();
    struct progress *progress = progress_open(screen.write_fd, color, verbosity, 3, 0);
    run_check(progress);
    run_passing_check(progress);
    progress_close(progress);
    assert_string_equal(look(), expected);
    close_screen();
}

static void a_pipe_gets_a_line_per_check(void **state)
{
    (void)state;
    expect_in_pipe(-1, 0,
                   "FAIL   store/torn-tail  2 cases  1.5 s  line 2 is \\e[31mtorn\\n\n"
                   "PASS   store/one  1 case  0.3 s\n");
}

static void verbose_adds_a_line_per_case(void **state)
{
    (void)state;
    expect_in_pipe(-1, 1,
                   "PASS   store/torn-tail  appends  0.3 s\n"
                   "FAIL   store/torn-tail  repairs  1.2 s  line 2 is \\e[31mtorn\\n\n"
                   "FAIL   store/torn-tail  2 cases  1.5 s  line 2 is \\e[31mtorn\\n\n"
                   "PASS   store/one  appends  0.3 s\n"
                   "PASS   store/one  1 case  0.3 s\n");
}

static void quiet_leaves_what_went_wrong(void **state)
{
    (void)state;
    expect_in_pipe(-1, -1, "FAIL   store/torn-tail  2 cases  1.5 s  line 2 is \\e[31mtorn\\n\n");
}

/* They come first, for they need not run, and would hide the rest. */
static void expect_of_what_does_not_apply(int verbosity, const char *expected)
{
    open_pipe();
    struct progress *progress = progress_open(screen.write_fd, -1, verbosity, 3, 0);
    run_check_that_does_not_apply(progress);
    run_check_that_does_not_apply(progress);
    run_passing_check(progress);
    progress_close(progress);
    assert_string_equal(look(), expected);
    close_screen();
}

static void what_does_not_apply_is_counted(void **state)
{
    (void)state;
    expect_of_what_does_not_apply(0, "PASS   store/one  1 case  0.3 s\n"
                                     "NA     2 checks do not apply, as the report says; -v shows each\n");
    expect_of_what_does_not_apply(-1, "");
    expect_of_what_does_not_apply(1, "NA     store/fork  forks  0.0 s  no store.fork\n"
                                     "NA     store/fork  0 of 1 case judged  0.0 s  no store.fork\n"
                                     "NA     store/fork  forks  0.0 s  no store.fork\n"
                                     "NA     store/fork  0 of 1 case judged  0.0 s  no store.fork\n"
                                     "PASS   store/one  appends  0.3 s\n"
                                     "PASS   store/one  1 case  0.3 s\n");
}

static void color_can_be_asked_for(void **state)
{
    (void)state;
    expect_in_pipe(1, -1, "\033[1;31mFAIL \033[0m  store/torn-tail  2 cases  1.5 s  line 2 is \\e[31mtorn\\n\n");
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    char message[1000];
    struct case_result one = failed;
    struct check_result check = {
        .id = (char *)"store/a", .verdict = VERDICT_FAIL, .message = message, .cases = &one, .case_count = 1};

    for (size_t bytes = 399; bytes <= 401; bytes++) {
        memset(message, 'm', bytes);
        message[bytes] = '\0';
        open_pipe();
        struct progress *progress = progress_open(screen.write_fd, -1, 0, 1, 0);
        progress_check_ends(progress, &check, 0);
        progress_close(progress);
        const char *start = strstr(look(), "mmm");
        assert_non_null(start);
        assert_int_equal(strspn(start, "m"), bytes < 400 ? bytes : 400);
        assert_string_equal(start + strspn(start, "m"), bytes <= 400 ? "\n" : "...\n");
        close_screen();
    }
}

static void a_terminal_gets_one_line_redrawn(void **state)
{
    (void)state;
    open_terminal(100);
    struct progress *progress = progress_open(screen.write_fd, 0, 0, 3, 0);

    progress_case_begins(progress, "store/one", "appends", 0);
    assert_string_equal(look(), "\r0/3 cases, 0 s  store/one appends\033[K");
    progress_case_ends(progress, "store/one", &passed, 1000);
    assert_string_equal(look(), "\r1/3 cases, 1 s\033[K");
    progress_case_begins(progress, "store/one", "repairs", 2000);
    assert_string_equal(look(), "\r1/3 cases, 2 s  store/one repairs\033[K");
    progress_case_ends(progress, "store/one", &failed, 3000);
    assert_string_equal(look(), "\r\033[KFAIL   store/one  repairs  1.2 s  line 2 is \\e[31mtorn\\n\n"
                                "\r2/3 cases, 1 failed, 3 s\033[K");
    run_passing_check(progress);
    look();
    progress_wipe(progress);
    assert_string_equal(look(), "\r\033[K");
    progress_wipe(progress);
    progress_close(progress);
    assert_string_equal(look(), "");
    close_screen();
}

static void redrawing_has_a_pace(void **state)
{
    (void)state;
    size_t drawings = 0;

    open_terminal(100);
    struct progress *progress = progress_open(screen.write_fd, 0, 0, 1000, 0);
    for (int64_t ms = 0; ms < 1000; ms++) {
        progress_case_begins(progress, "store/one", "appends", ms);
        progress_case_ends(progress, "store/one", &passed, ms);
        drawings += *look() != '\0';
    }
    assert_int_equal(drawings, 1000 / PROGRESS_REDRAW_MS);
    progress_tick(progress, 900 + PROGRESS_REDRAW_MS - 1);
    assert_string_equal(look(), "");
    progress_tick(progress, 900 + PROGRESS_REDRAW_MS);
    assert_string_equal(look(), "\r1000/1000 cases, 1 s\033[K");
    progress_close(progress);
    close_screen();
}

static void the_line_stays_within_the_width(void **state)
{
    (void)state;
    for (unsigned short columns = 2; columns <= 45; columns++) {
        open_terminal(columns);
        struct progress *progress = progress_open(screen.write_fd, 0, 0, 3, 0);
        progress_case_begins(progress, "store/one", "appends\tto_the_\xff\x9b_end", 0);
        const char *line = look();
        size_t length = strcspn(line + 1, "\033");
        assert_int_equal(line[0], '\r');
        assert_true(length <= (size_t)columns - 1);
        assert_int_equal(strspn(line + 1, " !\"#$%&'()*+,-./0123456789:;<=>?@abcdefghijklmnopqrstuvwxyz_"), length);
        progress_close(progress);
        close_screen();
    }
}

static void many_running_cases_are_counted(void **state)
{
    (void)state;
    open_terminal(2000);
    struct progress *progress = progress_open(screen.write_fd, 0, 0, 100, 0);
    for (int i = 0; i <= PROGRESS_RUNNING_MAX; i++)
        progress_case_begins(progress, "a", "b", 0);
    look();
    for (int i = 0; i < PROGRESS_RUNNING_MAX; i++)
        progress_case_ends(progress, "a", &(struct case_result){.name = (char *)"b"}, 0);
    progress_tick(progress, 1000);
    assert_string_equal(look(), "\r64/100 cases, 1 s  and 1 more\033[K");
    progress_case_ends(progress, "a", &(struct case_result){.name = (char *)"b"}, 2000);
    assert_string_equal(look(), "\r65/100 cases, 2 s\033[K");
    progress_close(progress);
    close_screen();
}

/* What the environment says about colour and about the terminal itself. */
static void the_environment_is_respected(void **state)
{
    (void)state;
    static const struct {
        const char *term;
        const char *no_color;
        int choice;
        const char *start; /* of what is seen of a failing check */
    } rows[] = {
        {"xterm", NULL, -1, "\033[1;31mFAIL \033[0m"}, {"xterm", "", -1, "\033[1;31mFAIL"}, {"xterm", "1", -1, "FAIL "},
        {"xterm", "1", 1, "\033[1;31mFAIL"},           {"xterm", NULL, 0, "FAIL "},         {"dumb", NULL, -1, "FAIL "},
        {"dumb", NULL, 1, "\033[1;31mFAIL"},
    };
    struct check_result check = {.id = (char *)"store/a", .verdict = VERDICT_FAIL};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        open_terminal(80);
        setenv("TERM", rows[i].term, 1);
        if (rows[i].no_color)
            setenv("NO_COLOR", rows[i].no_color, 1);
        struct progress *progress = progress_open(screen.write_fd, rows[i].choice, -1, 1, 0);
        progress_check_ends(progress, &check, 0);
        progress_close(progress);
        assert_memory_equal(look(), rows[i].start, strlen(rows[i].start));
        close_screen();
    }
}

static void a_dumb_terminal_gets_no_status_line(void **state)
{
    (void)state;
    open_terminal(80);
    setenv("TERM", "dumb", 1);
    struct progress *progress = progress_open(screen.write_fd, -1, 0, 3, 0);
    run_passing_check(progress);
    progress_close(progress);
    assert_string_equal(look(), "PASS   store/one  1 case  0.3 s\n");
    close_screen();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_gets_a_line_per_check),     cmocka_unit_test(verbose_adds_a_line_per_case),
        cmocka_unit_test(quiet_leaves_what_went_wrong),     cmocka_unit_test(what_does_not_apply_is_counted),
        cmocka_unit_test(color_can_be_asked_for),           cmocka_unit_test(long_messages_are_cut),
        cmocka_unit_test(a_terminal_gets_one_line_redrawn), cmocka_unit_test(redrawing_has_a_pace),
        cmocka_unit_test(the_line_stays_within_the_width),  cmocka_unit_test(many_running_cases_are_counted),
        cmocka_unit_test(the_environment_is_respected),     cmocka_unit_test(a_dumb_terminal_gets_no_status_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
