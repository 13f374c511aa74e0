/* The end of a file that somebody else wrote, and may have put where it should not be. */
#include "base/file.h"

#include "base/directory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_BYTES = 1 << 17 };

static char home[] = "/tmp/assay-file-XXXXXX";

static int open_home(void **state)
{
    (void)state;
    return mkdtemp(home) && chdir(home) == 0 && mkdir("below", 0700) == 0 ? 0 : -1;
}

static int close_home(void **state)
{
    (void)state;
    return chdir("/") == 0 && directory_remove(home) ? 0 : -1;
}

static void write_file(const char *path, const char *bytes, size_t count)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static void the_end_has_a_maximum(void **state)
{
    static char bytes[MAX_BYTES + 1];
    struct text text;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)('a' + i % 26);
    for (size_t count = MAX_BYTES - 1; count <= MAX_BYTES + 1; count++) {
        size_t kept = count < MAX_BYTES ? count : MAX_BYTES;

        write_file("below/log", bytes, count);
        assert_true(file_read_end(home, "below/log", MAX_BYTES, &text, &err));
        assert_int_equal(text.length, kept);
        assert_memory_equal(text.bytes, bytes + count - kept, kept);
        text_free(&text);
    }
    write_file("below/log", "", 0);
    assert_true(file_read_end(home, "below/log", MAX_BYTES, &text, &err));
    assert_int_equal(text.length, 0);
    text_free(&text);
}

static void a_link_within_is_followed(void **state)
{
    struct text text;
    struct error err;

    (void)state;
    write_file("below/now", "words", 5);
    assert_int_equal(symlink("now", "below/latest"), 0);
    assert_true(file_read_end("below", "latest", MAX_BYTES, &text, &err));
    assert_string_equal(text.bytes, "words");
    text_free(&text);
}

static void assert_refused(const char *directory, const char *path, const char *why)
{
    struct text text;
    struct error err;

    assert_false(file_read_end(directory, path, MAX_BYTES, &text, &err));
    assert_int_equal(strncmp(err.text, "cannot read ", 12), 0);
    if (!strstr(err.text, why))
        fail_msg("%s", err.text);
}

static void what_is_no_file_below_is_refused(void **state)
{
    (void)state;
    write_file("outside", "secret", 6);
    assert_int_equal(symlink("../outside", "below/relative"), 0);
    assert_int_equal(symlink("/etc/passwd", "below/absolute"), 0);
    assert_int_equal(symlink("/etc", "below/etc"), 0);
    assert_int_equal(symlink("loop", "below/loop"), 0);
    assert_int_equal(mkfifo("below/fifo", 0600), 0);
    assert_refused("below", "relative", "it leads out of below");
    assert_refused("below", "absolute", "it leads out of below");
    assert_refused("below", "etc/passwd", "it leads out of below");
    assert_refused("below", "../outside", "it leads out of below");
    assert_refused("below", "loop", "Too many levels");
    assert_refused("below", "fifo", "it is no regular file");
    assert_refused("below", ".", "it is no regular file");
    assert_refused("below", "nothing", "No such file or directory");
    assert_refused("nowhere", "log", "No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_has_a_maximum),
        cmocka_unit_test(a_link_within_is_followed),
        cmocka_unit_test(what_is_no_file_below_is_refused),
    };

    return cmocka_run_group_tests(tests, open_home, close_home) != 0;
}
