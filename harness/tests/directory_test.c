/* Directories named, made, and removed with whatever a target may have left in them. */
#include "base/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEPTH = 1000, WIDTH = 500 };

static char home[] = "/tmp/assay-directory-XXXXXX";

static int enter_home(void **state)
{
    (void)state;
    return mkdtemp(home) && chdir(home) == 0 ? 0 : -1;
}

static int remove_home(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(home) == 0 ? 0 : -1; /* each test has removed what it made */
}

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    close(fd);
}

static void assert_removed(const char *path)
{
    if (!directory_remove(path))
        fail_msg("%s: %s", path, strerror(errno));
    assert_int_equal(access(path, F_OK), -1);
}

static void names_are_absolute(void **state)
{
    (void)state;
    char path[PATH_MAX], wanted[PATH_MAX];
    assert_true(directory_name(path, "%s/%d", "out", 7));
    snprintf(wanted, sizeof wanted, "%s/out/7", home);
    assert_string_equal(path, wanted);
    assert_true(directory_name(path, "/%s", "x"));
    assert_string_equal(path, "/x");
}

static void a_name_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char path[PATH_MAX], x[PATH_MAX + 1];
    memset(x, 'x', PATH_MAX);
    x[PATH_MAX] = '\0';
    for (int length = PATH_MAX - 2; length <= PATH_MAX; length++) {
        bool fits = length < PATH_MAX; /* with a slash before and a NUL behind */

        errno = 0;
        assert_int_equal(directory_name(path, "/%.*s", length - 1, x), fits);
        assert_int_equal(errno, fits ? 0 : ENAMETOOLONG);
        if (fits)
            assert_int_equal(strlen(path), length);
    }
    size_t room = PATH_MAX - 1 - strlen(home) - 1;
    assert_true(directory_name(path, "%.*s", (int)room, x));
    assert_int_equal(strlen(path), PATH_MAX - 1);
    assert_false(directory_name(path, "%.*s", (int)room + 1, x));
}

static void directories_are_made_private_and_with_their_parents(void **state)
{
    (void)state;
    struct stat made;
    assert_true(directory_make("a/b/c"));
    assert_true(directory_make("a/b/c"));
    assert_int_equal(stat("a/b", &made), 0);
    assert_int_equal(made.st_mode & 07777, 0700);
    assert_removed("a");
}

static void a_file_in_the_way_is_an_error(void **state)
{
    (void)state;
    make_file("file");
    assert_false(directory_make("file"));
    assert_int_equal(errno, ENOTDIR);
    assert_false(directory_make("file/below"));
    assert_false(directory_make(""));
    assert_removed("file");
}

static void what_is_not_there_is_removed(void **state)
{
    (void)state;
    assert_removed("nothing");
    assert_removed("nothing/at/all");
}

static void links_are_removed_and_not_followed(void **state)
{
    (void)state;
    assert_int_equal(mkdir("kept", 0700), 0);
    make_file("kept/file");
    assert_int_equal(mkdir("gone", 0700), 0);
    assert_int_equal(mkdir("gone/below", 0700), 0);
    assert_int_equal(symlink("../kept", "gone/link"), 0);
    assert_int_equal(symlink("../../kept", "gone/below/link"), 0);
    assert_int_equal(symlink("gone", "link"), 0);
    assert_int_equal(mkfifo("gone/below/fifo", 0600), 0);
    assert_removed("link");
    assert_int_equal(access("gone", F_OK), 0);
    assert_removed("gone");
    assert_int_equal(access("kept/file", F_OK), 0);
    assert_removed("kept");
}

/* Deeper than a path is long, and than a process may have files open. */
static void any_depth_is_removed(void **state)
{
    (void)state;
    struct rlimit before, few = {.rlim_cur = 16, .rlim_max = 0};
    char inside[64];
    assert_int_equal(mkdir("deep", 0700), 0);
    assert_int_equal(chdir("deep"), 0);
    for (int i = 0; i < DEPTH; i++) {
        assert_int_equal(mkdir("moved-1", 0700), 0); /* the very name that removal would take */
        make_file("file");
        assert_int_equal(chdir("moved-1"), 0);
    }
    assert_int_equal(chdir(home), 0);
    snprintf(inside, sizeof inside, "deep/moved-2");
    assert_int_equal(mkdir(inside, 0700), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_removed("deep");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void any_width_is_removed(void **state)
{
    (void)state;
    char name[64];
    assert_int_equal(mkdir("wide", 0700), 0);
    for (int i = 0; i < WIDTH; i++) {
        snprintf(name, sizeof name, "wide/%d", i);
        assert_int_equal(mkdir(name, 0700), 0);
        snprintf(name, sizeof name, "wide/%d/below", i);
        assert_int_equal(mkdir(name, 0700), 0);
        snprintf(name, sizeof name, "wide/%d/below/file", i);
        make_file(name);
    }
    assert_removed("wide");
}

/* Says nothing to root, whom no mode stops; the test holds for him too. */
static void closed_directories_are_opened(void **state)
{
    (void)state;
    assert_true(directory_make("closed/inner/most"));
    make_file("closed/inner/most/file");
    assert_int_equal(chmod("closed/inner/most", 0), 0);
    assert_int_equal(chmod("closed/inner", 0500), 0);
    assert_int_equal(chmod("closed", 0), 0);
    assert_removed("closed");
}

static void room_is_looked_for_without_a_trace(void **state)
{
    (void)state;
    char path[] = "/tmp/assay-room-XXXXXX";

    assert_non_null(mkdtemp(path));
    assert_true(directory_has_room(path));
    assert_int_equal(rmdir(path), 0); /* it is empty */
    assert_false(directory_has_room(path));
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_absolute),
        cmocka_unit_test(a_name_that_is_too_long_is_refused),
        cmocka_unit_test(directories_are_made_private_and_with_their_parents),
        cmocka_unit_test(a_file_in_the_way_is_an_error),
        cmocka_unit_test(what_is_not_there_is_removed),
        cmocka_unit_test(links_are_removed_and_not_followed),
        cmocka_unit_test(any_depth_is_removed),
        cmocka_unit_test(any_width_is_removed),
        cmocka_unit_test(closed_directories_are_opened),
        cmocka_unit_test(room_is_looked_for_without_a_trace),
    };

    return cmocka_run_group_tests(tests, enter_home, remove_home) ? 1 : 0;
}
