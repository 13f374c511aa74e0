/* What is below everything else: loops around read and write, and the time as a text. */
#include "base/clock.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MUCH_BYTES = 1 << 20 }; /* more than a pipe holds */

static int open_temporary(void)
{
    char name[] = "/tmp/base_test.XXXXXX";
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    unlink(name);
    return fd;
}

static void *write_much(void *fd)
{
    char *data = calloc(1, MUCH_BYTES);
    bool written = data && io_write_all(*(int *)fd, data, MUCH_BYTES);

    free(data);
    io_close(fd);
    return written ? fd : NULL;
}

static void a_pipe_takes_it_in_pieces(void **state)
{
    struct buffer read = buffer_new(MUCH_BYTES);
    pthread_t writer;
    void *written;
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_much, &ends[1]), 0);
    assert_true(io_read_to_end(ends[0], &read));
    pthread_join(writer, &written);
    assert_non_null(written);
    assert_int_equal(ends[1], -1);
    assert_int_equal(read.bytes, MUCH_BYTES);
    assert_false(read.failed);
    io_close(&ends[0]);
    io_close(&ends[0]);
    buffer_free(&read);
}

static void a_file_ends_where_it_ends(void **state)
{
    struct buffer read = buffer_new(5);
    char data[6];
    int fd = open_temporary();

    (void)state;
    assert_true(io_write_all(fd, "abc", 3));
    assert_true(io_write_all_at(fd, "def", 3, 3));
    assert_true(io_read_all_at(fd, data, 5, 1));
    assert_memory_equal(data, "bcdef", 5);
    assert_false(io_read_all_at(fd, data, 6, 1));
    assert_int_equal(errno, EIO);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_true(io_read_to_end(fd, &read)); /* six bytes, one more than the buffer takes */
    assert_true(read.failed);
    buffer_clear(&read);
    assert_int_equal(lseek(fd, 1, SEEK_SET), 1);
    assert_true(io_read_to_end(fd, &read));
    assert_string_equal(read.data, "bcdef");
    io_close(&fd);
    assert_false(io_write_all(fd, "x", 1));
    assert_false(io_write_all_at(fd, "x", 1, 0));
    assert_false(io_read_to_end(fd, &read));
    buffer_free(&read);
}

static void time_has_one_form(void **state)
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    char text[CLOCK_UTC_BYTES];

    (void)state;
    clock_utc(text);
    assert_int_equal(strlen(text), sizeof form - 1);
    for (size_t i = 0; i < sizeof form - 1; i++)
        assert_true(form[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_takes_it_in_pieces),
        cmocka_unit_test(a_file_ends_where_it_ends),
        cmocka_unit_test(time_has_one_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
